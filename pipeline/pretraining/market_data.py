"""The market that a vintage is trained on: which tickers, with what is known of their reports."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.features.registry import find_feature
from volcast.models.pretrained.feature_groups import FeatureGroup
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.contract.source import Download, Source
from volcast.pipeline.data.quality.check import check_bars
from volcast.pipeline.data.quality.closed_days import leave_out_closed_days
from volcast.pipeline.data.quality.final_bars import drop_unfinished_bars
from volcast.pipeline.data.store.content_hash import compute_content_hashes
from volcast.pipeline.errors import ConfigError, DataError
from volcast.pipeline.files import hash_value
from volcast.pipeline.panel.build import assign_calendars, build_grids, build_panel
from volcast.pipeline.panel.external import ExternalData
from volcast.pipeline.panel.load_bars import build_sources, query_source
from volcast.pipeline.panel.load_external import load_external
from volcast.pipeline.progress import Progress

# Families of features that a ticker has all of or none of.
GROUPED_FAMILIES = ("market", "volume", "reports", "exogenous")
VOLUME, VOLUME_ECHO = "volume", "volume_echo"
# Tickers whose report dates, or whose times of day, are left out: a user may not have them.
WITHOUT_DATES, WITHOUT_TIMES = 1 / 3, 1 / 6
LEFT_OUT = 0.1  # of the tickers, on which a vintage is judged
UNKNOWN_TIME, UNKNOWN_KIND = "unknown", "unknown"
TURNOVER_SESSIONS = 250


@dataclass(frozen=True)
class MarketData:
    """The panel of a pretraining and where it is from.

    Attributes
    ----------
    panel
        Of the chosen tickers, all sessions.
    kinds
        The kind of each ticker of the panel, such as stock or etf.
    data_hash
        Of the bars, before the quality rules, of the events and of the series.
    bars
        Their number after the quality rules.
    """

    panel: Panel
    kinds: tuple[str, ...]
    data_hash: str
    bars: int


def load_market_data(
    config: Config,
    *,
    tickers: int,
    kinds: Mapping[str, str],
    now: dt.datetime,
    progress: Progress,
) -> MarketData:
    """Return the features and targets of the most traded tickers of a panel.

    Parameters
    ----------
    config
        Its section ``data`` names the panel, the events and the exogenous series.
    tickers
        How many to take, those with the largest turnover over their last year; 0 takes all.
    kinds
        Ticker to kind; a ticker without one has the kind "unknown".
    now, progress
        The clock, and where messages go.

    Raises
    ------
    DataError
        The panel has no bars, or too few tickers.
    """
    _, source = build_sources(config, now, progress)
    answer = load_most_traded(source, config, tickers, now)
    bars = answer.bars
    for note in (*answer.understood, *answer.notes):
        progress.note(note)
    if bars["ticker"].nunique() < 1 / LEFT_OUT:
        raise DataError(
            f"{bars['ticker'].nunique()} tickers are too few to pretrain on: a vintage is made to "
            f"be applied to tickers that it has not seen; use at least {round(1 / LEFT_OUT)}"
        )
    external = load_external(config, bars, source, now, progress)
    data_hash = hash_market(bars, external)
    external = replace(external, events=withhold_reports(external.events))
    checked = check_bars(bars, assign_calendars(list(bars["ticker"].unique()), config))
    for ticker, reason in {**answer.failures, **checked.failures}.items():
        progress.note(f"{ticker} is left out: {reason}")
    panel = build_panel(build_grids(checked.bars, config, external=external), config)
    known = tuple(kinds.get(ticker, UNKNOWN_KIND) for ticker in panel.tickers)
    return MarketData(panel, known, data_hash, len(checked.bars))


def load_most_traded(source: Source, config: Config, tickers: int, now: dt.datetime) -> Download:
    """Return the final bars of the most traded tickers of a source, of all if `tickers` is 0."""
    answer = query_source(source, config, now)
    bars = answer.bars
    if tickers:
        bars = bars[bars["ticker"].isin(find_most_traded(bars, tickers))].reset_index(drop=True)
    calendars = assign_calendars(list(bars["ticker"].unique()), config)
    answer = drop_unfinished_bars(replace(answer, bars=bars), calendars, now)
    return leave_out_closed_days(answer, calendars)


def hash_market(bars: pd.DataFrame, external: ExternalData) -> str:
    """Return the hash of the bars, the events and the series of a pretraining."""
    return hash_value(
        {
            "bars": dict(compute_content_hashes(bars)),
            "events": _hash_rows(external.events),
            "series": _hash_rows(external.series),
        }
    )


def find_most_traded(bars: pd.DataFrame, count: int) -> list[str]:
    """Return the tickers with the largest median turnover over their last 250 sessions.

    Tickers without a volume come last.
    """
    last = bars.sort_values("session").groupby("ticker").tail(TURNOVER_SESSIONS)
    turnover = (last["close"] * last["volume"]).groupby(last["ticker"]).median().fillna(0.0)
    return [str(ticker) for ticker in turnover.nlargest(count).index]


def withhold_reports(events: pd.DataFrame) -> pd.DataFrame:
    """Return events without those of some tickers, and without the times of day of others.

    Whose are withheld depends on the name of the ticker alone.
    """
    place = events["ticker"].map(place_ticker)
    kept = events[place >= WITHOUT_DATES].copy()
    undated = place[kept.index] < WITHOUT_DATES + WITHOUT_TIMES
    kept.loc[undated, "time"] = UNKNOWN_TIME
    return kept.reset_index(drop=True)


def leave_out(tickers: tuple[str, ...]) -> np.ndarray:
    """Return whether each ticker is left out of the training, (N,): a tenth, by its name alone."""
    return np.array([place_ticker(f"left out {ticker}") < LEFT_OUT for ticker in tickers])


def place_ticker(name: str) -> float:
    """Return a number in [0, 1) that depends on a name alone, evenly spread over names.

    Examples
    --------
    >>> place_ticker("AAPL") == place_ticker("AAPL"), 0 <= place_ticker("MSFT") < 1
    (True, True)
    """
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6]) / 2**48


def group_features(names: tuple[str, ...]) -> tuple[FeatureGroup, ...]:
    """Return the groups of features that are known or unknown together.

    Examples
    --------
    >>> import volcast.features
    >>> [group.name for group in group_features(("har_1", "market_z", "volume_change"))]
    ['market', 'volume']
    """
    families: dict[str, list[str]] = {name: [] for name in GROUPED_FAMILIES}
    for name in names:
        family = VOLUME if name.startswith(VOLUME_ECHO) else find_feature(name).family
        if family in families:
            families[family].append(name)
    return tuple(FeatureGroup(name, tuple(found)) for name, found in families.items() if found)


def read_kinds(path: Path) -> dict[str, str]:
    """Return the kind of each ticker from a CSV file with columns ``symbol`` and ``kind``.

    A ticker without a kind is left out.

    Raises
    ------
    ConfigError
        The file is missing or lacks a column.
    """
    try:
        table = pd.read_csv(path, dtype=str, usecols=["symbol", "kind"])
    except (OSError, ValueError) as error:
        raise ConfigError(f"--kinds {path}: {error}; it needs the columns symbol, kind") from error
    table = table.dropna()
    return dict(zip(table["symbol"], table["kind"], strict=True))


def _hash_rows(table: pd.DataFrame) -> str:
    return hashlib.sha256(
        pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes()
    ).hexdigest()
