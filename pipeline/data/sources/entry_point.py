"""Entry points of installed packages: found by name, with errors that name the package."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points

from volcast.pipeline.errors import ConfigError


def find_entry_point(group: str, name: str, subject: str, *, unknown: str) -> EntryPoint:
    """Return the entry point of a name.

    Parameters
    ----------
    group, name
        Of the entry point.
    subject
        What it provides, for messages, such as "source 'theirs'".
    unknown
        The message if no package provides it.

    Raises
    ------
    ConfigError
        No package provides it, or several do.
    """
    points = tuple(entry_points(group=group, name=name))
    if not points:
        raise ConfigError(unknown)
    if len({point.value for point in points}) > 1:
        both = ", ".join(sorted(describe_origin(point) for point in points))
        raise ConfigError(f"{subject} is provided by several packages: {both}; uninstall one")
    return points[0]


def describe_origin(point: EntryPoint) -> str:
    """Return the package of an entry point, and what it names there."""
    package = point.dist.name if point.dist else "an unknown package"
    return f"{package} ({point.value})"


@contextmanager
def explain_load_failure(subject: str) -> Iterator[None]:
    """Turn any error of another package's code, but a ``ConfigError``, into one of its name."""
    try:
        yield
    except ConfigError:
        raise
    except Exception as error:  # code of another package may raise anything
        raise ConfigError(
            f"{subject} cannot be loaded ({type(error).__name__}: {error}); fix or reinstall its "
            "package"
        ) from error
