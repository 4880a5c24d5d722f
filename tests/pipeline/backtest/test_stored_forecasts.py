"""A file of forecasts that is read model by model gives what the whole table gives."""

import pandas as pd
import pytest

from volcast.pipeline.backtest import stored_forecasts
from volcast.pipeline.backtest.run_folder import FORECASTS, read_config
from volcast.pipeline.backtest.stored_forecasts import StoredForecasts, StoredHorizon
from volcast.reports.scoring.horizon_forecasts import KEY_COLUMNS, FrameForecasts, ScoredModels


@pytest.fixture
def read_both_ways(finished, monkeypatch):
    def read():
        stored = StoredForecasts(finished / FORECASTS, read_config(finished))
        held = list(stored)
        monkeypatch.setattr(stored_forecasts, "HELD_ROWS", 0)
        return held, list(stored)

    return read


def test_a_small_file_is_held_and_a_large_one_is_not(read_both_ways):
    held, unheld = read_both_ways()
    assert {type(one) for one in held} == {FrameForecasts}
    assert {type(one) for one in unheld} == {StoredHorizon}


def test_the_models_are_the_same(read_both_ways):
    for held, unheld in zip(*read_both_ways(), strict=True):
        assert list(unheld.read_keys()) == KEY_COLUMNS
        one, other = ScoredModels(held), ScoredModels(unheld)
        assert list(one) == list(other)
        for model in one:
            pd.testing.assert_frame_equal(one[model], other[model])
