"""The commands of the model registry: list, show, promote, rollback, compare, prune."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from volcast.pipeline.cli.clock import job_now
from volcast.pipeline.cli.command import command
from volcast.pipeline.cli.options import HomeDir, Json

if TYPE_CHECKING:
    from volcast.pipeline.ledger.ledger import Ledger
    from volcast.pipeline.registry.registry import Registry
    from volcast.pipeline.registry.versions import ChampionChange, Version

# Names of QLIKE metrics, such as validation_qlike_5_network; HAR's own has the suffix of HAR.
QLIKE = re.compile(r"(?P<kind>\w+_qlike)_(?P<horizon>\d+)(_(?P<model>\w+))?")
LIST_DIGITS = 3
DETAIL_DIGITS = 4

group = typer.Typer(
    no_args_is_help=True, help="Show registered models, and choose which one is champion."
)

Number = Annotated[int, typer.Argument(metavar="VERSION", help="Version number.")]
TrackingUri = Annotated[
    str | None,
    typer.Option(
        "--tracking-uri",
        metavar="URI",
        help="MLflow tracking store. Default: the store in the home folder.",
    ),
]
Who = Annotated[
    str, typer.Option("--who", help="Name of the person who decides; recorded in the ledger.")
]
Why = Annotated[str, typer.Option("--why", help="Reason for the decision; recorded in the ledger.")]


@command(group, "list")
def list_versions(home: HomeDir = None, uri: TrackingUri = None, as_json: Json = False) -> None:
    """Print all versions, the newest first."""
    from volcast.pipeline.cli.printing import print_frame, print_json

    versions = _open_registry(home, uri).versions()
    if as_json:
        print_json([asdict(each) for each in versions])
        return
    import pandas as pd

    rows = pd.DataFrame([_list_row(each) for each in versions])
    print_frame(rows, "Registered models", digits=LIST_DIGITS)
    if any(QLIKE.fullmatch(name) for each in versions for name in each.metrics):
        typer.echo("of HAR: validation QLIKE as a share of HAR's, by horizon in sessions")


@command(group)
def show(
    version: Number, home: HomeDir = None, uri: TrackingUri = None, as_json: Json = False
) -> None:
    """Print everything known about a version, and check its folder."""
    from volcast.pipeline.cli.printing import print_frame, print_json

    registry = _open_registry(home, uri)
    found = registry.version(version)
    folder = registry.folder(found)
    if as_json:
        print_json({**asdict(found), "folder": folder})
        return
    import pandas as pd

    known = {**found.facts, **found.metrics, **found.parameters}
    values = {"aliases": ", ".join(found.aliases), "folder": str(folder), **known}
    rows = pd.DataFrame({"name": list(values), "value": [str(each) for each in values.values()]})
    print_frame(rows, f"Version {found.number}")


@command(group)
def promote(
    version: Number,
    who: Who,
    why: Why,
    home: HomeDir = None,
    uri: TrackingUri = None,
    as_json: Json = False,
) -> None:
    """Make a version the champion, whatever the promotion gate decided."""
    from volcast.pipeline.registry import promotion

    justification = promotion.Justification.manual_override(who, why)
    with _open_to_change(home, uri) as (registry, ledger):
        change = promotion.promote(registry, ledger, version, justification, now=job_now())
        _print_champion(change, registry.champion(), as_json)


@command(group)
def rollback(
    who: Who, why: Why, home: HomeDir = None, uri: TrackingUri = None, as_json: Json = False
) -> None:
    """Return to the version that was champion before the current one."""
    from volcast.pipeline.registry import promotion

    justification = promotion.Justification.manual_override(who, why)
    with _open_to_change(home, uri) as (registry, ledger):
        change = promotion.rollback(registry, ledger, justification, now=job_now())
        _print_champion(change, registry.champion(), as_json)


@command(group)
def compare(
    one: Number,
    other: Annotated[int, typer.Argument(metavar="OTHER", help="Number of the other version.")],
    home: HomeDir = None,
    uri: TrackingUri = None,
    as_json: Json = False,
) -> None:
    """Print the metrics of two versions and the settings in which they differ."""
    from volcast.pipeline.cli.printing import print_frame, print_json
    from volcast.pipeline.registry.versions import compare_versions

    registry = _open_registry(home, uri)
    rows = compare_versions(registry.version(one), registry.version(other))
    if as_json:
        print_json(rows.to_dict("records"))
        return
    names = {"one": f"version {one}", "other": f"version {other}"}
    title = f"Versions {one} and {other}"
    print_frame(rows.rename(columns=names), title, digits=DETAIL_DIGITS)


@command(group)
def prune(
    keep: Annotated[int, typer.Option(min=0, help="Number of newest versions to keep.")],
    home: HomeDir = None,
    uri: TrackingUri = None,
    as_json: Json = False,
) -> None:
    """Remove old versions; never champion, challenger, HAR or the previous champion."""
    from volcast.pipeline.cli.printing import print_json
    from volcast.pipeline.text import format_count

    removed = _open_registry(home, uri).prune(keep)
    lost = _count_forecasts(removed, home)
    if as_json:
        print_json({"removed": removed, "forecasts": lost}, indent=None)
        return
    typer.echo(f"removed {', '.join(map(str, removed))}" if removed else "nothing to remove")
    if lost:
        typer.echo(f"{format_count(lost, 'forecast')} in the ledger can no longer be rebuilt")


def _open_registry(home: Path | None, uri: str | None) -> Registry:
    """Return the registry; ``RegistryError`` if there is none: a typo creates no database."""
    from volcast.pipeline.errors import RegistryError
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.registry import mlflow_store
    from volcast.pipeline.registry.registry import Registry

    place = resolve_home(home)
    local = mlflow_store.is_local(place, mlflow_store.resolve_tracking_uri(place, uri))
    if local and not place.registry.exists():
        raise RegistryError(
            f"there is no registry in {place.folder}; create one with `volcast retrain`, or name "
            "its folder with --home"
        )
    return Registry(place, uri)


@contextmanager
def _open_to_change(home: Path | None, uri: str | None) -> Iterator[tuple[Registry, Ledger]]:
    """Open registry and ledger with the home locked: a running job would not see the change."""
    from volcast.pipeline.files import lock_folder
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.ledger.head_file import write_head
    from volcast.pipeline.ledger.ledger import Ledger
    from volcast.pipeline.registry.registry import Registry

    place = resolve_home(home)
    with lock_folder(place.folder):
        registry = Registry(place, uri)
        with Ledger.to_write(place.ledger) as ledger:
            yield registry, ledger
            write_head(place, ledger.head())


def _count_forecasts(removed: list[int], home: Path | None) -> int:
    """Return the number of forecasts in the ledger that removed versions issued."""
    from volcast.models.baselines.catalogue import NETWORK
    from volcast.pipeline.home import resolve_home
    from volcast.pipeline.ledger.ledger import Ledger

    place = resolve_home(home)
    if not removed or not place.ledger.exists():
        return 0
    with Ledger.to_read(place.ledger) as ledger:
        rows = ledger.table("forecasts", columns=["model", "model_version"])
    versions = [str(number) for number in removed]
    return int(((rows["model"] == NETWORK) & rows["model_version"].isin(versions)).sum())


def _list_row(version: Version) -> dict[str, Any]:
    """Return the row of a version in the list; headings are short, to fit 80 columns."""
    from volcast.pipeline.registry.promotion import format_version
    from volcast.pipeline.registry.versions import HAR

    facts, metrics = version.facts, version.metrics
    row: dict[str, Any] = {
        "version": format_version(version),
        "aliases": ", ".join(version.aliases),
        "trained to": facts["trained_through"] or None,
        "registered": facts["registered_at"][: len("2018-01-03")] or None,
    }
    for name, value in metrics.items():
        found = QLIKE.fullmatch(name)
        if found and found["model"] != HAR:
            reference = metrics.get(f"{found['kind']}_{found['horizon']}_{HAR}")
            heading = "of HAR" if reference else "QLIKE"
            row[f"{heading}\n{found['horizon']}"] = value / reference if reference else value
    return row


def _print_champion(change: ChampionChange | None, champion: Version, as_json: bool) -> None:
    from volcast.pipeline.cli.printing import print_json
    from volcast.pipeline.registry.promotion import format_version

    now = format_version(champion)
    before = format_version(change.before) if change else now
    if as_json:
        print_json({"champion": now, "before": before}, indent=None)
    elif change is None:
        typer.echo(f"{now} is already champion")
    else:
        typer.echo(f"champion: {now}; before: {before}")
