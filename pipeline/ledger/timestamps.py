"""RFC 3161 time stamps of the ledger's last row: requests, and responses checked against the chain.

A time-stamping authority signs the hash of a row with the time. Who replaces the ledger, head.json
and every copy cannot replace that signature. Nothing is sent from here: the request is a file.

References
----------
Adams, Cain, Pinkas & Zuccherato (2001), RFC 3161: Internet X.509 Public Key Infrastructure
Time-Stamp Protocol.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from volcast.pipeline.errors import ConfigError, LedgerError, StorageError
from volcast.pipeline.files import write_file
from volcast.pipeline.home import Home
from volcast.pipeline.ledger.chain import Head
from volcast.pipeline.ledger.columns import format_moment
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.write_checks import CLOCK_CORRECTION

SHA_256 = "2.16.840.1.101.3.4.2.1"
GRANTED = (0, 1)  # RFC 3161, section 2.4.2: granted, granted with modifications
REQUEST, RESPONSE = ".tsq", ".tsr"


@dataclass(frozen=True)
class TimeStamp:
    """What a response proves, if its signature is valid (which is not checked here).

    Attributes
    ----------
    file
        The response.
    seq
        The number of the row whose hash it holds; that row and all before it existed at `time`.
    time
        In UTC.
    live
        The number of those forecasts whose target had not begun at `time`.
    """

    file: str
    seq: int
    time: dt.datetime
    live: int


def write_request(home: Home, head: Head, path: Path | None = None) -> Path:
    """Write a request to stamp the ledger's last row; return its path.

    Parameters
    ----------
    home
        The request is written to its folder `timestamps`, under the row's number.
    head
        The row.
    path
        Another file for the request.

    Raises
    ------
    ConfigError
        pyasn1-modules is not installed.
    LedgerError
        The ledger has no row yet.
    StorageError
        The file cannot be written.
    """
    if head.seq == 0:
        raise LedgerError(f"the ledger {home.ledger} has no row to stamp yet")
    chosen = path or home.timestamps / f"row-{head.seq:08d}{REQUEST}"
    request = build_request(bytes.fromhex(head.hash))
    if path is None:
        home.timestamps.mkdir(exist_ok=True)
    write_file(chosen, lambda unfinished: unfinished.write_bytes(request))
    return chosen


def build_request(digest: bytes) -> bytes:
    """Return a request (DER) for a SHA-256, with the authority's certificate in the response.

    Examples
    --------
    >>> len(build_request(bytes(32)))
    59
    """
    rfc3161, _, der = _import_asn1()
    request = rfc3161.TimeStampReq()
    request["version"] = 1
    request["messageImprint"]["hashAlgorithm"]["algorithm"] = SHA_256
    request["messageImprint"]["hashAlgorithm"]["parameters"] = b"\x05\x00"  # NULL
    request["messageImprint"]["hashedMessage"] = digest
    request["certReq"] = True
    return bytes(der.encoder.encode(request))


def check_time_stamps(ledger: Ledger, home: Home, others: Iterable[Path] = ()) -> list[TimeStamp]:
    """Check the responses in the home, and others, against the chain; its own check comes first.

    Raises
    ------
    LedgerError
        No row has the hash that was stamped, or that row claims to be younger than its stamp.
    StorageError
        A file cannot be read, or is not a response that grants a time stamp.
    """
    files = [*sorted(home.timestamps.glob(f"*{RESPONSE}")), *others]
    return [_check_response(ledger, file) for file in files]


def read_response(path: Path) -> tuple[str, dt.datetime]:
    """Return the hash (hexadecimal) and the time of a response.

    Raises
    ------
    StorageError
        The file cannot be read, or is not a response that grants a time stamp of a SHA-256.
    """
    rfc3161, rfc5652, der = _import_asn1()
    from pyasn1.error import PyAsn1Error

    try:
        response = der.decoder.decode(path.read_bytes(), asn1Spec=rfc3161.TimeStampResp())[0]
        if int(response["status"]["status"]) not in GRANTED:
            raise StorageError(f"{path}: the authority refused the request; send it again")
        token = response["timeStampToken"]["content"]
        signed = der.decoder.decode(token, asn1Spec=rfc5652.SignedData())[0]
        content = bytes(signed["encapContentInfo"]["eContent"])
        stamp = der.decoder.decode(content, asn1Spec=rfc3161.TSTInfo())[0]
        imprint = stamp["messageImprint"]
        if str(imprint["hashAlgorithm"]["algorithm"]) != SHA_256:
            raise StorageError(f"{path} stamps no SHA-256; it belongs to another request")
        return bytes(imprint["hashedMessage"]).hex(), stamp["genTime"].asDateTime
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}") from error
    except (PyAsn1Error, ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"{path} is not a time-stamp response; request it again, or delete it"
        ) from error


def _check_response(ledger: Ledger, path: Path) -> TimeStamp:
    digest, time = read_response(path)
    with ledger.snapshot() as connection:
        query = "SELECT seq, kind FROM chain WHERE hash = ?"
        found = connection.execute(query, (digest,)).fetchone()
        if found is None:
            raise LedgerError(
                f"the ledger {ledger.path} was rewritten: no row has the hash that {path} stamped "
                f"at {time:%Y-%m-%d %H:%M} UTC; restore your latest backup, unless the time stamp "
                "belongs to another ledger"
            )
        seq, kind = found
        query = f"SELECT written_at FROM {kind} WHERE seq = ?"
        written_at = dt.datetime.fromisoformat(connection.execute(query, (seq,)).fetchone()[0])
        if written_at > time + CLOCK_CORRECTION:
            raise LedgerError(
                f"row {seq} of the ledger {ledger.path} says that it was written at "
                f"{written_at:%Y-%m-%d %H:%M} UTC, but {path} stamped it at {time:%Y-%m-%d %H:%M} "
                "UTC: the clock that wrote it was ahead"
            )
        query = "SELECT count(*) FROM forecasts WHERE seq <= ? AND deadline > ?"
        live = connection.execute(query, (seq, format_moment(time))).fetchone()[0]
    return TimeStamp(str(path), seq, time, live)


def _import_asn1() -> tuple[Any, Any, Any]:
    """Return the modules of RFC 3161 and RFC 5652, and the codec of DER."""
    try:
        from pyasn1.codec import der
        from pyasn1.codec.der import decoder, encoder  # noqa: F401 (become attributes of `der`)
        from pyasn1_modules import rfc3161, rfc5652
    except ModuleNotFoundError as error:
        raise ConfigError(
            "time stamps need pyasn1-modules; install it with: pip install 'volcast[ops]'"
        ) from error
    return rfc3161, rfc5652, der
