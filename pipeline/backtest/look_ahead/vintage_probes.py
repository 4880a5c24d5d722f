"""The vintages of a run: each must have ended before the fold that it was combined with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from volcast.features.panel import Panel
from volcast.models.pretrained.network_folder import VINTAGES
from volcast.models.pretrained.selection import check_vintage, choose_vintage
from volcast.models.pretrained.vintage_folder import (
    RECORD,
    StoredVintage,
    check_files,
    list_vintages,
    read_record,
)
from volcast.pipeline.backtest.look_ahead.probe import ProbeResult
from volcast.pipeline.backtest.splits import Fold
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import VerificationError
from volcast.pipeline.files import hash_path
from volcast.pipeline.vintages.catalogue import find_vintages


def probe_vintages(
    folds: Sequence[Fold], folders: Sequence[Path], panel: Panel, config: Config
) -> Iterator[ProbeResult]:
    """Check the vintage of every fold against the rule of `choose_vintage`.

    Parameters
    ----------
    folds, folders
        The folds of the run, and the folder of each.
    panel
        Of the run.
    config
        The settings of the run, whose vintages those of the folds must be copies of.

    Raises
    ------
    VerificationError
        A fold used a vintage that had seen its validation or test part, another one than the rule
        chooses, or one that was changed.
    """
    known = find_vintages(config)
    for fold, folder in zip(folds, folders, strict=True):
        first_untrained = panel.sessions[fold.validation.start].to_datetime64()
        day = f"{panel.sessions[fold.validation.start]:%Y-%m-%d}"
        used = _read_vintage(folder, fold)
        chosen = choose_vintage(known, first_untrained)
        if used is not None:
            _check(used, chosen, first_untrained.astype("datetime64[D]"), fold)
        elif chosen is not None:
            raise VerificationError(
                f"fold {fold.number + 1} was combined with no pretrained vintage, but may use "
                f"{chosen.name}; run `volcast train` again"
            )
        yield ProbeResult("pretrained vintages", "dates", day, 1)


def _read_vintage(folder: Path, fold: Fold) -> StoredVintage | None:
    """Return the copy of a vintage in the folder of a fold, None without one."""
    if not (folder / VINTAGES).exists():
        return None
    try:
        found = list_vintages(folder / VINTAGES)
        if len(found) > 1:
            names = ", ".join(each.name for each in found)
            raise ValueError(f"{folder / VINTAGES} holds more than one vintage: {names}")
        check_files(found[0].folder, read_record(found[0].folder))
    except ValueError as error:
        raise VerificationError(f"fold {fold.number + 1}: {error}") from error
    return found[0]


def _check(
    used: StoredVintage,
    chosen: StoredVintage | None,
    first_untrained: np.datetime64,
    fold: Fold,
) -> None:
    try:
        check_vintage(used, first_untrained)
    except ValueError as error:
        raise VerificationError(f"look-ahead: fold {fold.number + 1}: {error}") from error
    if chosen is None or hash_path(chosen.folder / RECORD) != hash_path(used.folder / RECORD):
        found = "there is none" if chosen is None else f"it is {chosen.name}"
        raise VerificationError(
            f"fold {fold.number + 1} was combined with a pretrained vintage {used.name} that is "
            f"not the one that its settings give: {found}; run `volcast train` again with the "
            "vintages of model.pretrained"
        )
