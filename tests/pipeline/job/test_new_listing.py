"""A new listing in the watch-list: it is forecast as soon as it can be, and disturbs no other."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.job.samples import FIRST, NOW, change_settings, read_table, verify_and_rebuild
from tests.pipeline.samples import make_prices, two_tickers, write_csv
from volcast.models.forecaster import SHORTEST_HISTORY
from volcast.pipeline.config.settings import Config
from volcast.pipeline.home import Home
from volcast.pipeline.job.market import load_market
from volcast.pipeline.job.replay import replay
from volcast.pipeline.job.summary import Summary
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.scoring import live_scores, read_backtests, scored_rows
from volcast.pipeline.progress import Progress

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")

RUNS, BEFORE = 18, 31  # daily runs; bars of the listing at the first of them
ORIGIN = SHORTEST_HISTORY + 1 - BEFORE  # the run from which it is forecast
CELL = ["origin", "ticker", "horizon", "model", "model_version", "role"]
VALUES = ["variance", "lower", "upper", "level_factor"]


@dataclass(frozen=True)
class Replayed:
    """A home after a replay, its settings and the summary of each run."""

    home: Home
    config: Config
    summaries: list[Summary]


def replay_prices(folder, config, *frames) -> Replayed:
    path = write_csv(folder / "prices.csv", *frames)
    data, select = {"path": str(path)}, {"select": ("default",)}
    settings = change_settings(config, data=data, features=select)
    market, home = load_market(settings, NOW), Home(folder / "home")
    days = market.panel.sessions[[FIRST, FIRST + RUNS - 1]]
    period = (days[0].date(), days[1].date())
    return Replayed(home, settings, list(replay(home, settings, market, period, Progress())))


def list_new() -> pd.DataFrame:
    return make_prices("NEW", 9).iloc[FIRST + 1 - BEFORE :]


@pytest.fixture(scope="module")
def listed(tmp_path_factory, config) -> Replayed:
    return replay_prices(tmp_path_factory.mktemp("listed"), config, two_tickers(), list_new())


@pytest.fixture(scope="module")
def without(tmp_path_factory, config) -> Replayed:
    return replay_prices(tmp_path_factory.mktemp("without"), config, two_tickers())


def test_it_is_forecast_from_forty_variances_on_and_marked_as_short(listed):
    rows = read_table(listed.home, "forecasts")
    new = rows[rows["ticker"] == "NEW"]
    assert (
        new["short_history"].all() and not rows.loc[rows["ticker"] != "NEW", "short_history"].any()
    )
    origins = [pd.Timestamp(summary.origin) for summary in listed.summaries]
    assert sorted(new["origin"].unique()) == origins[ORIGIN:]
    issued = new[new["role"] == "champion"]
    assert len(issued) == (RUNS - ORIGIN) * 2 and (issued["variance"] > 0).all()
    assert set(new["model"]) == {"har", "network"} and not new["fallback"].any()


@pytest.mark.slow
def test_a_run_before_says_how_many_sessions_there_are_and_are_needed(listed):
    for run, summary in enumerate(listed.summaries):
        note = (
            "no forecast for NEW: its history is too short for any forecast: "
            f"{BEFORE + run - 1} sessions with a variance, 40 are needed"
        )
        assert (note in summary.notes) == (run < ORIGIN)


@pytest.mark.slow
def test_it_changes_no_forecast_of_another_ticker(listed, without):
    tables = [read_table(each.home, "forecasts") for each in (listed, without)]
    both = tables[0].merge(tables[1], on=CELL, suffixes=("", "_without"))
    assert len(both) == len(tables[1]) > RUNS * 4
    for name in VALUES:
        one, other = both[name].to_numpy(), both[f"{name}_without"].to_numpy()
        # In single precision a product of more rows may differ in its last digits.
        np.testing.assert_allclose(one, other, rtol=1e-5)
        har = (both["model"] == "har").to_numpy()
        if name in ("variance", "level_factor"):
            np.testing.assert_array_equal(one[har], other[har])


@pytest.mark.slow
def test_it_changes_neither_the_evidence_of_the_gate_nor_its_decisions(listed, without):
    gates = []
    for home in (listed.home, without.home):
        with ledger_of(home) as ledger:
            gates.append([each for each in ledger.decisions("keep") if each.key.startswith("gate")])
    assert len(gates[0]) == len(gates[1]) == RUNS
    for one, other in zip(*gates, strict=True):
        assert (one.key, one.action, one.subject) == (other.key, other.action, other.subject)
    evidence = [pd.json_normalize(decisions[0].numbers) for decisions in gates]  # of the last run
    assert evidence[0]["challenge.sessions"].item() > 10
    pd.testing.assert_frame_equal(*evidence, rtol=1e-3)


def ledger_of(home: Home) -> Ledger:
    return Ledger.to_read(home.ledger)


def test_its_outcomes_are_recorded_and_scored(listed):
    with ledger_of(listed.home) as ledger:
        rows = scored_rows(ledger)
        scores = live_scores(rows, read_backtests(ledger))
    new = rows[(rows["ticker"] == "NEW") & (rows["horizon"] == 1) & (rows["role"] == "champion")]
    assert len(new) == RUNS - ORIGIN - 1 and np.isfinite(new["realized"]).all()
    issued = scores[(scores["series"] == "issued") & (scores["horizon"] == 1)]
    assert issued["rows"].item() == 2 * (RUNS - 1) + len(new)


def test_its_interval_is_the_panels_until_it_has_errors_of_its_own(listed):
    rows = read_table(listed.home, "forecasts")
    last = rows[(rows["horizon"] == 1) & (rows["model"] == "har")]
    first = last[last["origin"] == last.loc[last["ticker"] == "NEW", "origin"].min()]
    width = np.log(first["upper"] / first["lower"])
    own = width[first["ticker"] == "NEW"].item()
    assert np.isfinite(own) and width.min() / 2 < own < width.max() * 2


def test_the_page_tells_that_its_history_is_short(listed):
    day = listed.summaries[-1].origin
    page = (listed.home.reports / f"{day}" / "report.html").read_text()
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page).replace("\N{NO-BREAK SPACE}", " "))
    first = list_new()["date"].iloc[0]
    history = f"{BEFORE + RUNS - 1} sessions since {first:%Y-%m-%d}"
    assert f"Short history: NEW ({history}); long-run features are unknown and count as" in text
    assert text.count(history) == 1 + 2  # and in each of its rows


def test_its_forecasts_can_be_rebuilt(listed):
    with ledger_of(listed.home) as ledger:
        count = int((ledger.table("forecasts")["origin"] == listed.summaries[-1].origin).sum())
        assert verify_and_rebuild(ledger, listed.home, newest=12) == 12 <= max(count, 12)
