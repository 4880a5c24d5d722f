"""Folds as units of work: what a process or a node computes, and what is checked of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import NETWORK
from volcast.models.pretrained.combined_network import CombinedNetwork
from volcast.models.pretrained.network_folder import SHOWN_DIGITS
from volcast.models.pretrained.vintage import Vintage
from volcast.pipeline.backtest.splits import Fold
from volcast.pipeline.backtest.stage_key import hash_custom_baselines
from volcast.pipeline.backtest.walk_forward import FoldResult, choose_threads, run_fold
from volcast.pipeline.cluster.environment import Environment, read_environment
from volcast.pipeline.cluster.work import Answer, Work
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import ClusterError
from volcast.pipeline.panel.panel_table import read_panel
from volcast.pipeline.progress import Progress
from volcast.pipeline.vintages.catalogue import load_usable_vintage

# By how much forecasts of one fold may differ on unlike processors: the largest ratio, less 1, and
# the mean (decision 0046).
LARGEST_TOLERANCE, MEAN_TOLERANCE = 0.05, 0.002


def build_fold_work(panel: Panel, file: Path, config: Config) -> Work:
    """Return the work of a walk-forward over the panel that lies in `file`."""
    compute = partial(_compute_fold, config=config, own_code=hash_custom_baselines(config))
    return Work(compute, read_panel, file, panel, choose_threads(panel))


def _compute_fold(
    panel: Panel,
    fold: Fold,
    progress: Progress,
    *,
    config: Config,
    own_code: Mapping[str, str | None],
) -> FoldResult:
    if hash_custom_baselines(config) != own_code:
        raise ClusterError(
            f"{', '.join(own_code)}: a node has another file for this class of baselines.models; "
            "copy the same files to every node"
        )
    return run_fold(panel, fold, config, progress)


def use_own_vintage(result: FoldResult, panel: Panel, fold: Fold, config: Config) -> FoldResult:
    """Let the network of a result refer to this machine's files of its pretrained vintage.

    Raises
    ------
    ClusterError
        The node has used another one.
    """
    network = result.network
    used = network.vintage if isinstance(network, CombinedNetwork) else None
    own = load_usable_vintage(config, panel.sessions[fold.validation.start].to_datetime64())
    if (own and own.digest) != (used and used.digest):
        raise ClusterError(
            f"fold {fold.number + 1}: the node has used the pretrained network {_name(used)}, this "
            f"machine would use {_name(own)}; copy the same ones to every node"
        )
    if own is not None and isinstance(network, CombinedNetwork):
        network.vintage = own
    return result


def _name(vintage: Vintage | None) -> str:
    return "none" if vintage is None else f"{vintage.name} ({vintage.digest[:SHOWN_DIGITS]})"


@dataclass
class EnvironmentCheck:
    """Compares results of other processors or versions of TensorFlow with this machine's.

    Of each kind the first fold is computed here again.

    Parameters
    ----------
    panel, config
        Of the walk-forward.
    """

    panel: Panel
    config: Config
    largest: dict[Environment, float] = field(default_factory=dict)

    def check(self, answer: Answer, fold: Fold, progress: Progress) -> None:
        """Check an answer if it is the first of its kind.

        Raises
        ------
        ClusterError
            Forecasts differ by more than `LARGEST_TOLERANCE` or `MEAN_TOLERANCE`.
        """
        environment = answer.environment
        if environment == read_environment() or environment in self.largest:
            return
        progress.note(f"fold {fold.number + 1} came from {environment}: comparing it")
        here = run_fold(self.panel, fold, self.config, Progress())
        found = compare_forecasts(here, answer.value)
        for model, (largest, mean) in found.items():
            if not (largest <= LARGEST_TOLERANCE and mean <= MEAN_TOLERANCE):
                raise ClusterError(
                    f"fold {fold.number + 1}: forecasts of {model} from {environment} differ by up "
                    f"to {largest:.1e} and on average by {mean:.1e} from those of this machine "
                    f"({read_environment()}), above the tolerance of {LARGEST_TOLERANCE:g} and "
                    f"{MEAN_TOLERANCE:g}; use nodes like this machine, or leave out --cluster"
                )
        self.largest[environment] = max(largest for largest, _ in found.values())
        progress.note(f"no forecast differs by more than {self.largest[environment]:.1e}")


def compare_forecasts(here: FoldResult, there: FoldResult) -> dict[str, tuple[float, float]]:
    """Return the largest and the mean ratio, less 1, of the forecasts of each model.

    Both are infinite where only one has a forecast, or if the rows differ.
    """
    one, other = here.forecasts, there.forecasts
    key = ["origin", "ticker", "horizon", "model"]
    if not one[key].equals(other[key]):
        return {NETWORK: (math.inf, math.inf)}
    log_ratio = np.abs(np.log(one["variance"] / other["variance"]))
    differs = one["variance"].isna() != other["variance"].isna()
    ratio = pd.Series(np.expm1(log_ratio)).fillna(0.0).mask(differs, math.inf)
    return {
        str(name): (float(values.max()), float(values.mean()))
        for name, values in ratio.groupby(one["model"])
    }
