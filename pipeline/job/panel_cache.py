"""Panels of the same bars: that of the evening's settings, and those that other models need."""

from __future__ import annotations

from volcast.features.panel import Panel, aligned
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import DataError
from volcast.pipeline.job.market import Market
from volcast.pipeline.panel.build import build_grids, build_panel
from volcast.pipeline.registry.model_folder import StoredModel


class PanelCache:
    """The panel of the settings, and for a model of other settings the one that it was made for.

    So a champion goes on as it is after a change of features, horizons or tickers, until another
    is promoted.
    """

    def __init__(self, market: Market, config: Config) -> None:
        self.own = market.panel
        self._bars, self._config = market.bars, config
        self._others: dict[tuple[tuple[object, ...], ...], Panel] = {}

    def of(self, model: StoredModel) -> Panel:
        """Return the panel with the tickers, features and horizons of a model.

        Tickers that have no bars now have NaN.

        Raises
        ------
        DataError
            None of its tickers has bars.
        ConfigError
            A feature is not known any more.
        """
        kind = (model.tickers, model.features, model.horizons)
        if kind == (self.own.tickers, self.own.names, self.own.horizons):
            return self.own
        if kind not in self._others:
            self._others[kind] = aligned(self._made_for(model), model.tickers)
        return self._others[kind]

    def _made_for(self, model: StoredModel) -> Panel:
        """Return a panel of those of the model's tickers that have bars."""
        bars = self._bars[self._bars["ticker"].isin(model.tickers)]
        if bars.empty:
            raise DataError(f"none of its tickers has bars now: {', '.join(model.tickers)}")
        same = (model.features, model.horizons) == (self.own.names, self.own.horizons)
        if same and len(bars) == len(self._bars):
            return self.own
        features = self._config.features.model_copy(update={"select": model.features})
        target = self._config.target.model_copy(update={"horizons": model.horizons})
        config = self._config.model_copy(update={"features": features, "target": target})
        return build_panel(build_grids(bars, config), config)
