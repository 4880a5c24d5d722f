"""Features computed for a block of tickers are those of the whole grid, bit for bit."""

import numpy as np
import pytest

from tests.features.samples import SERIES
from volcast.features import panel as panels
from volcast.features.registry import ALL_KEY
from volcast.features.selection import select_features
from volcast.features.ticker_block import TickerBlock, split_tickers

NAMES = select_features([ALL_KEY], SERIES)


def test_blocks_hold_all_tickers_in_order(bars):
    blocks = list(split_tickers(bars, 3))
    assert [len(block.tickers) for block in blocks] == [3, 1]
    assert sum((block.tickers for block in blocks), ()) == bars.tickers
    assert all(isinstance(block, TickerBlock) for block in blocks)


def test_a_small_grid_is_its_only_block(bars):
    assert list(split_tickers(bars, len(bars.tickers))) == [bars]


@pytest.mark.parametrize("size", [1, 3])
def test_a_panel_made_of_blocks_is_the_same_to_the_last_bit(bars, following, monkeypatch, size):
    assert bars.reports is not None and bars.uses_realized.any()
    whole = panels.build_exchange_panel(bars, NAMES, (1, 5), following)
    monkeypatch.setattr(panels, "TICKERS_PER_BLOCK", size)
    blocks = panels.build_exchange_panel(bars, NAMES, (1, 5), following)
    for position, name in enumerate(NAMES):
        one, two = whole.x[:, :, position], blocks.x[:, :, position]
        np.testing.assert_array_equal(one, two, err_msg=name)
    np.testing.assert_array_equal(whole.x.place, blocks.x.place)
