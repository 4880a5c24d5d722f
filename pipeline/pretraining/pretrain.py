"""Pretraining: a vintage for each cut-off, trained on one panel and judged on what it left out."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from volcast.features.definitions import DEFINITIONS
from volcast.features.panel import Panel
from volcast.models.pretrained.training import Market, train_vintage, weigh_kinds
from volcast.models.pretrained.vintage import Vintage
from volcast.models.pretrained.vintage_folder import check_files, read_record, save_vintage
from volcast.pipeline.backtest.model_factory import build_regressor
from volcast.pipeline.cluster.local_threads import ThreadExecutor
from volcast.pipeline.cluster.work import Executor, Work
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import DataError
from volcast.pipeline.files import hash_value, lock_folder, write_folder
from volcast.pipeline.panel.build import build_sample
from volcast.pipeline.panel.panel_table import read_panel, write_panel
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
    executor: Executor | None = None,
) -> list[Path]:
    """Train a vintage up to each cut-off and write it into a folder of `out`.

    A vintage that an earlier call finished with the same data and settings is kept, and each is
    written as soon as it has been trained. No other call may write into `out` meanwhile.

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
    executor
        Trains the vintages; None: this process, one after the other.

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
    ClusterError
        The executor cannot train a vintage.
    """
    sessions = market.panel.sessions
    ends = list(dict.fromkeys(find_last_session(market.panel, cutoff) for cutoff in cutoffs))
    folders = {last: out / f"{sessions[last]:%Y-%m}" for last in ends}
    facts = describe_training(market, config, provenance)

    with lock_folder(out), TemporaryDirectory() as temporary:  # locked before hours of training
        keys = {last: compute_key(market, config, last) for last in ends}
        due = [last for last in ends if not is_finished(folders[last], keys[last])]

        def show_start(number: int) -> None:
            progress.fold(ends.index(due[number]), len(ends), f"{sessions[due[number]]:%Y-%m-%d}")

        file = Path(temporary) / "panel.arrow"
        if due and executor is not None:
            write_panel(file, market.panel)
        compute = partial(_train_and_judge, kinds=market.kinds, config=config)
        work = Work(compute, read_panel, file, market.panel)
        answers = (executor or ThreadExecutor()).run(work, due, progress, show_start)
        with closing(answers):
            for number, answer in answers:
                last, (vintage, reached) = due[number], answer.value
                card = {"key": keys[last], **facts, "reached": reached}
                write_folder(folders[last], partial(_write, vintage=vintage, card=card))
    return list(folders.values())


def _train_and_judge(
    panel: Panel, last: int, progress: Progress, *, kinds: Sequence[str], config: Config
) -> tuple[Vintage, dict[str, Any]]:
    """Return the vintage trained up to position `last`, and what it reaches on other tickers."""
    vintage = train_until(panel, kinds, config, last)
    return vintage, judge_vintage(vintage, build_sample(panel), leave_out(panel.tickers), last)


def train_until(panel: Panel, kinds: Sequence[str], config: Config, last: int) -> Vintage:
    """Return the vintage trained on the sessions up to position `last`.

    Raises
    ------
    DataError
        There is too little history.
    """
    sample = build_sample(panel).until(last)
    tickers = Market(
        sample=sample,
        groups=group_features(sample.names),
        weight=weigh_kinds(kinds),
        left_out=leave_out(panel.tickers),
    )
    try:
        return train_vintage(tickers, build_regressor(config))
    except ValueError as error:
        raise DataError(f"{panel.sessions[last]:%Y-%m-%d}: {error}") from error


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
