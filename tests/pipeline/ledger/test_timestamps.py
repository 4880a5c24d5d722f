"""RFC 3161: requests that OpenSSL reads, and responses that hold the chain to its past."""

import datetime as dt
import json
import shutil
import subprocess

import pytest

from tests.pipeline.ledger.samples import AFTERWARDS, DAY, EVENING, forecast, small_ledger
from tests.pipeline.samples import volcast
from volcast.pipeline.errors import LedgerError, StorageError
from volcast.pipeline.home import Home
from volcast.pipeline.ledger import timestamps
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.timestamps import check_time_stamps, read_response, write_request

pytest.importorskip("pyasn1_modules", reason="time stamps need the extra `ops`")
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")

AUTHORITY = """
[req]
distinguished_name = name
[name]
[extensions]
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = authority
[authority]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256, sha512
"""


@pytest.fixture
def home(tmp_path):
    place = Home(tmp_path / "home")
    place.folder.mkdir()
    small_ledger(place.ledger)
    return place


def head_of(home):
    with Ledger.to_read(home.ledger) as ledger:
        return ledger.head()


def openssl(folder, *arguments):
    return subprocess.run(
        ["openssl", *map(str, arguments)], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def authority(tmp_path):
    """Return a function that answers a request as an authority does."""
    folder = tmp_path / "authority"
    folder.mkdir()
    (folder / "tsa.cnf").write_text(AUTHORITY)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem")
    signed = ("-x509", "-subj", "/CN=authority", "-days", "30", "-out", "authority.pem")
    config = ("-config", "tsa.cnf")
    openssl(folder, "req", *key, *signed, *config, "-extensions", "extensions")

    def answer(request):
        response = request.with_suffix(".tsr")
        signer = ("-signer", "authority.pem", "-inkey", "key.pem", "-out", response)
        openssl(folder, "ts", "-reply", "-queryfile", request, *signer, *config)
        return response

    return answer


@needs_openssl
def test_a_request_is_answered_and_the_answer_verified_by_openssl(home, authority, tmp_path):
    head = head_of(home)
    answer = volcast("ledger", "timestamp", "--home", home.folder)
    request = home.timestamps / "row-00000012.tsq"
    assert answer.code == 0 and str(request) in answer.out
    assert "Hash Algorithm: sha256" in openssl(tmp_path, "ts", "-query", "-in", request, "-text")
    response = authority(request)
    digest, time = read_response(response)
    assert digest == head.hash and abs(dt.datetime.now(dt.UTC) - time) < DAY
    verified = openssl(
        *(tmp_path, "ts", "-verify", "-digest", head.hash, "-in", response),
        *("-CAfile", tmp_path / "authority" / "authority.pem"),
    )
    assert "Verification: OK" in verified
    out = volcast("ledger", "verify", "--home", home.folder).out
    assert "row 12 existed at " in out and f"if the signature of {response} is valid" in out


@needs_openssl
def test_ledger_and_head_file_replaced_together_are_found_by_a_time_stamp(home, authority):
    response = authority(write_request(home, head_of(home), home.folder / "mine.tsq"))
    home.ledger.unlink()
    with Ledger.to_write(home.ledger) as ledger:
        ledger.add_forecasts([forecast(9e-4)], now=EVENING)
    verify = ("ledger", "verify", "--home", home.folder)
    assert volcast(*verify).code == 0
    said = volcast(*verify, "--timestamp", response).complaint
    assert said.startswith(f"the ledger {home.ledger} was rewritten: no row has the hash that")


@needs_openssl
def test_a_refused_request_or_another_hash_function_is_no_time_stamp(home, authority, tmp_path):
    other = tmp_path / "other.tsq"
    openssl(tmp_path, "ts", "-query", "-data", home.ledger, "-sha512", "-out", other)
    with pytest.raises(StorageError, match="stamps no SHA-256"):
        read_response(authority(other))
    openssl(tmp_path, "ts", "-query", "-data", home.ledger, "-sha384", "-out", other)
    with pytest.raises(StorageError, match="the authority refused the request"):
        read_response(authority(other))


@pytest.mark.parametrize("content", [b"", b"\x30\x03", b"<html>busy</html>", bytes(200)])
def test_a_file_that_is_no_response_is_a_storage_error(content, home):
    home.timestamps.mkdir()
    (home.timestamps / "row-1.tsr").write_bytes(content)
    said = volcast("ledger", "verify", "--home", home.folder).complaint
    assert said.endswith("row-1.tsr is not a time-stamp response; request it again, or delete it")
    missing = volcast("ledger", "verify", "--home", home.folder, "--timestamp", "nowhere.tsr")
    assert "nowhere.tsr" in missing.complaint or "row-1.tsr" in missing.complaint


def stamped(monkeypatch, home, seq, time):
    """Return the check of a response that stamps a row at a time."""
    with Ledger.to_read(home.ledger) as ledger:
        query = "SELECT hash FROM chain WHERE seq = ?"
        digest = ledger.connection.execute(query, (seq,)).fetchone()[0]
        monkeypatch.setattr(timestamps, "read_response", lambda path: (digest, time))
        return check_time_stamps(ledger, home, [home.folder / "a.tsr"])


def test_a_stamp_proves_the_forecasts_whose_target_had_not_begun(home, monkeypatch):
    """The first two forecasts are rows 1 and 5; the target of the second opens on Friday 14:30."""
    thursday = EVENING + DAY
    (stamp,) = stamped(monkeypatch, home, 5, thursday)
    assert (stamp.seq, stamp.time, stamp.live) == (5, thursday, 1)
    (late,) = stamped(monkeypatch, home, 5, AFTERWARDS)
    assert late.live == 0
    (sunday,) = stamped(monkeypatch, home, 12, AFTERWARDS)
    assert sunday.live == 1  # the third, whose target opens on Monday


def test_a_row_that_claims_to_be_younger_than_its_stamp_is_found(home, monkeypatch):
    with pytest.raises(LedgerError, match=r"row 12 .* says that it was written at .* was ahead"):
        stamped(monkeypatch, home, 12, EVENING)


def test_an_empty_ledger_has_nothing_to_stamp(tmp_path):
    Ledger.to_write(tmp_path / "ledger.db").close()
    said = volcast("ledger", "timestamp", "--home", tmp_path).complaint
    assert said == f"the ledger {tmp_path / 'ledger.db'} has no row to stamp yet"


def test_scripts_get_the_time_stamps(home, monkeypatch):
    head = head_of(home)
    monkeypatch.setattr(timestamps, "read_response", lambda path: (head.hash, AFTERWARDS))
    verify = ("ledger", "verify", "--home", home.folder, "--json")
    (stamp,) = json.loads(volcast(*verify, "--timestamp", "a.tsr").out)["timestamps"]
    assert stamp == {"file": "a.tsr", "seq": 12, "time": AFTERWARDS.isoformat(), "live": 1}
