"""A small vintage, trained within seconds on a made-up market."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from tests.models.samples import make_sample
from volcast.models.forecaster import Sample
from volcast.models.pretrained.feature_groups import FeatureGroup
from volcast.models.pretrained.training import Market, train_vintage
from volcast.models.pretrained.vintage import Vintage
from volcast.models.regressor.estimator import KerasVolatilityRegressor

GROUPS = (FeatureGroup("extra", ("extra",)), FeatureGroup("never", ("never_known",)))
TICKERS, CUT_OFF = 4, 400


def make_market(sample: Sample | None = None, **changes: object) -> Market:
    """Return a market up to the cut-off, whose last ticker is left out."""
    sample = make_sample(TICKERS) if sample is None else sample
    left_out = np.arange(TICKERS) == TICKERS - 1
    values = {"groups": GROUPS, "weight": np.ones(TICKERS), "left_out": left_out, **changes}
    return Market(sample=sample.until(CUT_OFF), **values)


def make_regressor() -> KerasVolatilityRegressor:
    return KerasVolatilityRegressor(hidden=(4,), members=2, epochs=3, batch_size=64)


@lru_cache(maxsize=1)
def make_vintage() -> Vintage:
    """Return a vintage of the made-up market; not to be changed."""
    return train_vintage(make_market(), make_regressor())
