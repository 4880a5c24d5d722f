"""The steps of the daily cycle, in the order in which they run.

========  =====================================================================
outcomes  joins outcomes to earlier forecasts
retrain   trains a challenger if `find_retrain_reason` has a reason to
shadow    compares a challenger of new settings with the champion on past sessions
gate      decides whether challenger or HAR replaces the champion
issue     writes the forecasts; the champion's are issued
========  =====================================================================

`past_errors` collects the errors from which the intervals of a new model are computed.
"""
