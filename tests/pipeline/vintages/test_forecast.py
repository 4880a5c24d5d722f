"""`volcast forecast --pretrained-only`: forecasts without a training, for short histories too."""

import json
import re

import numpy as np
import pytest

from tests.pipeline.pretraining.samples import CUT_OFFS, SETTINGS
from tests.pipeline.samples import make_prices, volcast, write_csv

LONG = 900  # sessions, to July 2019, after both vintages


@pytest.fixture(scope="module")
def settings(tmp_path_factory, vintages):
    """Settings with a ticker of three years, one of 60 sessions and one of 30."""
    folder = tmp_path_factory.mktemp("pretrained-only")
    frames = [make_prices("AAA", 1, LONG)]
    frames += [make_prices(name, 2, LONG).tail(count) for name, count in (("NEW", 60), ("NIL", 30))]
    prices = write_csv(folder / "prices.csv", *frames)
    path = folder / "settings.toml"
    pretrained = f'pretrained = "{vintages}"\n[data]\nsource = "files"\npath = "{prices}"\n'
    path.write_text(SETTINGS + pretrained, encoding="utf-8")
    return path


def forecast(settings, *arguments):
    return volcast("forecast", "--pretrained-only", "--config", settings, *arguments)


def test_a_ticker_with_sixty_sessions_has_a_forecast_and_one_with_thirty_the_reason(settings):
    answer = forecast(settings)
    assert answer.code == 0, answer.err
    assert "NEW" in answer.out and "60 sessions since" in answer.out
    assert "NIL is left out" in answer.err and "40 are needed" in answer.err


def test_the_vintage_is_named_and_that_nothing_was_judged(settings):
    last = forecast(settings).out.strip().splitlines()[-1]
    assert last == (
        f"By the pretrained network {CUT_OFFS[1]} alone: nothing was trained or judged."
    )


def test_the_records_are_those_of_a_run(settings):
    rows = json.loads(forecast(settings, "--json", "--ticker", "AAA").out)
    assert [(row["ticker"], row["horizon"]) for row in rows] == [("AAA", 1), ("AAA", 5)]
    for row in rows:
        assert row["lower"] < row["volatility"] < row["upper"]
        assert (
            0.5 < row["har"] / row["volatility"] < 2
            and row["origin"] < row["target_start"] <= row["target_end"]
        )


def test_bars_after_the_end_do_not_matter(settings, tmp_path):
    end = ("--json", "--ticker", "AAA")
    text = settings.read_text()
    path = tmp_path / "cut.toml"
    path.write_text(text + 'end = "2019-05-31"\n')
    expected = json.loads(forecast(path, *end).out)
    prices = make_prices("AAA", 1, LONG)
    prices = prices[prices["date"] <= "2019-05-31"]
    cut = write_csv(tmp_path / "prices.csv", prices)
    start = text.index('path = "')
    path.write_text(text[:start] + f'path = "{cut}"\n')
    assert json.loads(forecast(path, *end).out) == expected
    assert np.isfinite(expected[0]["volatility"])


REFUSED = {
    "no vintage that old": (
        'end = "2018-06-29"\n',
        "no vintage of .* ended before 2018-06-29, the newest session",
    ),
    "other horizons": (
        "[target]\nhorizons = [1, 7]\n",
        r"target\.horizons: the vintage 2018-12 forecasts \(1, 5\) sessions, not \(1, 7\)",
    ),
    "an interval beyond its percentiles": (
        "[report]\ninterval = 0.99\n",
        r"report\.interval must be 0\.98 or less .* not 0\.99: a vintage keeps the percentiles 1",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_vintages_cannot_do_is_explained(settings, tmp_path, case):
    more, message = REFUSED[case]
    text = settings.read_text()
    if more.startswith("[target]"):
        text = text.replace("[target]\nhorizons = [1, 5]\n", "")
    path = tmp_path / "settings.toml"
    path.write_text(text + more)
    assert re.search(message, forecast(path).complaint)


def test_a_run_folder_or_settings_without_it_are_refused(settings, tmp_path):
    assert "forecasts without a run; leave out" in forecast(settings, tmp_path).complaint
    assert "name the folder of a run, or forecast without one" in volcast("forecast").complaint
    changed = volcast("forecast", tmp_path, "--ticker", "AAA").complaint
    assert changed.startswith("--ticker cannot change a finished run")


def test_without_vintages_there_is_nothing_to_forecast_with(settings, vintages, tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text(settings.read_text().replace(str(vintages), "none"))
    assert "model.pretrained is 'none', but a forecast without training needs a vintage" in (
        forecast(path).complaint
    )


ENDS = {
    "before the vintage ended": (LONG, 560),  # March 2018
    "years before the others": (1800, 780),  # February 2019, 1020 sessions before
}


@pytest.mark.parametrize("case", ENDS)
def test_a_ticker_that_ended_early_is_not_forecast_by_a_vintage_that_saw_more(
    settings, tmp_path, case
):
    """The vintage is chosen by the newest session of all tickers."""
    long, short = ENDS[case]
    prices = write_csv(
        tmp_path / "prices.csv", make_prices("AAA", 1, long), make_prices("OLD", 2, short)
    )
    text = settings.read_text()
    path = tmp_path / "settings.toml"
    path.write_text(text[: text.index('path = "')] + f'path = "{prices}"\n')
    answer = forecast(path)
    assert answer.code == 0, answer.err
    assert "OLD" not in answer.out and "OLD is left out: its newest session, 201" in answer.err


def test_inputs_that_are_not_selected_are_named_unless_a_whole_group_is_missing(settings, tmp_path):
    assert "unknown inputs" not in forecast(settings).err
    path = tmp_path / "settings.toml"
    path.write_text(settings.read_text().replace('"har_250", ', "").replace(', "market"', ""))
    lines = [line for line in forecast(path).err.splitlines() if "unknown inputs" in line]
    assert [line.strip() for line in lines] == [
        "unknown inputs of the vintage, which are not selected: har_250"
    ]
