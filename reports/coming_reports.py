"""The text about a coming earnings report beside a forecast."""

from __future__ import annotations

import pandas as pd

from volcast.reports.text_tables import date

TIMES = {"before_open": " before the open", "after_close": " after the close"}
EXPECTED = "a report is expected"
COLUMNS = ["ticker", "date", "time"]  # of a table of coming reports


def describe_report(day: pd.Timestamp, time: str) -> str:
    """Return when a ticker reports.

    Examples
    --------
    >>> describe_report(pd.Timestamp("2026-02-05"), "after_close")
    'reports on 2026-02-05 after the close'
    >>> describe_report(pd.Timestamp("2026-02-05"), "unknown")
    'reports on 2026-02-05'
    """
    return f"reports on {date(day)}{TIMES.get(time, '')}"


def add_report_notes(forecasts: pd.DataFrame, reports: pd.DataFrame) -> pd.DataFrame:
    """Return forecasts with what is known of each ticker's next report.

    Parameters
    ----------
    forecasts
        With `ticker` and `without_report`, the volatility forecast as if no report came: NaN unless
        one is expected within the horizon.
    reports
        The announced reports, one a ticker: `ticker, date, time`.

    Returns
    -------
    The forecasts with `report`, a text, empty where no report is announced or expected.
    """
    announced = {
        str(ticker): describe_report(pd.Timestamp(day), str(time))
        for ticker, day, time in reports[COLUMNS].itertuples(index=False)
    }
    texts = [
        announced.get(ticker, EXPECTED if pd.notna(without) else "")
        for ticker, without in zip(forecasts["ticker"], forecasts["without_report"], strict=True)
    ]
    return forecasts.assign(report=texts)


def describe_effect(report: str, without: float) -> str:
    """Return what is known of a coming report, with the volatility forecast without it.

    Examples
    --------
    >>> describe_effect("reports on 2026-02-05", 28.04), describe_effect("", float("nan"))
    ('reports on 2026-02-05; 28.0 without it', '')
    """
    return f"{report}; {without:.1f} without it" if pd.notna(without) else report
