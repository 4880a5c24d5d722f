"""The panel as a table: written, read back, and damaged."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest

from tests.pipeline.data.conftest import make_bars
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import StorageError
from volcast.pipeline.panel import panel_table
from volcast.pipeline.panel.build import build_grids, build_panel, iterate_panels, join_axes
from volcast.pipeline.panel.panel_table import (
    StoredColumns,
    build_table,
    lay_out_as_stored,
    read_panel,
    write_panel,
    write_panels,
)


@pytest.fixture
def panel():
    bars = pd.concat([make_bars("AAA"), make_bars("VOD.L")], ignore_index=True)
    return build_panel(build_grids(bars, Config()), Config())


def test_a_panel_read_back_is_the_panel_that_was_written(panel, tmp_path):
    write_panel(tmp_path / "panel.arrow", panel)
    again, stored = read_panel(tmp_path / "panel.arrow"), lay_out_as_stored(panel)
    assert vars(again).keys() == vars(panel).keys()
    exists = panel.x.place >= 0
    for name, value in vars(stored).items():
        found = getattr(again, name)
        if name in ("target_start", "target_end"):  # known for sessions without a bar too
            found, value = found[exists], value[exists]
        np.testing.assert_array_equal(found, value, err_msg=name)


def test_the_file_has_a_row_for_each_bar_ticker_by_ticker(panel, tmp_path):
    write_panel(tmp_path / "panel.arrow", panel)
    frame = pd.read_feather(tmp_path / "panel.arrow")
    exists = panel.x.place >= 0
    assert len(frame) == exists.sum() < exists.size
    ticker, session = frame["ticker"].astype(str), frame["session"]
    assert list(dict.fromkeys(ticker)) == list(panel.tickers)
    assert session.groupby(ticker).is_monotonic_increasing.all()
    np.testing.assert_array_equal(
        frame["har_5"], panel.x[:, :, panel.names.index("har_5")].T[exists.T]
    )


def test_batches_of_rows_make_the_same_table(panel, tmp_path, monkeypatch):
    monkeypatch.setattr(panel_table, "ROWS_PER_BATCH", 7)
    write_panel(tmp_path / "panel.arrow", panel)
    again = read_panel(tmp_path / "panel.arrow")
    np.testing.assert_array_equal(again.x, panel.x)
    np.testing.assert_array_equal(again.x.place, panel.x.place)


def test_the_features_of_a_large_panel_stay_in_the_file(panel, tmp_path, monkeypatch):
    write_panel(tmp_path / "panel.arrow", panel)
    kept = read_panel(tmp_path / "panel.arrow")
    monkeypatch.setattr(panel_table, "KEPT_CELLS", 0)
    stored = read_panel(tmp_path / "panel.arrow")
    assert isinstance(stored.x.columns, StoredColumns) and isinstance(kept.x.columns, tuple)
    np.testing.assert_array_equal(kept.x, stored.x)


def test_a_panel_written_in_blocks_of_tickers_is_the_whole_one(panel, tmp_path, monkeypatch):
    monkeypatch.setattr("volcast.pipeline.panel.build.TICKERS_PER_BLOCK", 1)
    bars = pd.concat([make_bars("AAA"), make_bars("BBB"), make_bars("VOD.L")], ignore_index=True)
    grids = build_grids(bars, Config())
    whole = build_panel(grids, Config())
    assert join_axes(grids)[0] == whole.tickers and join_axes(grids)[1].equals(whole.sessions)
    assert len(list(iterate_panels(grids, Config()))) == 3
    write_panels(tmp_path / "blocks.arrow", iterate_panels(grids, Config()), *join_axes(grids))
    write_panel(tmp_path / "whole.arrow", whole)
    one, two = read_panel(tmp_path / "blocks.arrow"), read_panel(tmp_path / "whole.arrow")
    for name, value in vars(two).items():
        np.testing.assert_array_equal(getattr(one, name), value, err_msg=name)


def test_equal_panels_are_written_as_equal_bytes(panel, tmp_path):
    for name in ("one.arrow", "two.arrow"):
        write_panel(tmp_path / name, panel)
    assert (tmp_path / "one.arrow").read_bytes() == (tmp_path / "two.arrow").read_bytes()


def test_a_panel_without_a_column_is_damaged(panel, tmp_path):
    file = tmp_path / "panel.arrow"
    table = build_table(panel)
    pa.feather.write_feather(table.drop_columns("log_return"), file, compression="uncompressed")
    with pytest.raises(StorageError, match=r"is damaged .*log_return"):
        read_panel(file)


def test_a_file_cut_short_is_damaged(panel, tmp_path):
    file = tmp_path / "panel.arrow"
    write_panel(file, panel)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(StorageError, match="is damaged"):
        read_panel(file)
