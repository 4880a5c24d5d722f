"""The steps of the daily cycle, in the order in which they run.

========  =====================================================================
outcomes  joins outcomes to earlier forecasts
retrain   trains a challenger if `find_retrain_reason` has a reason to
shadow    in the first run, compares network and HAR on the sessions before it
gate      decides whether challenger or HAR replaces the champion
issue     writes the forecasts; the champion's are issued
========  =====================================================================

`past_errors` collects the errors from which the intervals of a new model are computed.
"""
