"""An empty store, and updates of it from the stand-in."""

from dataclasses import replace

import pytest

from tests.pipeline.data.conftest import QUICK
from tests.pipeline.data.download.samples import Clock, evening
from volcast.pipeline.data.download.downloader import Downloader
from volcast.pipeline.data.download.update_request import UpdateRequest
from volcast.pipeline.data.sources.yahoo import YahooClient
from volcast.pipeline.data.store.store import Store
from volcast.pipeline.progress import Progress


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "yahoo")


@pytest.fixture
def update(standin, store):
    """Update the store as on the evening of a day; return the outcome of each ticker."""

    def run(*tickers, day, retry_policy=QUICK, rate=1000.0, timeout=5.0, progress=None, **wish):
        work = Downloader(
            YahooClient(timeout), store, UpdateRequest(evening(day), **wish), rate, retry_policy
        )
        work = replace(work, progress=Progress() if progress is None else progress)
        return {outcome.ticker: outcome for outcome in work.run(tickers or ("AAA",))}

    return run


@pytest.fixture
def clock():
    return Clock()
