"""Quality rules for bars, and removal of bars whose session is not final."""
