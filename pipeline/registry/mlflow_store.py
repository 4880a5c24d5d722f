"""MLflow's store: opened quietly, its failures in words, moved along with the home folder."""

from __future__ import annotations

import logging
import os
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from filelock import FileLock, Timeout

from volcast.pipeline.errors import RegistryError
from volcast.pipeline.home import Home

TRACKING_VARIABLE = "VOLCAST_TRACKING_URI"
PATIENCE = 120.0  # seconds; making the tables takes some
# MLflow sends usage statistics, logs each migration, prints where a run can be seen, and looks for
# git, unless told not to.
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}
# Where MLflow's SQL store keeps absolute addresses of artefacts.
ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


def tracking_uri(home: Home, chosen: str | None = None) -> str:
    """Return the chosen store, else that of VOLCAST_TRACKING_URI, else SQLite under the home."""
    return chosen or os.environ.get(TRACKING_VARIABLE) or f"sqlite:///{home.registry.as_posix()}"


def is_local(home: Home, uri: str) -> bool:
    """Return whether a store is the one under the home folder."""
    return uri == f"sqlite:///{home.registry.as_posix()}"


def client(uri: str) -> Any:
    """Return MLflow's client of a store, its tables made if missing; to be `answering`."""
    from mlflow.tracking import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


@contextmanager
def answering(uri: str) -> Iterator[None]:
    """Turn what MLflow and SQLAlchemy raise into one ``RegistryError``; keep warnings quiet.

    Raises
    ------
    RegistryError
        The store does not answer, or MLflow is not installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        failures = _load()
        try:
            yield
        except failures as error:
            said = (str(error).splitlines() or [type(error).__name__])[0]
            raise RegistryError(
                f"the model registry {uri} does not answer ({said}); if it is damaged put back "
                "your last copy: forecasts go on with the champion noted in champion.json"
            ) from error


def _load() -> tuple[type[Exception], ...]:
    """Import MLflow, which takes seconds, and return what it raises."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import alembic  # noqa: F401  MLflow asks for it when it makes the tables
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError as error:
        raise RegistryError(
            f"the model registry needs MLflow ({error}); install it: pip install 'volcast[ops]'"
        ) from error
    logging.getLogger("alembic").setLevel(logging.ERROR)
    return MlflowException, SQLAlchemyError, sqlite3.Error, OSError


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """Open the store in one process at a time: two that make its tables would collide."""
    try:
        home.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(home.folder / ".registry.lock", timeout=PATIENCE):
            yield
    except Timeout as error:
        raise RegistryError(
            f"another process has been opening {home.registry} for {PATIENCE:.0f} s; end it"
        ) from error
    except OSError as error:
        raise RegistryError(
            f"cannot write to {home.folder}: {error.strerror}; choose another --home"
        ) from error


def relocate(home: Home, before: str, now: str) -> None:
    """Rewrite the addresses in the SQLite store of a home folder that was moved.

    MLflow keeps them absolute and has no call to change them.
    """
    with closing(sqlite3.connect(home.registry)) as connection, connection:
        for table, column in ADDRESSES:
            connection.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?) "
                f"WHERE substr({column}, 1, ?) = ?",
                (now, len(before) + 1, len(before), before),
            )
