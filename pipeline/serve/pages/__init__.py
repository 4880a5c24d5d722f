"""The pages for people: rendered on the server, without a script and without a build step.

evening             the newest forecast of every ticker, and what changed
line_chart          a chart as SVG
formatting          how numbers, days and moments are shown
rendering           templates, style sheet, what every page shows
form                the fields of a form
overview_route      alerts, tonight's numbers, what changed, coming reports
ticker_route        forecasts against outcomes, scores, reports
model_routes        champion, versions, evidence of the gate, training curves
status_page_routes  evenings and health
signing_routes      signing in and out
changing_routes     promotion, rollback and retraining, each confirmed
"""
