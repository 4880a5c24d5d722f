"""The entry point ``volcast``: parses, calls a command, and sets the exit code."""

from __future__ import annotations

import sys
import warnings

INTERRUPTED = 130  # typer's exit code for Ctrl-C


def main() -> None:
    """Run the command line; exit with 0 (done), 1 (an error to act on) or 2 (wrong usage)."""
    from volcast.pipeline.cli.app import app
    from volcast.pipeline.cli.interrupts import ignored_interrupts_repeated
    from volcast.pipeline.errors import VolcastError

    warnings.filterwarnings("ignore", message=".* members diverged")  # each fold reports it
    try:
        with ignored_interrupts_repeated():
            app(prog_name="volcast")
    except VolcastError as error:
        _fail(str(error), error)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        _fail(f"{error.strerror or error}{where}", error)
    except SystemExit as ended:
        if ended.code != INTERRUPTED:
            raise
        _fail("interrupted; run the same command again to continue", ended)


def _fail(message: str, error: BaseException) -> None:
    if "--debug" in sys.argv:
        raise error
    print(f"volcast: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
