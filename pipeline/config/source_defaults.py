"""Series and events that follow from the source of the prices, where the settings name none."""

from __future__ import annotations

from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.sources.catalogue import find_entry


def with_source_defaults(config: Config) -> Config:
    """Return the settings with the series and the events of the source, if they name none.

    Runs and jobs record them, so that another default later does not change what they mean.

    Examples
    --------
    >>> with_source_defaults(Config()).data.exogenous
    ('^VIX',)
    >>> config = Config.model_validate({"data": {"source": "sample-stocks"}})
    >>> with_source_defaults(config).data.events
    ('sample-stocks',)
    """
    entry, data = find_entry(config.data.source), config.data
    defaults = {"exogenous": entry.exogenous, "events": entry.events}
    missing = {name: value for name, value in defaults.items() if value and not getattr(data, name)}
    if not missing:
        return config
    return config.model_copy(update={"data": data.model_copy(update=missing)})
