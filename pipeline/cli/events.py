"""The command ``volcast data events``, and what the other data commands say about events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from volcast.pipeline.cli.clock import utc_now
from volcast.pipeline.cli.options import ConfigFile, Json
from volcast.pipeline.cli.watchlist import read_tickers
from volcast.pipeline.config.dates import parse_moment

if TYPE_CHECKING:
    import pandas as pd

    from volcast.pipeline.config.settings import Config
    from volcast.pipeline.events.load_events import LoadedEvents
    from volcast.pipeline.progress import Progress


def events(
    tickers: Annotated[
        list[str] | None,
        typer.Argument(metavar="TICKERS", help="Default: those of the settings, else all stored."),
    ] = None,
    config: ConfigFile = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="MOMENT", help="Show what was known at this time."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Show how often the coming dates were right.")
    ] = False,
    data_dir: Annotated[
        Path | None,
        typer.Option("--data-dir", metavar="DIR", help="As for the other commands of this group."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Print the coming and the last report dates, with source and when they were learnt."""
    from volcast.pipeline.cli.printing import frame_records, print_frame, print_json
    from volcast.pipeline.errors import ConfigError

    try:
        moment = parse_moment(as_of or "")
    except ValueError as error:
        raise ConfigError(f"--as-of {error}; got {as_of!r}") from error
    settings = load_event_settings(config, data_dir, moment or utc_now())
    names = read_tickers(tickers, None) or list_known_tickers(settings)
    known = _read_stored(settings, names)
    table = _measure(settings, known) if check else _list_dates(settings, known)
    if as_json:
        print_json(frame_records(table))
        return
    print_frame(table, _title(settings, check), digits=3)
    for note in known.notes:
        typer.echo(note)


def load_event_settings(
    config: Path | None, data_dir: Path | None, as_of: dt.datetime | None
) -> Config:
    """Return the settings of a file, else the defaults, with the folder and the moment given.

    Without sources in the settings those are read of which something is stored.
    """
    from volcast.pipeline.config.load import load_config
    from volcast.pipeline.config.source_defaults import with_source_defaults
    from volcast.pipeline.events.stored_events import list_stored_sources

    given = {"dir": str(data_dir)} if data_dir else {}
    moment = {"as_of": as_of} if as_of else {}
    settings = with_source_defaults(load_config(config, {"data": {**given, **moment}}))
    if settings.data.events or as_of is None:
        return settings
    stored = {"events": list_stored_sources(settings.data)}
    return settings.model_copy(update={"data": settings.data.model_copy(update=stored)})


def list_known_tickers(settings: Config) -> list[str]:
    """Return the tickers of the settings, else all that the sources have.

    Raises
    ------
    DataError
        There is none.
    """
    from volcast.pipeline.config.events import list_event_entries
    from volcast.pipeline.errors import DataError
    from volcast.pipeline.events.event_files import find_event_file, list_event_tickers
    from volcast.pipeline.events.stored_events import open_event_store

    known = set(settings.data.tickers)
    for entry in () if known else list_event_entries(settings):
        file = find_event_file(entry)
        known |= set(
            list_event_tickers(file) if file else open_event_store(entry, settings.data).tickers()
        )
    if not known:
        raise DataError(
            "no report dates are stored; name sources as data.events in the settings, and download "
            "them with `volcast data update --config FILE`"
        )
    return sorted(known)


def refresh_events(settings: Config, tickers: Sequence[str], progress: Progress) -> str:
    """Ask the sources of the settings for what is due; return a line on what is known."""
    from volcast.pipeline.events.load_events import load_events

    progress.stage(f"report dates of {len(tickers)} tickers: {', '.join(settings.data.events)}")
    loaded = load_events(settings, tickers, utc_now(), progress)
    lines = [f"{len(loaded.events):,} report dates of {loaded.events['ticker'].nunique()} tickers"]
    if loaded.failures:
        from volcast.pipeline.data.contract.source import format_failures

        lines.append(f"none of {len(loaded.failures)}: {format_failures(loaded.failures)}")
    return "\n".join([*lines, *loaded.notes])


def print_event_check(data_dir: Path | None, tickers: Sequence[str]) -> None:
    """Print how often the coming dates of the stored sources were right, if there are any."""
    from volcast.pipeline.cli.printing import print_frame

    settings = load_event_settings(None, data_dir, utc_now())
    if settings.data.events:
        table = _measure(settings, _read_stored(settings, tickers))
        if len(table):
            print_frame(table, _title(settings, True), digits=3)


def _read_stored(settings: Config, tickers: Sequence[str]) -> LoadedEvents:
    from volcast.pipeline.events.load_events import load_events
    from volcast.pipeline.progress import Progress

    return load_events(settings, tickers, settings.data.as_of or utc_now(), Progress())


def _list_dates(settings: Config, known: LoadedEvents) -> pd.DataFrame:
    from volcast.pipeline.events.overview import list_coming_and_last

    moment = settings.data.as_of or utc_now()
    return list_coming_and_last(known.events, moment, settings.data.calendar or None)


def _measure(settings: Config, known: LoadedEvents) -> pd.DataFrame:
    from volcast.pipeline.config.events import list_event_entries
    from volcast.pipeline.events.accuracy import measure_accuracy
    from volcast.pipeline.events.event_files import find_event_file
    from volcast.pipeline.events.stored_events import open_event_store

    tickers = list(known.events["ticker"].unique())
    asked_first = {
        name: open_event_store(name, settings.data).read(tickers).asked_first
        for name in list_event_entries(settings)
        if find_event_file(name) is None
    }
    return measure_accuracy(known.events, asked_first, settings.data.calendar or None)


def _title(settings: Config, check: bool) -> str:
    if check:
        return "Announced report dates, as known five sessions before, against the records"
    return f"Report dates known at {settings.data.as_of:%Y-%m-%d %H:%M %Z}"
