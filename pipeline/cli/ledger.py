"""The commands of the ledger: show, score, verify, timestamp, export."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from volcast.pipeline.cli.command import command
from volcast.pipeline.cli.options import ExportFormat, HomeDir, Json

if TYPE_CHECKING:
    import pandas as pd

    from volcast.pipeline.home import Home
    from volcast.pipeline.ledger.chain import Head
    from volcast.pipeline.ledger.ledger import Ledger
    from volcast.pipeline.ledger.rebuild_check import RebuildResult
    from volcast.pipeline.ledger.timestamps import TimeStamp
    from volcast.pipeline.ledger.verify import VerifyResult

DIGITS = 4
RISK_COLUMNS = [
    *("level", "ticker", "rows", "exceedances", "share"),
    *("kupiec_p", "coverage_p", "es_p", "zone"),
]

group = typer.Typer(no_args_is_help=True, help="Read, score, verify and export past forecasts.")


class Kind(StrEnum):
    """The tables of the ledger."""

    FORECASTS = "forecasts"
    OUTCOMES = "outcomes"
    DECISIONS = "decisions"
    ALERTS = "alerts"


class RoleChoice(StrEnum):
    """Which forecasts are printed."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"
    FALLBACK = "fallback"
    ALL = "all"


@command(group)
def show(
    kind: Annotated[Kind, typer.Argument(help="Table to print.")] = Kind.FORECASTS,
    home: HomeDir = None,
    ticker: Annotated[
        list[str] | None, typer.Option(help="Only this ticker; may be repeated.")
    ] = None,
    role: Annotated[
        RoleChoice, typer.Option(help="Role of the forecasts; champion: those that were issued.")
    ] = RoleChoice.CHAMPION,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of rows.")] = 30,
    as_json: Json = False,
) -> None:
    """Print the newest entries; forecasts with their outcomes."""
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.ledger.display import select_readable
    from volcast.pipeline.ledger.ledger import Ledger
    from volcast.pipeline.ledger.queries import RowFilter

    has_tickers = kind in (Kind.FORECASTS, Kind.OUTCOMES)
    # A decision that was carried out is two rows, shown as one.
    newest = 2 * limit if kind is Kind.DECISIONS and not as_json else limit
    only = RowFilter(
        tickers=tuple(ticker or ()) if has_tickers else (),
        role=role.value if kind is Kind.FORECASTS and role is not RoleChoice.ALL else None,
        newest=newest,
    )
    with Ledger.to_read(resolve_home(home).ledger) as ledger:
        _check_tickers(ledger, only.tickers)
        rows = ledger.table("scored" if kind is Kind.FORECASTS else kind.value, only)
    if as_json:
        _print_rows_json(rows)
        return
    readable = select_readable(rows, kind.value).tail(limit)
    if len(readable):
        from volcast.pipeline.cli.printing import print_frame

        print_frame(readable, f"Newest {kind.value} ({len(readable)})", digits=DIGITS)
    else:
        typer.echo(f"no {kind.value} yet")


@command(group)
def score(home: HomeDir = None, as_json: Json = False) -> None:
    """Score the issued forecasts: QLIKE and its ratio to HAR, compared with the backtest."""
    from volcast.pipeline.cli.printing import frame_records, print_frame, print_json
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.job.preconditions import is_replay
    from volcast.pipeline.ledger import scoring
    from volcast.pipeline.ledger.ledger import Ledger

    with Ledger.to_read(resolve_home(home).ledger) as ledger:
        rows = scoring.scored_rows(ledger)
        scores = scoring.live_scores(rows, scoring.read_backtests(ledger))
        risk = scoring.live_risk(ledger)
        known = len(rows) or len(scoring.scored_rows(ledger, live_only=False))
        how = "Replayed" if is_replay(ledger) else "Live"
    if as_json:
        print_json({"scores": frame_records(scores), "risk": frame_records(risk)})
    elif rows.empty:
        typer.echo(_explain_no_scores(known))
    else:
        print_frame(scores, f"{how} forecasts whose outcome is known", digits=DIGITS)
        if len(risk):
            print_frame(risk[RISK_COLUMNS], "Value at risk of issued forecasts", digits=DIGITS)
        else:
            typer.echo("value at risk is tested once 250 one-session outcomes are known")


@command(group)
def verify(
    home: HomeDir = None,
    head: Annotated[
        str | None,
        typer.Option(metavar="HASH", help="A head recorded earlier; the ledger must contain it."),
    ] = None,
    timestamp: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A time-stamp response kept elsewhere; may be repeated."),
    ] = None,
    rebuild: Annotated[
        str | None,
        typer.Option(
            metavar="N|all", help="Rebuild the newest N forecasts and compare them bit for bit."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Verify that no row was altered, removed or inserted: chain, head.json and time stamps."""
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.ledger.head_file import check_head
    from volcast.pipeline.ledger.ledger import Ledger
    from volcast.pipeline.ledger.timestamps import check_time_stamps
    from volcast.pipeline.ledger.verify import verify as verify_chain

    newest = _parse_count(rebuild)
    place = resolve_home(home)
    with Ledger.to_read(place.ledger) as ledger:
        proof = verify_chain(ledger, head=head)
        kept = check_head(place)
        stamps = check_time_stamps(ledger, place, timestamp or ())
        if not as_json:
            _print_proof(proof, kept, stamps)
        rebuilt = _rebuild(ledger, place, newest, as_json) if rebuild else None
    if as_json:
        _print_proof_json(proof, kept, stamps, rebuilt)
    if rebuilt:
        for line in () if as_json else rebuilt.lines():
            typer.echo(line)
        rebuilt.check()


@command(group)
def timestamp(
    home: HomeDir = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Request to write. Default: timestamps/ in the home."),
    ] = None,
) -> None:
    """Write a request (RFC 3161) to an authority to stamp the last row with the time."""
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.ledger.ledger import Ledger
    from volcast.pipeline.ledger.timestamps import RESPONSE, write_request

    place = resolve_home(home)
    with Ledger.to_read(place.ledger) as ledger:
        request = write_request(place, ledger.head(), out)
    typer.echo(f"{request} written; send it to an authority and keep its answer next to it, as")
    typer.echo(f"{request.with_suffix(RESPONSE)}")


@command(group)
def export(
    home: HomeDir = None,
    format: Annotated[
        ExportFormat | None,
        typer.Option(help="File format. Default: the suffix of --out, else csv."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File to write. Default: standard output.")
    ] = None,
) -> None:
    """Write one row per forecast, with its outcome if it is known."""
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.ledger.export import choose_format, iter_csv, write_export
    from volcast.pipeline.ledger.ledger import Ledger
    from volcast.pipeline.text import format_count

    chosen = choose_format(out, format.value if format else None)
    with Ledger.to_read(resolve_home(home).ledger) as ledger:
        rows = ledger.iter_blocks("scored")
        if out is not None:
            count = write_export(out, rows, chosen)
            typer.echo(f"{format_count(count, 'row')} written to {out}", err=True)
            return
        for text in iter_csv(rows):
            typer.echo(text, nl=False)


def _rebuild(ledger: Ledger, home: Home, newest: int | None, quiet: bool) -> RebuildResult:
    """Rebuild the newest forecasts from the stored bars, settings and models of the home."""
    from volcast.pipeline.cli.printing import stderr_progress
    from volcast.pipeline.job.rebuild import make_rebuilder
    from volcast.pipeline.ledger.rebuild_check import rebuild_forecasts

    progress = stderr_progress(quiet)
    with progress.running():
        return rebuild_forecasts(ledger, make_rebuilder(home), newest, progress)


def _print_proof(proof: VerifyResult, kept: Head | None, stamps: list[TimeStamp]) -> None:
    counts = ", ".join(f"{count:,} {kind}" for kind, count in proof.rows.items())
    typer.echo(f"{counts}: unaltered")
    typer.echo(f"head {proof.head.hash}, row {proof.head.seq:,}")
    if kept:
        typer.echo(f"head.json: row {kept.seq:,} is in the ledger")
    else:
        typer.echo("there is no head.json: rows cut off at the end would not be noticed")
    for stamp in stamps:
        typer.echo(
            f"row {stamp.seq:,} existed at {stamp.time:%Y-%m-%d %H:%M} UTC, before the targets of "
            f"{stamp.live:,} forecasts began, if the signature of {stamp.file} is valid"
        )


def _print_proof_json(
    proof: VerifyResult,
    kept: Head | None,
    stamps: list[TimeStamp],
    rebuilt: RebuildResult | None,
) -> None:
    from volcast.pipeline.cli.printing import print_json

    same = rebuilt.identical if rebuilt else 0
    record: dict[str, Any] = {"rows": proof.rows, "head": asdict(proof.head), "rebuilt": same}
    record |= {"head_file": asdict(kept) if kept else None}
    record |= {"timestamps": [asdict(stamp) for stamp in stamps]}
    if rebuilt:
        lost = [{"reason": why, **asdict(group)} for why, group in rebuilt.failures.items()]
        record |= {"otherwise": rebuilt.different, "lost": lost}
    print_json(record, indent=None)


def _print_rows_json(rows: pd.DataFrame) -> None:
    """Print the rows as JSON, their numbers as the objects that they are in the ledger."""
    from json import loads

    from volcast.pipeline.cli.printing import frame_records, print_json

    records = frame_records(rows)
    for record in records:
        if "numbers" in record:
            record["numbers"] = loads(record["numbers"])
    print_json(records)


def _parse_count(text: str | None) -> int | None:
    """Return the number of forecasts to rebuild; None for all of them."""
    from volcast.pipeline.errors import ConfigError

    if text in (None, "all"):
        return None
    if text is None or not text.isdecimal() or int(text) < 1:
        raise ConfigError(f"--rebuild must be a whole number above 0, or all; got {text!r}")
    return int(text)


def _check_tickers(ledger: Ledger, tickers: tuple[str, ...]) -> None:
    """Raise ``LedgerError`` if the ledger has forecasts, but none for one of the tickers."""
    from volcast.pipeline.data.contract.source import explain_unknown_ticker
    from volcast.pipeline.errors import LedgerError

    if not tickers:
        return
    known = sorted(ledger.table("forecasts", columns=["ticker"])["ticker"].unique())
    for ticker in tickers if known else ():
        if ticker not in known:
            reason = explain_unknown_ticker(ticker, known)
            raise LedgerError(f"the ledger has no forecast for {ticker}: {reason}")


def _explain_no_scores(known: int) -> str:
    """Return why no forecast is scored, given how many of them have an outcome."""
    if not known:
        return "no outcome is known yet"
    have = "forecast has an outcome" if known == 1 else "forecasts have an outcome"
    return (
        f"{known:,} {have}, but none was issued before its target began, so none is scored; "
        "`volcast replay` shows a past year"
    )
