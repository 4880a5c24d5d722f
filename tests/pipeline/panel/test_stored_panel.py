"""The panel of a large market: features in a temporary file, everything else as in memory."""

import gc
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.data.conftest import make_bars
from volcast.pipeline.config.settings import Config
from volcast.pipeline.panel import stored_panel
from volcast.pipeline.panel.build import build_grids, build_panel
from volcast.pipeline.panel.panel_table import StoredColumns
from volcast.pipeline.panel.stored_panel import build_lean_panel


@pytest.fixture
def grids():
    bars = pd.concat([make_bars("AAA"), make_bars("VOD.L"), make_bars("BBB")], ignore_index=True)
    return build_grids(bars, Config())


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_it_is_the_panel_in_memory(grids, temporary, monkeypatch):
    wanted = build_panel(grids, Config())
    monkeypatch.setattr(stored_panel, "LARGE_PANEL", 10)
    found = build_lean_panel(grids, Config(), bars=11)
    assert isinstance(found.x.columns, StoredColumns)
    assert vars(found).keys() == vars(wanted).keys()
    for name, value in vars(wanted).items():
        np.testing.assert_array_equal(getattr(found, name), value, err_msg=name)


def test_a_small_market_writes_no_file(grids, temporary):
    panel = build_lean_panel(grids, Config(), bars=1000)
    assert not isinstance(panel.x.columns, StoredColumns) and not list(temporary.iterdir())


def test_the_file_exists_as_long_as_the_features_are_used(grids, temporary, monkeypatch):
    monkeypatch.setattr(stored_panel, "LARGE_PANEL", 10)
    panel = build_lean_panel(grids, Config(), bars=11)
    part = panel.x[3:9]
    del panel
    gc.collect()
    (folder,) = temporary.iterdir()
    assert np.asarray(part).shape[0] == 6
    del part
    gc.collect()
    assert not Path(folder).exists()
