"""MLflow's store: where it is, opening it without output, its errors, and a home that moved."""

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
LOCK_TIMEOUT = 120.0  # seconds; creating the tables takes some
# By default MLflow sends usage statistics, logs each migration, prints the address of each run, and
# looks for git.
ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}
# The columns of MLflow's SQL store that hold absolute addresses of artefacts.
ADDRESS_COLUMNS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


def resolve_tracking_uri(home: Home, chosen: str | None = None) -> str:
    """Return the URI of the chosen store, else VOLCAST_TRACKING_URI, else SQLite under the home.

    Examples
    --------
    >>> from pathlib import Path
    >>> resolve_tracking_uri(Home(Path("/srv/volcast")), "sqlite:///other.db")
    'sqlite:///other.db'
    """
    return chosen or os.environ.get(TRACKING_VARIABLE) or f"sqlite:///{home.registry.as_posix()}"


def is_local(home: Home, uri: str) -> bool:
    """Return whether a store is the one under the home folder."""
    return uri == f"sqlite:///{home.registry.as_posix()}"


def make_client(uri: str) -> Any:
    """Return MLflow's client of a store, its tables created if missing; use in `explain_errors`."""
    from mlflow.tracking import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


@contextmanager
def explain_errors(uri: str) -> Iterator[None]:
    """Turn what MLflow and SQLAlchemy raise into a ``RegistryError``, and suppress warnings.

    Raises
    ------
    RegistryError
        The store is not available, or MLflow is not installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        errors = _import_mlflow()
        try:
            yield
        except errors as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise RegistryError(
                f"the model registry {uri} is not available ({reason}); if it is damaged, restore "
                "your latest backup; until then the champion recorded in champion.json is used"
            ) from error


def _import_mlflow() -> tuple[type[Exception], ...]:
    """Import MLflow, which takes seconds, and return the errors that it raises."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        import alembic  # noqa: F401  MLflow needs it to create the tables
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError as error:
        raise RegistryError(
            f"the model registry needs MLflow ({error}); install it: pip install 'volcast[ops]'"
        ) from error
    logging.getLogger("alembic").setLevel(logging.ERROR)
    return MlflowException, SQLAlchemyError, sqlite3.Error, OSError


@contextmanager
def lock_store(home: Home) -> Iterator[None]:
    """Let one process at a time open the store: two that create its tables would collide."""
    try:
        home.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(home.folder / ".registry.lock", timeout=LOCK_TIMEOUT):
            yield
    except Timeout as error:
        raise RegistryError(
            f"another process has been opening {home.registry} for {LOCK_TIMEOUT:.0f} s; "
            "wait for it or end it"
        ) from error
    except OSError as error:
        raise RegistryError(
            f"cannot write to {home.folder}: {error.strerror}; choose another --home"
        ) from error


def rewrite_artifact_uris(home: Home, before: str, after: str) -> None:
    """Rewrite the addresses in the SQLite store of a home that was moved.

    MLflow stores them as absolute ones, and has no function that changes them.
    """
    with closing(sqlite3.connect(home.registry)) as connection, connection:
        for table, column in ADDRESS_COLUMNS:
            connection.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?) "
                f"WHERE substr({column}, 1, ?) = ?",
                (after, len(before) + 1, len(before), before),
            )
