"""The models that the settings ask for."""

import pytest

from volcast.models.baselines.catalogue import GARCH_MODELS
from volcast.pipeline.backtest.model_factory import (
    build_baselines,
    list_baselines,
    list_left_out,
)
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config


def test_models_that_are_estimated_ticker_by_ticker_are_left_out_of_a_large_panel():
    few, many = (list_baselines(Config(), count) for count in (500, 501))
    assert {"garch", "gjr_garch_t"} == set(few) - set(many)
    assert set(few) - set(GARCH_MODELS) == set(many)
    assert list_left_out(Config(), 501) == ["garch", "gjr_garch_t"]
    assert list_left_out(Config(), 500) == []
    assert tuple(build_baselines(Config(), 501)) == many


@pytest.mark.parametrize("limit, left_out", [(3, ["garch"]), (4, [])])
def test_the_number_of_tickers_is_a_setting(limit, left_out):
    settings = {"baselines": {"models": ["har", "garch"], "garch_tickers": limit}}
    assert list_left_out(load_config(None, settings), 4) == left_out
