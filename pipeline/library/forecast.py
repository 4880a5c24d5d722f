"""The forecast at once: a pretrained network on prices of your own, without any training."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from volcast.pipeline.config.load import resolve_settings
from volcast.pipeline.config.settings import SHIPPED_VINTAGES
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.library.forecast_result import Forecast
from volcast.pipeline.library.newest import build_pretrained_table
from volcast.pipeline.library.prices import UNNAMED, as_prices
from volcast.pipeline.library.run_tables import QUANTILES
from volcast.pipeline.library.settings import (
    SECTION_OF,
    build_config,
    check_sections,
    read_clock,
    read_numbers,
)
from volcast.pipeline.progress import Progress

LEVELS = (80, 90, 95)  # percent
SECTIONS = ("data", "target", "features")
ARGUMENTS = ("prices", "horizons", "level", "quantiles", "events", "pretrained", "ticker", "now")


def forecast(
    prices: Any,
    horizons: Sequence[int] = (1, 5, 22),
    level: Sequence[float] | float = LEVELS,
    *,
    quantiles: Sequence[float] | None = None,
    events: Sequence[str] | str | None = None,
    pretrained: str = SHIPPED_VINTAGES,
    ticker: str = UNNAMED,
    now: dt.datetime | None = None,
    **settings: Any,
) -> Forecast:
    """Forecast volatility at once, by a pretrained network: nothing is trained.

    Parameters
    ----------
    prices
        From `load_prices`, or what it takes: a pandas frame (long, wide as yfinance returns it, or
        of one ticker) or the path of a file or folder.
    horizons
        In sessions, of those that the network knows; the shipped ones know 1, 5 and 22.
    level
        Levels of the prediction intervals in percent, up to 98.
    quantiles
        Probabilities of `Forecast.quantiles`, from 0.01 to 0.99.
    events
        Known report dates: "edgar", "yahoo", or a file such as "./earnings.csv".
    pretrained
        "shipped", or a folder that `volcast pretrain` wrote.
    ticker
        The ticker of a frame that names none.
    now
        The clock, with a timezone; None: that of this machine.
    **settings
        Further ones of the sections ``data``, ``target`` and ``features`` (`volcast config`).

    Returns
    -------
    Forecast
        The table is its `forecasts`; it prints, plots and explains itself.

    Raises
    ------
    ConfigError
        A setting is unknown or breaks its rule, or the network does not forecast what is asked for.
    DataError
        The prices cannot be read, or no ticker has enough of them.

    Examples
    --------
    >>> import volcast
    >>> prices = volcast.load_prices(source="sample-stocks", tickers=["AXP"])
    >>> result = volcast.forecast(prices, level=80)
    >>> list(result.forecasts.columns)[:8]
    ['ticker', 'horizon', 'origin', 'from', 'to', 'volatility', 'lower_80', 'upper_80']
    """
    from volcast.pipeline.vintages.forecast import forecast_loaded_bars

    levels, probabilities = _check_levels(level), _check_quantiles(quantiles)
    check_sections(settings, SECTIONS, "volcast.forecast")
    given = settings | ({} if events is None else {"events": events})
    data = {key: value for key, value in given.items() if SECTION_OF.get(key) == "data"}
    moment = read_clock(now)
    more = {"horizons": horizons, "pretrained": pretrained}
    build_config(given | more, also=ARGUMENTS)  # before any price is read
    loaded = as_prices(prices, data, ticker, moment)
    config = resolve_settings(build_config(given | more, loaded.config, also=ARGUMENTS))
    progress = Progress()
    bars = loaded.load(config, loaded.now, progress)
    found = forecast_loaded_bars(bars, config, progress)
    table = build_pretrained_table(found, config)
    return Forecast(config, levels, probabilities, found, table, bars.quality)


def _check_levels(level: Sequence[float] | float) -> tuple[float, ...]:
    from volcast.pipeline.vintages.forecast import WIDEST_INTERVAL

    levels = read_numbers("level", level, "80 or [80, 95]")
    most = 100.0 * WIDEST_INTERVAL
    for each in levels:
        if not 1.0 <= each <= most + 1e-9:
            raise ConfigError(
                f"level is in percent, from 1 to {most:g} (a pretrained network keeps the "
                f"percentiles 1 to 99 of its errors), such as 80 or 95; got {each:g}"
            )
    return levels


def _check_quantiles(quantiles: Sequence[float] | None) -> tuple[float, ...]:
    if quantiles is None:
        return QUANTILES
    chosen = read_numbers("quantiles", quantiles, "[0.05, 0.95]")
    for each in chosen:
        if not 0.01 - 1e-9 <= each <= 0.99 + 1e-9:
            raise ConfigError(f"quantiles must be from 0.01 to 0.99; got {each:g}")
    return chosen
