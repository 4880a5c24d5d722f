"""A home whose registry is made once, and model folders that are none."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd

from volcast.pipeline.registry.versions import ModelFacts

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
    """A folder with files in it, as large as a text."""
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
