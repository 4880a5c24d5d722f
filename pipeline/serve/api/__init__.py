"""API v1: what is asked, what is answered, and how.

field_types    types of parameters and fields: days, moments, tickers, cursors
rows           the rows of the ledger as models, built from its columns
documents      the other documents that are answered
parameters     the parameters of each route
answers        JSON and CSV, tags, pages
ledger_routes  tickers, forecasts, outcomes, scores, decisions, alerts, events, head, proof
model_routes   champion and versions
admin_routes   retraining, jobs and changes of champion
status_routes  health, readiness, metrics
openapi        the document that describes all of this
"""
