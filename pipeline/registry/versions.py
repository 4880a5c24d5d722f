"""What is known of the versions of models."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

CHAMPION, CHALLENGER, FALLBACK = "champion", "challenger", "fallback"  # aliases
HAR = "har"


@dataclass(frozen=True)
class ModelFacts:
    """What is known about a model to register.

    Attributes
    ----------
    key
        Identifies the model, such as a hash of data, settings and code.
    model
        "network".
    parameters
        Settings by name, such as ``{"model.learning_rate": 0.001}``.
    metrics
        Numbers by name, such as ``{"backtest_qlike_1": 0.47}``.
    curves
        The training curves (docs/tables.md, history); their medians over the members are kept.
    configuration
        The settings as TOML.
    data_hash, config_hash, recipe
        Hashes of the bars, of all settings, and of those settings that say how it is trained.
    trained_through
        The last session that it was fitted on.
    """

    key: str
    model: str
    data_hash: str = ""
    config_hash: str = ""
    recipe: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    curves: pd.DataFrame | None = None
    configuration: str = ""
    trained_through: dt.date | None = None


@dataclass(frozen=True)
class Version:
    """A registered version.

    Attributes
    ----------
    number
        MLflow's number of the version.
    aliases
        Which of champion, challenger and fallback it is.
    facts
        key, model, digest, data_hash, config_hash, recipe, code_version, registered_at,
        trained_through; if it was ever promoted also promoted_over, the champion it replaced.
    parameters, metrics
        As they were registered; parameters are text.
    run
        MLflow's run, which has the curves.
    """

    number: int
    aliases: tuple[str, ...]
    facts: Mapping[str, str]
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    run: str

    @property
    def model(self) -> str:
        """What kind of model it is: network or har."""
        return self.facts["model"]

    @property
    def key(self) -> str:
        """What identifies the model, as it was registered."""
        return self.facts["key"]


@dataclass(frozen=True)
class ChampionChange:
    """A change of champion from one version to another; `action` is promote, demote or rollback."""

    action: str
    before: Version
    after: Version


def compare_versions(one: Version, other: Version) -> pd.DataFrame:
    """Compare two versions.

    Returns
    -------
    DataFrame
        `kind, name, one, other`: all metrics, and the parameters and facts that differ.

    Examples
    --------
    >>> one = Version(2, (), {"model": "network"}, {"epochs": "5"}, {"qlike": 0.4}, "a")
    >>> other = Version(3, (), {"model": "network"}, {"epochs": "9"}, {"qlike": 0.5}, "b")
    >>> compare_versions(one, other).values.tolist()
    [['metrics', 'qlike', 0.4, 0.5], ['parameters', 'epochs', '5', '9']]
    """
    rows = []
    for kind in ("metrics", "parameters", "facts"):
        left, right = getattr(one, kind), getattr(other, kind)
        for name in sorted({*left, *right}):
            if kind == "metrics" or left.get(name) != right.get(name):
                rows.append((kind, name, left.get(name), right.get(name)))
    return pd.DataFrame(rows, columns=["kind", "name", "one", "other"])
