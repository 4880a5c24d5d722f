"""Which errors count for the intervals of a day, on a hand-written table of the ledger."""

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from volcast.models.forecast_intervals import ERROR_COLUMNS
from volcast.pipeline.job.steps.past_errors import collect_past_errors

DAYS = pd.bdate_range("2020-01-01", periods=6, unit="us")


def make_scored(model, version, first, last, realized=2.0):
    origins = DAYS[first : last + 1]
    columns = {"ticker": "A", "horizon": 1, "role": "champion", "variance": 1.0, "fallback": False}
    columns["short_history"] = pd.array([pd.NA] + [version == "3"] * (last - first), "boolean")
    return pd.DataFrame(
        {
            "origin": origins,
            "target_end": origins + pd.offsets.BDay(),
            "model": model,
            "model_version": version,
            "realized": realized,
            **columns,
        }
    )


class Ledger:
    """Gives the rows whose targets ended after a day, as the ledger does."""

    def __init__(self, *parts):
        self.rows = pd.concat(parts, ignore_index=True)

    def table(self, name, rows, columns):
        after = pd.Timestamp(rows.ended_after or dt.date.min)
        return self.rows.loc[self.rows["target_end"] > after, columns]


@pytest.fixture
def ledger():
    return Ledger(
        make_scored("network", "2", 0, 4, realized=2.0),
        make_scored("network", "3", 2, 4, realized=3.0),
        make_scored("har", "2019-12-31", 0, 4, realized=4.0),
    )


def errors_of(table, model):
    rows = table[table["model"] == model].sort_values("origin")
    return np.exp(rows["log_error"]).round(9).tolist()


def test_errors_count_from_the_close_at_which_their_targets_ended(ledger):
    found = collect_past_errors(ledger, None, DAYS[3])
    assert list(found.columns) == ERROR_COLUMNS
    assert found["target_end"].max() == DAYS[3]
    assert errors_of(found, "har") == [4.0] * 3


def test_each_origin_counts_with_the_newest_network_up_to_the_version(ledger):
    day = DAYS[5]
    assert errors_of(collect_past_errors(ledger, None, day), "network") == [2, 2, 3, 3, 3]
    assert errors_of(collect_past_errors(ledger, None, day, newest=2), "network") == [2] * 5


def test_stored_errors_come_before_those_of_the_ledger(ledger):
    stored = collect_past_errors(ledger, None, DAYS[3]).assign(log_error=np.log(9.0))
    model = SimpleNamespace(past_errors=stored, trained_through=DAYS[2].date())
    found = collect_past_errors(ledger, model, DAYS[5])
    assert errors_of(found, "har") == [9, 9, 9, 4, 4]
    assert not found.duplicated(["model", "origin"]).any()


def test_errors_of_short_histories_are_marked_and_those_of_older_ledgers_are_not(ledger):
    found = collect_past_errors(ledger, None, DAYS[5])
    assert found["short_history"].dtype == bool
    network = found[found["model"] == "network"].sort_values("origin")
    assert network["short_history"].tolist() == [False, False, False, True, True]


def test_outcomes_that_are_no_targets_do_not_count(ledger):
    ledger.rows.loc[ledger.rows["origin"] == DAYS[0], "realized"] = [np.nan, 0.0]
    assert len(collect_past_errors(ledger, None, DAYS[5], newest=2)) == 8
