"""The commands of the model registry: list, show, promote, rollback, compare, prune."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from volcast.pipeline.cli.options import Debug, HomeDir, Json

if TYPE_CHECKING:
    from volcast.pipeline.ledger.ledger import Ledger
    from volcast.pipeline.registry.registry import Registry
    from volcast.pipeline.registry.versions import Change, Version

# Names of the metrics that are losses: validation_qlike_5_network, and beside it that of HAR.
QLIKE = re.compile(r"(?P<kind>\w+_qlike)_(?P<horizon>\d+)(_(?P<model>\w+))?")
LIST_DIGITS = 3

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
    from volcast.pipeline.cli.printing import json_text

    versions = _registry(home, uri, made=False).versions()
    if as_json:
        typer.echo(json_text([asdict(each) for each in versions]))
        return
    import pandas as pd

    lines = pd.DataFrame([_line(each) for each in versions])
    _print("registered models", lines, digits=LIST_DIGITS)
    if any(QLIKE.fullmatch(name) for each in versions for name in each.metrics):
        typer.echo("of HAR: QLIKE on the validation as a share of HAR's, by horizon in sessions")


@models.command()
def show(
    version: Number,
    home: HomeDir = None,
    uri: Tracking = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Print all that is known of a version, and check its folder."""
    from volcast.pipeline.cli.printing import json_text

    registry = _registry(home, uri, made=False)
    found = registry.version(version)
    folder = registry.folder(found)
    if as_json:
        typer.echo(json_text({**asdict(found), "folder": folder}))
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
    from volcast.pipeline.registry import promotion

    grounds = promotion.Grounds.by_hand(who, why)
    with _both(home, uri) as (registry, ledger):
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
    from volcast.pipeline.registry import promotion

    grounds = promotion.Grounds.by_hand(who, why)
    with _both(home, uri) as (registry, ledger):
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
    from volcast.pipeline.cli.printing import json_text
    from volcast.pipeline.registry.versions import differences

    registry = _registry(home, uri, made=False)
    rows = differences(registry.version(one), registry.version(other))
    if as_json:
        typer.echo(json_text(rows.to_dict("records")))
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
    from volcast.pipeline.cli.printing import json_text

    gone = _registry(home, uri, made=False).prune(keep)
    lost = _count_forecasts(gone, home)
    if as_json:
        typer.echo(json_text({"removed": gone, "forecasts": lost}, indent=None))
        return
    typer.echo(f"removed {', '.join(map(str, gone))}" if gone else "nothing to remove")
    if lost:
        typer.echo(f"{lost:,} of the ledger's forecasts can no longer be made again")


def _registry(home: Path | None, uri: str | None, *, made: bool = True) -> Registry:
    """Return the registry, which is made if missing where it may be `made`.

    Raises
    ------
    RegistryError
        The home has none, and it is not to be made: a mistyped home leaves no database.
    """
    from volcast.pipeline.errors import RegistryError
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.registry import mlflow_store
    from volcast.pipeline.registry.registry import Registry

    place = resolve_home(home)
    own = mlflow_store.is_local(place, mlflow_store.tracking_uri(place, uri))
    if own and not made and not place.registry.exists():
        raise RegistryError(
            f"there is no registry in {place.folder}; `volcast retrain` makes one; or name its "
            "folder with --home"
        )
    return Registry(place, uri)


def _count_forecasts(gone: list[int], home: Path | None) -> int:
    """Return how many forecasts of the ledger were made by versions that are gone."""
    from volcast.models.baselines.catalogue import NETWORK
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.ledger.ledger import Ledger

    place = resolve_home(home)
    if not gone or not place.ledger.exists():
        return 0
    with Ledger.to_read(place.ledger) as ledger:
        rows = ledger.table("forecasts", columns=["model", "model_version"])
    by_them = (rows["model"] == NETWORK) & rows["model_version"].isin([str(n) for n in gone])
    return int(by_them.sum())


def _line(version: Version) -> dict[str, Any]:
    """Return what the list shows of a version; headings are short, for 80 columns."""
    from volcast.pipeline.registry.promotion import format_version
    from volcast.pipeline.registry.versions import HAR

    facts, metrics = version.facts, version.metrics
    line: dict[str, Any] = {
        "version": format_version(version),
        "aliases": ", ".join(version.aliases),
        "trained to": facts["trained_through"] or None,
        "registered": facts["registered_at"][: len("2018-01-03")] or None,
    }
    for name, value in metrics.items():
        found = QLIKE.fullmatch(name)
        if found and found["model"] != HAR:
            beside = metrics.get(f"{found['kind']}_{found['horizon']}_{HAR}")
            heading = "of HAR" if beside else "QLIKE"
            line[f"{heading}\n{found['horizon']}"] = value / beside if beside else value
    return line


@contextmanager
def _both(home: Path | None, uri: str | None) -> Iterator[tuple[Registry, Ledger]]:
    """Open registry and ledger, alone: a job at work in the home would not see the change."""
    from volcast.pipeline.files import lock_folder
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.ledger.ledger import Ledger

    place = resolve_home(home)
    with lock_folder(place.folder):
        registry = _registry(home, uri)
        with Ledger.to_write(place.ledger) as ledger:
            yield registry, ledger


def _tell(change: Change | None, champion: Version, as_json: bool) -> None:
    from volcast.pipeline.cli.printing import json_text
    from volcast.pipeline.registry.promotion import format_version

    before = format_version(change.before) if change else format_version(champion)
    if as_json:
        typer.echo(json_text({"champion": format_version(champion), "before": before}, indent=None))
    elif change is None:
        typer.echo(f"{format_version(champion)} is champion already")
    else:
        typer.echo(f"champion: {format_version(champion)}; before it {before}")


def _print(title: str, rows: Any, *, digits: int = 4) -> None:
    from volcast.pipeline.cli.printing import frame_table, print_table

    readable = rows.rename(columns=lambda name: name.replace("_", " "))
    print_table(frame_table(readable, title, digits=digits))
