"""The commands of the model registry: list, show, promote, rollback, compare, prune."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.options import Debug, HomeDir, Json

if TYPE_CHECKING:
    from pipeline.ledger.ledger import Ledger
    from pipeline.registry import Registry
    from pipeline.versions import Change, Version

models = typer.Typer(no_args_is_help=True, help="Registered models: who is champion, and why.")

Number = Annotated[int, typer.Argument(metavar="VERSION", help="Its number.")]
Tracking = Annotated[
    str | None,
    typer.Option("--tracking-uri", metavar="URI", help="MLflow's store, if not the home's own."),
]
Who = Annotated[str, typer.Option("--who", help="Who decides; goes into the ledger.")]
Why = Annotated[str, typer.Option("--why", help="The reason; goes into the ledger.")]


def attach(app: typer.Typer) -> None:
    """Add `volcast models` to the command line."""
    app.add_typer(models, name="models")


@models.command("list")
def list_versions(
    home: HomeDir = None, uri: Tracking = None, as_json: Json = False, debug: Debug = False
) -> None:
    """Print all versions, the newest first."""
    versions = _registry(home, uri).versions()
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in versions], indent=1))
        return
    import pandas as pd

    rows = [
        {
            "version": each.number,
            "aliases": ", ".join(each.aliases),
            "model": each.model,
            "trained through": each.facts["trained_through"] or None,
            "registered": each.facts["registered_at"] or None,
            **{name: value for name, value in each.metrics.items() if "qlike" in name},
        }
        for each in versions
    ]
    _print("registered models", pd.DataFrame(rows))


@models.command()
def show(
    version: Number,
    home: HomeDir = None,
    uri: Tracking = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Print all that is known of a version, and check its folder."""
    registry = _registry(home, uri)
    found = registry.version(version)
    folder = registry.folder(found)
    if as_json:
        typer.echo(json.dumps({**asdict(found), "folder": str(folder)}, indent=1))
        return
    import pandas as pd

    known = {**found.facts, **found.metrics, **found.parameters}
    lines = {"aliases": ", ".join(found.aliases), "folder": str(folder), **known}
    frame = pd.DataFrame({"name": list(lines), "value": [str(each) for each in lines.values()]})
    _print(f"version {found.number}", frame)


@models.command()
def promote(
    version: Number,
    who: Who,
    why: Why,
    home: HomeDir = None,
    uri: Tracking = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Make a version the champion, whatever the gate says."""
    from pipeline import promotion

    with _both(home, uri) as (registry, ledger):
        grounds = promotion.Grounds.by_hand(who, why)
        now = dt.datetime.now(dt.UTC)
        change = promotion.promote(registry, ledger, version, grounds, now=now)
        _tell(change, registry.champion(), as_json)


@models.command()
def rollback(
    who: Who,
    why: Why,
    home: HomeDir = None,
    uri: Tracking = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Return to the version that the champion took over from."""
    from pipeline import promotion

    with _both(home, uri) as (registry, ledger):
        grounds = promotion.Grounds.by_hand(who, why)
        change = promotion.rollback(registry, ledger, grounds, now=dt.datetime.now(dt.UTC))
        _tell(change, registry.champion(), as_json)


@models.command()
def compare(
    one: Annotated[int, typer.Argument(metavar="VERSION")],
    other: Annotated[int, typer.Argument(metavar="OTHER")],
    home: HomeDir = None,
    uri: Tracking = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Print the metrics of two versions, and the settings in which they differ."""
    from pipeline.versions import differences

    registry = _registry(home, uri)
    rows = differences(registry.version(one), registry.version(other))
    if as_json:
        typer.echo(json.dumps(rows.to_dict("records"), indent=1))
        return
    names = {"one": f"version {one}", "other": f"version {other}"}
    _print(f"versions {one} and {other}", rows.rename(columns=names))


@models.command()
def prune(
    keep: Annotated[int, typer.Option(min=0, help="How many of the newest stay.")],
    home: HomeDir = None,
    uri: Tracking = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Remove old versions; never the champion, the challenger, HAR, or the champion before."""
    gone = _registry(home, uri).prune(keep)
    if as_json:
        typer.echo(json.dumps({"removed": gone}))
    else:
        typer.echo(f"removed {', '.join(map(str, gone))}" if gone else "nothing to remove")


def _registry(home: Path | None, uri: str | None) -> Registry:
    from pipeline.home import home_of
    from pipeline.registry import Registry

    return Registry(home_of(home), uri)


@contextmanager
def _both(home: Path | None, uri: str | None) -> Iterator[tuple[Registry, Ledger]]:
    """Open registry and ledger, alone: a job at work in the home would not see the change."""
    from pipeline import artifacts
    from pipeline.home import home_of
    from pipeline.ledger.ledger import Ledger

    place = home_of(home)
    with artifacts.locked(place.folder):
        registry = _registry(home, uri)
        with Ledger.to_write(place.ledger) as ledger:
            yield registry, ledger


def _tell(change: Change | None, champion: Version, as_json: bool) -> None:
    from pipeline.promotion import name_of

    before = name_of(change.before) if change else name_of(champion)
    if as_json:
        typer.echo(json.dumps({"champion": name_of(champion), "before": before}))
    elif change is None:
        typer.echo(f"{name_of(champion)} is champion already")
    else:
        typer.echo(f"champion: {name_of(champion)}; before it {before}")


def _print(title: str, rows: Any) -> None:
    from pipeline.printing import frame_table, print_table

    readable = rows.rename(columns=lambda name: name.replace("_", " "))
    print_table(frame_table(readable, title, digits=4))
