"""The panel: its features, and the grids of its exchanges."""

import pandas as pd
import pytest

from tests.pipeline.data.conftest import make_bars
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.panel.build import (
    build_grids,
    feature_names,
)


def test_an_unknown_feature_names_the_nearest():
    config = load_config(None, {"features": {"select": ["har_2"]}})
    with pytest.raises(ConfigError, match=r"features.select: .*har_"):
        feature_names(config)


def test_each_exchange_has_a_grid_of_its_own_sessions():
    bars = pd.concat([make_bars("AAA"), make_bars("VOD.L")], ignore_index=True)
    grids = build_grids(bars, Config())
    assert list(grids) == ["XLON", "XNYS"]
    king_day = pd.Timestamp("2024-01-15")
    assert king_day in grids["XLON"].sessions
    assert king_day not in grids["XNYS"].sessions
