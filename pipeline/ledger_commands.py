"""The commands that read the ledger: show, score, verify, export."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.options import Debug, HomeDir, Json, TickerOption

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.home import Home
    from pipeline.ledger.verification import Rebuild

RISK_SHOWN = [
    *("level", "ticker", "rows", "exceedances", "share"),
    *("kupiec_p", "coverage_p", "es_p", "zone"),
]
Noted = Annotated[
    str | None, typer.Option("--head", metavar="HASH", help="A hash noted before; must be in it.")
]


class Kind(StrEnum):
    """What the ledger holds."""

    FORECASTS = "forecasts"
    OUTCOMES = "outcomes"
    DECISIONS = "decisions"
    ALERTS = "alerts"


class Format(StrEnum):
    """What a table is exported as."""

    CSV = "csv"
    PARQUET = "parquet"


def attach(app: typer.Typer, rebuilder: Callable[[Home], Rebuild] | None = None) -> None:
    """Add `volcast ledger` to the command line.

    `rebuilder` gives, for a home, what makes a past forecast again from stored bars and model;
    with it `verify` has the option `--rebuild`.
    """
    ledger = typer.Typer(no_args_is_help=True, help="Read and prove what was ever forecast.")
    ledger.command()(show)
    ledger.command()(score)
    ledger.command("verify", help=verify.__doc__)(_rebuilding(rebuilder) if rebuilder else verify)
    ledger.command()(export)
    app.add_typer(ledger, name="ledger")


def show(
    kind: Annotated[Kind, typer.Argument(help="Which table.")] = Kind.FORECASTS,
    home: HomeDir = None,
    ticker: TickerOption = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 30,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Print the newest entries; forecasts beside their outcomes."""
    from pipeline.home import home_of
    from pipeline.ledger.ledger import Ledger
    from pipeline.ledger.reading import Only
    from pipeline.ledger.words import shown

    of_tickers = kind in (Kind.FORECASTS, Kind.OUTCOMES)
    only = Only(tickers=tuple(ticker or ()) if of_tickers else (), newest=limit)
    with Ledger.to_read(home_of(home).ledger) as ledger:
        rows = ledger.table("scored" if kind is Kind.FORECASTS else kind.value, only)
    if as_json:
        typer.echo(_json(rows))
    else:
        _print(f"the last {len(rows)} {kind.value}", shown(rows, kind.value))


def score(home: HomeDir = None, as_json: Json = False, debug: Debug = False) -> None:
    """Score what was forecast live: QLIKE and its ratio to HAR, beside the backtest's."""
    from pipeline.daily.guards import is_replay
    from pipeline.home import home_of
    from pipeline.ledger import scoring
    from pipeline.ledger.ledger import Ledger

    with Ledger.to_read(home_of(home).ledger) as ledger:
        rows = scoring.scored_rows(ledger)
        scores = scoring.live_scores(rows, scoring.backtests_of(ledger))
        risk = scoring.live_risk(ledger)
        how = "replayed" if is_replay(ledger) else "live"
    if as_json:
        from pipeline.printing import frame_records

        tables = {"scores": frame_records(scores), "risk": frame_records(risk)}
        typer.echo(json.dumps(tables, indent=1))
        return
    _print(f"{how} forecasts whose outcome is known", scores)
    if len(risk):
        _print("value at risk of what went out", risk[RISK_SHOWN])
    else:
        typer.echo("value at risk is judged from 250 one-session outcomes on")


def verify(
    home: HomeDir = None, noted: Noted = None, as_json: Json = False, debug: Debug = False
) -> None:
    """Prove that no row was altered, removed or inserted."""
    _verify(home, noted, as_json)


def export(
    home: HomeDir = None,
    format: Annotated[Format, typer.Option(help="csv goes to standard output.")] = Format.CSV,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write to a file.")] = None,
    debug: Debug = False,
) -> None:
    """Write a row per forecast, with its outcome where it is known."""
    from pipeline import artifacts
    from pipeline.errors import ConfigError
    from pipeline.home import home_of
    from pipeline.ledger.exporting import csv_texts, write_csv, write_parquet
    from pipeline.ledger.ledger import Ledger

    if out is None and format is Format.PARQUET:
        raise ConfigError("--format parquet is no text to print; name a file with --out")
    with Ledger.to_read(home_of(home).ledger) as ledger:
        rows = ledger.blocks("scored")
        if out is None:
            for text in csv_texts(rows):
                typer.echo(text, nl=False)
            return
        write = write_parquet if format is Format.PARQUET else write_csv
        artifacts.write(out, lambda file: write(file, rows))


def _rebuilding(rebuilder: Callable[[Home], Rebuild]) -> Callable[..., None]:
    """Return `verify` with an option to make forecasts again."""

    def command(
        home: HomeDir = None,
        noted: Noted = None,
        rebuild: Annotated[
            str | None,
            typer.Option(metavar="N|all", help="Make the newest N forecasts again, bit for bit."),
        ] = None,
        as_json: Json = False,
        debug: Debug = False,
    ) -> None:
        _verify(home, noted, as_json, rebuilder if rebuild else None, rebuild)

    return command


def _verify(
    home: Path | None,
    noted: str | None,
    as_json: bool,
    rebuilder: Callable[[Home], Rebuild] | None = None,
    count: str | None = None,
) -> None:
    from pipeline.home import home_of
    from pipeline.ledger.ledger import Ledger
    from pipeline.ledger.verification import verify as prove

    newest = _newest(count)
    place = home_of(home)
    with Ledger.to_read(place.ledger) as ledger:
        rebuild = rebuilder(place) if rebuilder else None
        proof = prove(ledger, noted=noted, rebuild=rebuild, newest=newest)
    if as_json:
        head = {"seq": proof.head.seq, "hash": proof.head.hash}
        typer.echo(json.dumps({"rows": proof.rows, "head": head, "rebuilt": proof.rebuilt}))
        return
    counted = ", ".join(f"{count:,} {kind}" for kind, count in proof.rows.items())
    typer.echo(f"{counted}: as they were written")
    if rebuild:
        typer.echo(f"{proof.rebuilt:,} forecasts made again, bit for bit")
    typer.echo(f"head {proof.head.hash}, row {proof.head.seq:,}")


def _newest(count: str | None) -> int | None:
    from pipeline.errors import ConfigError

    if count in (None, "all"):
        return None
    if count is None or not count.isdecimal() or int(count) < 1:
        raise ConfigError(f"--rebuild must be a whole number above 0, or all; got {count!r}")
    return int(count)


def _json(rows: pd.DataFrame) -> str:
    from pipeline.printing import frame_records

    return json.dumps(frame_records(rows), indent=1)


def _print(title: str, rows: pd.DataFrame) -> None:
    from pipeline.printing import frame_table, print_table

    readable = rows.rename(columns=lambda name: name.replace("_", " "))
    print_table(frame_table(readable, title, digits=4))
