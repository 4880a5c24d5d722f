"""The server: what the job has stored, as an API, as metrics and as pages.

==========  ==================================================================
reading     the ledger, the registry, events and reports, read and never written
api         API v1: its types, pages of rows, JSON and CSV, errors
security    tokens, limits, headers, who may do what
admin       retraining and changes of champion, each in a process of its own
pages       the pages for people
deploy      texts for systemd, Docker Compose and Grafana
health      whether the server is ready, and why not
metrics     the metrics of Prometheus
state       what all requests share
app         the application: routes and what surrounds them
server      the process: address, connections, signals
client      the tables of a server as frames
==========  ==================================================================
"""
