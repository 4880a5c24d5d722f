"""What the registry knows of model versions."""

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
    """What is known of a model that is to be registered.

    Attributes
    ----------
    key : str
        What makes it this model and no other, such as a hash of data, settings and code.
    model : str
        "network".
    parameters : mapping
        Settings by name, such as ``{"model.learning_rate": 0.001}``.
    metrics : mapping
        Numbers by name, such as ``{"backtest_qlike_1": 0.47}``.
    curves : DataFrame or None
        The training curves (docs/tables.md, history); their medians over the members are shown.
    configuration : str
        The settings as TOML.
    data_hash, config_hash, recipe : str
        Of the bars; of all settings; of those that say how it is made, whatever the bars.
    trained_through : date or None
        The last session that the fit had seen.
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
    number : int
        MLflow's.
    aliases : tuple of str
        Of champion, challenger, fallback.
    facts : mapping of str to str
        key, model, digest, data_hash, config_hash, recipe, code_version, registered_at,
        trained_through; promoted_over, the champion before, if it was ever promoted.
    parameters, metrics : mapping
    run : str
        MLflow's run, under which the curves are.
    """

    number: int
    aliases: tuple[str, ...]
    facts: Mapping[str, str]
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    run: str

    @property
    def model(self) -> str:
        """What kind of model it is: network, har."""
        return self.facts["model"]


@dataclass(frozen=True)
class Change:
    """A change of champion: from one version to another; `action` says how."""

    action: str
    before: Version
    after: Version


def differences(one: Version, other: Version) -> pd.DataFrame:
    """Return `kind, name, one, other`: all metrics, and the settings and facts that differ."""
    rows = []
    for kind in ("metrics", "parameters", "facts"):
        left, right = getattr(one, kind), getattr(other, kind)
        for name in sorted({*left, *right}):
            if kind == "metrics" or left.get(name) != right.get(name):
                rows.append((kind, name, left.get(name), right.get(name)))
    return pd.DataFrame(rows, columns=["kind", "name", "one", "other"])
