"""The stand-ins for Yahoo and EDGAR, and settings that put a store into the test's folder."""

import pytest

from tests.pipeline.data.conftest import QUICK, _standin, standin
from tests.pipeline.data.sources.conftest import installed
from tests.pipeline.events.edgar_standin import CONTACT, EdgarStandIn
from tests.pipeline.events.samples import NOW
from volcast.pipeline.config.load import load_config
from volcast.pipeline.events.edgar import EdgarEvents
from volcast.pipeline.events.stored_events import load_stored_events
from volcast.pipeline.progress import Progress

__all__ = ["_standin", "installed", "standin"]


@pytest.fixture
def edgar(monkeypatch):
    """The stand-in for EDGAR, without companies."""
    with EdgarStandIn() as server:
        monkeypatch.setenv("EDGAR_BASE_URL", f"{server.url}/")
        monkeypatch.setattr(EdgarEvents, "rate", 1000.0)
        yield server


@pytest.fixture
def load(tmp_path):
    """Load the events of a source with a store in the test's folder, without long waits."""

    def load(source, *tickers, now=NOW, **settings):
        values = {"dir": str(tmp_path), "contact": CONTACT, "rate": 99.0, **settings}
        data = load_config(None, {"data": values}).data
        return load_stored_events(source, data, tickers, now, Progress(), retry_policy=QUICK)

    return load
