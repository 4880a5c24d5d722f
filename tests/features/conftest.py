"""Bars to test on: random, and with the gaps that real data have."""

import numpy as np
import pandas as pd
import pytest

from tests.features.samples import random_bars
from volcast.features.bars import Bars


@pytest.fixture(scope="session")
def bars() -> Bars:
    return random_bars()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


@pytest.fixture(scope="session")
def following(bars: Bars) -> pd.DatetimeIndex:
    return pd.bdate_range(bars.sessions[-1], periods=31)[1:]
