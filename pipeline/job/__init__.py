"""The scheduled job: outcomes, retraining, the gate, forecasts, monitoring and its report.

================  ===================================================================
run               the daily run: bars, cycle, settings, report
replay            the cycle over past sessions, with a simulated clock
rebuild           past forecasts made again from stored bars, settings and models
cycle             the steps of one origin, in their order, whatever fails
steps             outcomes, retrain, shadow, gate, issue
monitoring        what is observed, drift, alerts and their webhook
context           what the steps work with
market            the bars known at one moment, and their panel
panel_cache       panels for models trained under other settings
registry_view     champion, newest network and their models
challenger        a network fitted on what was known before a session
forecasts         forecasts of a fitted model from one origin
shadow_forecasts  the walk-forward of two models over the same past sessions
losses            losses of the ledger's forecasts, and the start of a reign
config_archive    the settings, by their hash
last_run          whether a run would repeat the last one
newest_training   whether the newest network is what a training would give
origins           positions of origins in a panel
preconditions     what may be added to a ledger
disk_space        the reserve for the forecasts
report            the daily report; report_index, the list of all; report_files, their names
summary           what a run did
================  ===================================================================
"""
