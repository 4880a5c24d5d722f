import csv
import datetime as dt
import io

import pytest

from tests.pipeline.ledger.samples import DAY, EVENING, ORIGIN, forecast
from tests.pipeline.serve.samples import NOW, SESSIONS, TICKERS, make_home, serving
from volcast.pipeline.home import Home
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.serve.api import documents, rows

PAGES = {
    "/v1/tickers": rows.Page[documents.TickerRow],
    "/v1/forecasts?role=all&limit=9": rows.ForecastPage,
    "/v1/outcomes": rows.OutcomePage,
    "/v1/scores": rows.Page[documents.ScoreRow],
    "/v1/decisions": rows.DecisionPage,
    "/v1/alerts": rows.AlertPage,
    "/v1/alerts?state=open": rows.AlertPage,
    "/v1/events": rows.Page[documents.EventRow],
    "/v1/models": rows.Page[documents.VersionRow],
}
DOCUMENTS = {
    "/healthz": documents.HealthDocument,
    "/readyz": documents.ReadinessDocument,
    "/v1/champion": documents.ChampionDocument,
    "/v1/models/2": documents.VersionDocument,
    "/v1/ledger/head": documents.HeadDocument,
}


@pytest.mark.parametrize("path", [*PAGES, *DOCUMENTS])
def test_answers_are_as_their_model_says(server, path):
    answer = server.get(path)
    assert answer.status_code == 200, answer.text
    (PAGES | DOCUMENTS)[path].model_validate_json(answer.content, strict=False)


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_csv_if_it_is_accepted(server, path):
    answer = server.get(path, headers={"accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    found = list(csv.DictReader(io.StringIO(answer.text)))
    items = server.get(path).json()["items"]
    assert len(found) == len(items)
    if items:
        assert list(found[0]) == list(items[0])


def test_pages_follow_each_other(server):
    found, path = [], "/v1/forecasts?ticker=AAA&limit=7"
    while path:
        answer = server.get(path)
        found += [row["origin"] for row in answer.json()["items"]]
        path = answer.links["next"]["url"] if "next" in answer.links else None
        assert (path is None) == (answer.json()["next"] is None)
    assert len(found) == len(set(found)) == SESSIONS


def test_a_forecast_has_both_units(server):
    (row,) = server.get("/v1/forecasts?ticker=AAA&limit=1").json()["items"]
    assert row["role"] == "champion" and row["live"] is True
    for volatility, variance in (("volatility", "variance"), ("volatility_realized", "realized")):
        assert row[volatility] == pytest.approx(100 * (252 * row[variance]) ** 0.5)


def test_an_answer_that_did_not_change_is_not_sent_again(server, tmp_path):
    first = server.get("/v1/forecasts")
    known = {"if-none-match": f'"x", {first.headers["etag"]}'}
    again = server.get("/v1/forecasts", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert server.get("/v1/forecasts", headers=known | {"accept": "text/csv"}).status_code == 200
    home = make_home(tmp_path)
    with serving(home) as other:
        tag = {"if-none-match": other.get("/v1/outcomes").headers["etag"]}
        assert other.get("/v1/outcomes", headers=tag).status_code == 304
        with Ledger.to_write(home.ledger) as ledger:
            ledger.raise_alert("stale data", "BBB", "no bar", {}, now=NOW)
        assert other.get("/v1/outcomes", headers=tag).status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/v1/forecasts?ticker=AAB", 404, "the nearest are AAA"),
        ("/v1/scores?ticker=ZZZ", 404, "no forecast for ZZZ"),
        ("/v1/models/7", 404, "choose from 2"),
        ("/v1/nothing", 404, "openapi.json"),
        ("/v1/jobs/abc", 404, "no such job"),
        ("/v1/forecasts?limit=1001", 422, "query.limit"),
        ("/v1/forecasts?tickr=AAA", 422, "query.tickr"),
        ("/v1/forecasts?origin=20180103", 422, "2018-01-31"),
        ("/v1/forecasts?origin=2018-02-30", 422, "query.origin"),
        ("/v1/forecasts?as_of=2018-01-03T00:00:00", 422, "timezone"),
        ("/v1/forecasts?levels=0.9,x", 422, "query.levels"),
        ("/v1/forecasts?cursor=abc", 404, "no such page"),
        ("/v1/forecasts?ticker=A%00B", 422, "query.ticker"),
        ("/v1/models/99999999999999999999", 422, "path.version"),
        ("/v1/alerts?state=on", 422, "query.state"),
    ],
)
def test_a_wrong_request_is_answered_with_the_rule(server, path, status, words):
    answer = server.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    documents.ProblemDocument.model_validate(answer.json())
    assert words in answer.text


def test_another_media_type_or_method_is_refused(server):
    assert server.get("/v1/forecasts", headers={"accept": "image/png"}).status_code == 406
    assert server.get("/v1/champion", headers={"accept": "text/csv"}).status_code == 406
    assert server.get("/v1/champion", headers={"accept": "text/*;q=x, */*"}).status_code == 200


def test_no_answer_names_a_path_of_the_host(server, home):
    texts = [server.get(path).text for path in (*PAGES, *DOCUMENTS)]
    assert not [text for text in texts if str(home.folder) in text]
    (stale,) = server.get("/v1/alerts?name=stale%20data").json()["items"]
    assert stale["message"] == "no bar in HOME/bars"


def test_levels_and_moments_select(server):
    assert server.get("/v1/forecasts?levels=0.9").json()["items"] == []
    early = server.get("/v1/forecasts?as_of=2016-01-05T00:00:00Z").json()["items"]
    assert {row["origin"] for row in early} == {"2016-01-04"}
    assert {row["realized"] for row in early} == {None}
    for moment, count in (
        ("9999-12-31T23:59:59-14:00", SESSIONS),
        ("0001-01-01T00:00:00+14:00", 0),
    ):
        found = server.get("/v1/forecasts", params={"as_of": moment, "ticker": "AAA"})
        assert len(found.json()["items"]) == count, found.text


@pytest.fixture(scope="module")
def several_levels(tmp_path_factory):
    """A server of one forecast with further intervals, and an older one without."""
    home = Home(tmp_path_factory.mktemp("levels"))
    further = {"0.8": [0.6e-4, 1.7e-4], "0.975": [0.3e-4, 3e-4]}
    with Ledger.to_write(home.ledger) as ledger:
        for day, intervals in ((ORIGIN - DAY, None), (ORIGIN, further)):
            moment = EVENING + (day - ORIGIN)
            vintage = moment - dt.timedelta(hours=1)
            made = forecast(1e-4, day, intervals=intervals, data_vintage=vintage)
            ledger.add_forecasts([made], now=moment)
    with serving(home, rate=0) as client:
        yield client


def test_further_intervals_are_objects_in_both_units(several_levels):
    newest, older = several_levels.get("/v1/forecasts").json()["items"]
    assert newest["intervals"] == {"0.8": [0.6e-4, 1.7e-4], "0.975": [0.3e-4, 3e-4]}
    lower, upper = newest["volatility_intervals"]["0.8"]
    assert lower == pytest.approx(100 * (252 * 0.6e-4) ** 0.5)
    assert upper == pytest.approx(100 * (252 * 1.7e-4) ** 0.5)
    assert older["intervals"] is older["volatility_intervals"] is None
    rows.ForecastPage.model_validate_json(several_levels.get("/v1/forecasts").content)


def test_levels_select_further_intervals(several_levels):
    (found,) = several_levels.get("/v1/forecasts?levels=0.8,0.5").json()["items"]
    assert list(found["intervals"]) == list(found["volatility_intervals"]) == ["0.8"]
    assert several_levels.get("/v1/forecasts?levels=0.5").json()["items"] == []


def test_the_page_of_a_ticker_shows_each_interval_with_its_level(several_levels):
    page = several_levels.get("/ticker/AAA").text
    assert "12.3 to 20.7 (80\xa0%)" in page and "8.7 to 27.5 (97.5\xa0%)" in page
    assert page.index("(80\xa0%)") < page.index("(97.5\xa0%)")


def test_tickers_say_since_when_they_are_forecast(server):
    found = server.get("/v1/tickers").json()["items"]
    assert [(row["ticker"], row["origins"]) for row in found] == [(t, SESSIONS) for t in TICKERS]


def test_a_home_without_a_ledger_is_not_ready(tmp_path):
    with serving(Home(tmp_path)) as empty:
        assert empty.get("/healthz").status_code == 200
        assert empty.get("/readyz").status_code == 503
        assert empty.get("/v1/forecasts").status_code == 404
        assert "volcast_ledger_readable 0.0" in empty.get("/metrics").text
    assert [path.name for path in tmp_path.iterdir()] == []
