"""Panels of the same bars: for the current settings, and for models trained with others."""

from __future__ import annotations

from typing import TypeAlias

from volcast.features.panel import Panel, align_tickers
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import DataError
from volcast.pipeline.job.market import Market, build_market_panel
from volcast.pipeline.registry.model_folder import StoredModel

Layout: TypeAlias = tuple[tuple[object, ...], ...]  # tickers, features and horizons


class PanelCache:
    """The panel of the current settings, and panels for models that need another one.

    After a change of features, horizons or tickers a champion keeps forecasting from the panel that
    it was trained for, until another model is promoted.

    Attributes
    ----------
    current
        The panel of the current settings.
    bars
        The clean bars of all tickers.
    external
        Events of the tickers, and exogenous series.
    """

    def __init__(self, market: Market, config: Config) -> None:
        self.current = market.panel
        self.bars, self._config, self._held = market.bars, config, market.held
        self.external = market.external
        self._others: dict[Layout, Panel] = {}

    def for_model(self, model: StoredModel) -> Panel:
        """Return the panel with the tickers, features and horizons of a model.

        Tickers without bars are NaN.

        Raises
        ------
        DataError
            None of its tickers has bars.
        ConfigError
            One of its features no longer exists.
        """
        layout = (model.tickers, model.features, model.horizons)
        if layout == (self.current.tickers, self.current.names, self.current.horizons):
            return self.current
        if layout not in self._others:
            self._others[layout] = align_tickers(self._build(model), model.tickers)
        return self._others[layout]

    def build_for(self, config: Config) -> Panel:
        """Return the panel of all bars under other settings.

        Raises
        ------
        ConfigError
            One of its features no longer exists.
        """
        return build_market_panel(self.bars, config, self._held, self.external)

    def _build(self, model: StoredModel) -> Panel:
        """Return a panel of those of the model's tickers that have bars."""
        bars = self.bars[self.bars["ticker"].isin(model.tickers)]
        if bars.empty:
            raise DataError(f"none of its tickers has bars now: {', '.join(model.tickers)}")
        same = (model.features, model.horizons) == (self.current.names, self.current.horizons)
        if same and len(bars) == len(self.bars):
            return self.current
        features = self._config.features.model_copy(update={"select": model.features})
        target = self._config.target.model_copy(update={"horizons": model.horizons})
        config = self._config.model_copy(update={"features": features, "target": target})
        return build_market_panel(bars, config, self._held, self.external)
