"""Settings as TOML text, each key with its comment."""

from __future__ import annotations

from datetime import date
from typing import Any

import tomlkit
from tomlkit.items import Item

from volcast.pipeline.config.settings import Config, section_model


def to_toml(config: Config) -> str:
    """Return `config` as TOML that `load.load` reads back as the same settings."""
    document = tomlkit.document()
    for name in Config.model_fields:
        section = getattr(config, name)
        table = tomlkit.table()
        table.comment(str(section_model(name).__doc__))
        for key, field in type(section).model_fields.items():
            value = _item(getattr(section, key))
            table.add(key, value.comment(field.description or ""))
        document.add(name, table)
    return tomlkit.dumps(document)


def _item(value: Any) -> Item:
    if value is None:
        value = ""
    elif isinstance(value, date):  # a moment too
        value = value.isoformat()
    elif isinstance(value, tuple):
        value = list(value)
    item: Item = tomlkit.item(value)
    return item
