from volcast.pipeline.ledger.schema import SCHEMA
from volcast.pipeline.serve.api.rows import DESCRIPTIONS

ROUTES = {
    *("/healthz", "/readyz", "/metrics", "/v1/tickers", "/v1/forecasts", "/v1/outcomes"),
    *("/v1/scores", "/v1/champion", "/v1/models", "/v1/models/{version}", "/v1/decisions"),
    *("/v1/alerts", "/v1/events", "/v1/ledger/head", "/v1/ledger/verify", "/v1/retrain"),
    *("/v1/jobs/{id}", "/v1/models/{version}/promote", "/v1/rollback"),
}


def test_every_route_is_described(server):
    document = server.get("/openapi.json").json()
    assert set(document["paths"]) == ROUTES
    for path, methods in document["paths"].items():
        for route in methods.values():
            assert route["description"], path
            assert {"401", "403", "422", "429"} <= route["responses"].keys(), path


def test_every_column_of_the_ledger_has_a_description():
    columns = {name for table in SCHEMA.tables.values() for name in table.columns}
    assert columns <= DESCRIPTIONS.keys()


def test_fields_say_their_unit(server):
    fields = server.get("/openapi.json").json()["components"]["schemas"]["Forecast"]["properties"]
    assert "squared log returns" in fields["variance"]["description"]
    assert "annualised, in percent" in fields["volatility"]["description"]
    assert all("description" in field for field in fields.values())
