"""The ledger: every forecast ever made, its outcome, and every decision, in one append-only file.

schema        tables, triggers and views
database      the connection, its errors, one transaction
chain         the hash that ties each row to all rows before it
records       what is written: Forecast, Outcome, Decision
deadline      until when a forecast counts as live
ledger        Ledger: open, write, read
joining       from forecast tables and panels to records
scoring       live scores beside the backtest's
verification  the chain recomputed, forecasts rebuilt
reading       tables as frames
words         what people are shown
"""
