"""The webhook: told once of each alert, and of what it missed."""

import datetime as dt
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from volcast.pipeline.job.monitoring.webhook import tell
from volcast.pipeline.ledger.ledger import Ledger

FIRST = dt.datetime(2024, 6, 3, 22, tzinfo=dt.UTC)
SECOND = FIRST + dt.timedelta(days=1)
NOBODY = "http://127.0.0.1:9/"  # the port of discard, on which nobody listens


class Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append(json.loads(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def listening():
    """Give the address of a webhook, and the list of what is posted to it."""
    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        server.seen = []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", server.seen
        finally:
            server.shutdown()
            thread.join(timeout=10)


@pytest.fixture
def ledger(tmp_path):
    with Ledger.to_write(tmp_path / "ledger.db") as ledger:
        yield ledger


def begin(ledger, subject, now):
    ledger.raise_alert("missing ticker", subject, f"{subject} is silent", {}, now=now)


def end(ledger, subject, now):
    ledger.clear_alert("missing ticker", subject, f"{subject} is there", {}, now=now)


def posted(*subjects):
    words = [f"missing ticker: {subject} is silent" for subject in subjects]
    return {"text": "\n".join(words), "alerts": words}


def test_new_alerts_are_posted_to_the_webhook_once(ledger):
    begin(ledger, "AAA", FIRST)
    with listening() as (webhook, seen):
        assert tell(webhook, ledger, now=FIRST) is None
        assert tell(webhook, ledger, now=FIRST) is None
        begin(ledger, "BBB", FIRST)  # by the same clock as the first
        assert tell(webhook, ledger, now=FIRST) is None
    assert seen == [posted("AAA"), posted("BBB")]


def test_what_a_post_that_failed_had_to_tell_is_told_with_the_next(ledger):
    begin(ledger, "AAA", FIRST)
    assert "could not be told" in tell(NOBODY, ledger, now=FIRST)
    begin(ledger, "BBB", SECOND)
    with listening() as (webhook, seen):
        assert tell(webhook, ledger, now=SECOND) is None
    assert seen == [posted("AAA", "BBB")]


def test_an_evening_killed_before_the_post_is_made_up_for(ledger):
    begin(ledger, "AAA", FIRST)
    with listening() as (webhook, seen):
        tell(webhook, ledger, now=FIRST)
        begin(ledger, "BBB", SECOND)  # and then killed
        tell(webhook, ledger, now=SECOND + dt.timedelta(days=1))
    assert seen[1:] == [posted("BBB")]


def test_what_was_over_before_it_could_be_told_is_not_told(ledger):
    begin(ledger, "AAA", FIRST)
    tell(NOBODY, ledger, now=FIRST)
    end(ledger, "AAA", SECOND)
    with listening() as (webhook, seen):
        assert tell(webhook, ledger, now=SECOND) is None
    assert seen == []


def test_an_alert_that_comes_back_is_told_again(ledger):
    with listening() as (webhook, seen):
        for change in (begin, end, begin):
            change(ledger, "AAA", FIRST)
            tell(webhook, ledger, now=FIRST)
    assert seen == [posted("AAA"), posted("AAA")]


def test_a_new_webhook_is_told_of_tonight_alone(ledger, tmp_path):
    begin(ledger, "AAA", FIRST)
    assert tell("", ledger, now=FIRST) is None
    assert not (tmp_path / "webhook.json").exists()
    begin(ledger, "BBB", SECOND)
    with listening() as (webhook, seen):
        tell(webhook, ledger, now=SECOND)
    assert seen == [posted("BBB")]


@pytest.mark.parametrize("note", ["", "{}", '{"told": 1000}'])
def test_a_note_that_is_damaged_or_of_another_ledger_hides_nothing_of_tonight(
    ledger, tmp_path, note
):
    (tmp_path / "webhook.json").write_text(note)
    begin(ledger, "AAA", FIRST)
    with listening() as (webhook, seen):
        tell(webhook, ledger, now=FIRST)
    assert seen == [posted("AAA")]


def test_an_address_that_is_none_stops_no_evening(ledger):
    begin(ledger, "AAA", FIRST)
    assert "could not be told" in tell("not an address", ledger, now=FIRST)
