"""Names of the files of the daily reports."""

PAGE = "report.html"  # in the folder of its date
ENTRY = "evening.json"  # beside it: its line of the index
INDEX = "index.html"
