"""From a real run into the ledger and back: the same forecasts, the same outcomes."""

import datetime as dt
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

from volcast.pipeline.backtest.run_folder import FEATURES, FORECASTS
from volcast.pipeline.files import read_frame
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.outcomes import build_outcomes
from volcast.pipeline.ledger.records import Forecast
from volcast.pipeline.ledger.verify import verify
from volcast.pipeline.panel.panel_table import read_panel

NOW = dt.datetime(2018, 10, 13, tzinfo=dt.UTC)
CELL = ["ticker", "horizon", "origin"]


@pytest.fixture(scope="module")
def ran(finished):
    return (
        read_frame(finished / FORECASTS),
        read_panel(finished / FEATURES),
    )


def make_forecasts(table, model):
    """The rows of a run's forecast table as records of the ledger."""
    rows = table[(table["model"] == model) & table["variance"].notna()]
    given = {
        "model_version": "1",
        "role": "champion" if model == "network" else "challenger",
        "calendar": "XNYS",
        "data_vintage": NOW,
        "data_hash": "hash",
        "config_hash": "settings",
    }
    names = {each.name for each in fields(Forecast)} - given.keys()
    records = rows[[name for name in rows if name in names]].to_dict("records")
    return [Forecast(**record | given) for record in records]


def test_a_run_in_the_ledger_has_its_forecasts_and_outcomes_bit_for_bit(ran, tmp_path):
    table, panel = ran
    with Ledger.to_write(tmp_path / "ledger.db") as ledger:
        for model, part in table.groupby("model", sort=False):
            forecasts = make_forecasts(table, model)
            assert ledger.add_forecasts(forecasts, now=NOW) == part["variance"].notna().sum()
        last = panel.sessions[-1].date()
        known = build_outcomes(ledger.pending_targets(last), panel, {"AAA": "a", "BBB": "b"})
        assert ledger.add_outcomes(known, now=NOW) == len(known) > 0
        assert ledger.add_outcomes(known, now=NOW) == 0
        again = build_outcomes(ledger.table("forecasts"), panel, {"AAA": "a", "BBB": "b"})
        assert ledger.add_outcomes(again, now=NOW) == 0
        stored = ledger.table("scored").set_index(["model", *CELL]).sort_index()
        verify(ledger)
    wanted = table[table["variance"].notna()].set_index(["model", *CELL]).sort_index()
    columns = ["target_start", "target_end", "variance", "lower", "upper", "clipped", "fallback"]
    pd.testing.assert_frame_equal(stored[columns], wanted[columns], check_dtype=False)
    np.testing.assert_array_equal(stored["realized"], wanted["realized"])
    live = stored["live"]  # all was written in the evening of the last session
    assert set(live[live].index.get_level_values("origin")) == {panel.sessions[-1]}
    assert live.sum() == 2 * 2 * table["model"].nunique()


def test_the_return_of_a_one_session_target_is_that_of_its_session(ran):
    table, panel = ran
    outcomes = build_outcomes(table, panel, {"AAA": "a", "BBB": "b"})
    for outcome in outcomes[:: len(outcomes) // 50]:
        day = panel.sessions.get_loc(pd.Timestamp(outcome.origin)) + 1
        ticker = panel.tickers.index(outcome.ticker)
        if outcome.horizon == 1:
            assert outcome.log_return == panel.log_return[day, ticker]
        else:
            assert np.isnan(outcome.log_return)
    assert {outcome.horizon for outcome in outcomes} == {1, 5}


def test_what_the_panel_does_not_know_has_no_outcome(ran):
    table, panel = ran
    newest = table[table["origin"] == panel.sessions[-1]]
    stranger = newest.assign(ticker="ZZZ", origin=panel.sessions[-50])
    early = newest.assign(origin=pd.Timestamp("1990-01-02"))
    odd = newest.assign(horizon=99, origin=panel.sessions[-50])
    for rows in (newest, stranger, early, odd):
        assert len(rows) and build_outcomes(rows, panel, {}) == []
