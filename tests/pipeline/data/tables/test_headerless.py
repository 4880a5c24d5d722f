"""Tables without a header are read where their prices say which is which, else refused."""

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.data.conftest import asking
from volcast.pipeline.data.sources.files import FilesSource
from volcast.pipeline.errors import DataError


def make_walk(sessions=31) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    within, between = rng.normal(0, 0.01, sessions), rng.normal(0, 0.004, sessions)
    close = 1.1 * np.exp(np.cumsum(within + between))
    opened = close / np.exp(within)
    bars = {
        "open": opened,
        "high": np.maximum(opened, close) * 1.002,
        "low": np.minimum(opened, close) / 1.002,
        "close": close,
    }
    days = pd.bdate_range("2023-01-02", periods=sessions)
    return pd.DataFrame(bars, index=days).round(5).assign(volume=np.arange(1000.0, 1000 + sessions))


def prices(bar, separator=","):
    return separator.join(f"{bar[name]:.5f}" for name in ("open", "high", "low", "close"))


FORMS = {
    "MetaTrader 4": (
        "EURUSD1440.csv",
        lambda d, b: f"{d:%Y.%m.%d},00:00,{prices(b)},{b.volume:.0f}",
    ),
    "Binance": (
        "BTCUSDT-1d-2023-01.csv",
        lambda d, b: (
            f"{d.value // 10**6},{prices(b)},{b.volume},{d.value // 10**6 + 86399999},1,9,1,1,0"
        ),
    ),
    "Binance, microseconds": (
        "BTCUSDT-1d-2025-01.csv",
        lambda d, b: (
            f"{d.value // 1000},{prices(b)},{b.volume},{d.value // 1000 + 86399999999},1,9,1,1,0"
        ),
    ),
    "Kraken": ("XBTUSD_1440.csv", lambda d, b: f"{d.value // 10**9},{prices(b)},{b.volume},9"),
    "NinjaTrader": ("ES.txt", lambda d, b: f"{d:%Y%m%d};{prices(b, ';')};{b.volume:.0f}"),
    "ABC Bourse": (
        "AIR.txt",
        lambda d, b: f"FR01;{d:%d/%m/%y};{prices(b, ';')};{b.volume:.0f}".replace(".", ","),
    ),
    "MetaStock": ("x.txt", lambda d, b: f"FR01,D,{d:%Y%m%d},000000,{prices(b)},{b.volume:.0f},0"),
}
TICKERS = {"EURUSD1440.csv": "EURUSD", "XBTUSD_1440.csv": "XBTUSD", "ES.txt": "ES"}


def read(tmp_path, name, lines):
    (tmp_path / name).write_text("\n".join(lines) + "\n")
    return FilesSource(tmp_path / name).load(asking())


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_the_prices_say_which_column_is_which(tmp_path, form, newest_first):
    name, write = FORMS[form]
    walk = make_walk()
    lines = [write(day, bar) for day, bar in walk.iterrows()]
    answer = read(tmp_path, name, lines[::-1] if newest_first else lines)
    bars = answer.bars
    assert bars["session"].tolist() == walk.index.tolist()
    for column in ("open", "high", "low", "close", "volume"):
        assert bars[column].to_numpy() == pytest.approx(walk[column].to_numpy())
    first = lines[0].split(";")[0].split(",")[0]
    expected = TICKERS.get(name, "BTCUSDT" if name.startswith("BTC") else first)
    assert set(bars["ticker"]) == {expected}
    assert "no header, so taken as" in answer.understood[0]


@pytest.mark.parametrize(
    "order",
    [
        ["close", "high", "low", "open"],
        ["open", "close", "high", "low"],
        ["open", "high", "low", "close", "close"],
        ["close", "close", "close", "close"],
    ],
)
@pytest.mark.parametrize("newest_first", [False, True])
def test_another_order_of_columns_is_refused(tmp_path, order, newest_first):
    walk = make_walk()
    lines = [
        ",".join([f"{day:%Y-%m-%d}", *(f"{bar[name]:.5f}" for name in order), f"{bar.volume:.0f}"])
        for day, bar in walk.iterrows()
    ]
    with pytest.raises(DataError, match="there is no header"):
        read(tmp_path, "AAA.csv", lines[::-1] if newest_first else lines)


def test_a_few_rows_say_too_little(tmp_path):
    walk = make_walk(9)
    lines = [f"{day:%Y-%m-%d},{prices(bar)}" for day, bar in walk.iterrows()]
    with pytest.raises(DataError, match="there is no header"):
        read(tmp_path, "AAA.csv", lines)
