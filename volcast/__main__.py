"""``python -m volcast``: the command line."""

from volcast.pipeline.cli.main import main

if __name__ == "__main__":
    main()
