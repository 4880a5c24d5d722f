"""From the table of a diagnostic to its words, figures and tables, one diagnostic a file."""
