"""The level factor in a backtest: the same rankings, one factor, a valid interval."""

import numpy as np
import pandas as pd

from volcast.pipeline.backtest import fold_folder
from volcast.pipeline.backtest.evaluation import add_returns, calibrate_level
from volcast.pipeline.backtest.run_folder import FORECASTS, MODEL
from volcast.reports.scoring.scored_rows import qlike


def test_qlike_is_the_same_before_and_after_the_calibration(finished, panel):
    places = sorted((finished / MODEL).glob("fold-*"))
    raw = pd.concat([pd.read_parquet(place / fold_folder.FORECASTS) for place in places])
    calibrated = calibrate_level(add_returns(raw, panel))
    known = (raw["realized"].notna() & raw["variance"].notna()).to_numpy()
    before, after = (
        qlike(table["realized"].to_numpy()[known], table["variance"].to_numpy()[known])
        for table in (raw, calibrated)
    )
    assert known.sum() > 1000
    np.testing.assert_allclose(after, before, rtol=1e-9, atol=1e-13)


def test_all_models_of_a_row_have_one_factor(finished):
    table = pd.read_parquet(finished / FORECASTS)
    assert (table.groupby(["origin", "ticker"])["level_factor"].nunique() == 1).all()
    assert table["level_factor"].nunique() > 100


def test_the_point_lies_in_its_interval(finished):
    table = pd.read_parquet(finished / FORECASTS).dropna(subset=["lower", "upper"])
    assert len(table) > 1000
    assert table["variance"].between(table["lower"], table["upper"]).all()
