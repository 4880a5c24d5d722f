"""`volcast pretrain`: what it writes, that it resumes, and what it refuses."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.pretraining.samples import CUT_OFFS, TICKERS, write_market
from tests.pipeline.samples import volcast
from volcast.models.pretrained.vintage import have_equal_weights
from volcast.models.pretrained.vintage_folder import RECORD, load_vintage, read_record
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.files import lock_folder
from volcast.pipeline.pretraining.cutoffs import parse_cutoffs
from volcast.pipeline.pretraining.market_data import find_most_traded, leave_out


def test_each_cut_off_has_a_folder_with_a_card_and_without_a_pickle(vintages):
    visible = (path.name for path in vintages.iterdir() if not path.name.startswith("."))
    assert sorted(visible) == list(CUT_OFFS)
    for name in CUT_OFFS:
        found = {path.name for path in (vintages / name).iterdir()}
        assert found == {"CARD.md", RECORD, "network.keras", "regressor.json"}


def test_the_card_says_what_it_was_trained_on_and_what_it_is_not_for(vintages):
    card = (vintages / CUT_OFFS[1] / "CARD.md").read_text()
    left_out = int(leave_out(tuple(TICKERS)).sum())
    for text in (
        "Cut-off (last target seen): 2018-12-31",
        "market.csv",
        f"12 unknown; {left_out} of them left out",
        "validation, tickers trained on",
        "hindsight remains",
    ):
        assert text in card, text


def test_no_target_after_the_cut_off_was_seen(vintages):
    dates = [read_record(vintages / name)["last_target"] for name in CUT_OFFS]
    assert dates == ["2018-06-29", "2018-12-31"]


def test_the_same_command_gives_the_same_network_and_a_finished_vintage_is_kept(vintages, tmp_path):
    copied = shutil.copytree(vintages.parent, tmp_path / "copy")
    shutil.rmtree(copied / "vintages" / CUT_OFFS[1])
    kept = copied / "vintages" / CUT_OFFS[0] / "network.keras"
    before = kept.stat().st_mtime_ns
    answer = volcast(
        *("pretrain", "--config", copied / "pretrain.toml", "--data", copied / "market.csv"),
        *("--out", copied / "vintages", "--vintages", f"{CUT_OFFS[0]}:{CUT_OFFS[1]}:6", "--json"),
    )
    assert [folder.rpartition("/")[2] for folder in json.loads(answer.out)] == list(CUT_OFFS)
    assert kept.stat().st_mtime_ns == before
    one, two = (load_vintage(parent / CUT_OFFS[1]) for parent in (vintages, copied / "vintages"))
    assert have_equal_weights(one, two)
    np.testing.assert_array_equal(one.error_percentiles, two.error_percentiles)


REFUSED = {
    "both kinds of cut-offs": (
        ("--until", "2018-01-01", "--vintages", "2017-12:2018-12:12"),
        "--until is one cut-off, --vintages a series of them; give one of them",
    ),
    "no date": (("--until", "soon"), "--until 'soon' is not a date such as 2017-12-31"),
    "a series without a step": (
        ("--vintages", "2017-12:2018-12"),
        "is not FIRST:LAST:MONTHS, such as 2003-12:2017-12:12",
    ),
    "an early cut-off": (
        ("--until", "2010-01-01"),
        "the panel begins on 2016-01-05, after the cut-off 2010-01-01",
    ),
    "a short history": (("--until", "2016-12-30"), "sessions are too few to pretrain on"),
    "a series that goes back": (
        ("--vintages", "2017-12:2018-12:-12"),
        "12:2017-12:12: MONTHS must be 1 or more",
    ),
    "no kinds": (("--kinds", "missing.csv"), "--kinds missing.csv: "),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_argument_is_explained(vintages, tmp_path, case):
    arguments, message = REFUSED[case]
    market = vintages.parent / "market.csv"
    answer = volcast("pretrain", "--data", market, "--out", tmp_path / "out", *arguments)
    assert message in answer.complaint
    assert not list((tmp_path / "out").glob(f"*/{RECORD}"))


def test_a_handful_of_tickers_is_refused(tmp_path):
    market = write_market(tmp_path / "market.csv", sessions=300)
    lines = market.read_text().splitlines()
    few = [lines[0], *(line for line in lines if ",T00," in line)]
    market.write_text("\n".join(few))
    answer = volcast("pretrain", "--data", market, "--out", tmp_path / "out")
    assert "1 tickers are too few to pretrain on" in answer.complaint


def test_cut_offs_are_ends_of_months():
    assert [str(day) for day in parse_cutoffs("2015-12:2016-12:6")] == [
        *("2015-12-31", "2016-06-30", "2016-12-31"),
    ]
    with pytest.raises(ConfigError, match="has no cut-off: 2014-01 is before 2015-01"):
        parse_cutoffs("2015-01:2014-01:12")


def repeat(folder, *arguments):
    """Call the command of the sample vintages again, for the first cut-off."""
    return volcast(
        *("pretrain", "--config", folder / "pretrain.toml", "--data", folder / "market.csv"),
        *("--out", folder / "vintages", "--vintages", f"{CUT_OFFS[0]}:{CUT_OFFS[0]}:6", "--quiet"),
        *arguments,
    )


def change_horizons(folder):
    settings = folder / "pretrain.toml"
    settings.write_text(settings.read_text().replace("[1, 5]", "[1]"))
    return ()


def give_kinds(folder):
    kinds = "".join(f"{ticker},{'' if ticker == 'T11' else 'stock'}\n" for ticker in TICKERS)
    (folder / "kinds.csv").write_text("symbol,kind\n" + kinds)
    return ("--kinds", folder / "kinds.csv")


CHANGES = {
    "horizons": (change_horizons, lambda record: record["horizons"] == [1]),
    "kinds": (give_kinds, lambda record: record["card"]["kinds"] == {"stock": 11, "unknown": 1}),
}


@pytest.mark.parametrize("case", CHANGES)
def test_other_settings_than_those_of_a_finished_vintage_train_it_again(vintages, tmp_path, case):
    change, has_changed = CHANGES[case]
    folder = shutil.copytree(vintages.parent, tmp_path / "copy")
    answer = repeat(folder, *change(folder))
    assert answer.code == 0, answer.err
    assert has_changed(read_record(folder / "vintages" / CUT_OFFS[0]))


@pytest.mark.slow
def test_vintages_trained_by_processes_are_those_of_one_process(vintages, tmp_path):
    settings, market = (vintages.parent / name for name in ("pretrain.toml", "market.csv"))
    answer = volcast(
        *("pretrain", "--config", settings, "--data", market, "--out", tmp_path / "vintages"),
        *("--vintages", f"{CUT_OFFS[0]}:{CUT_OFFS[1]}:6", "--cluster", "2", "--quiet"),
    )
    assert answer.code == 0, answer.err
    for name in CUT_OFFS:
        folders = vintages / name, tmp_path / "vintages" / name
        assert have_equal_weights(*map(load_vintage, folders))
        cards = [read_record(folder)["card"] for folder in folders]
        assert cards[0] == cards[1]
        fitted = [json.loads((folder / "regressor.json").read_text()) for folder in folders]
        for values in fitted:
            values.pop("network_sha256")  # of a file that holds the time of its writing
        assert fitted[0] == fitted[1]


def test_a_folder_that_cannot_be_written_is_refused_before_the_training(
    vintages, tmp_path, monkeypatch
):
    monkeypatch.setattr("volcast.pipeline.pretraining.pretrain.train_until", None)
    folder = shutil.copytree(vintages.parent, tmp_path / "copy")
    shutil.rmtree(folder / "vintages")
    (folder / "vintages").write_text("a file")
    assert "cannot write to" in repeat(folder).complaint


def test_two_trainings_do_not_write_into_one_folder(vintages, tmp_path):
    folder = shutil.copytree(vintages.parent, tmp_path / "copy")
    with lock_folder(folder / "vintages"):
        assert "is in use by another volcast process" in repeat(folder).complaint


def test_a_damaged_vintage_is_trained_again(vintages, tmp_path):
    folder = shutil.copytree(vintages.parent, tmp_path / "copy")
    (folder / "vintages" / CUT_OFFS[0] / "network.keras").write_bytes(b"")
    assert repeat(folder).code == 0
    one, two = (load_vintage(parent / CUT_OFFS[0]) for parent in (vintages, folder / "vintages"))
    assert have_equal_weights(one, two)


def test_the_panel_is_read_as_the_settings_say_and_says_which_tickers_are_left_out(
    vintages, tmp_path
):
    """Dates of the form 05/01/2016 that only the setting decides, and a ticker on closed days."""
    market = pd.read_csv(vintages.parent / "market.csv", parse_dates=["date"])
    shut = market[market["ticker"] == "T00"].assign(ticker="SHUT").iloc[::4]
    shut["date"] = shut["date"] - pd.to_timedelta(shut["date"].dt.day_of_week + 1, unit="D")
    market = pd.concat([market[market["date"].dt.day <= 12], shut[shut["date"].dt.day <= 12]])
    market["date"] = market["date"].dt.strftime("%d/%m/%Y")
    market.to_csv(tmp_path / "market.csv", index=False)
    settings = tmp_path / "pretrain.toml"
    settings.write_text(
        (vintages.parent / "pretrain.toml").read_text() + '[data]\ndates = "day_first"\n'
    )
    answer = volcast(
        *("pretrain", "--config", settings, "--data", tmp_path / "market.csv"),
        *("--out", tmp_path / "vintages", "--until", "2019-02-28"),
    )
    assert "SHUT is left out" in answer.err, answer.err
    assert "market.csv: plain table, day first" in answer.err
    assert "rows to train on before 2018-03-02 and to validate on" in answer.complaint


def test_tickers_without_a_volume_are_taken_last():
    days = pd.bdate_range("2020-01-01", periods=3)
    bars = pd.DataFrame(
        [
            {"ticker": ticker, "session": day, "close": 10.0, "volume": volume}
            for ticker, volume in (("A", np.nan), ("B", 5.0), ("C", 7.0))
            for day in days
        ]
    )
    assert find_most_traded(bars, 2) == ["C", "B"]
    assert find_most_traded(bars, 800) == ["C", "B", "A"]
