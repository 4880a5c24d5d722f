"""The newest forecast of each ticker and horizon, next to HAR's and today's volatility."""

import numpy as np
import pandas as pd

from volcast.reports.coming_reports import COLUMNS, add_report_notes
from volcast.reports.scoring.scores import BASELINE, NETWORK
from volcast.reports.short_histories import COLUMNS as HISTORY_COLUMNS
from volcast.reports.short_histories import add_history_notes
from volcast.reports.text_tables import date


def lead_model(forecasts: pd.DataFrame) -> str:
    """Return the model that a report is about: the network, else HAR, else the first one.

    Examples
    --------
    >>> lead_model(pd.DataFrame({"model": ["garch", "har"]}))
    'har'
    """
    models = forecasts["model"].unique()
    return next((name for name in (NETWORK, BASELINE) if name in models), str(models[0]))


def newest_forecasts(
    forecasts: pd.DataFrame,
    today: pd.DataFrame,
    reports: pd.DataFrame | None = None,
    histories: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the newest forecast of each ticker and horizon.

    Parameters
    ----------
    forecasts
        The forecast table with the volatility columns; must not be empty.
    today
        `ticker, session, volatility` of the last closed session.
    reports
        The announced earnings reports, one a ticker: `ticker, date, time`; None if no source is
        set.
    histories
        The history of every ticker with a short one: `ticker, sessions, first`; None if no ticker
        has.

    Returns
    -------
    DataFrame
        `ticker, horizon, origin, target_start, target_end, volatility, lower, upper, har, today,
        without_report, report, history, note` in annualised percent. `without_report` is the
        forecast as if no report came, NaN unless one is expected, `report` what is known of it.
        `history` says how short the ticker's history is, empty if it is not. Tickers are sorted
        by the volatility of the shortest horizon, highest first. `note` says if the history is
        short, if the forecast was clipped, is a fallback, or is older than the latest origin.
    """
    newest = select_newest(forecasts, lead_model(forecasts))
    har = select_newest(forecasts, BASELINE)[["ticker", "horizon", "volatility"]]
    table = newest.merge(har.rename(columns={"volatility": "har"}), how="left")
    table["today"] = table["ticker"].map(today.set_index("ticker")["volatility"])
    latest = forecasts["origin"].max()
    no_history = pd.DataFrame(columns=HISTORY_COLUMNS)
    table = add_history_notes(table, no_history if histories is None else histories)
    table["note"] = [
        _note(history, bool(clipped), bool(fallback), origin if origin < latest else None)
        for history, clipped, fallback, origin in table[
            ["history", "clipped", "fallback", "origin"]
        ].to_numpy()
    ]
    missing = pd.Series(np.nan, table.index)
    table["without_report"] = table.get("volatility_without_report", missing)
    announced = pd.DataFrame(columns=COLUMNS) if reports is None else reports
    table = add_report_notes(table, announced)
    table = table.assign(lower=table["volatility_lower"], upper=table["volatility_upper"])
    shortest = table[table["horizon"] == table["horizon"].min()]
    height = table["ticker"].map(shortest.set_index("ticker")["volatility"])
    order = table.assign(height=-height).sort_values(["height", "ticker", "horizon"])
    columns = ["ticker", "horizon", "origin", "target_start", "target_end", "volatility"]
    columns += ["lower", "upper", "har", "today", "without_report", "report", "history", "note"]
    return order[columns].reset_index(drop=True)


def select_newest(forecasts: pd.DataFrame, model: str) -> pd.DataFrame:
    """Return a model's row with the newest forecast of each ticker and horizon."""
    rows = forecasts[(forecasts["model"] == model) & forecasts["volatility"].notna()]
    return rows.sort_values("origin").groupby(["ticker", "horizon"], as_index=False).tail(1)


def _note(history: str, clipped: bool, fallback: bool, old_origin: pd.Timestamp | None) -> str:
    parts = [f"short history, {history}"] if history else []
    parts += ["clipped to the range seen in training"] if clipped else []
    parts += ["fallback, the model could not be fitted"] if fallback else []
    parts += [f"as of {date(old_origin)}"] if old_origin is not None else []
    return "; ".join(parts)
