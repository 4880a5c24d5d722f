import datetime as dt
import json
import re
import shutil
import subprocess
import sys

import pytest

from tests.pipeline.ledger.samples import forecast
from tests.pipeline.serve.samples import CHAMPION, NOW, Client, make_home, serving
from volcast.pipeline.home import Home
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.serve.admin import champion_change, retraining
from volcast.pipeline.serve.pages.model_routes import draw_evidence
from volcast.pipeline.serve.security.sessions import COOKIE, LASTS

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PAGES = ("/", "/ticker/AAA", "/models", "/models/2", "/evenings", "/health", "/login")


@pytest.fixture
def signed_in(home, tmp_path):
    """A browser's client, signed in with an admin's token, and its home."""
    copy = Home(shutil.copytree(home.folder, tmp_path / "home"))
    with serving(copy) as client:
        tokens = client.app.state.tokens
        client.tokens = {role: tokens.create(role, role, NOW) for role in ("read", "admin")}
        client.home = copy
        sign_in(client, client.tokens["admin"])
        yield client


def sign_in(client, token, **more):
    return client.post("/login", data={"token": token, **more}, headers=HTML)


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_whole_and_have_no_script_or_style_inside(server, path):
    answer = server.get(path, headers=HTML)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.count("<h1") == 1 and "</html>" in answer.text
    assert not re.search(r"<script|<style| style=| on\w+=", answer.text)
    assert "'unsafe" not in answer.headers["content-security-policy"]


def test_the_style_sheet_is_kept_by_its_content(server):
    address = re.search(r'href="(/static/style.css\?v=\w+)"', server.get("/").text).group(1)
    answer = server.get(address)
    assert answer.headers["content-type"].startswith("text/css")
    assert "max-age" in answer.headers["cache-control"]


def test_the_overview_has_alerts_before_numbers_and_changes(server):
    text = server.get("/").text
    assert text.index("Open alerts (1)") < text.index("QLIKE over") < text.index("What changed")
    assert "no bar in HOME/bars" in text
    newest = server.get("/v1/forecasts?ticker=AAA&limit=2").json()["items"]
    assert f"{newest[0]['volatility']:.1f}" in text
    change = newest[0]["volatility"] - newest[1]["volatility"]
    assert f"{change:+.1f}".replace("-", "\N{MINUS SIGN}") in text
    assert "promote, network 2: better, by Ann" in text


def test_the_overview_names_the_model_of_the_forecasts_and_a_newer_champion(home, tmp_path):
    copy = Home(shutil.copytree(home.folder, tmp_path / "home"))
    with serving(copy) as client:
        assert "2 tickers, by network 2; 1 alert open" in client.get("/").text
        copy.champion.write_text(json.dumps({**CHAMPION, "version": 3}))
        assert "by network 2; the champion is now network 3; 1 alert open" in client.get("/").text


def test_the_evidence_is_drawn_up_to_a_million_with_what_is_required():
    rows = [
        {"key": f"gate 2018-01-0{number}", "numbers": {"challenge": {"evidence": evidence}}}
        for number, evidence in enumerate((1e23, 0.5, 12.0), 1)
    ]
    assert ">6</text>" in draw_evidence(rows, 20.0) and ">20</text>" not in draw_evidence(
        rows, 20.0
    )
    assert 'class="line limit"' in draw_evidence(rows, 20.0)
    assert 'class="line limit"' not in draw_evidence(rows, None)


def test_the_overview_selects_and_sorts(server):
    assert "/ticker/BBB" not in server.get("/?q=aa").text.split('id="tickers"')[1]
    assert "No ticker begins with that" in server.get("/?q=zz").text
    for order in ("ticker", "change", "volatility", "report"):
        assert server.get(f"/?sort={order}&page=99").status_code == 200
    assert server.get("/?sort=x").status_code == 422


def test_a_ticker_that_lacks_tonights_forecast_is_named(tmp_path):
    home = Home(tmp_path)
    days = [dt.date(2018, 1, 3), dt.date(2018, 1, 4)]
    with Ledger.to_write(home.ledger) as ledger:
        for number, day in enumerate(days):
            tickers = ("AAA", "BTC/USD")[: 2 - number]
            rows = [forecast(1e-4, day, ticker=ticker) for ticker in tickers]
            ledger.add_forecasts(rows, now=dt.datetime.combine(day, dt.time(23), dt.UTC))
    with serving(home) as client:
        text = client.get("/").text
        assert "Without a forecast of 2018-01-04: BTC/USD" in text
        assert client.get("/ticker/BTC/USD").status_code == 200


def test_a_ticker_shows_its_history(server):
    text = server.get("/ticker/AAA").text
    assert text.count('<svg class="chart') == 2
    assert "over 30 sessions" in text and "issued forecast" in text
    missing = server.get("/ticker/%3Cscript%3E", headers=HTML)
    assert missing.status_code == 404 and "<script" not in missing.text


def test_a_browser_gets_errors_as_pages_and_a_program_as_problems(server):
    assert "<h1>Not Found</h1>" in server.get("/models/99", headers=HTML).text
    assert server.get("/models/99").headers["content-type"] == "application/problem+json"
    assert server.get("/v1/models/99", headers=HTML).json()["status"] == 404


def test_a_home_without_anything_has_its_pages(tmp_path):
    with serving(Home(tmp_path)) as client:
        assert "No forecasts yet" in client.get("/").text
        assert "Not ready" in client.get("/health?verify=1").text
        assert client.get("/evenings").status_code == 200
        assert client.get("/models").status_code == 404


def test_reports_are_shown_as_they_are_but_for_paths(tmp_path):
    home = make_home(tmp_path)
    for day in ("2018-01-03", "2018-01-04"):
        folder = home.reports / day
        folder.mkdir(parents=True)
        (folder / "report.html").write_text(f"<style>p{{}}</style><p>{tmp_path}/bars</p>")
    entry = {"champion": "har 1", "alerts": 2, "forecasts": 6, "qlike_ratio": 0.91}
    (home.reports / "2018-01-04" / "evening.json").write_text(json.dumps(entry))
    (home.reports / "..evil").mkdir()
    with serving(home) as client:
        listed = client.get("/evenings").text
        assert listed.index("2018-01-04") < listed.index("2018-01-03") and "0.910" in listed
        report = client.get("/evenings/2018-01-03/report.html")
        assert report.text == "<style>p{}</style><p>HOME/bars</p>"
        assert "script-src" not in report.headers["content-security-policy"]
        assert client.get("/evenings/2018-01-05/report.html").status_code == 404
        assert client.get("/evenings/..%2f..%2f/report.html").status_code in (404, 422)
        assert client.get("/evenings/index.html").headers["location"] == "/evenings"


def test_signing_in_and_out(signed_in):
    browser = Client(signed_in.url)
    asked = browser.get("/models", headers=HTML)
    assert (asked.status_code, asked.headers["location"]) == (303, "/login?next=/models")
    wrong = sign_in(browser, "volcast_x")
    assert wrong.status_code == 401 and "Unknown or revoked" in wrong.text
    answer = sign_in(browser, signed_in.tokens["read"], next="//elsewhere.example")
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie
    assert browser.get("/models", headers=HTML).status_code == 200
    assert browser.post("/logout").status_code == 303
    assert browser.get("/models").status_code == 401


def test_a_session_ends_with_its_token_and_with_time(home, tmp_path):
    with serving(home, token_file=tmp_path / "tokens.json") as client:
        tokens = client.app.state.tokens
        sign_in(client, tokens.create("ann", "read", NOW))
        number = client.session.cookies[COOKIE]
        sessions = client.app.state.sessions
        assert sessions.find(number, NOW + LASTS) is None
        assert client.get("/v1/tickers").status_code == 200
        tokens.revoke("ann", NOW)
        assert client.get("/v1/tickers").status_code == 401


def test_only_admins_see_and_use_the_buttons(signed_in):
    reader = Client(signed_in.url)
    sign_in(reader, signed_in.tokens["read"])
    assert "Promote" not in reader.get("/models").text
    for path in ("/models/2/promote", "/rollback", "/retrain"):
        assert reader.get(path, headers=HTML).status_code == 403
        assert reader.post(path, data={"who": "Ann", "why": "x"}).status_code == 403
        assert signed_in.get(path).status_code == 200


def test_another_site_cannot_use_the_session(signed_in):
    form = {"who": "Eve", "why": "x"}
    for headers in (
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"origin": "http://["},
        {"sec-fetch-site": "cross-site"},
    ):
        answer = signed_in.post("/models/2/promote", data=form, headers=headers)
        assert answer.status_code == 403, headers
    assert signed_in.post("/v1/retrain").status_code == 403  # the API takes tokens only


def test_a_promotion_asks_why_and_shows_what_went_wrong(signed_in, monkeypatch):
    page = signed_in.get("/models/2/promote").text
    assert "in place of network 2" in page and "required" in page
    refused = signed_in.post("/models/2/promote", data={"who": "Ann", "why": " "})
    assert refused.status_code == 422 and 'value="Ann"' in refused.text

    def start(home, words):
        given = [sys.executable, "-c", CODE, *words]
        return subprocess.Popen(given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    CODE = "import sys; sys.exit('volcast: no' if 'promote' in sys.argv else print('{}'))"
    monkeypatch.setattr(champion_change, "start_command", start)
    monkeypatch.setattr(retraining, "start_command", start)
    failed = signed_in.post("/models/2/promote", data={"who": "Ann", "why": "a <b>"})
    assert failed.status_code == 409 and ">no</p>" in failed.text and "a &lt;b&gt;" in failed.text
    done = signed_in.post("/rollback", data={"who": "Ann", "why": "x"})
    assert (done.status_code, done.headers["location"]) == (303, "/models")
    assert signed_in.post("/retrain").headers["location"] == "/health"
    assert "by admin" in signed_in.get("/health").text


def test_a_form_of_another_kind_is_refused(signed_in):
    assert signed_in.post("/rollback", json={"who": "Ann", "why": "x"}).status_code == 415
    form = {"content-type": "application/x-www-form-urlencoded"}
    for body in (b"\xff=\xff", b"&".join(b"a=1" for _ in range(99))):
        assert signed_in.post("/rollback", data=body, headers=form).status_code == 422
