"""The hash of what a forecast used covers the closes and events known at its origin, no others."""

import dataclasses
import hashlib

import pandas as pd
import pytest

from tests.pipeline.data.conftest import make_bars
from tests.pipeline.job.samples import NOW, change_settings, make_context, verify_and_rebuild
from volcast.pipeline.data.calendars.opening_hours import closing_moments
from volcast.pipeline.errors import LedgerError
from volcast.pipeline.job.config_archive import write_archived_config
from volcast.pipeline.job.external_hashes import ExternalHashes
from volcast.pipeline.job.market import BarHashes, load_market
from volcast.pipeline.job.steps.issue import issue_forecasts
from volcast.pipeline.panel.external import NOTHING_EXTERNAL, SERIES_COLUMNS, VERSION_COLUMNS

DAY = pd.Timestamp("2024-01-10")
CALENDARS = {"AAA": "XNYS", "SAP.DE": "XETR"}
BARS = pd.concat([make_bars("AAA"), make_bars("SAP.DE")], ignore_index=True)


def make_series(**changed: float) -> pd.DataFrame:
    """Closes of the VIX, of which some differ, by the day of January."""
    bars = make_bars("^VIX", level=14.0)
    closes = bars["close"].to_numpy(copy=True)
    for day, close in changed.items():
        closes[bars["session"] == f"2024-01-{day.removeprefix('day_')}"] = close
    known_at = closing_moments("XNYS", pd.DatetimeIndex(bars["session"]))
    table = {"series": "^VIX", "session": bars["session"], "close": closes, "known_at": known_at}
    return pd.DataFrame(table).astype(SERIES_COLUMNS)


def make_events(*rows: tuple[str, str, str | None, str | None]) -> pd.DataFrame:
    """Reports before the open: ticker, date, when it was learnt and when superseded."""
    table = pd.DataFrame(rows, columns=["ticker", "date", "learnt_at", "superseded_at"])
    moments = {n: pd.to_datetime(table[n], utc=True) for n in ("learnt_at", "superseded_at")}
    table = table.assign(**moments, date=pd.to_datetime(table["date"]))
    table = table.assign(time="before_open", kind="earnings", source="mine")
    return table[list(VERSION_COLUMNS)].astype(VERSION_COLUMNS)


def hash_with(series=NOTHING_EXTERNAL.series, events=NOTHING_EXTERNAL.events, day=DAY):
    external = dataclasses.replace(NOTHING_EXTERNAL, series=series, events=events)
    return BarHashes(BARS, ExternalHashes(external, CALENDARS)).until(day)


def test_without_series_and_events_it_is_the_hash_of_the_bars_alone():
    rows = pd.util.hash_pandas_object(BARS, index=False)
    known = ((BARS["ticker"] == "AAA") & (BARS["session"] <= DAY)).to_numpy()
    expected = hashlib.sha256(rows.to_numpy()[known].tobytes()).hexdigest()
    assert hash_with()["AAA"] == expected


def test_a_close_counts_from_the_session_at_which_its_exchange_knew_it():
    before = hash_with(make_series())
    assert before != hash_with()
    assert hash_with(make_series(day_11=99.0)) == before
    same_day = hash_with(make_series(day_10=99.0))
    assert same_day["AAA"] != before["AAA"]
    assert same_day["SAP.DE"] == before["SAP.DE"]  # New York closes later than Frankfurt
    assert hash_with(make_series(day_09=99.0))["SAP.DE"] != before["SAP.DE"]


def test_an_event_counts_for_its_ticker_from_when_it_was_learnt():
    report = ("AAA", "2024-01-25", "2024-01-10 20:00Z", None)
    late = ("AAA", "2024-01-25", "2024-01-10 21:30Z", None)
    before = hash_with()
    assert hash_with(events=make_events(report))["AAA"] != before["AAA"]
    assert hash_with(events=make_events(report))["SAP.DE"] == before["SAP.DE"]
    assert hash_with(events=make_events(late)) == before


def test_that_an_event_is_superseded_later_does_not_change_the_hash_of_before():
    learnt = "2024-01-05 12:00Z"
    alone = hash_with(events=make_events(("AAA", "2024-01-25", learnt, None)))
    moved = make_events(
        ("AAA", "2024-01-26", "2024-01-12 12:00Z", None),
        ("AAA", "2024-01-25", learnt, "2024-01-12 12:00Z"),
    )
    assert hash_with(events=moved) == alone
    after = pd.Timestamp("2024-01-12")
    unmoved = make_events(("AAA", "2024-01-25", learnt, None))
    assert hash_with(events=moved, day=after) != hash_with(events=unmoved, day=after)


def test_an_event_learnt_at_no_known_time_counts_from_ten_sessions_ahead():
    near, far = (make_events(("AAA", day, None, None)) for day in ("2024-01-24", "2024-01-26"))
    assert hash_with(events=near)["AAA"] != hash_with()["AAA"]
    assert hash_with(events=far) == hash_with()


def test_forecasts_with_a_series_are_rebuilt_and_a_changed_close_is_told(
    home, ledger, config, tmp_path
):
    pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")
    vix = tmp_path / "vix.csv"
    bars = make_bars("^VIX", "2016-01-04", "2018-12-31", level=14.0)
    bars.rename(columns={"session": "date"}).to_csv(vix, index=False)
    entry = f"^VIX={vix}"
    with_series = change_settings(
        config,
        data={"exogenous": (entry,)},
        features={"select": ("har_1", "har_5", "har_22", "exogenous")},
    )
    market = load_market(with_series, NOW)
    write_archived_config(with_series, home, ledger)
    context = make_context(home, with_series, market, ledger)
    assert issue_forecasts(context).new
    assert verify_and_rebuild(ledger, home) > 0
    changed = bars.assign(close=bars["close"].where(bars["session"] < context.day, 99.0))
    changed.loc[bars["session"] == context.day, "close"] = 50.0
    changed.rename(columns={"session": "date"}).to_csv(vix, index=False)
    with pytest.raises(LedgerError, match="differ"):
        verify_and_rebuild(ledger, home)
