"""The answer on the report's first screen: what is forecast now, and can it be trusted."""

import pandas as pd

from volcast.reports.scores import BASELINE, NETWORK, POOLED
from volcast.reports.text_tables import date, horizon_name, p_value

SIGNIFICANT = 0.05  # two-sided level of the Diebold-Mariano test below which words take a side

BETTER, EVEN, WORSE = "better", "not distinguishable", "worse"


def lead_model(forecasts: pd.DataFrame) -> str:
    """Return the model that the report is about: the network, else HAR, else the first."""
    models = forecasts["model"].unique()
    return next((name for name in (NETWORK, BASELINE) if name in models), str(models[0]))


def newest_forecasts(forecasts: pd.DataFrame, today: pd.DataFrame) -> pd.DataFrame:
    """Return each ticker's newest forecast at each horizon, beside HAR's and today's volatility.

    Parameters
    ----------
    forecasts
        The forecast table with the volatility columns; must not be empty.
    today
        `ticker, session, volatility` of the last closed session.

    Returns `ticker, horizon, origin, target_start, target_end, volatility, lower, upper, har,
    today, note` (annualised percent), tickers by the volatility of the shortest horizon, highest
    first. `note` says if the forecast was clipped or a fallback, or its origin is not the latest.
    """
    newest = _select_newest(forecasts, lead_model(forecasts))
    har = _select_newest(forecasts, BASELINE)[["ticker", "horizon", "volatility"]]
    table = newest.merge(har.rename(columns={"volatility": "har"}), how="left")
    table["today"] = table["ticker"].map(today.set_index("ticker")["volatility"])
    latest = forecasts["origin"].max()
    table["note"] = [
        _note(bool(clipped), bool(fallback), origin if origin < latest else None)
        for clipped, fallback, origin in table[["clipped", "fallback", "origin"]].to_numpy()
    ]
    table = table.assign(lower=table["volatility_lower"], upper=table["volatility_upper"])
    shortest = table[table["horizon"] == table["horizon"].min()]
    height = table["ticker"].map(shortest.set_index("ticker")["volatility"])
    order = table.assign(height=-height).sort_values(["height", "ticker", "horizon"])
    columns = ["ticker", "horizon", "origin", "target_start", "target_end", "volatility"]
    return order[[*columns, "lower", "upper", "har", "today", "note"]].reset_index(drop=True)


def standing(scores: pd.DataFrame, model: str = NETWORK) -> pd.DataFrame:
    """Return where a model stands against HAR: `horizon, ratio_to_har, dm_p_value, side`.

    The side is `better` or `worse` only where the Diebold-Mariano test rejects at 5 %.
    """
    chosen = scores[(scores["model"] == model) & (scores["ticker"] == POOLED)]
    table = chosen[["horizon", "ratio_to_har", "dm_p_value"]].dropna(subset=["ratio_to_har"])
    clear = table["dm_p_value"] < SIGNIFICANT
    sides = pd.Series(EVEN, index=table.index, dtype="object")
    sides[clear & (table["ratio_to_har"] < 1)] = BETTER
    sides[clear & (table["ratio_to_har"] > 1)] = WORSE
    return table.assign(side=sides).sort_values("horizon").reset_index(drop=True)


def verdict_sentence(scores: pd.DataFrame) -> str:
    """Return one sentence on whether the network earned its keep against HAR."""
    table = standing(scores)
    if table.empty:
        return "Whether the network earns its keep against HAR cannot be said: no row was scored."
    sides = set(table["side"])
    opening = "did not earn its keep against HAR"
    if sides == {BETTER}:
        opening = "earned its keep against HAR"
    elif BETTER in sides:
        opening = "earned its keep against HAR only in part"
    clauses = [
        f"{side}{' from it' if side == EVEN else ''} for the {_enumerate(part)}"
        for side, part in table.groupby("side", sort=False)
    ]
    return f"The network {opening}: {'; '.join(clauses)}."


def _enumerate(part: pd.DataFrame) -> str:
    records = part[["horizon", "ratio_to_har", "dm_p_value"]].itertuples(index=False)
    return ", ".join(
        f"{horizon_name(horizon)} (QLIKE ratio {ratio:.3f}, {_p_words(p)})"
        for horizon, ratio, p in records
    )


def _p_words(value: float) -> str:
    if pd.isna(value):
        return "too few dates to test"
    text = p_value(value)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def _select_newest(forecasts: pd.DataFrame, model: str) -> pd.DataFrame:
    mine = forecasts[(forecasts["model"] == model) & forecasts["volatility"].notna()]
    return mine.sort_values("origin").groupby(["ticker", "horizon"], as_index=False).tail(1)


def _note(clipped: bool, fallback: bool, old_origin: pd.Timestamp | None) -> str:
    parts = ["clipped to the range seen in training"] if clipped else []
    parts += ["fallback, the model could not be fitted"] if fallback else []
    parts += [f"as of {date(old_origin)}"] if old_origin is not None else []
    return "; ".join(parts)
