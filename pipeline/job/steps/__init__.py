"""The steps of the scheduled job, in the order in which they run."""
