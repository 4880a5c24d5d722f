"""Coming reports: what an origin knows of them, and the sample as if none came."""

import numpy as np
import pandas as pd
import pytest

from volcast.features.report_outlook import FARTHEST
from volcast.models.forecaster import Sample
from volcast.pipeline.panel.coming_reports import (
    WITHOUT_REPORT,
    expect_reports,
    list_coming_reports,
    remove_coming_reports,
)
from volcast.pipeline.panel.external import NOTHING_EXTERNAL, VERSION_COLUMNS, ExternalData

ORIGIN = pd.Timestamp("2024-01-30")  # a Tuesday; New York closes at 21:00 in UTC
CALENDARS = {"AAA": "XNYS", "BBB": "XNYS"}


def external(*rows: tuple[str, str, str, str | None, str | None]) -> ExternalData:
    """Versions of reports: ticker, date, time, learnt_at, superseded_at."""
    columns = ["ticker", "date", "time", "learnt_at", "superseded_at"]
    table = pd.DataFrame(rows, columns=columns).assign(kind="earnings", source="test")
    for name in ("learnt_at", "superseded_at"):
        table[name] = pd.to_datetime(table[name], utc=True)
    table = table.astype({"date": "datetime64[us]"})[list(VERSION_COLUMNS)]
    return ExternalData(table, NOTHING_EXTERNAL.series)


def list_dates(*rows: tuple[str, str, str, str | None, str | None]) -> dict[str, str]:
    found = list_coming_reports(external(*rows), ORIGIN, CALENDARS)
    return {row.ticker: f"{row.date:%m-%d} {row.time}" for row in found.itertuples()}


def test_the_next_report_of_each_ticker_is_listed():
    rows = [
        ("AAA", "2024-02-01", "after_close", None, None),
        ("AAA", "2024-02-20", "before_open", None, None),
        ("BBB", "2024-01-31", "unknown", None, None),
        ("CCC", "2024-01-31", "unknown", None, None),
    ]
    assert list_dates(*rows) == {"AAA": "02-01 after_close", "BBB": "01-31 unknown"}


def test_a_report_of_the_evening_of_the_origin_is_yet_to_be_traded_on():
    assert list_dates(("AAA", "2024-01-30", "after_close", None, None))
    assert not list_dates(("AAA", "2024-01-30", "before_open", None, None))


@pytest.mark.parametrize(
    ("learnt_at", "superseded_at", "listed"),
    [
        ("2024-01-30T21:00Z", None, True),
        ("2024-01-30T21:00:01Z", None, False),
        ("2024-01-10T12:00Z", "2024-01-30T21:00Z", False),
        ("2024-01-10T12:00Z", "2024-01-30T21:00:01Z", True),
    ],
)
def test_only_what_was_known_at_the_close_counts(learnt_at, superseded_at, listed):
    found = list_dates(("AAA", "2024-02-01", "after_close", learnt_at, superseded_at))
    assert bool(found) == listed


def test_a_report_of_the_next_quarter_is_not_listed():
    assert not list_dates(("AAA", "2024-04-25", "after_close", "2024-01-10T12:00Z", None))


def test_a_date_that_was_learnt_at_an_unknown_time_is_listed_ten_sessions_ahead():
    tenth, eleventh = "2024-02-13", "2024-02-14"
    assert list_dates(("AAA", tenth, "before_open", None, None))
    assert not list_dates(("AAA", eleventh, "before_open", None, None))
    assert list_dates(("AAA", eleventh, "before_open", "2024-01-10T12:00Z", None))


def make_sample(**features: float) -> Sample:
    names = tuple(features)
    rows, horizons = 3, (1, 5, 22)
    x = np.broadcast_to(np.array(list(features.values()), np.float32), (rows, 1, len(names)))
    return Sample(
        names=names,
        x=x.copy(),
        optional=np.ones(len(names), dtype=bool),
        long_run=np.zeros(len(names), dtype=bool),
        level=np.zeros(len(names), dtype=bool),
        horizons=horizons,
        target=np.ones((rows, 1, 3)),
        target_end=np.full((rows, 1, 3), np.datetime64("2024-01-30")),
        variance=np.ones((rows, 1)),
        log_return=np.zeros((rows, 1)),
        sessions=np.arange("2024-01-28", "2024-01-31", dtype="datetime64[D]"),
    )


def test_without_a_coming_report_the_columns_are_those_of_a_far_one_and_the_past_stays():
    features = dict.fromkeys(WITHOUT_REPORT, 0.7) | {"report_today": 1.0, "har_1": -9.0}
    sample = make_sample(**features)
    without = remove_coming_reports(sample)
    assert without is not None
    values = dict(zip(without.names, without.x[0, 0].tolist(), strict=True))
    expected = dict.fromkeys(WITHOUT_REPORT, 0.0) | {"report_distance": FARTHEST}
    assert values == pytest.approx({**expected, "report_today": 1.0, "har_1": -9.0})
    assert (sample.x[..., 0] == np.float32(0.7)).all()


def test_a_missing_value_stays_missing():
    without = remove_coming_reports(make_sample(report_next=np.nan, report_distance=4.0))
    assert without is not None
    assert np.isnan(without.x[0, 0, 0])
    assert without.x[0, 0, 1] == FARTHEST


def test_a_sample_without_such_features_has_no_counterpart():
    sample = make_sample(har_1=-9.0)
    assert remove_coming_reports(sample) is None
    assert not expect_reports(sample).any()


def test_a_report_is_expected_within_a_horizon_from_a_quarter_on():
    chances = {"report_next": 0.2, "report_within_5": 0.6, "report_within_22": 1.0}
    assert expect_reports(make_sample(**chances))[0, 0].tolist() == [False, True, True]
