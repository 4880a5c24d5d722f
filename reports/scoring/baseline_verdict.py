"""Does the network beat the strongest baseline, and HAR-X? The comparison by horizon."""

import pandas as pd

from volcast.reports.model_labels import model_label
from volcast.reports.scoring.har_verdict import format_test
from volcast.reports.scoring.scores import NETWORK, POOLED
from volcast.reports.text_tables import horizon_name

FIGURES = ["ratio_to_har", "dm_p_value", "ratio_to_harx", "dm_harx_p_value"]


def compare_with_baselines(scores: pd.DataFrame, model: str = NETWORK) -> pd.DataFrame:
    """Compare a model with HAR, with the strongest baseline and with HAR-X at each horizon.

    Parameters
    ----------
    scores
        The score table; only its pooled rows count. Columns of `FIGURES` that it lacks are NaN.
    model
        The model that is compared; all others are baselines.

    Returns
    -------
    DataFrame
        `horizon, ratio_to_har, dm_p_value, strongest, ratio_to_strongest, ratio_to_harx,
        dm_harx_p_value`, by horizon, without the horizons that have no other scored model. The
        strongest baseline is the one with the smallest QLIKE on these very rows.

    Notes
    -----
    Choosing the strongest by the rows on which it is compared favours it: the smallest of several
    losses is on average smaller than the expected loss of the best. The comparison is therefore
    hard on `model`, and has no p-value: one that ignores the choice would be wrong.

    Examples
    --------
    >>> scores = pd.DataFrame(
    ...     {"model": ["network", "har", "ewma"], "ticker": "all", "horizon": 1,
    ...      "ratio_to_har": [0.9, 1.0, 1.2]}
    ... )
    >>> compare_with_baselines(scores)[["strongest", "ratio_to_strongest"]].to_dict("list")
    {'strongest': ['har'], 'ratio_to_strongest': [0.9]}
    """
    pooled = scores[(scores["ticker"] == POOLED) & scores["ratio_to_har"].notna()]
    chosen = pooled[pooled["model"] == model].reindex(columns=["horizon", *FIGURES])
    others = pooled[pooled["model"] != model].sort_values("ratio_to_har", kind="stable")
    best = others.drop_duplicates("horizon")[["horizon", "model", "ratio_to_har"]]
    best = best.rename(columns={"model": "strongest", "ratio_to_har": "best_ratio"})
    table = chosen.merge(best, on="horizon").sort_values("horizon", ignore_index=True)
    table["ratio_to_strongest"] = table["ratio_to_har"] / table["best_ratio"]
    order = ["ratio_to_har", "dm_p_value", "strongest", "ratio_to_strongest", *FIGURES[2:]]
    return table[["horizon", *order]]


def baselines_sentence(scores: pd.DataFrame) -> str:
    """Return the comparison with the strongest baseline and with HAR-X in words, or ""."""
    table = compare_with_baselines(scores)
    if table.empty:
        return ""
    best = table[["horizon", "strongest", "ratio_to_strongest"]].itertuples(index=False)
    ratios = [
        f"{ratio:.3f} ({model_label(name)}) for the {horizon_name(horizon)}"
        for horizon, name, ratio in best
    ]
    sentence = (
        f"Relative to the strongest baseline of each horizon its QLIKE is {', '.join(ratios)}"
    )
    tested = table.dropna(subset=["ratio_to_harx"])
    if tested.empty:
        return f"{sentence}."
    tests = [
        f"{ratio:.3f} ({format_test(p)}) for the {horizon_name(horizon)}"
        for horizon, ratio, p in tested[["horizon", *FIGURES[2:]]].itertuples(index=False)
    ]
    return f"{sentence}; relative to HAR-X it is {', '.join(tests)}."
