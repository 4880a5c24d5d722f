"""The network's gain over HAR, split into the steps that lead to it."""

import numpy as np
import pandas as pd

from volcast.reports.scoring.inference import average_by_date, diebold_mariano
from volcast.reports.text_tables import horizon_name

# Each step: its name, the column of losses before it, and the one after it.
STEPS = (
    ("more information", "har", "harx"),
    ("a nonlinear function", "harx", "single"),
    ("averaging members", "single", "alone"),
    ("blending with HAR-X", "alone", "local"),
    ("a pretrained network", "local", "network"),
    ("all together", "har", "network"),
    ("refitting", "first_fold", "network"),
)
TOTAL, REFITTING, PRETRAINED = "all together", "refitting", "a pretrained network"
ROUNDING = 1e-12  # losses that differ by less are those of one forecast
STEP_COLUMNS = ["horizon", "step", "rows", "qlike_before", "qlike_after", "gain_pct", "error_pct"]


def steps_table(losses: pd.DataFrame) -> pd.DataFrame:
    """Split the gain over HAR into steps.

    Parameters
    ----------
    losses
        One row a horizon, origin and ticker with QLIKE of `har`, `harx` (linear, on the network's
        features), `single` (the mean over the networks, each alone), `alone` (their average
        without the blend), `local` (blended, without a pretrained network), `network` and
        `first_fold` (the first fold's network, never refitted; NaN in the first fold). A step whose
        columns are missing is left out, and that of a pretrained network where there is none.

    Returns
    -------
    DataFrame
        `horizon, step, rows, qlike_before, qlike_after, gain_pct, error_pct`. Gains are in percent
        of HAR's QLIKE over the step's rows, positive if the step helps, with a HAC standard error;
        all are averaged over the tickers of a date, then over dates.
    """
    records = []
    for horizon, part in losses.groupby("horizon"):
        for step, before, after in STEPS:
            if before in part and after in part:
                rows = part.dropna(subset=[before, after])
                changes = (rows[before] - rows[after]).abs().max() > ROUNDING
                if len(rows) and (changes or step != PRETRAINED):
                    key = {"horizon": int(str(horizon)), "step": step}
                    records.append({**key, **_step(rows, before, after, int(str(horizon)))})
    return pd.DataFrame(records, columns=STEP_COLUMNS)


def steps_sentence(table: pd.DataFrame) -> str:
    """Return the steps of the shortest horizon as a sentence; empty without a total gain."""
    if table.empty:
        return ""
    horizon = table["horizon"].min()
    part = table[table["horizon"] == horizon].set_index("step")
    if TOTAL not in part.index:
        return ""
    steps = [
        f"{_points(part.loc[step])} from {step}"
        for step, *_ in STEPS
        if step in part.index and step not in (TOTAL, REFITTING)
    ]
    sentence = (
        f"For the {horizon_name(int(horizon))} the network's QLIKE is "
        f"{_points(part.loc[TOTAL])} of HAR's lower: {', '.join(steps)}."
    )
    if REFITTING in part.index:
        sentence += f" Refitting is worth {_points(part.loc[REFITTING])}."
    return sentence + " The numbers after ± are standard errors."


def _step(rows: pd.DataFrame, before: str, after: str, horizon: int) -> dict[str, float]:
    losses, origin = rows[["har", before, after]].to_numpy(np.float64), rows["origin"].to_numpy()
    har, loss_before, loss_after = average_by_date(losses, origin).mean(axis=0)
    gain = losses[:, 1] - losses[:, 2]
    test = diebold_mariano(np.where(np.abs(gain) < ROUNDING, 0.0, gain), origin, horizon)
    unit = 100.0 / float(har)
    return {
        "rows": len(rows),
        "qlike_before": loss_before,
        "qlike_after": loss_after,
        "gain_pct": test.mean_difference * unit,
        "error_pct": abs(test.mean_difference / test.statistic) * unit
        if np.isfinite(test.statistic)
        else np.nan,
    }


def _points(step: pd.Series) -> str:
    error = "" if pd.isna(step["error_pct"]) else f" ± {step['error_pct']:.1f}"
    return f"{step['gain_pct']:.1f}{error} %".replace("-", "\N{MINUS SIGN}")
