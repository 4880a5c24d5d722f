"""The reports that the forecasts of an origin know to come, and forecasts as if there were none."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from volcast.features.feature_table import FeatureTable
from volcast.features.report_outlook import FARTHEST
from volcast.models.forecaster import Sample
from volcast.pipeline.data.calendars.opening_hours import closing_moments
from volcast.pipeline.events.event_table import AFTER_CLOSE, EARNINGS
from volcast.pipeline.panel.external import ExternalData
from volcast.pipeline.panel.known_reports import find_announced_day, is_learnt

# The features of a coming report, with their values if none comes.
WITHOUT_REPORT = {
    **dict.fromkeys(("report_next", "report_in_2", "report_in_3_to_5"), 0.0),
    **dict.fromkeys(("report_within_5", "report_within_22"), 0.0),
    **dict.fromkeys(("report_own_next", "report_own_within_5", "report_own_within_22"), 0.0),
    "report_distance": float(FARTHEST),
}
CHANCES = {1: "report_next", 5: "report_within_5", 22: "report_within_22"}  # within sessions
FARTHEST_DAY = pd.Timedelta(days=35)  # the longest of the usual horizons, and some days
EXPECTED = 0.25  # probability from which the effect of a report is shown


def remove_coming_reports(sample: Sample) -> Sample | None:
    """Return the sample as if no report came; None if it has no features of reports."""
    columns = [name for name in sample.names if name in WITHOUT_REPORT]
    if not columns:
        return None
    x = sample.x
    table = x if isinstance(x, FeatureTable) else FeatureTable.from_array(np.asarray(x))
    values = {}
    for place, name in zip(sample.positions(tuple(columns)), columns, strict=True):
        known = np.isfinite(table.columns[place])
        values[int(place)] = np.where(known, np.float32(WITHOUT_REPORT[name]), np.float32(np.nan))
    return dataclasses.replace(sample, x=table.replace_columns(values))


def expect_reports(sample: Sample) -> NDArray[np.bool_]:
    """Return where a report is expected within the horizon, (T, N, H).

    The session of an announced report of unknown time is one of two: it is expected for both.
    """
    expected = np.zeros((*sample.x.shape[:2], len(sample.horizons)), dtype=bool)
    for place, horizon in enumerate(sample.horizons):
        name = next((CHANCES[within] for within in CHANCES if within >= horizon), None)
        if name in sample.names:
            chance = sample.columns((name,))[:, :, 0]
            expected[:, :, place] = np.nan_to_num(chance) >= EXPECTED
    return expected


def list_coming_reports(
    external: ExternalData, origin: pd.Timestamp, calendars: Mapping[str, str]
) -> pd.DataFrame:
    """Return each ticker's next announced report, as known at the close of an origin.

    Parameters
    ----------
    external
        Its event versions; which were known is decided by `is_learnt`, as for hashes of the ledger.
    origin
        A session.
    calendars
        Ticker to the name of its exchange's calendar, by which the origin closes.

    Returns
    -------
    `ticker, date, time` of the reports that are traded on after the origin and within
    `FARTHEST_DAY`.
    """
    events = external.events[external.events["ticker"].isin(calendars)]
    closes = {
        name: closing_moments(name, pd.DatetimeIndex([origin]))[0]
        for name in set(calendars.values())
    }
    announced = {name: find_announced_day(name, origin) for name in closes}
    calendar = events["ticker"].map(calendars)
    close = calendar.map(closes)
    learnt = is_learnt(events, close, calendar.map(announced))
    valid = events["superseded_at"].isna() | (events["superseded_at"] > close)
    # A report after the close of the origin is traded on the next session.
    ahead = (events["date"] > origin) | (
        (events["date"] == origin) & (events["time"] == AFTER_CLOSE)
    )
    near = events["date"] <= origin + FARTHEST_DAY
    coming = events[learnt & valid & ahead & near & (events["kind"] == EARNINGS)]
    first = coming.sort_values(["ticker", "date"], kind="stable").drop_duplicates("ticker")
    return first[["ticker", "date", "time"]].reset_index(drop=True)
