"""The registry during a daily run: damaged or missing, the recorded champion forecasts."""

import pytest

from tests.pipeline.job.samples import FIRST, make_context, promote_manually
from volcast.pipeline.home import Home
from volcast.pipeline.job.cycle import run_daily_cycle
from volcast.pipeline.ledger.ledger import Ledger

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")


def test_a_damaged_registry_stops_no_forecast_of_the_champion(tmp_path, config, market):
    home = Home(tmp_path)
    with Ledger.to_write(home.ledger) as ledger:
        first = make_context(home, config, market, ledger)
        run_daily_cycle(first)
        first.registry_view.registry.apply_change(first.registry_view.registry.plan_promotion(2))
        home.registry.write_bytes(b"not a database" * 100)
        summary = run_daily_cycle(make_context(home, config, market, ledger, FIRST + 1))
        issued = ledger.issued(market.panel.sessions[FIRST + 1].date())
    assert summary.champion == "network 2" and set(issued["model"]) == {"network"}
    assert "the registry cannot be read" in summary.notes[0]


def test_a_missing_registry_makes_no_other_network_champion(home, config, market, ledger):
    context = make_context(home, config, market, ledger)
    run_daily_cycle(context)
    promote_manually(home, ledger, 2, context.now)
    recorded = home.champion.read_text()
    home.registry.unlink()
    for origin in (FIRST + 1, FIRST + 2):
        summary = run_daily_cycle(make_context(home, config, market, ledger, origin))
        assert summary.champion == "network 2" and summary.trained is None
        assert [alert.subject for alert in summary.open_alerts] == ["registry"]
    assert home.champion.read_text() == recorded and not home.registry.exists()
