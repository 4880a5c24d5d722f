"""From the options of `volcast pretrain` to the vintages on disk."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from volcast.pipeline.cluster.work import Executor
from volcast.pipeline.config.events import list_event_entries
from volcast.pipeline.config.exogenous import list_series
from volcast.pipeline.config.load import resolve_settings
from volcast.pipeline.config.settings import NO_VINTAGES, Config
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.memory import limit_arenas
from volcast.pipeline.pretraining.cutoffs import parse_cutoffs
from volcast.pipeline.pretraining.market_data import MarketData, load_market_data, read_kinds
from volcast.pipeline.pretraining.pretrain import Provenance, pretrain
from volcast.pipeline.progress import Progress


def pretrain_vintages(
    config: Config,
    out: Path,
    *,
    cutoffs: tuple[str | None, str | None],
    tickers: int,
    kinds: Path | None,
    licence: str,
    now: dt.datetime,
    progress: Progress,
    executor: Executor | None = None,
) -> list[Path]:
    """Load the panel, and train a vintage up to each cut-off.

    Parameters
    ----------
    config
        Its section ``data`` names the panel, the events and the exogenous series.
    out
        The folder of the vintages.
    cutoffs
        The values of ``--until`` and ``--vintages``, of which at most one is given.
    tickers
        How many to take, the most traded; 0 for all.
    kinds
        A CSV file of symbol and kind.
    licence
        For the card.
    now, progress
        The clock, and where messages go.
    executor
        Trains the vintages; None: this process.

    Returns
    -------
    The folders of the vintages.

    Raises
    ------
    ConfigError
        Both cut-offs are given, or one is malformed.
    DataError
        There is too little data.
    """
    limit_arenas()
    days = choose_cutoffs(*cutoffs)
    config = resolve_settings(config)
    model = config.model.model_copy(update={"pretrained": NO_VINTAGES})
    config = config.model_copy(update={"model": model})
    known_kinds = read_kinds(kinds) if kinds else {}
    progress.stage("load the panel")
    market = load_market_data(
        config, tickers=tickers, kinds=known_kinds, now=now, progress=progress
    )
    progress.note(describe_market(market))
    progress.stage("train")
    provenance = Provenance(
        data=Path(config.data.path).name if config.data.path else config.data.source,
        licence=licence,
        events=tuple(Path(entry).name for entry in list_event_entries(config)),
        exogenous=tuple(list_series(config)),
    )
    return pretrain(
        market, days, config, out, provenance=provenance, progress=progress, executor=executor
    )


def choose_cutoffs(until: str | None, vintages: str | None) -> list[dt.date]:
    """Return the cut-offs; without any, one beyond every panel.

    Raises
    ------
    ConfigError
        Both are given, or one is malformed.
    """
    if until and vintages:
        raise ConfigError("--until is one cut-off, --vintages a series of them; give one of them")
    if vintages:
        return parse_cutoffs(vintages)
    try:
        return [dt.date.fromisoformat(until) if until else dt.date.max]
    except ValueError as error:
        raise ConfigError(f"--until {until!r} is not a date such as 2017-12-31") from error


def describe_market(market: MarketData) -> str:
    """Return a line about the panel."""
    sessions = market.panel.sessions
    return (
        f"{market.bars:,} bars of {len(market.panel.tickers)} tickers, "
        f"{sessions[0]:%Y-%m-%d} to {sessions[-1]:%Y-%m-%d}; {len(market.panel.names)} features"
    )
