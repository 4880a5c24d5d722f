"""Tokens: 256 random bits each, of which only the SHA-256 is stored.

A token is ``volcast_ID_SECRET``. A hash that is slow to compute would protect a password; a secret
of 256 random bits can neither be guessed from its SHA-256 nor tried out.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from volcast.pipeline.errors import ConfigError, StorageError
from volcast.pipeline.files import write_file

FORMAT = 1
OWNER_ONLY = 0o600
SECRET_BYTES = 32
LOCK_TIMEOUT = 10.0  # seconds
PATTERN = re.compile(r"volcast_(?P<id>[0-9a-f]{12})_(?P<secret>[A-Za-z0-9_-]{43})")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
NOBODY = hashlib.sha256(b"no token").hexdigest()  # compared with if there is no such token
Role = Literal["read", "admin"]
ROLES: tuple[Role, ...] = ("read", "admin")


@dataclass(frozen=True)
class Token:
    """What is stored of a token.

    Attributes
    ----------
    id
        Identifies it; it is part of the token, and no secret.
    name
        Of the person or the program that has it; the log and the ledger name it.
    role
        read, or admin: may also retrain and change the champion.
    digest
        SHA-256 of its secret.
    created_at, revoked_at
        Moments in UTC; `revoked_at` is None for a token that is valid.
    """

    id: str
    name: str
    role: Role
    digest: str
    created_at: str
    revoked_at: str | None = None


class TokenFile:
    """The tokens of a server, in a file that only its owner reads.

    Parameters
    ----------
    path
        The JSON file; it is created with the first token. A change counts at the next request.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, int, int] | None = None
        self._tokens: dict[str, Token] = {}

    def list_tokens(self) -> list[Token]:
        """Return all tokens, the revoked ones as well.

        Raises
        ------
        StorageError
            The file is damaged or cannot be read.
        """
        self._refresh()
        return list(self._tokens.values())

    def find(self, text: str) -> Token | None:
        """Return the valid token that a text is; None for any other text."""
        self._refresh()
        parts = PATTERN.fullmatch(text)
        token = self._tokens.get(parts["id"]) if parts else None
        given = _hash_secret(parts["secret"] if parts else "")
        same = hmac.compare_digest(given, token.digest if token else NOBODY)
        return token if token is not None and same and token.revoked_at is None else None

    def is_valid(self, identifier: str) -> bool:
        """Return whether the token of that id exists and was not revoked."""
        self._refresh()
        token = self._tokens.get(identifier)
        return token is not None and token.revoked_at is None

    def create(self, name: str, role: Role, now: dt.datetime) -> str:
        """Add a token; return its text, which is stored nowhere.

        Raises
        ------
        ConfigError
            The name breaks its rule, or a valid token has it.
        StorageError
            The file cannot be written.
        """
        if not NAME.fullmatch(name):
            raise ConfigError(
                "the name of a token must have 1 to 64 letters, digits and . _ @ -, and begin with "
                f"a letter or digit; got {name!r}"
            )
        secret = secrets.token_urlsafe(SECRET_BYTES)
        moment = f"{now.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
        token = Token(secrets.token_hex(6), name, role, _hash_secret(secret), moment)
        with self._changing() as tokens:
            if any(each.name == name and each.revoked_at is None for each in tokens.values()):
                raise ConfigError(f"there is a token {name!r}; revoke it first, or choose a name")
            tokens[token.id] = token
        return f"volcast_{token.id}_{secret}"

    def revoke(self, name: str, now: dt.datetime) -> None:
        """Revoke the valid token of a name; the next request with it is refused.

        Raises
        ------
        ConfigError
            No valid token has that name.
        StorageError
            The file cannot be written.
        """
        with self._changing() as tokens:
            found = [each for each in tokens.values() if each.name == name and not each.revoked_at]
            if not found:
                known = ", ".join(sorted(t.name for t in tokens.values() if not t.revoked_at))
                raise ConfigError(f"no valid token is named {name!r}; there are: {known or 'none'}")
            moment = f"{now.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
            tokens[found[0].id] = replace(found[0], revoked_at=moment)

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Token]]:
        """Yield the tokens to change, and write them; one process at a time."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self.path.with_name(f".{self.path.name}.lock"), timeout=LOCK_TIMEOUT):
                self._stamp = None
                self._refresh()
                tokens = dict(self._tokens)
                yield tokens
                write_file(self.path, lambda unfinished: _write(unfinished, tokens))
        except Timeout as error:
            raise StorageError(f"another process is changing {self.path}; try again") from error
        except OSError as error:
            raise StorageError(
                f"cannot write the tokens {self.path}: {error.strerror}; choose another "
                "--token-file"
            ) from error

    def _refresh(self) -> None:
        """Read the file if it changed since it was last read."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            self._stamp, self._tokens = None, {}
            return
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if stamp != self._stamp:
            self._tokens, self._stamp = _read(self.path), stamp


def _hash_secret(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _write(path: Path, tokens: dict[str, Token]) -> None:
    document = {"format": FORMAT, "tokens": [asdict(each) for each in tokens.values()]}
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(json.dumps(document, indent=1) + "\n")


def _read(path: Path) -> dict[str, Token]:
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise ValueError(f"its format is {document['format']}, not {FORMAT}")
        return {each["id"]: Token(**each) for each in document["tokens"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"the tokens {path} cannot be read ({error}); restore your latest backup, or delete "
            "the file and create new tokens"
        ) from error
