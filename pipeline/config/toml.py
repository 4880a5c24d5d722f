"""Writes settings as TOML, with a comment on every key."""

from __future__ import annotations

from datetime import date
from typing import Any

import tomlkit
from tomlkit.items import Item

from volcast.pipeline.config.settings import Config, section_model


def to_toml(config: Config) -> str:
    """Return settings as TOML that `load_config` reads back as equal settings.

    Examples
    --------
    >>> print(to_toml(Config()).splitlines()[0])
    [data] # The market data.
    """
    document = tomlkit.document()
    for name in Config.model_fields:
        section = getattr(config, name)
        table = tomlkit.table()
        table.comment(str(section_model(name).__doc__))
        for key, field in type(section).model_fields.items():
            value = _to_item(getattr(section, key))
            table.add(key, value.comment(field.description or ""))
        document.add(name, table)
    return tomlkit.dumps(document)


def _to_item(value: Any) -> Item:
    if value is None:
        value = ""
    elif isinstance(value, date):  # a moment too
        value = value.isoformat()
    elif isinstance(value, tuple):
        value = list(value)
    item: Item = tomlkit.item(value)
    return item
