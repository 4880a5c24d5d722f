"""The commands that read the ledger: show, score, verify, export."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from volcast.pipeline.cli.options import Debug, HomeDir, Json, TickerOption

if TYPE_CHECKING:
    import pandas as pd

    from volcast.pipeline.home import Home
    from volcast.pipeline.ledger.ledger import Ledger
    from volcast.pipeline.ledger.rebuild_check import Rebuild, Remade
    from volcast.pipeline.ledger.verify import Proof

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
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.ledger.display import shown
    from volcast.pipeline.ledger.ledger import Ledger
    from volcast.pipeline.ledger.queries import RowFilter

    of_tickers = kind in (Kind.FORECASTS, Kind.OUTCOMES)
    # A decision that was carried out is two rows, shown as one.
    newest = 2 * limit if kind is Kind.DECISIONS and not as_json else limit
    only = RowFilter(tickers=tuple(ticker or ()) if of_tickers else (), newest=newest)
    with Ledger.to_read(resolve_home(home).ledger) as ledger:
        _check_tickers(ledger, only.tickers)
        rows = ledger.table("scored" if kind is Kind.FORECASTS else kind.value, only)
    if as_json:
        typer.echo(_json(rows))
        return
    readable = shown(rows, kind.value).tail(limit)
    if len(readable):
        _print(f"the last {len(readable)} {kind.value}", readable)
    else:
        typer.echo(f"no {kind.value} yet")


def score(home: HomeDir = None, as_json: Json = False, debug: Debug = False) -> None:
    """Score what was forecast live: QLIKE and its ratio to HAR, beside the backtest's."""
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.job.preconditions import is_replay
    from volcast.pipeline.ledger import scoring
    from volcast.pipeline.ledger.ledger import Ledger

    with Ledger.to_read(resolve_home(home).ledger) as ledger:
        rows = scoring.scored_rows(ledger)
        scores = scoring.live_scores(rows, scoring.read_backtests(ledger))
        risk = scoring.live_risk(ledger)
        known = len(rows) or len(scoring.scored_rows(ledger, live_only=False))
        how = "replayed" if is_replay(ledger) else "live"
    if as_json:
        from volcast.pipeline.cli.printing import frame_records, json_text

        typer.echo(json_text({"scores": frame_records(scores), "risk": frame_records(risk)}))
        return
    if rows.empty:
        typer.echo(_unscored(known))
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
    format: Annotated[
        Format | None, typer.Option(help="Default: by the suffix of --out; csv when printed.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write to a file.")] = None,
    debug: Debug = False,
) -> None:
    """Write a row per forecast, with its outcome where it is known."""
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.ledger.export import choose_format, csv_texts, write
    from volcast.pipeline.ledger.ledger import Ledger

    chosen = choose_format(out, format.value if format else None)
    with Ledger.to_read(resolve_home(home).ledger) as ledger:
        rows = ledger.blocks("scored")
        if out is not None:
            count = write(out, rows, chosen)
            typer.echo(f"{count:,} {'row' if count == 1 else 'rows'} written to {out}", err=True)
            return
        for text in csv_texts(rows):
            typer.echo(text, nl=False)


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
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.ledger.ledger import Ledger
    from volcast.pipeline.ledger.verify import verify as prove

    newest = _newest(count)
    place = resolve_home(home)
    made = None
    with Ledger.to_read(place.ledger) as ledger:
        proof = prove(ledger, noted=noted)
        if not as_json:
            _tell_proof(proof)
        if rebuilder:
            made = _remade(ledger, rebuilder(place), newest, as_json)
    if as_json:
        typer.echo(_proof_json(proof, made))
    if made:
        for line in () if as_json else made.lines():
            typer.echo(line)
        made.check()


def _remade(ledger: Ledger, rebuild: Rebuild, newest: int | None, quiet: bool) -> Remade:
    from volcast.pipeline.cli.printing import console
    from volcast.pipeline.ledger.rebuild_check import remake
    from volcast.pipeline.progress import progress_for

    progress = progress_for(console(), quiet)
    with progress.running():
        return remake(ledger, rebuild, newest, progress)


def _tell_proof(proof: Proof) -> None:
    counted = ", ".join(f"{count:,} {kind}" for kind, count in proof.rows.items())
    typer.echo(f"{counted}: as they were written")
    typer.echo(f"head {proof.head.hash}, row {proof.head.seq:,}")


def _proof_json(proof: Proof, made: Remade | None) -> str:
    from dataclasses import asdict

    from volcast.pipeline.cli.printing import json_text

    told = {"rows": proof.rows, "head": asdict(proof.head), "rebuilt": made.same if made else 0}
    if made:
        lost = [{"reason": why, **asdict(group)} for why, group in made.lost.items()]
        told |= {"otherwise": made.otherwise, "lost": lost}
    return json_text(told, indent=None)


def _newest(count: str | None) -> int | None:
    from volcast.pipeline.errors import ConfigError

    if count in (None, "all"):
        return None
    if count is None or not count.isdecimal() or int(count) < 1:
        raise ConfigError(f"--rebuild must be a whole number above 0, or all; got {count!r}")
    return int(count)


def _check_tickers(ledger: Ledger, asked: tuple[str, ...]) -> None:
    """Raise ``LedgerError`` where nothing was ever forecast for a ticker."""
    from volcast.pipeline.data.contract.source import unknown
    from volcast.pipeline.errors import LedgerError

    known = (
        sorted(ledger.table("forecasts", columns=["ticker"])["ticker"].unique()) if asked else []
    )
    for ticker in asked if known else ():
        if ticker not in known:
            raise LedgerError(f"nothing was forecast for {ticker}: {unknown(ticker, known)}")


def _unscored(known: int) -> str:
    """Return why there is no score, of so many forecasts whose outcome is known."""
    if not known:
        return "no outcome is known yet"
    have = "forecast has an outcome" if known == 1 else "forecasts have an outcome"
    return (
        f"{known:,} {have}, none was written before its target began, so none is scored; "
        "`volcast replay` shows a past year"
    )


def _json(rows: pd.DataFrame) -> str:
    """Return the rows as JSON, their numbers as the objects that they are in the ledger."""
    from json import loads

    from volcast.pipeline.cli.printing import frame_records, json_text

    records = frame_records(rows)
    for record in records:
        if "numbers" in record:
            record["numbers"] = loads(record["numbers"])
    return json_text(records)


def _print(title: str, rows: pd.DataFrame) -> None:
    from volcast.pipeline.cli.printing import frame_table, print_table

    readable = rows.rename(columns=lambda name: name.replace("_", " "))
    print_table(frame_table(readable, title, digits=4))
