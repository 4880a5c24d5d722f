"""The commands `volcast data`: the store of prices, brought up to date and looked at."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from volcast.pipeline.cli.intraday import intraday
from volcast.pipeline.cli.options import Debug, Json, Quiet, WatchList
from volcast.pipeline.cli.watchlist import chosen
from volcast.pipeline.config.dates import parse_date, parse_moment

if TYPE_CHECKING:
    import pandas as pd

    from volcast.pipeline.data.download.update_result import UpdateResult
    from volcast.pipeline.data.store.store import Store

app = typer.Typer(
    help="Keep market data: download, check, export and look back.", no_args_is_help=True
)
app.command()(intraday)
SHOWN = 40  # tickers; of a longer list only those with something to tell


class Format(StrEnum):
    """What to export to."""

    CSV = "csv"
    PARQUET = "parquet"


Tickers = Annotated[
    list[str] | None, typer.Argument(metavar="TICKERS", help="All that are stored if none.")
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        help="Else VOLCAST_DATA_DIR, else the user's data folder.",
    ),
]
SourceName = Annotated[str, typer.Option("--source", help="Whose prices.")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="MOMENT", help="What was known then.")]
Calendar = Annotated[
    str | None, typer.Option(help="Of tickers whose name does not tell it, such as XLON.")
]


@app.command()
def update(
    tickers: Tickers = None,
    file: WatchList = None,
    start: Annotated[
        str | None, typer.Option(metavar="DATE", help="First session; else as before.")
    ] = None,
    recheck: Annotated[
        bool, typer.Option("--recheck", help="Compare the last sessions also if none is due.")
    ] = False,
    anew: Annotated[
        bool, typer.Option("--anew", help="Fetch whole histories again; record what changed.")
    ] = False,
    rate: Annotated[float, typer.Option(help="Requests a second.")] = 2.0,
    calendar: Calendar = None,
    source: SourceName = "yahoo",
    data_dir: DataDir = None,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Download what is new, compare the last sessions, record what changed."""
    from volcast.pipeline.cli.printing import console
    from volcast.pipeline.data.contract.source import listed
    from volcast.pipeline.data.download.downloader import Update, UpdateRequest
    from volcast.pipeline.data.download.update_result import collect_failures
    from volcast.pipeline.data.sources.catalogue import make_client
    from volcast.pipeline.errors import DataError
    from volcast.pipeline.progress import progress_for

    store = _store(source, data_dir)
    names = chosen(tickers, file) or _stored(store, None)
    wish = UpdateRequest(
        _now(), _option("--start", start, parse_date), recheck=recheck, anew=anew, calendar=calendar
    )
    progress = progress_for(console(), quiet or as_json)
    work = Update(make_client(source), store, wish, rate, progress=progress)
    outcomes: dict[str, UpdateResult] = {}
    try:
        with progress.running():
            progress.stage(f"updating {len(names)} tickers in {store.folder}")
            for outcome in work.run(names):
                outcomes[outcome.ticker] = outcome
    finally:  # also when it is interrupted
        _show_outcomes(outcomes.values(), quiet=quiet, as_json=as_json)
    failures = collect_failures(list(outcomes.values()))
    if failures:
        raise DataError(f"{len(failures)} of {len(names)} tickers did not come; {listed(failures)}")


@app.command()
def status(
    tickers: Tickers = None,
    source: SourceName = "yahoo",
    data_dir: DataDir = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show what is stored of each ticker, how far it is behind, and why."""
    from volcast.pipeline.data.maintenance.status import status_table

    store = _store(source, data_dir)
    table = status_table(store, _stored(store, tickers), _now())
    _show(table, f"Stored in {store.folder}", as_json)


@app.command()
def check(
    tickers: Tickers = None,
    calendar: Calendar = None,
    as_of: AsOf = None,
    source: SourceName = "yahoo",
    data_dir: DataDir = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Apply the rules of quality to what is stored; show missing sessions and revisions."""
    from volcast.pipeline.data.maintenance.status import assign_stored_calendars
    from volcast.pipeline.data.quality.check import check as check_bars
    from volcast.pipeline.data.quality.check import with_history
    from volcast.pipeline.data.store.revisions import history_rows

    store, moment = _store(source, data_dir), _option("--as-of", as_of, parse_moment)
    names = _stored(store, tickers)
    checked = check_bars(store.bars(names, moment), assign_stored_calendars(store, names, calendar))
    table = with_history(checked.quality, history_rows(store, names, moment))
    dates = {n: table[n].dt.strftime("%Y-%m-%d") for n in ("first_session", "last_session")}
    _show(table.assign(**dates), "Quality", as_json)


@app.command()
def export(
    tickers: Tickers = None,
    format: Annotated[Format, typer.Option(help="csv or parquet.")] = Format.CSV,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Else bars.FORMAT.")] = None,
    as_of: AsOf = None,
    source: SourceName = "yahoo",
    data_dir: DataDir = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write stored bars to one file, as served, with adj_close derived."""
    from volcast.pipeline.files import write_file

    store = _store(source, data_dir)
    bars = store.bars(_stored(store, tickers), _option("--as-of", as_of, parse_moment))
    path = out or Path(f"bars.{format}")
    path.parent.mkdir(parents=True, exist_ok=True)
    if format is Format.PARQUET:
        write_file(path, lambda file: bars.to_parquet(file, index=False))
    else:
        write_file(path, lambda file: bars.to_csv(file, index=False))
    if not quiet:
        typer.echo(f"{path}: {len(bars):,} bars of {bars['ticker'].nunique()} tickers")


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILES", help="CSV, Parquet or folders.")],
    calendar: Calendar = None,
    source: SourceName = "yahoo",
    data_dir: DataDir = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Add bars of your own files to the store; if one is unreadable, nothing is added."""
    from volcast.pipeline.data.maintenance.import_files import import_files

    outcomes = import_files(_store(source, data_dir), files, _now(), calendar)
    _show_outcomes(outcomes, quiet=False, as_json=as_json)


@app.command()
def vintages(
    ticker: Annotated[str, typer.Argument(metavar="TICKER")],
    source: SourceName = "yahoo",
    data_dir: DataDir = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show every fetch that changed something of a ticker."""
    from volcast.pipeline.data.maintenance.status import vintages_table

    store = _store(source, data_dir)
    (name,) = _stored(store, [ticker])
    _show(vintages_table(store, name), f"Vintages of {name}", as_json)


def _store(source: str, data_dir: Path | None) -> Store:
    from volcast.pipeline.data.sources.catalogue import STORED_NAMES
    from volcast.pipeline.data.store.folders import data_folder
    from volcast.pipeline.data.store.store import Store
    from volcast.pipeline.errors import ConfigError

    if source not in STORED_NAMES:
        raise ConfigError(f"--source must be one of {', '.join(STORED_NAMES)}; got {source!r}")
    return Store(data_folder(data_dir) / source)


def _stored(store: Store, tickers: list[str] | None) -> list[str]:
    """Return the tickers asked for, all that are stored if none; each must be stored."""
    from volcast.pipeline.data.contract.source import unknown
    from volcast.pipeline.errors import DataError

    known = store.tickers()
    if not known:
        raise DataError(
            f"{store.folder} holds no prices yet; `volcast data update TICKERS` brings some"
        )
    names = [name if name in known else name.upper() for name in tickers or known]
    for name in names:
        if name not in known:
            raise DataError(f"{name} is not stored in {store.folder}: {unknown(name, known)}")
    return names


def _option(name: str, text: str | None, parse: Callable[[str], Any]) -> Any:
    from volcast.pipeline.errors import ConfigError

    try:
        return parse(text or "")
    except ValueError as error:
        raise ConfigError(f"{name} {error}; got {text!r}") from error


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _show_outcomes(outcomes: Iterable[UpdateResult], *, quiet: bool, as_json: bool) -> None:
    """Print what came, what did not and why; of a long list only what is worth telling."""
    from volcast.pipeline.data.download.update_result import outcome_table, summary

    every = list(outcomes)
    table = outcome_table(every)
    if len(table) > SHOWN and not as_json:
        plain = table["status"].isin(["updated", "unchanged", "not due"])
        changed = table[["healed", "revised", "anew"]].sum(axis=1) > 0
        table = table[~plain | changed]
    if as_json or (len(table) and not quiet):
        _show(table, "What came, and what did not", as_json)
    if not (quiet or as_json):
        typer.echo(summary(every))


def _show(table: pd.DataFrame, title: str, as_json: bool) -> None:
    from volcast.pipeline.cli.printing import frame_table, print_table

    if as_json:
        records: list[Any] = json.loads(table.to_json(orient="records"))
        typer.echo(json.dumps(records, indent=1))
    else:
        print_table(frame_table(table, title))
