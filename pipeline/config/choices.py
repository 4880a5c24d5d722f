"""Settings whose value is one of a list of names, which is declared elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator

from volcast.models.baselines.catalogue import BASELINES
from volcast.pipeline.data.sources.catalogue import SOURCES, list_sources

OWN_CLASS = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def format_choices(names: Iterable[str]) -> str:
    """Return names as a list in prose.

    Examples
    --------
    >>> format_choices(["adam", "sgd", "nesterov"])
    'adam, sgd or nesterov'
    """
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def one_of(names: Iterable[str]) -> AfterValidator:
    """Return a validator that accepts only these names, and lists them in its message."""
    known = tuple(names)

    def check(name: str) -> str:
        if name not in known:
            raise ValueError(f"must be {format_choices(map(repr, known))}")
        return name

    return AfterValidator(check)


def _check_source(name: str) -> str:
    if name not in SOURCES and name not in list_sources():
        raise ValueError(
            f"must be {', '.join(list_sources())}, or a source from an installed package"
        )
    return name


def _check_baseline(name: str) -> str:
    if name not in BASELINES and not OWN_CLASS.fullmatch(name):
        raise ValueError(f"must be {', '.join(BASELINES)}, or your own class as module:Class")
    return name


def _check_proxy(name: str) -> str:
    from volcast.features.variance import PROXIES  # needs numpy, which reading settings does not

    if name not in PROXIES:
        raise ValueError(f"must be {format_choices(map(repr, PROXIES))}")
    return name


SourceName = Annotated[str, AfterValidator(_check_source)]
BaselineName = Annotated[str, AfterValidator(_check_baseline)]
ProxyName = Annotated[str, AfterValidator(_check_proxy)]
