import datetime as dt
import json
import shutil

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.pipeline.ledger.samples import forecast
from tests.pipeline.serve.samples import CHAMPION, serving
from volcast.pipeline.home import Home
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.serve import health

TUESDAY_EVENING = dt.datetime(2016, 2, 16, 23, tzinfo=dt.UTC)


def read_metrics(client):
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_metrics_are_those_of_the_ledger(server):
    issued = server.get("/v1/scores").json()["items"][0]
    found = read_metrics(server)
    assert found["volcast_live_qlike_ratio", "1"] == pytest.approx(issued["ratio_to_har"])
    assert found["volcast_live_coverage", "1"] == pytest.approx(issued["coverage"])
    assert found["volcast_live_level_ratio", "1"] == pytest.approx(issued["level_ratio"])
    assert found["volcast_open_alerts", "stale data"] == 1
    assert found["volcast_trainings_total",] == 1
    assert found["volcast_ledger_rows",] == server.get("/v1/ledger/head").json()["seq"]
    newest = server.get("/v1/forecasts?limit=1").json()["items"][0]["written_at"]
    age = dt.datetime(2018, 2, 1, 12, tzinfo=dt.UTC) - dt.datetime.fromisoformat(newest)
    assert found["volcast_forecast_age_seconds",] == age.total_seconds()


def test_requests_are_counted_by_route_not_by_path(server):
    server.get("/v1/models/2")
    server.get("/v1/models/99")
    names = {key[2] for key in read_metrics(server) if key[0].endswith("duration_seconds_count")}
    assert "/v1/models/{version}" in names
    assert not any("99" in name for name in names)


@pytest.mark.parametrize(
    ("hours", "ready"),
    [(0, True), (26, False), (21, True)],  # the next session settles 21 hours later, plus grace
)
def test_an_evening_that_is_overdue_is_not_ready(home, monkeypatch, hours, ready):
    monkeypatch.setattr(health, "has_daily_bars", lambda _: True)
    with serving(home, TUESDAY_EVENING + dt.timedelta(hours=hours)) as client:
        answer = client.get("/readyz")
    assert (answer.status_code == 200) is ready, answer.text
    checks = {check["name"]: check["passed"] for check in answer.json()["checks"]}
    assert checks == {"ledger": True, "champion": True, "evening": ready}


def test_a_weekend_is_not_overdue(tmp_path, monkeypatch):
    monkeypatch.setattr(health, "has_daily_bars", lambda _: True)
    home = Home(tmp_path)
    friday, sunday = dt.date(2018, 1, 5), dt.datetime(2018, 1, 7, 12, tzinfo=dt.UTC)
    with Ledger.to_write(home.ledger) as ledger:
        ledger.add_forecasts([forecast(1e-4, friday)], now=sunday - dt.timedelta(days=1))
    home.champion.write_text(json.dumps(CHAMPION))
    with serving(home, sunday) as client:
        assert client.get("/readyz").status_code == 200
    with serving(home, sunday + dt.timedelta(days=3)) as client:
        assert client.get("/readyz").status_code == 503


def test_a_home_without_a_champion_says_so(home, tmp_path):
    copy = Home(shutil.copytree(home.folder, tmp_path / "home"))
    copy.champion.unlink()
    with serving(copy) as client:
        assert client.get("/v1/champion").status_code == 404
        assert "there is no champion yet" in client.get("/readyz").text
