"""The training curves of one fold as a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from volcast.models.regressor.estimator import KerasVolatilityRegressor

CURVES = ["train_loss", "val_loss", "learning_rate", "correction_range", "correction_size"]


def build_training_curves(
    regressor: KerasVolatilityRegressor, fold: int, horizons: Sequence[int]
) -> pd.DataFrame:
    """Return the training curves of a fitted regressor in long format.

    Returns
    -------
    `fold`, `member`, `epoch` (0 is the untrained network, that is the anchor), `CURVES`, and
    `val_loss_H` for each horizon H; their mean is `val_loss`. The rows of a member end with
    the epoch at which it stopped.
    """
    curves = regressor.history_
    members, epochs = curves["train_loss"].T.shape
    member, epoch = (grid.ravel() for grid in np.indices((members, epochs)))
    table = pd.DataFrame(
        {
            "fold": fold,
            "member": member,
            "epoch": epoch,
            **{name: curves[name].T.ravel() for name in CURVES},
            **{
                f"val_loss_{horizon}": curves["val_loss_by_target"][..., at].T.ravel()
                for at, horizon in enumerate(horizons)
            },
        }
    )
    return pd.DataFrame(table[epoch <= regressor.epochs_run_[member]]).reset_index(drop=True)
