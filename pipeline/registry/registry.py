"""The registry of model versions, kept by MLflow; HAR is always in it, as the fallback."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any

from volcast.pipeline.errors import RegistryError
from volcast.pipeline.files import hash_path, write_folder
from volcast.pipeline.home import Home
from volcast.pipeline.registry import mlflow_store
from volcast.pipeline.registry.champion_file import Champion, check_folder, write_champion
from volcast.pipeline.registry.mlflow_store import answering
from volcast.pipeline.registry.versions import (
    CHALLENGER,
    CHAMPION,
    FALLBACK,
    HAR,
    Change,
    ModelFacts,
    Version,
)
from volcast.pipeline.version import __version__

NAME = "volcast"  # of MLflow's registered model and of its experiment
ARTIFACT = "model"
EVERYTHING = 50_000  # the most that MLflow returns at once
BATCH = 1_000  # the most metrics that MLflow takes at once
TAG = "volcast."
SERVERS = ("http", "databricks")


class Registry:
    """The model versions of one home.

    Opening it makes the store and registers HAR, if that has not been done. Version folders lie
    under ``HOME/models``; those of another tracking store are fetched there when they are needed.

    Parameters
    ----------
    home
        The home folder.
    uri
        MLflow's tracking URI; None: VOLCAST_TRACKING_URI, else SQLite under the home.
    """

    def __init__(self, home: Home, uri: str | None = None) -> None:
        self.home = home
        self.uri = mlflow_store.tracking_uri(home, uri)
        self.local = mlflow_store.is_local(home, self.uri)
        if self.local and home.champion.exists() and not home.registry.exists():
            raise RegistryError(
                f"{home.registry} is missing, and {home.champion} says that there was one; put "
                "back your last copy, or begin another --home: numbers are never used twice"
            )
        with mlflow_store.alone(home), answering(self.uri):
            self._client = mlflow_store.client(self.uri)
            self._experiment = self._opened()
            self._register_har()

    def register(self, folder: Path, facts: ModelFacts, *, now: dt.datetime | None) -> Version:
        """Return the version of the model in `folder` (`registry.model_folder`), made if new.

        A model whose `facts.key` is registered already is that version. The folder is copied. A
        process killed on the way leaves no version, and its next call starts over.
        """
        known = self._by_key(facts.key)
        if known is not None:
            return known
        tags = {
            "key": facts.key,
            "model": facts.model,
            "digest": str(hash_path(folder)),
            "data_hash": facts.data_hash,
            "config_hash": facts.config_hash,
            "recipe": facts.recipe,
            "code_version": __version__,
            "registered_at": now.isoformat(timespec="seconds") if now else "",
            "trained_through": facts.trained_through.isoformat() if facts.trained_through else "",
        }
        with answering(self.uri):
            self._discard_unfinished(facts.key)
            tagged = {TAG + name: value for name, value in tags.items()}
            name = f"{facts.model} {facts.trained_through or ''}".strip()
            run = self._client.create_run(self._experiment, run_name=name, tags=tagged).info
            self._keep(folder, run.run_id)
            self._log(run.run_id, facts, int(now.timestamp() * 1000) if now else 0)
            self._client.set_terminated(run.run_id)
            source = f"{run.artifact_uri}/{ARTIFACT}"
            made = self._client.create_model_version(NAME, source, run.run_id, tags=tagged)
        return self.version(int(made.version))

    def versions(self) -> list[Version]:
        """Return all versions, the newest first."""
        with answering(self.uri):
            runs = {
                run.info.run_id: run.data
                for run in self._client.search_runs([self._experiment], max_results=EVERYTHING)
            }
            found = self._client.search_model_versions(f"name = '{NAME}'", max_results=10_000)
            aliases = self._aliases()
        made = [_version(each, runs.get(each.run_id), aliases) for each in found]
        return sorted(made, key=lambda each: -each.number)

    def version(self, number: int) -> Version:
        """Return a version; ``RegistryError`` if there is none of that number."""
        found = [each for each in self.versions() if each.number == number]
        if not found:
            there = ", ".join(str(each.number) for each in self.versions())
            raise RegistryError(f"there is no version {number}; registered are {there}")
        return found[0]

    def fallback(self) -> Version:
        """Return HAR's version."""
        return self._with(FALLBACK)[0]

    def champion(self) -> Version:
        """Return the champion; HAR where none was ever promoted. Notes it in champion.json."""
        version = (self._with(CHAMPION) or self._with(FALLBACK))[0]
        self._note(version)
        return version

    def challenger(self) -> Version | None:
        """Return the challenger, if there is one."""
        return next(iter(self._with(CHALLENGER)), None)

    def set_challenger(self, version: Version | None) -> None:
        """Make a version the challenger, or have none."""
        with answering(self.uri):
            if version is not None:
                self._client.set_registered_model_alias(NAME, CHALLENGER, str(version.number))
            elif CHALLENGER in self._aliases():
                self._client.delete_registered_model_alias(NAME, CHALLENGER)

    def promotion(self, number: int) -> Change | None:
        """Return what promoting a version would change; None if it is champion already."""
        before, after = self.champion(), self.version(number)
        return None if before.number == after.number else Change("promote", before, after)

    def reversal(self) -> Change:
        """Return what rolling back would change: to the version that the champion took over from.

        Raises
        ------
        RegistryError
            There was no champion before.
        """
        before = self.champion()
        over = before.facts.get("promoted_over")
        if over is None:
            raise RegistryError(
                f"version {before.number} is the first champion: there is none to roll back to; "
                "name one with `volcast models promote`"
            )
        return Change("rollback", before, self.version(int(over)))

    def apply(self, change: Change) -> None:
        """Make `change.after` the champion; see `registry.promotion`, which also writes why."""
        after = str(change.after.number)
        with answering(self.uri):
            if change.action != "rollback":  # so that two in a row go back two steps
                over = str(change.before.number)
                self._client.set_model_version_tag(NAME, after, f"{TAG}promoted_over", over)
            self._client.set_registered_model_alias(NAME, CHAMPION, after)
            if CHALLENGER in change.after.aliases:
                self._client.delete_registered_model_alias(NAME, CHALLENGER)
        self._note(change.after)

    def folder(self, version: Version) -> Path:
        """Return the folder of a version's model, fetched from another store if need be.

        Raises
        ------
        RegistryError
            It is missing, or not what was registered.
        """
        folder = self._place(version.run)
        if not self.local and not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            with answering(self.uri):
                self._client.download_artifacts(version.run, ARTIFACT, str(folder.parent))
        check_folder(folder, version.facts["digest"])
        return folder

    def prune(self, keep: int) -> list[int]:
        """Remove all but the newest `keep` versions; return which went.

        Those with an alias stay, and the one that a rollback would return to. Forecasts of a
        removed version stay in the ledger, and can no longer be made again.
        """
        if keep < 0:
            raise RegistryError(f"prune must keep 0 versions or more; got {keep}")
        versions = self.versions()
        over = self.champion().facts.get("promoted_over")
        gone = [
            each
            for each in versions[keep:]
            if not each.aliases and str(each.number) != over and each.model != HAR
        ]
        for version in gone:
            with answering(self.uri):
                self._client.delete_model_version(NAME, str(version.number))
                self._client.delete_run(version.run)
            shutil.rmtree(self._place(version.run).parent.parent, ignore_errors=True)
        return [version.number for version in gone]

    def _opened(self) -> str:
        """Return MLflow's experiment, made if missing, with its artefacts under the home.

        A server has a place of its own for them; without one MLflow would take the working folder.
        """
        place = None if self.uri.startswith(SERVERS) else self.home.models.as_uri()
        found = self._client.get_experiment_by_name(NAME)
        if found is None:
            return str(self._client.create_experiment(NAME, artifact_location=place))
        if self.local and place is not None and found.artifact_location != place:
            mlflow_store.relocate(self.home, found.artifact_location, place)
        return str(found.experiment_id)

    def _register_har(self) -> None:
        if not self._client.search_registered_models(f"name = '{NAME}'"):
            self._client.create_registered_model(NAME)
        if FALLBACK in self._aliases():
            return
        folder = self.home.models / ".har"
        write_folder(folder, _describe_har)
        version = self.register(folder, ModelFacts(HAR, HAR, parameters={"model": HAR}), now=None)
        shutil.rmtree(folder)
        self._client.set_registered_model_alias(NAME, FALLBACK, str(version.number))

    def _aliases(self) -> dict[str, int]:
        aliases = self._client.get_registered_model(NAME).aliases
        return {alias: int(number) for alias, number in aliases.items()}

    def _with(self, alias: str) -> list[Version]:
        return [each for each in self.versions() if alias in each.aliases]

    def _by_key(self, key: str) -> Version | None:
        return next((each for each in self.versions() if each.facts["key"] == key), None)

    def _discard_unfinished(self, key: str) -> None:
        """Remove what a killed registration of the same model left."""
        left = self._client.search_runs([self._experiment], f"tags.`{TAG}key` = '{key}'")
        for run in left:
            self._client.delete_run(run.info.run_id)
            shutil.rmtree(self._place(run.info.run_id).parent.parent, ignore_errors=True)

    def _place(self, run: str) -> Path:
        return self.home.models / run / "artifacts" / ARTIFACT

    def _keep(self, folder: Path, run: str) -> None:
        """Copy a model folder to where MLflow looks for the artefacts of a run."""
        place = self._place(run)
        if not self.local:
            self._client.log_artifacts(run, str(folder), ARTIFACT)
            return
        place.parent.mkdir(parents=True)
        write_folder(place, lambda to: _copy(folder, to))

    def _log(self, run: str, facts: ModelFacts, moment: int) -> None:
        """Write parameters, metrics and curves under a run."""
        from mlflow.entities import Metric, Param

        settings = [Param(name, str(value)) for name, value in facts.parameters.items()]
        numbers = [Metric(name, float(v), moment, 0) for name, v in facts.metrics.items()]
        if facts.curves is not None:
            medians = facts.curves.groupby("epoch")[["train_loss", "val_loss"]].median()
            numbers += [
                Metric(str(name), float(value), moment, int(epoch))
                for name, curve in medians.items()
                for epoch, value in zip(curve.index, curve, strict=True)
            ]
        self._client.log_batch(run, params=settings)
        for start in range(0, len(numbers), BATCH):
            self._client.log_batch(run, metrics=numbers[start : start + BATCH])
        if facts.configuration:
            self._client.log_text(run, facts.configuration, "config.toml")

    def _note(self, version: Version) -> None:
        folder = self._place(version.run).relative_to(self.home.folder).as_posix()
        note = Champion(version.number, version.model, folder, version.facts["digest"])
        write_champion(self.home, note)


def _version(made: Any, run: Any, aliases: dict[str, int]) -> Version:
    tags = {k.removeprefix(TAG): v for k, v in made.tags.items() if k.startswith(TAG)}
    number = int(made.version)
    return Version(
        number=number,
        aliases=tuple(sorted(alias for alias, at in aliases.items() if at == number)),
        facts=tags,
        parameters=dict(run.params) if run else {},
        metrics=dict(run.metrics) if run else {},
        run=made.run_id,
    )


def _copy(folder: Path, to: Path) -> None:
    for file in sorted(folder.rglob("*")):
        copy = to / file.relative_to(folder)
        if file.is_dir():
            copy.mkdir(parents=True, exist_ok=True)
        else:
            shutil.copyfile(file, copy)


def _describe_har(folder: Path) -> None:
    text = json.dumps({"model": HAR, "note": "fitted anew from the bars of each day"}, indent=1)
    (folder / "model.json").write_text(text, encoding="utf-8")
