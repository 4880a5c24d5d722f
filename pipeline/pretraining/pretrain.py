"""Pretraining: a vintage for each cut-off, trained on one panel and judged on what it left out."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from volcast.features.definitions import DEFINITIONS
from volcast.features.panel import Panel
from volcast.models.pretrained.training import Market, train_vintage, weigh_kinds
from volcast.models.pretrained.vintage import Vintage
from volcast.models.pretrained.vintage_folder import check_files, read_record, save_vintage
from volcast.pipeline.backtest.model_factory import build_regressor
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import DataError
from volcast.pipeline.files import hash_value, lock_folder, write_folder
from volcast.pipeline.panel.build import build_sample
from volcast.pipeline.pretraining.card import render_card
from volcast.pipeline.pretraining.judge import judge_vintage
from volcast.pipeline.pretraining.market_data import MarketData, group_features, leave_out
from volcast.pipeline.progress import Progress
from volcast.pipeline.version import __version__

CARD = "CARD.md"


@dataclass(frozen=True)
class Provenance:
    """What a card says of the data.

    Attributes
    ----------
    data
        The name of the panel's file.
    licence
        Under which terms the data may be used, as the person who pretrains states it.
    events, exogenous
        The sources of events and series, without their folders.
    """

    data: str
    licence: str
    events: tuple[str, ...]
    exogenous: tuple[str, ...]


def pretrain(
    market: MarketData,
    cutoffs: Sequence[dt.date],
    config: Config,
    out: Path,
    *,
    provenance: Provenance,
    progress: Progress,
) -> list[Path]:
    """Train a vintage up to each cut-off and write it into a folder of `out`.

    A vintage that an earlier call finished with the same data and settings is kept. No other call
    may write into `out` meanwhile.

    Parameters
    ----------
    market
        The panel.
    cutoffs
        The last day of each vintage; one after the end of the panel means that end.
    config
        Its section ``model`` has the settings of the training.
    out
        The folder of the vintages.
    provenance
        For the card.
    progress
        Receives a line per vintage.

    Returns
    -------
    The folders of the vintages, in the order of `cutoffs`; cut-offs after the end of the panel
    share one.

    Raises
    ------
    DataError
        There is too little history before a cut-off.
    StorageError
        `out` cannot be written, or is in use.
    """
    ends = list(dict.fromkeys(find_last_session(market.panel, cutoff) for cutoff in cutoffs))
    folders = []
    with lock_folder(out):  # before a training of an hour, not after it
        for number, last in enumerate(ends):
            session = market.panel.sessions[last]
            folder, key = out / f"{session:%Y-%m}", compute_key(market, config, last)
            progress.fold(number, len(ends), f"{session:%Y-%m-%d}")
            if not is_finished(folder, key):
                vintage = train_until(market, config, last)
                left_out = leave_out(market.panel.tickers)
                reached = judge_vintage(vintage, build_sample(market.panel), left_out, last)
                facts = describe_training(market, config, provenance)
                card = {"key": key, **facts, "reached": reached}
                write_folder(folder, partial(_write, vintage=vintage, card=card))
            folders.append(folder)
    return folders


def train_until(market: MarketData, config: Config, last: int) -> Vintage:
    """Return the vintage trained on the sessions up to position `last`.

    Raises
    ------
    DataError
        There is too little history.
    """
    sample = build_sample(market.panel).until(last)
    tickers = Market(
        sample=sample,
        groups=group_features(sample.names),
        weight=weigh_kinds(market.kinds),
        left_out=leave_out(market.panel.tickers),
    )
    try:
        return train_vintage(tickers, build_regressor(config))
    except ValueError as error:
        raise DataError(f"{market.panel.sessions[last]:%Y-%m-%d}: {error}") from error


def find_last_session(panel: Panel, cutoff: dt.date) -> int:
    """Return the position of the last session up to a day.

    Raises
    ------
    DataError
        The panel begins later.
    """
    day = pd.Timestamp(cutoff) if cutoff < dt.date.max else panel.sessions[-1]
    last = int(panel.sessions.searchsorted(day, "right")) - 1
    if last < 0:
        raise DataError(
            f"the panel begins on {panel.sessions[0].date()}, after the cut-off {cutoff}; choose a "
            "later one"
        )
    return last


def compute_key(market: MarketData, config: Config, last: int) -> str:
    """Return the hash of everything that a vintage depends on."""
    return hash_value(
        {
            "volcast": __version__,
            "data": market.data_hash,
            "kinds": dict(zip(market.panel.tickers, market.kinds, strict=True)),
            "calendar": config.data.calendar,
            "features": list(market.panel.names),
            "feature_definitions": DEFINITIONS,
            "target": config.target.model_dump(mode="json"),
            "model": config.model.model_dump(mode="json", exclude={"pretrained"}),
            "last": str(market.panel.sessions[last].date()),
        }
    )


def describe_training(market: MarketData, config: Config, provenance: Provenance) -> dict[str, Any]:
    """Return the facts of a card that do not depend on the result."""
    panel = market.panel
    return {
        "volcast": __version__,
        "feature_definitions": DEFINITIONS,
        **asdict(provenance),
        "data_hash": market.data_hash,
        "first_session": f"{panel.sessions[0]:%Y-%m-%d}",
        "kinds": dict(Counter(market.kinds).most_common()),
        "left_out": int(leave_out(panel.tickers).sum()),
        "tickers": list(panel.tickers),
        "settings": config.model.model_dump(mode="json", exclude={"pretrained", "blend"}),
    }


def is_finished(folder: Path, key: str) -> bool:
    """Return whether a folder holds the vintage of this key, undamaged."""
    try:
        record = read_record(folder)
        check_files(folder, record)
        return bool(record["card"]["key"] == key)
    except (KeyError, ValueError):
        return False


def _write(folder: Path, vintage: Vintage, card: dict[str, Any]) -> None:
    save_vintage(folder, vintage, card)
    name = str(vintage.last_target)[:7]
    text = render_card(name, {**card, "last_target": str(vintage.last_target)})
    (folder / CARD).write_text(text, encoding="utf-8")
