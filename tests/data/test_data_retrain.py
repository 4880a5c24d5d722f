"""The daily job on Yahoo's prices: a bar revised later changes no forecast that was made."""

import pytest

from pipeline.config import load
from pipeline.daily.rebuild import rebuilder
from pipeline.daily.retrain import retrain
from pipeline.home import Home
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.verification import verify
from pipeline.progress import Progress
from tests.data.conftest import make_bars
from tests.data.test_data_downloader import evening
from tests.data.yahoo_standin import Listing

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")

SETTINGS = {
    "data": {"source": "yahoo", "tickers": ["AAA"], "start": "2021-06-01", "rate": 100.0},
    "target": {"horizons": [1]},
    "features": {"select": ["har_1", "har_5", "har_22", "z"]},
    "model": {"members": 1, "epochs": 2},
}


def test_forecasts_come_out_again_from_the_bars_of_their_evening(standin, tmp_path):
    bars = make_bars(first="2021-06-01", last="2024-01-31").set_index("session")
    standin.listings["AAA"] = Listing(bars)
    home, config = Home(tmp_path), load(None, SETTINGS)
    first = retrain(home, config, now=evening("2024-01-30"), progress=Progress())
    revised = bars.copy()
    revised.loc["2024-01-29", ["high", "close", "adj_close"]] *= 1.02
    standin.listings["AAA"] = Listing(revised)
    second = retrain(home, config, now=evening("2024-01-31"), progress=Progress())
    assert [str(s.origin) for s in (first, second)] == ["2024-01-30", "2024-01-31"]
    with Ledger.to_read(home.ledger) as ledger:
        table = ledger.table("forecasts")
        assert table.groupby("origin")["data_hash"].nunique().eq(1).all()
        assert table["data_hash"].nunique() == 2
        assert verify(ledger, rebuild=rebuilder(home)).rebuilt == len(table) >= 4
