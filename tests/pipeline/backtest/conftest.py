"""The panel of the finished run, and the stand-in for Yahoo, for runs that go through the store."""

import pytest

from tests.pipeline.data.conftest import _standin, standin  # noqa: F401
from volcast.pipeline.backtest.run_folder import FEATURES
from volcast.pipeline.panel.panel_table import read_panel


@pytest.fixture(scope="session")
def panel(finished):
    return read_panel(finished / FEATURES)
