"""A made-up market of a dozen tickers, and vintages trained on it by the command."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tests.pipeline.samples import make_prices, volcast

TICKERS = [f"T{number:02}" for number in range(12)]
CUT_OFFS = ("2018-06", "2018-12")
SETTINGS = """
[target]
horizons = [1, 5]
[features]
select = ["har_1", "har_5", "har_22", "z", "volume", "market"]
[model]
epochs = 2
members = 1
hidden = [4]
"""


def write_market(path: Path, sessions: int = 800) -> Path:
    """Write the bars of all tickers, from 2016 on."""
    frames = [make_prices(ticker, 100 + number, sessions) for number, ticker in enumerate(TICKERS)]
    pd.concat(frames).to_csv(path, index=False)
    return path


def pretrain_samples(folder: Path) -> Path:
    """Pretrain a vintage for each of `CUT_OFFS` and return their folder."""
    folder.mkdir(parents=True, exist_ok=True)
    market, settings = write_market(folder / "market.csv"), folder / "pretrain.toml"
    settings.write_text(SETTINGS, encoding="utf-8")
    answer = volcast(
        *("pretrain", "--config", settings, "--data", market, "--out", folder / "vintages"),
        *("--vintages", f"{CUT_OFFS[0]}:{CUT_OFFS[1]}:6", "--quiet"),
    )
    assert answer.code == 0, answer.err
    return folder / "vintages"
