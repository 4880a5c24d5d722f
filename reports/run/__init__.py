"""The report of a run: its inputs, one file a section, and the page that lists them."""
