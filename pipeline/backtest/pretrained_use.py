"""Which vintage each fold of a run was combined with, and with what weight."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from volcast.models.pretrained.network_folder import COMBINATION, VINTAGES
from volcast.models.pretrained.vintage_folder import RECORD, read_record
from volcast.pipeline.files import hash_path

Use = Mapping[str, Any]


def read_pretrained_use(fold: Path, horizons: Sequence[int]) -> dict[str, Any]:
    """Return what a finished fold used, as the manifest records it.

    Returns
    -------
    `vintage`, `last_target`, `sha256` of its record and `weight` by horizon; empty without a
    vintage.

    Raises
    ------
    ValueError
        The copy of the vintage in the fold is damaged.
    """
    path = fold / COMBINATION
    if not path.exists():
        return {}
    combination = json.loads(path.read_text(encoding="utf-8"))
    folder = fold / VINTAGES / combination["vintage"]
    weight = {str(h): round(w, 3) for h, w in zip(horizons, combination["weight"], strict=True)}
    return {
        "vintage": folder.name,
        "last_target": read_record(folder)["last_target"],
        "sha256": hash_path(folder / RECORD),
        "weight": weight,
    }


def describe_pretrained_use(uses: Sequence[Use]) -> str:
    """Return a line about the vintages of all folds, for a reader.

    Examples
    --------
    >>> use = {"vintage": "2015-12", "weight": {"1": 0.25, "5": 0.5}}
    >>> describe_pretrained_use([{}, use, use])
    '2 of 3 folds combined with a pretrained network (2015-12; mean weight 25 % / 50 %)'
    >>> describe_pretrained_use([{}])
    'none of the folds may use one'
    """
    used = [use for use in uses if use]
    if not used:
        return "none of the folds may use one"
    names = list(dict.fromkeys(str(use["vintage"]) for use in used))
    shown = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
    horizons = sorted(used[0]["weight"], key=int)
    weights = [sum(use["weight"][h] for use in used) / len(used) for h in horizons]
    percent = " / ".join(f"{weight:.0%}".replace("%", " %") for weight in weights)
    count = "all" if len(used) == len(uses) else f"{len(used)} of"
    return (
        f"{count} {len(uses)} folds combined with a pretrained network ({shown}; mean weight "
        f"{percent})"
    )
