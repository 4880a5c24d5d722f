"""Does the network beat HAR? The verdict by horizon, and in one sentence."""

import pandas as pd

from volcast.reports.scoring.scores import NETWORK, POOLED
from volcast.reports.text_tables import horizon_name, p_value

SIGNIFICANT = 0.05  # two-sided level of the Diebold-Mariano test

BETTER, EVEN, WORSE = "better", "not distinguishable from HAR", "worse"


def compare_with_har(scores: pd.DataFrame, model: str = NETWORK) -> pd.DataFrame:
    """Compare a model with HAR at each horizon.

    Parameters
    ----------
    scores
        The score table; only its pooled rows count.
    model
        The model that is compared.

    Returns
    -------
    DataFrame
        `horizon, ratio_to_har, dm_p_value, side`, by horizon. The side is `BETTER` or `WORSE` only
        if the Diebold-Mariano test rejects at 5 %, otherwise `EVEN`.

    Examples
    --------
    >>> scores = pd.DataFrame(
    ...     {"model": "network", "ticker": "all", "horizon": [1, 5], "ratio_to_har": [0.9, 0.98],
    ...      "dm_p_value": [0.001, 0.3]}
    ... )
    >>> list(compare_with_har(scores)["side"])
    ['better', 'not distinguishable from HAR']
    """
    chosen = scores[(scores["model"] == model) & (scores["ticker"] == POOLED)]
    table = chosen[["horizon", "ratio_to_har", "dm_p_value"]].dropna(subset=["ratio_to_har"])
    clear = table["dm_p_value"] < SIGNIFICANT
    sides = pd.Series(EVEN, index=table.index, dtype="object")
    sides[clear & (table["ratio_to_har"] < 1)] = BETTER
    sides[clear & (table["ratio_to_har"] > 1)] = WORSE
    return table.assign(side=sides).sort_values("horizon").reset_index(drop=True)


def verdict_sentence(scores: pd.DataFrame) -> str:
    """Return one sentence that says whether the network beats HAR, with ratios and p-values."""
    table = compare_with_har(scores)
    if table.empty:
        return "No row is scored yet, so the network cannot be compared with HAR."
    sides = set(table["side"])
    opening = "does not beat HAR"
    if sides == {BETTER}:
        opening = "beats HAR"
    elif BETTER in sides:
        opening = "beats HAR at some horizons"
    clauses = [
        f"{side} for the {_list_horizons(part)}" for side, part in table.groupby("side", sort=False)
    ]
    return f"The network {opening}: {'; '.join(clauses)}."


def _list_horizons(part: pd.DataFrame) -> str:
    records = part[["horizon", "ratio_to_har", "dm_p_value"]].itertuples(index=False)
    return ", ".join(
        f"{horizon_name(horizon)} (QLIKE ratio {ratio:.3f}, {format_test(p)})"
        for horizon, ratio, p in records
    )


def format_test(value: float) -> str:
    """Return the p-value of a test in words.

    Examples
    --------
    >>> format_test(0.0004), format_test(0.25)
    ('p < 0.001', 'p = 0.250')
    """
    if pd.isna(value):
        return "too few dates to test"
    text = p_value(value)
    return f"p {text}" if text.startswith("<") else f"p = {text}"
