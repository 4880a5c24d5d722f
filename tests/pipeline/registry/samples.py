"""Small folders in place of models, and their registration."""

from __future__ import annotations

import datetime as dt
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest

from volcast.pipeline.registry.registry import Registry
from volcast.pipeline.registry.versions import ModelFacts

NEEDS_MLFLOW = pytest.mark.skipif(
    find_spec("mlflow") is None or find_spec("alembic") is None,
    reason="the extra `ops` is not installed: pip install '.[ops]'",
)
NOW = dt.datetime(2018, 1, 3, 23, 0, tzinfo=dt.UTC)
CURVES = pd.DataFrame(
    {
        "member": [0, 0, 1, 1, 2, 2],
        "epoch": [0, 1, 0, 1, 0, 1],
        "train_loss": [0.9, 0.5, 0.8, 0.4, 0.7, 0.3],
        "val_loss": [0.9, 0.6, 0.8, 0.7, 0.7, float("nan")],
    }
)


def model_folder(folder: Path, content: str) -> Path:
    """A folder with files in it, whose size is that of a text."""
    (folder / "regressor").mkdir(parents=True, exist_ok=True)
    (folder / "forecast.json").write_text(content)
    (folder / "regressor" / "network.keras").write_text(content * 3)
    return folder


def facts(key: str, qlike: float = 0.5, **changes: object) -> ModelFacts:
    values = {
        "key": key,
        "model": "network",
        "data_hash": "data",
        "config_hash": "settings",
        "parameters": {"model.learning_rate": 0.001, "model.hidden": (32, 16)},
        "metrics": {"backtest_qlike_1": qlike},
        "curves": CURVES,
        "configuration": "[model]\nlearning_rate = 0.001\n",
        "trained_through": dt.date(2018, 1, 2),
    }
    return ModelFacts(**values | changes)


def register_networks(registry: Registry, folder: Path) -> None:
    """Register three networks, versions 2 to 4, next to HAR."""
    for number in (2, 3, 4):
        model = model_folder(folder / f"model-{number}", str(number))
        registry.register(model, facts(f"key {number}", qlike=number / 10), now=NOW)


def promote(registry: Registry, number: int) -> None:
    change = registry.plan_promotion(number)
    assert change is not None
    registry.apply_change(change)


def interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
