"""The daily report of the job, one file a section, and the index of all daily reports."""
