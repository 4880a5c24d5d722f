"""What the server reads: the ledger, the registry, events and reports.

ledger_reader   connections that cannot write, one for each thread
origin_rows     pages of forecasts and outcomes
sequence_rows   pages of decisions and alerts
cursor          where the next page begins
point_in_time   the last row that was written by a moment
tickers         the tickers, and since when they are forecast
scores          live scores, summed by SQLite
registry_store  MLflow's tables, read without MLflow
versions        the versions of models, whatever is known of them
reports         the reports of the evenings
settings        the settings of a home
events          known report dates
volatilities    annualised percent beside daily variances
memo            results kept until the ledger grows
"""
