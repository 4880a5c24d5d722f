"""The webhook: notified of each alert once, also of those that it missed."""

import datetime as dt
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from volcast.pipeline.job.monitoring.webhook import post_alerts, post_head
from volcast.pipeline.ledger.ledger import Ledger

FIRST = dt.datetime(2024, 6, 3, 22, tzinfo=dt.UTC)
SECOND = FIRST + dt.timedelta(days=1)
NOBODY = "http://127.0.0.1:9/"  # the port of discard, on which nothing listens


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


def raise_alert(ledger, subject, now):
    ledger.raise_alert("missing ticker", subject, f"{subject} is silent", {}, now=now)


def clear_alert(ledger, subject, now):
    ledger.clear_alert("missing ticker", subject, f"{subject} is there", {}, now=now)


def posted(*subjects):
    words = [f"missing ticker: {subject} is silent" for subject in subjects]
    return {"text": "\n".join(words), "alerts": words}


def test_new_alerts_are_posted_to_the_webhook_once(ledger):
    raise_alert(ledger, "AAA", FIRST)
    with listening() as (webhook, seen):
        assert post_alerts(webhook, ledger, now=FIRST) is None
        assert post_alerts(webhook, ledger, now=FIRST) is None
        raise_alert(ledger, "BBB", FIRST)  # by the same clock as the first
        assert post_alerts(webhook, ledger, now=FIRST) is None
    assert seen == [posted("AAA"), posted("BBB")]


def test_the_alerts_of_a_failed_post_are_posted_with_the_next(ledger):
    raise_alert(ledger, "AAA", FIRST)
    assert "could not be notified" in post_alerts(NOBODY, ledger, now=FIRST)
    raise_alert(ledger, "BBB", SECOND)
    with listening() as (webhook, seen):
        assert post_alerts(webhook, ledger, now=SECOND) is None
    assert seen == [posted("AAA", "BBB")]


def test_the_alerts_of_a_run_killed_before_the_post_are_posted_later(ledger):
    raise_alert(ledger, "AAA", FIRST)
    with listening() as (webhook, seen):
        post_alerts(webhook, ledger, now=FIRST)
        raise_alert(ledger, "BBB", SECOND)  # and then killed
        post_alerts(webhook, ledger, now=SECOND + dt.timedelta(days=1))
    assert seen[1:] == [posted("BBB")]


def test_an_alert_cleared_before_it_could_be_posted_is_not_posted(ledger):
    raise_alert(ledger, "AAA", FIRST)
    post_alerts(NOBODY, ledger, now=FIRST)
    clear_alert(ledger, "AAA", SECOND)
    with listening() as (webhook, seen):
        assert post_alerts(webhook, ledger, now=SECOND) is None
    assert seen == []


def test_an_alert_raised_again_is_posted_again(ledger):
    with listening() as (webhook, seen):
        for change in (raise_alert, clear_alert, raise_alert):
            change(ledger, "AAA", FIRST)
            post_alerts(webhook, ledger, now=FIRST)
    assert seen == [posted("AAA"), posted("AAA")]


def test_a_new_webhook_is_notified_of_todays_alerts_only(ledger, tmp_path):
    raise_alert(ledger, "AAA", FIRST)
    assert post_alerts("", ledger, now=FIRST) is None
    assert not (tmp_path / "webhook.json").exists()
    raise_alert(ledger, "BBB", SECOND)
    with listening() as (webhook, seen):
        post_alerts(webhook, ledger, now=SECOND)
    assert seen == [posted("BBB")]


@pytest.mark.parametrize("state", ["", "{}", '{"told": 1000}'])
def test_a_state_file_that_is_damaged_or_of_another_ledger_hides_no_alert_of_today(
    ledger, tmp_path, state
):
    (tmp_path / "webhook.json").write_text(state)
    raise_alert(ledger, "AAA", FIRST)
    with listening() as (webhook, seen):
        post_alerts(webhook, ledger, now=FIRST)
    assert seen == [posted("AAA")]


def test_an_invalid_address_stops_no_daily_run(ledger):
    raise_alert(ledger, "AAA", FIRST)
    assert "could not be notified" in post_alerts("not an address", ledger, now=FIRST)


def test_the_last_row_is_posted_as_a_copy_that_is_kept_elsewhere(ledger):
    raise_alert(ledger, "AAA", FIRST)
    head = ledger.head()
    with listening() as (webhook, seen):
        assert post_head(webhook, head, FIRST.date()) is None
    (body,) = seen
    assert body["head"] == {"seq": 1, "hash": head.hash} and body["alerts"] == []
    assert body["text"] == f"ledger after 2024-06-03: row 1, {head.hash}"
    assert post_head("", head, FIRST.date()) is None
    assert "last row could not be posted" in str(post_head(NOBODY, head, FIRST.date()))
