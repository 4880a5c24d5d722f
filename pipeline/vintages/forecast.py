"""Forecasts of a pretrained network alone: no training, and hardly any history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.models.baselines.har import LogHAR
from volcast.models.explanation import InputRows, select_input_rows
from volcast.models.forecaster import Float, Sample, Split, select_fit_rows
from volcast.models.pretrained.combination import LEVEL_SESSIONS, fit_level
from volcast.models.pretrained.selection import is_usable
from volcast.models.pretrained.vintage import PERCENTILES, Vintage
from volcast.pipeline.config.settings import NO_VINTAGES, SHIPPED_VINTAGES, Config
from volcast.pipeline.errors import ConfigError, DataError
from volcast.pipeline.panel.build import build_grids, build_panel, build_sample
from volcast.pipeline.panel.coming_reports import expect_reports, remove_coming_reports
from volcast.pipeline.panel.external import ExternalData
from volcast.pipeline.panel.load_bars import LoadedBars, load_bars
from volcast.pipeline.panel.short_histories import find_tickers_without_rows
from volcast.pipeline.progress import Progress
from volcast.pipeline.vintages.catalogue import load_usable_vintage

WIDEST_INTERVAL = (PERCENTILES[-1] - PERCENTILES[0]) / 100.0


@dataclass(frozen=True, eq=False)
class PretrainedForecast:
    """The forecasts from the newest session of each ticker.

    Attributes
    ----------
    forecasts
        `ticker, horizon, origin, target_start, target_end, variance, lower, upper`,
        `variance_without_report` and `variance_har`, in the level of close-to-close returns;
        `realized` is NaN; `short_history`.
    bars
        Clean bars, `ticker, session`.
    measured
        `ticker, session, variance, level_factor` of every session with a variance.
    external
        Events and series.
    vintage
        The vintage.
    failures
        Ticker to the reason why it has no forecast.
    inputs
        The features of each forecast, and their means over a year.
    """

    forecasts: pd.DataFrame
    bars: pd.DataFrame
    measured: pd.DataFrame
    external: ExternalData
    vintage: Vintage
    failures: dict[str, str]
    inputs: InputRows


def forecast_with_vintage(
    config: Config, now: dt.datetime, progress: Progress
) -> PretrainedForecast:
    """Load the bars that the settings name, and forecast them: `forecast_loaded_bars`."""
    return forecast_loaded_bars(load_bars(config, now, progress), config, progress)


def forecast_loaded_bars(
    loaded: LoadedBars, config: Config, progress: Progress
) -> PretrainedForecast:
    """Forecast from the newest session of each ticker with the newest vintage, without a training.

    The level is corrected by the errors on the ticker's own sessions, as far as there are enough.
    The intervals are those of the vintage's errors on the market that it was trained on.

    Parameters
    ----------
    loaded
        Clean bars, and what is known beside them.
    config
        The settings.
    progress
        Where messages go.

    Raises
    ------
    ConfigError
        No vintage ended before the newest session, or it does not forecast what is asked for.
    DataError
        No ticker has enough history.
    """
    panel = build_panel(build_grids(loaded.bars, config, external=loaded.external), config)
    sample = build_sample(panel)
    vintage = load_newest_vintage(config, sample.sessions[-1])
    lacking = find_lacking_inputs(vintage, sample.names)
    if lacking:
        progress.note(
            f"unknown inputs of the vintage, which are not selected: {', '.join(lacking)}"
        )
    table = build_table(panel, sample, vintage, config.report.interval)
    failures = {**loaded.failures, **find_failures(panel, table, loaded.bars, vintage)}
    if table.empty:
        reasons = "; ".join(f"{ticker}: {reason}" for ticker, reason in failures.items())
        raise DataError(f"no ticker can be forecast: {reasons}")
    return PretrainedForecast(
        forecasts=table,
        bars=loaded.bars[["ticker", "session"]],
        measured=list_measured(panel),
        external=loaded.external,
        vintage=vintage,
        failures=failures,
        inputs=select_input_rows(sample, panel.tickers, _find_rows(panel, table)),
    )


def load_newest_vintage(config: Config, newest: np.datetime64) -> Vintage:
    """Return the newest vintage that ended before the session `newest`.

    Raises
    ------
    ConfigError
        There is none, or it lacks the horizons or the interval that the settings ask for.
    """
    if config.model.pretrained == NO_VINTAGES:
        raise ConfigError(
            f"model.pretrained is {NO_VINTAGES!r}, but a forecast without training needs a "
            f"vintage: {SHIPPED_VINTAGES!r}, or a folder that `volcast pretrain` wrote"
        )
    vintage = load_usable_vintage(config, newest)
    if vintage is None:
        raise ConfigError(
            f"model.pretrained: no vintage of {config.model.pretrained!r} ended before "
            f"{newest.astype('datetime64[D]')}, the newest session; forecast from a later one"
        )
    horizons = config.target.horizons
    if not set(horizons) <= set(vintage.horizons):
        raise ConfigError(
            f"target.horizons: the vintage {vintage.name} forecasts {vintage.horizons} sessions, "
            f"not {horizons}; choose among its horizons"
        )
    if config.report.interval > WIDEST_INTERVAL + 1e-9:
        raise ConfigError(
            f"report.interval must be {WIDEST_INTERVAL:g} or less with --pretrained-only, not "
            f"{config.report.interval:g}: a vintage keeps the percentiles {PERCENTILES[0]} to "
            f"{PERCENTILES[-1]} of its errors"
        )
    return vintage


def find_lacking_inputs(vintage: Vintage, names: Collection[str]) -> list[str]:
    """Return the inputs of a vintage that are not among the features `names`.

    Those of a group that is unknown as a whole are left out: the vintage was trained to do without.
    """
    without = {
        name
        for group in vintage.groups
        if not {*group.features} & {*names}
        for name in group.features
    }
    return [name for name in vintage.features if name not in names and name not in without]


def find_failures(
    panel: Panel, table: pd.DataFrame, bars: pd.DataFrame, vintage: Vintage
) -> dict[str, str]:
    """Return the reason for each ticker of the panel that has no forecast in `table`."""
    failures = find_tickers_without_rows(panel)
    forecast = set() if table.empty else set(table["ticker"])
    for ticker, newest in bars.groupby("ticker")["session"].max().items():
        if ticker not in failures and ticker not in forecast:
            failures[str(ticker)] = (
                f"its newest session, {newest:%Y-%m-%d}, is not after {vintage.last_target}, up to "
                f"which the vintage {vintage.name} has seen the market, or more than "
                f"{LEVEL_SESSIONS} sessions before the newest of all; forecast it alone"
            )
    return failures


def build_table(panel: Panel, sample: Sample, vintage: Vintage, interval: float) -> pd.DataFrame:
    """Return the forecasts from the newest session of each ticker (`PretrainedForecast`).

    A ticker whose newest session the vintage may have seen has none.
    """
    tail = (1.0 - interval) / 2.0
    part = slice(max(len(sample.sessions) - LEVEL_SESSIONS, 0), len(sample.sessions))
    forecast_log = vintage.forecast_origins_log(sample, part)
    level = fit_level(np.log(sample.bounded.target[part]) - forecast_log)
    without = remove_coming_reports(sample)
    plain_log = np.full_like(forecast_log, np.nan)
    if without is not None:
        expected = expect_reports(sample)[part]
        plain_log = np.where(expected, vintage.forecast_origins_log(without, part), np.nan)
    har_log = np.log(forecast_har(sample, part))
    short, records = sample.short_history(), []
    for column, ticker in enumerate(panel.tickers):
        known = np.flatnonzero(np.isfinite(forecast_log[:, column]).any(axis=1))
        if not len(known) or not is_usable(vintage, sample.sessions[part.start + known[-1]]):
            continue
        row = int(known[-1])
        at = part.start + row
        for place, horizon in enumerate(panel.horizons):
            shift = level[column, place] + np.log(panel.level_factor[at, column])
            log_variance = forecast_log[row, column, place] + shift
            records.append(
                {
                    "ticker": ticker,
                    "horizon": horizon,
                    "origin": panel.sessions[at],
                    "target_start": panel.target_start[at, column],
                    "target_end": panel.target_end[at, column, place],
                    "variance": np.exp(log_variance),
                    "lower": np.exp(log_variance + find_log_error(vintage, horizon, tail)),
                    "upper": np.exp(log_variance + find_log_error(vintage, horizon, 1.0 - tail)),
                    "variance_without_report": np.exp(plain_log[row, column, place] + shift),
                    "variance_har": np.exp(har_log[row, column, place])
                    * panel.level_factor[at, column],
                    "realized": np.nan,
                    "short_history": bool(short[at, column]),
                }
            )
    return pd.DataFrame(records)


def list_measured(panel: Panel) -> pd.DataFrame:
    """Return `ticker, session, variance, level_factor` of every session with a variance."""
    row, column = np.nonzero(np.isfinite(panel.variance))
    return pd.DataFrame(
        {
            "ticker": np.array(panel.tickers, dtype=object)[column],
            "session": panel.sessions[row],
            "variance": panel.variance[row, column],
            "level_factor": panel.level_factor[row, column],
        }
    )


def forecast_har(sample: Sample, origins: slice) -> Float:
    """Return the forecasts of log-HAR, fitted to all that is known, (n, N, H).

    All are NaN if no ticker has a usable row with a known target.
    """
    everything = slice(0, len(sample.sessions))
    if not select_fit_rows(sample, everything).any():
        return np.full((*sample.variance[origins].shape, len(sample.horizons)), np.nan)
    nothing = slice(everything.stop, everything.stop)
    return LogHAR().fit(sample, Split(everything, nothing)).forecast(sample, origins)


def find_log_error(vintage: Vintage, horizon: int, probability: float) -> float:
    """Return a quantile of the log errors of a vintage, by its percentiles.

    Parameters
    ----------
    vintage
        The vintage.
    horizon
        One of its horizons.
    probability
        From 0.01 to 0.99; beyond, the outermost percentile is returned.
    """
    own = vintage.error_percentiles[vintage.horizons.index(horizon)]
    return float(np.interp(100.0 * probability, PERCENTILES, own))


def _find_rows(panel: Panel, table: pd.DataFrame) -> dict[str, int]:
    """Return the position of the session that each ticker is forecast from."""
    if table.empty:
        return {}
    origins = table.drop_duplicates("ticker").set_index("ticker")["origin"]
    rows = panel.sessions.get_indexer(pd.DatetimeIndex(origins))
    return {str(ticker): int(row) for ticker, row in zip(origins.index, rows, strict=True)}
