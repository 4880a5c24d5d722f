"""The commands ``volcast data``: download, inspect, export and import stored prices."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from volcast.pipeline.cli.clock import utc_now
from volcast.pipeline.cli.command import command
from volcast.pipeline.cli.events import (
    events,
    load_event_settings,
    print_event_check,
    refresh_events,
)
from volcast.pipeline.cli.inspect import (
    Calendar,
    Dates,
    Decimal,
    Timezone,
    build_read_options,
    inspect,
)
from volcast.pipeline.cli.intraday import intraday
from volcast.pipeline.cli.options import ConfigFile, ExportFormat, Json, Quiet, WatchList
from volcast.pipeline.cli.watchlist import read_tickers
from volcast.pipeline.config.dates import parse_date, parse_moment
from volcast.pipeline.data.sources.catalogue import STORED_NAMES

if TYPE_CHECKING:
    import pandas as pd

    from volcast.pipeline.data.download.update_result import UpdateResult
    from volcast.pipeline.data.store.store import Store

LONG_LIST = 40  # tickers; of a longer list only failures and changed histories are printed
DEFAULT_SOURCE = STORED_NAMES[0]

group = typer.Typer(no_args_is_help=True, help="Download, check, export and import market data.")
command(group)(inspect)
command(group)(intraday)
command(group)(events)


Tickers = Annotated[
    list[str] | None, typer.Argument(metavar="TICKERS", help="Default: all stored tickers.")
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        help="Folder of stored prices. Default: VOLCAST_DATA_DIR, else the user's data folder.",
    ),
]
SourceName = Annotated[
    str, typer.Option("--source", metavar="NAME", help="Source whose prices are stored.")
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="MOMENT", help="Use only data stored by this time."),
]


@command(group)
def update(
    tickers: Tickers = None,
    file: WatchList = None,
    start: Annotated[
        str | None, typer.Option(metavar="DATE", help="First session. Default: as before.")
    ] = None,
    recheck: Annotated[
        bool,
        typer.Option("--recheck", help="Compare the last sessions even if no new one is due."),
    ] = False,
    anew: Annotated[
        bool,
        typer.Option("--anew", help="Download complete histories again and record changes."),
    ] = False,
    rate: Annotated[float, typer.Option(help="Maximum number of requests per second.")] = 2.0,
    calendar: Calendar = None,
    source: SourceName = DEFAULT_SOURCE,
    config: ConfigFile = None,
    data_dir: DataDir = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Download new sessions, record revisions; refresh the report dates of data.events."""
    from volcast.pipeline.cli.printing import stderr_progress
    from volcast.pipeline.config.events import list_event_entries
    from volcast.pipeline.data.download.downloader import Downloader
    from volcast.pipeline.data.download.update_request import UpdateRequest
    from volcast.pipeline.data.sources.factory import build_client

    settings = load_event_settings(config, data_dir, None)
    store = _open_store(source, Path(settings.data.dir) if settings.data.dir else None)
    names = read_tickers(tickers, file) or list(settings.data.tickers) or _check_stored(store, None)
    first = _parse("--start", start, parse_date)
    request = UpdateRequest(utc_now(), first, recheck=recheck, anew=anew, calendar=calendar)
    progress = stderr_progress(quiet or as_json)
    work = Downloader(build_client(source), store, request, rate, progress=progress)
    results: dict[str, UpdateResult] = {}
    try:
        with progress.running():
            progress.stage(f"updating {len(names)} tickers in {store.folder}")
            for result in work.run(names):
                results[result.ticker] = result
    finally:  # also on an interrupt
        _print_results(results.values(), quiet=quiet, as_json=as_json)
    if list_event_entries(settings):
        with progress.running():
            known = refresh_events(settings, names, progress)
        if not (quiet or as_json):
            typer.echo(known)
    _check_results(list(results.values()), len(names))


@command(group)
def status(
    tickers: Tickers = None,
    source: SourceName = DEFAULT_SOURCE,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Print for each ticker what is stored, how far it lags behind, and why."""
    from volcast.pipeline.data.maintenance.status import status_table

    store = _open_store(source, data_dir)
    table = status_table(store, _check_stored(store, tickers), utc_now())
    _print(table, f"Stored in {store.folder}", as_json)


@command(group)
def check(
    tickers: Tickers = None,
    calendar: Calendar = None,
    as_of: AsOf = None,
    source: SourceName = DEFAULT_SOURCE,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Apply the quality rules to stored bars; print violations, missing sessions, revisions.

    Also how often the announced report dates were right, if there are any.
    """
    from volcast.pipeline.data.maintenance.status import assign_stored_calendars
    from volcast.pipeline.data.quality.check import add_history_rows
    from volcast.pipeline.data.quality.check import check_bars as check_bars
    from volcast.pipeline.data.store.revisions import build_history_rows

    store, moment = _open_store(source, data_dir), _parse("--as-of", as_of, parse_moment)
    names = _check_stored(store, tickers)
    checked = check_bars(store.bars(names, moment), assign_stored_calendars(store, names, calendar))
    table = add_history_rows(checked.quality, build_history_rows(store, names, moment))
    dates = {n: table[n].dt.strftime("%Y-%m-%d") for n in ("first_session", "last_session")}
    _print(table.assign(**dates), "Data quality", as_json)
    if not as_json:
        print_event_check(data_dir, names)


@command(group)
def export(
    tickers: Tickers = None,
    format: Annotated[ExportFormat, typer.Option(help="File format.")] = ExportFormat.CSV,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File to write. Default: bars.csv or bars.parquet."),
    ] = None,
    as_of: AsOf = None,
    source: SourceName = DEFAULT_SOURCE,
    data_dir: DataDir = None,
    quiet: Quiet = False,
) -> None:
    """Write stored bars to one file, with adj_close computed from splits and dividends."""
    from volcast.pipeline.files import write_file

    store = _open_store(source, data_dir)
    bars = store.bars(_check_stored(store, tickers), _parse("--as-of", as_of, parse_moment))
    path = out or Path(f"bars.{format}")
    path.parent.mkdir(parents=True, exist_ok=True)
    if format is ExportFormat.PARQUET:
        write_file(path, lambda file: bars.to_parquet(file, index=False))
    else:
        write_file(path, lambda file: bars.to_csv(file, index=False))
    if not quiet:
        typer.echo(f"{path}: {len(bars):,} bars of {bars['ticker'].nunique()} tickers")


@command(group, "import")
def import_(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILES", help="CSV or Parquet files, or folders.")
    ],
    dates: Dates = None,
    decimal: Decimal = None,
    timezone: Timezone = None,
    calendar: Calendar = None,
    source: SourceName = DEFAULT_SOURCE,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Add bars from your own files to the store; if one is unreadable, nothing is added."""
    from volcast.pipeline.data.maintenance.import_files import import_files

    options = build_read_options(dates, decimal, timezone, calendar)
    results, understood = import_files(_open_store(source, data_dir), files, utc_now(), options)
    for line in () if as_json else understood:
        typer.echo(line)
    _print_results(results, quiet=False, as_json=as_json)


@command(group)
def vintages(
    ticker: Annotated[str, typer.Argument(metavar="TICKER", help="A stored ticker.")],
    source: SourceName = DEFAULT_SOURCE,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Print every download that changed the stored history of a ticker."""
    from volcast.pipeline.data.maintenance.status import vintages_table

    store = _open_store(source, data_dir)
    (name,) = _check_stored(store, [ticker])
    _print(vintages_table(store, name), f"Vintages of {name}", as_json)


def _open_store(source: str, data_dir: Path | None) -> Store:
    from volcast.pipeline.data.store.folders import data_folder
    from volcast.pipeline.data.store.store import Store
    from volcast.pipeline.errors import ConfigError

    if source not in STORED_NAMES:
        raise ConfigError(f"--source must be one of {', '.join(STORED_NAMES)}; got {source!r}")
    return Store(data_folder(data_dir) / source)


def _check_stored(store: Store, tickers: list[str] | None) -> list[str]:
    """Return the tickers, all stored ones by default; ``DataError`` if one is not stored."""
    from volcast.pipeline.data.contract.source import explain_unknown_ticker
    from volcast.pipeline.errors import DataError

    known = store.tickers()
    if not known:
        raise DataError(
            f"{store.folder} holds no prices yet; download some with `volcast data update TICKERS`"
        )
    names = [name if name in known else name.upper() for name in tickers or known]
    for name in names:
        if name not in known:
            reason = explain_unknown_ticker(name, known)
            raise DataError(f"{name} is not stored in {store.folder}: {reason}")
    return names


def _check_results(results: list[UpdateResult], asked: int) -> None:
    """Raise ``DataError`` if a ticker could not be updated."""
    from volcast.pipeline.data.contract.source import format_failures
    from volcast.pipeline.data.download.update_result import collect_failures
    from volcast.pipeline.errors import DataError

    failures = collect_failures(results)
    if failures:
        raise DataError(
            f"{len(failures)} of {asked} tickers were not updated; {format_failures(failures)}"
        )


def _parse(option: str, text: str | None, parse: Callable[[str], Any]) -> Any:
    from volcast.pipeline.errors import ConfigError

    try:
        return parse(text or "")
    except ValueError as error:
        raise ConfigError(f"{option} {error}; got {text!r}") from error


def _print_results(results: Iterable[UpdateResult], *, quiet: bool, as_json: bool) -> None:
    """Print the result of each ticker; of a long list only failures and changed histories."""
    from volcast.pipeline.data.download.update_result import build_result_table, format_summary

    every = list(results)
    table = build_result_table(every)
    if len(table) > LONG_LIST and not as_json:
        plain = table["status"].isin(["updated", "unchanged", "not due"])
        changed = table[["healed", "revised", "anew"]].sum(axis=1) > 0
        table = table[~plain | changed]
    if as_json or (len(table) and not quiet):
        _print(table, "Updates", as_json)
    if not (quiet or as_json):
        typer.echo(format_summary(every))


def _print(table: pd.DataFrame, title: str, as_json: bool) -> None:
    from volcast.pipeline.cli.printing import frame_records, print_frame, print_json

    if as_json:
        print_json(frame_records(table))
    else:
        print_frame(table, title)
