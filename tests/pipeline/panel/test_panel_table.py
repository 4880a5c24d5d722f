"""The panel as a table: written, read back, and damaged."""

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.data.conftest import make_bars
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import StorageError
from volcast.pipeline.panel.build import build_grids, build_panel
from volcast.pipeline.panel.panel_table import panel_to_frame, read_panel


@pytest.fixture
def panel():
    bars = pd.concat([make_bars("AAA"), make_bars("VOD.L")], ignore_index=True)
    return build_panel(build_grids(bars, Config()), Config())


def test_a_panel_read_back_is_the_panel_that_was_written(panel, tmp_path):
    panel_to_frame(panel).to_parquet(tmp_path / "panel.parquet")
    again = read_panel(tmp_path / "panel.parquet")
    assert vars(again).keys() == vars(panel).keys()
    for name, value in vars(panel).items():
        np.testing.assert_array_equal(getattr(again, name), value, err_msg=name)


def test_a_panel_without_a_column_is_damaged(panel, tmp_path):
    file = tmp_path / "panel.parquet"
    panel_to_frame(panel).drop(columns="log_return").to_parquet(file)
    with pytest.raises(StorageError, match=r"is damaged .*log_return"):
        read_panel(file)
