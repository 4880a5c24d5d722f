"""A newest bar that contradicts the ones before it: held back, then rejected or released."""

import pandas as pd
import pytest

from tests.pipeline.data.conftest import make_bars
from tests.pipeline.data.yahoo_standin import Listing
from tests.pipeline.job.samples import verify_and_rebuild
from tests.pipeline.job.test_run import SETTINGS, run_on
from volcast.pipeline.config.load import load_config
from volcast.pipeline.home import Home
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.panel import stored_panel

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")

CLEAN, HELD, NEXT, LATER = "2024-01-25", "2024-01-26", "2024-01-29", "2024-01-30"
PRICES = ["open", "high", "low", "close", "adj_close"]
CONFIG = load_config(None, SETTINGS)


def serve(standin, last, *days, factor):
    """Serve bars up to a day, the prices of some days multiplied."""
    bars = make_bars(first="2021-06-01", last=last).set_index("session")
    bars.loc[[pd.Timestamp(day) for day in days], PRICES] *= factor
    standin.listings["AAA"] = Listing(bars)


def held_alerts(summary):
    return [alert.subject for alert in summary.open_alerts if alert.name == "held bar"]


def test_a_bar_in_another_unit_is_held_until_the_next_one_shows_that_it_was_an_error(
    standin, tmp_path, monkeypatch
):
    home, summaries = Home(tmp_path), {}
    for day in (CLEAN, HELD, NEXT, LATER):
        # As in a large market, whose features are in a file; they are rebuilt in memory.
        in_file = day in (HELD, LATER)
        monkeypatch.setattr(stored_panel, "LARGE_PANEL", 1 if in_file else 10**6)
        serve(standin, day, *([HELD] if day != CLEAN else []), factor=100)
        summaries[day] = run_on(home, CONFIG, day)
    assert [str(summary.origin) for summary in summaries.values()] == list(summaries)
    # After the rejected bar the return of the next one is not known either.
    assert [held_alerts(each) for each in summaries.values()] == [[], ["AAA"], ["AAA"], []]
    with Ledger.to_read(home.ledger) as ledger:
        rows = pd.concat([ledger.issued(pd.Timestamp(day).date()) for day in summaries])
        assert rows["held"].tolist() == [False, True, True, False]
        assert [str(day.date()) for day in rows["target_start"]] == [
            HELD,
            NEXT,
            LATER,
            "2024-01-31",
        ]
        assert rows["variance"].iloc[:3].nunique() == 1  # from the bars up to CLEAN
        assert rows["variance"].max() < 0.06**2  # the largest move of the true bars
        monkeypatch.setattr(stored_panel, "LARGE_PANEL", 10**6)
        assert verify_and_rebuild(ledger, home) == len(ledger.table("forecasts"))
