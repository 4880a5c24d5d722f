"""The commands, as a user meets them."""

import io
import json
import sqlite3
from contextlib import closing

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.ledger.samples import (
    DAY,
    EVENING,
    forecast,
    har,
    long_ledger,
    outcome,
    small_ledger,
)
from tests.pipeline.samples import volcast
from volcast.pipeline.errors import RegistryError
from volcast.pipeline.home import Home, resolve_home
from volcast.pipeline.ledger.head_file import write_head
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.records import Decision


@pytest.fixture
def home(tmp_path):
    small_ledger(Home(tmp_path).ledger)
    return tmp_path


def test_the_home_is_the_option_then_the_variable_then_the_users_data(tmp_path, monkeypatch):
    monkeypatch.delenv("VOLCAST_HOME", raising=False)
    assert resolve_home(None).folder.name == "volcast"
    monkeypatch.setenv("VOLCAST_HOME", str(tmp_path / "variable"))
    assert resolve_home(None).ledger == tmp_path / "variable" / "ledger.db"
    assert resolve_home(tmp_path / "option").folder == tmp_path / "option"
    monkeypatch.chdir(tmp_path)
    assert resolve_home(tmp_path.relative_to(tmp_path) / "here").folder == tmp_path / "here"


def test_verify_prints_what_it_verified_and_the_head_to_record(home, monkeypatch):
    answer = volcast("ledger", "verify", "--home", home)
    lines = answer.out.splitlines()
    assert answer.code == 0
    assert lines[0] == "3 forecasts, 3 outcomes, 3 decisions, 3 alerts: unaltered"
    head = json.loads(volcast("ledger", "verify", "--home", home, "--json").out)["head"]
    assert lines[1] == f"head {head['hash']}, row 12" and head["seq"] == 12
    monkeypatch.setenv("VOLCAST_HOME", str(home))
    assert volcast("ledger", "verify", "--head", head["hash"]).code == 0
    assert "was rewritten" in volcast("ledger", "verify", "--head", "0" * 64).complaint


def cut_the_end(ledger, last):
    """Remove the rows after `last` so that tables, triggers and counters still fit together."""
    with closing(sqlite3.connect(ledger, isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        kept = triggers.fetchall()
        for name, _ in kept:
            connection.execute(f"DROP TRIGGER {name}")
        for table in ("forecasts", "outcomes", "decisions", "alerts", "chain"):
            connection.execute(f"DELETE FROM {table} WHERE seq > {last}")
        connection.execute(f"UPDATE sqlite_sequence SET seq = {last} WHERE name = 'chain'")
        for _, sql in kept:
            connection.execute(sql)


@pytest.mark.parametrize("last", [11, 8, 1, 0])
def test_verify_finds_an_end_that_was_cut_off_by_the_head_file(home, last):
    place = Home(home)
    with Ledger.to_read(place.ledger) as ledger:
        write_head(place, ledger.head())
    verify = ("ledger", "verify", "--home", home)
    assert volcast(*verify).out.splitlines()[2] == "head.json: row 12 is in the ledger"
    cut_the_end(place.ledger, last)
    said = volcast(*verify).complaint
    assert f"the ledger {place.ledger} lacks row 12, which was its last; restore" in said
    place.head.unlink()
    answer = volcast(*verify)  # whoever removes the head file too is found by a kept hash only
    assert answer.code == 0
    assert "there is no head.json: rows cut off at the end would not be noticed" in answer.out


def test_verify_finds_the_head_file_of_another_ledger_and_a_damaged_one(home, tmp_path):
    place, other = Home(home), Home(tmp_path / "other")
    with Ledger.to_write(other.ledger) as ledger:
        ledger.add_forecasts([forecast(3e-4)], now=EVENING)
        write_head(other, ledger.head())
    place.head.write_bytes(other.head.read_bytes())
    verify = ("ledger", "verify", "--home", home)
    assert "lacks row 1, which was its last" in volcast(*verify).complaint
    for content in (b"", b"\x00\xff", b'{"seq": 12}', b'{"seq": 12, "hash": null}'):
        place.head.write_bytes(content)
        complaint = volcast(*verify).complaint
        assert "is damaged" in complaint or "lacks row 12" in complaint


def test_verify_of_an_altered_ledger_exits_with_1_and_names_the_row(home):
    with Ledger.to_write(Home(home).ledger) as ledger:
        ledger.connection.execute("DROP TRIGGER forecasts_never_changed")
        ledger.connection.execute("UPDATE forecasts SET variance = 3e-4 WHERE seq = 5")
    complaint = volcast("ledger", "verify", "--home", home).complaint
    assert "row 5, the forecast of network 2 for AAA, origin 2018-01-04, horizon 1" in complaint


@pytest.fixture
def rebuild_with(monkeypatch):
    """Replace what rebuilds a forecast; the job's own needs bars and models."""

    def replace(rebuild):
        monkeypatch.setattr("volcast.pipeline.job.rebuild.make_rebuilder", lambda home: rebuild)

    return replace


def test_rebuilding_compares_the_newest_forecasts_or_all(home, rebuild_with):
    verify = ("ledger", "verify", "--home", home)
    rebuild_with(lambda row: row.variance)
    answer = volcast(*verify, "--rebuild", "2")
    assert answer.code == 0 and "2 forecasts rebuilt, identical bit for bit" in answer.out
    assert json.loads(volcast(*verify, "--rebuild", "all", "--json").out)["rebuilt"] == 3
    assert json.loads(volcast(*verify, "--json").out)["rebuilt"] == 0
    complaint = volcast(*verify, "--rebuild", "0").complaint
    assert complaint == "--rebuild must be a whole number above 0, or all; got '0'"
    rebuild_with(lambda row: 1.0)
    complaint = volcast(*verify, "--rebuild", "1").complaint
    assert complaint.startswith("row 9, ") and "differs when it is rebuilt" in complaint


def test_rebuilding_is_an_option_of_verify_by_itself():
    shown = volcast("ledger", "verify", "--help").out
    assert "--rebuild" in shown and "--head" in shown


def test_rebuilding_tries_all_and_groups_failures_by_reason(home, rebuild_with):
    def rebuild(row):
        if row.seq > 1:
            raise RegistryError("version 2 was removed")
        return row.variance

    rebuild_with(rebuild)
    verify = ("ledger", "verify", "--home", home, "--rebuild", "all")
    answer = volcast(*verify)
    proof, head, _, same, lost = answer.out.splitlines()
    assert proof.endswith("unaltered") and head.startswith("head ")
    assert same == "1 forecast rebuilt, identical bit for bit"
    assert lost.startswith("2 forecasts cannot be rebuilt: version 2 was removed (first: row 9,")
    complaint = answer.complaint
    assert complaint.startswith("2 forecasts cannot be rebuilt, the first row 9, the 1-session")
    assert "rebuilding needs a source that keeps its bars" in complaint
    record = json.loads(volcast(*verify, "--json").out)
    assert record["rebuilt"] == 1 and record["otherwise"] == []
    (group,) = record["lost"]
    assert (group["reason"], group["count"]) == ("version 2 was removed", 2)


def test_a_forecast_that_differs_is_reported_before_those_that_cannot_be_rebuilt(
    home, rebuild_with
):
    def rebuild(row):
        if row.seq == 9:
            raise RegistryError("version 2 was removed")
        return row.variance * 2

    rebuild_with(rebuild)
    answer = volcast("ledger", "verify", "--home", home, "--rebuild", "all")
    assert "2 forecasts rebuilt with another value" in answer.out
    assert answer.complaint.startswith("row 5, the 1-session forecast")


@pytest.mark.parametrize("head", ["deadbeef", "xyz", "0" * 65, "g" * 64])
def test_a_mistyped_head_is_not_a_sign_of_tampering(head, home):
    complaint = volcast("ledger", "verify", "--home", home, "--head", head).complaint
    assert complaint.startswith("a row's hash has 64 hexadecimal digits") and head in complaint


def test_the_first_digits_of_a_head_are_enough(home):
    verify = ("ledger", "verify", "--home", home)
    head = json.loads(volcast(*verify, "--json").out)["head"]["hash"]
    assert volcast(*verify, "--head", head[:12]).code == 0
    assert volcast(*verify, "--head", f" {head.upper()}").code == 0
    complaint = volcast(*verify, "--head", "0" * 12).complaint
    assert complaint.startswith("no row's hash begins with 000000000000; check that")


def test_the_suffix_of_a_file_says_its_format(home, tmp_path):
    export = ("ledger", "export", "--home", home)
    out = tmp_path / "ledger.PARQUET"
    answer = volcast(*export, "--out", out)
    assert (answer.out, answer.err) == ("", f"3 rows written to {out}\n")
    assert len(pd.read_parquet(out)) == 3
    refused = volcast(*export, "--format", "csv", "--out", out)
    assert refused.complaint.startswith(f"--format csv contradicts --out {out}; leave out --format")
    other = tmp_path / "ledger.txt"
    assert volcast(*export, "--out", other).code == 0
    assert other.read_text() == volcast(*export).out


def test_exported_csv_reads_back_to_the_last_bit(home):
    answer = volcast("ledger", "export", "--home", home)
    assert answer.code == 0 and answer.err == ""
    read = pd.read_csv(io.StringIO(answer.out))
    with Ledger.to_read(Home(home).ledger) as ledger:
        stored = ledger.table("scored")
    assert list(read.columns) == list(stored.columns)
    assert len(read) == len(stored) == 3
    for name in ("variance", "lower", "upper", "realized", "log_return"):
        assert (read[name] == stored[name]).all()
    assert list(read["origin"]) == ["2018-01-03", "2018-01-04", "2018-01-05"]
    moments = pd.to_datetime(read["written_at"])
    assert list(moments) == list(stored["written_at"])
    assert list(read["live"]) == [True] * 3


def test_exported_parquet_reads_back_the_same(home, tmp_path):
    out = tmp_path / "ledger.parquet"
    parquet = ("ledger", "export", "--home", home, "--format", "parquet")
    assert volcast(*parquet, "--out", out).code == 0
    with Ledger.to_read(Home(home).ledger) as ledger:
        pd.testing.assert_frame_equal(pd.read_parquet(out), ledger.table("scored"))
    refused = volcast(*parquet)
    assert refused.complaint == "--format parquet cannot be printed; name a file with --out"
    csv = tmp_path / "ledger.csv"
    volcast("ledger", "export", "--home", home, "--out", csv)
    assert csv.read_text() == volcast("ledger", "export", "--home", home).out


def test_a_forecast_without_an_outcome_is_exported_too(tmp_path):
    with Ledger.to_write(Home(tmp_path).ledger) as ledger:
        ledger.add_forecasts([forecast(), har()], now=EVENING)
        ledger.add_outcomes([outcome()], now=EVENING + DAY)
        ledger.add_outcomes([outcome(2e-4)], now=EVENING + DAY)  # revised: still a row a forecast
        ledger.add_forecasts([forecast(ticker="BBB")], now=EVENING + DAY)
    read = pd.read_csv(io.StringIO(volcast("ledger", "export", "--home", tmp_path).out))
    assert list(read["realized"].fillna(-1)) == [2e-4, 2e-4, -1]


def test_show_prints_volatility_and_json_the_whole_row(home):
    shown = volcast("ledger", "show", "--home", home, "--limit", "1").out
    assert "Newest forecasts (1)" in shown and "2018-01-05" in shown
    volatility = 100 * np.sqrt(252 * 3e-4)
    assert f"{volatility:.4g}" in shown
    (row,) = json.loads(volcast("ledger", "show", "--home", home, "--limit", "1", "--json").out)
    assert row["variance"] == 1e-4 * 3 and row["origin"] == "2018-01-05" and row["live"] is True
    assert row["written_at"] == "2018-01-05T23:00:00+00:00"
    nobody = volcast("ledger", "show", "--home", home, "--ticker", "ZZZ", "--json")
    assert nobody.code == 1
    message = (
        "the ledger has no forecast for ZZZ: there is no such ticker; the known tickers are AAA"
    )
    assert nobody.complaint == message


def test_show_prints_the_issued_forecasts_unless_another_role_is_chosen(tmp_path):
    with Ledger.to_write(Home(tmp_path).ledger) as ledger:
        ledger.add_forecasts([forecast(), har()], now=EVENING)
    show = ("ledger", "show", "--home", tmp_path, "--json")
    for words, models in (
        ((), ["network"]),
        (("--role", "fallback"), ["har"]),
        (("--role", "all"), ["network", "har"]),
    ):
        assert [row["model"] for row in json.loads(volcast(*show, *words).out)] == models


@pytest.mark.parametrize(
    ("kind", "words"),
    [("outcomes", "0.00011"), ("decisions", "a tie"), ("alerts", "stale data")],
)
def test_show_prints_every_table(kind, words, home):
    assert words in volcast("ledger", "show", kind, "--home", home).out
    assert len(json.loads(volcast("ledger", "show", kind, "--home", home, "--json").out)) == 3


def test_score_prints_live_scores_and_risk(tmp_path, home):
    assert "value at risk is tested once 250" in volcast("ledger", "score", "--home", home).out
    place = tmp_path / "long"
    long_ledger(Home(place).ledger, 260)
    answer = volcast("ledger", "score", "--home", place)
    assert answer.code == 0 and "issued" in answer.out and "exceedances" in answer.out
    printed = json.loads(volcast("ledger", "score", "--home", place, "--json").out)
    assert [row["series"] for row in printed["scores"]] == ["issued", "network 2", "har 1"]
    assert printed["scores"][0]["backtest_qlike"] is None
    assert {row["level"] for row in printed["risk"]} == {0.01, 0.05}


def test_score_says_why_it_has_nothing_to_score(tmp_path):
    score = ("ledger", "score", "--home", tmp_path)
    with Ledger.to_write(Home(tmp_path).ledger) as ledger:
        late = EVENING + 5 * DAY
        ledger.add_forecasts([forecast(), har()], now=late)
        assert volcast(*score).out == "no outcome is known yet\n"
        ledger.add_outcomes([outcome()], now=late)
    assert volcast(*score).out == (
        "2 forecasts have an outcome, but none was issued before its target began, so none is "
        "scored; `volcast replay` shows a past year\n"
    )


def test_a_ledger_without_outcomes_says_so(tmp_path):
    with Ledger.to_write(Home(tmp_path).ledger) as ledger:
        ledger.add_forecasts([forecast()], now=EVENING)
    for kind in ("outcomes", "decisions", "alerts"):
        assert volcast("ledger", "show", kind, "--home", tmp_path).out == f"no {kind} yet\n"


def test_a_decision_of_the_gate_and_its_carrying_out_are_shown_once(tmp_path):
    reason, moment = "20 of evidence", EVENING.isoformat()
    with Ledger.to_write(Home(tmp_path).ledger) as ledger:
        for key in ("gate 2018-01-03", f"promote 1 to 2 {moment}"):
            ledger.add_decision(Decision(key, "promote", "network 2", reason), now=EVENING)
        hand = Decision(
            f"promote 2 to 3 {moment}", "promote", "network 3", "by hand", who="Ada", why="x"
        )
        ledger.add_decision(hand, now=EVENING)
    show = ("ledger", "show", "decisions", "--home", tmp_path)
    shown = volcast(*show).out
    assert "Newest decisions (2)" in shown and shown.count("network 2") == 1 and "Ada" in shown
    assert "Newest decisions (2)" in volcast(*show, "--limit", "2").out
    printed = json.loads(volcast(*show, "--json").out)
    assert len(printed) == 3 and printed[0]["numbers"] == {}


@pytest.mark.parametrize("command", ["show", "score", "verify", "export"])
def test_without_a_ledger_every_command_says_where_it_looked(command, tmp_path):
    complaint = volcast("ledger", command, "--home", tmp_path).complaint
    assert complaint.startswith(f"there is no ledger at {tmp_path / 'ledger.db'}; name its folder")
    assert list(tmp_path.iterdir()) == []
