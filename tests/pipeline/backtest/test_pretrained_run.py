"""A run that is combined with pretrained vintages, from the manifest to the report."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from tests.parameters import mark_slow
from tests.pipeline.pretraining.samples import CUT_OFFS
from tests.pipeline.samples import make_prices, volcast, write_config, write_csv
from volcast.models.pretrained.network_folder import VINTAGES
from volcast.models.pretrained.vintage_folder import FILES, RECORD, copy_vintage, load_vintage
from volcast.pipeline.backtest.look_ahead.verify import verify_no_look_ahead
from volcast.pipeline.backtest.run_folder import FORECASTS, STEPS
from volcast.pipeline.errors import VerificationError
from volcast.pipeline.progress import Progress

LONG = 900  # sessions, to July 2019
SPLIT = "train_sessions = 420\nrefit_every = 60\n[model]\nepochs = 2\nmembers = 1\n"


@pytest.fixture(scope="module")
def combined(tmp_path_factory, vintages):
    """A run whose validation parts begin before, between and after the two vintages."""
    folder = tmp_path_factory.mktemp("combined")
    prices = write_csv(
        folder / "prices.csv", make_prices("AAA", 1, LONG), make_prices("BBB", 2, LONG)
    )
    data = (
        f'[data]\nsource = "files"\npath = "{prices}"\n[split]\n{SPLIT}pretrained = "{vintages}"\n'
    )
    config = write_config(folder / "small.toml", data)
    answer = volcast("run", "--config", config, "--out", folder / "run")
    assert answer.code == 0, answer.err
    return folder / "run", answer


def read_uses(run):
    return json.loads((run / "manifest.json").read_text())["stages"]["train"]["summary"][
        "pretrained"
    ]


def test_each_fold_uses_the_newest_vintage_that_ended_before_it(combined):
    uses = read_uses(combined[0])
    names = [use.get("vintage") for use in uses]
    assert names == sorted(names, key=lambda name: name or "")
    assert set(names) == {None, *CUT_OFFS}
    for use in uses:
        if use:
            assert set(use["weight"]) == {"1", "5"} and 0 <= use["weight"]["1"] <= 1


def test_the_run_says_so_on_the_terminal_in_the_report_and_in_the_forecast(combined):
    run, answer = combined
    assert "folds combined with a pretrained network" in answer.err
    assert "combined with a pretrained network" in (run / "report.html").read_text()
    assert (
        f"Combined with the pretrained network {read_uses(run)[-1]['vintage']}: "
        in volcast("forecast", run).out
    )


@pytest.mark.slow
def test_the_gain_of_the_vintage_is_a_step_of_the_attribution(combined):
    steps = pd.read_csv(combined[0] / STEPS)
    assert "a pretrained network" in set(steps["step"])


def test_without_vintages_the_forecasts_differ_and_there_is_no_such_step(combined, tmp_path):
    run, _ = combined
    other = shutil.copytree(run, tmp_path / "run")
    settings = (run / "config.toml").read_text()
    start = settings.index("pretrained =")
    line = settings[start : settings.index("\n", start)]
    (tmp_path / "none.toml").write_text(settings.replace(line, 'pretrained = "none"'))
    assert volcast("run", "--config", tmp_path / "none.toml", "--out", other).code == 0
    one, two = (pd.read_parquet(folder / FORECASTS) for folder in (run, other))
    network = one["model"] == "network"
    changed = (one["variance"] != two["variance"])[network].groupby(one["fold"]).mean()
    assert list(changed > 0.9) == [bool(use) for use in read_uses(run)]
    np.testing.assert_array_equal(one["variance"][~network], two["variance"][~network])
    assert "a pretrained network" not in set(pd.read_csv(other / STEPS)["step"])


def test_an_honest_run_is_verified(combined, tmp_path):
    run = shutil.copytree(combined[0], tmp_path / "run")
    answer = volcast("verify", run)
    assert answer.code == 0, answer.err
    assert "pretrained vintages" in answer.err


def plant(run, fold, vintage):
    """Put another vintage in the place of the one that a fold was combined with."""
    folder = run / "model" / f"fold-{fold:03d}"
    shutil.rmtree(folder / VINTAGES)
    copy_vintage(load_vintage(vintage), folder / VINTAGES)


def test_a_vintage_that_has_seen_the_test_years_is_found(combined, vintages, tmp_path, monkeypatch):
    """The rule is switched off while the run trains; verify reads what the folds hold."""

    run = shutil.copytree(combined[0], tmp_path / "run")
    first = next(number for number, use in enumerate(read_uses(run)) if use)
    plant(run, first, vintages / CUT_OFFS[1])
    monkeypatch.setattr(
        "volcast.pipeline.backtest.look_ahead.verify._check_trained", lambda *_: None
    )
    message = f"look-ahead: fold {first + 1}: the pretrained vintage {CUT_OFFS[1]} has seen"
    with pytest.raises(VerificationError, match=message):
        verify_no_look_ahead(run, Progress())


@pytest.mark.slow
def test_a_vintage_whose_date_was_edited_is_found(combined, tmp_path, monkeypatch):

    run = shutil.copytree(combined[0], tmp_path / "run")
    record = next((run / "model").glob(f"*/{VINTAGES}/*/{RECORD}"))
    text = record.read_text()
    record.write_text(text.replace('"last_target": "2018', '"last_target": "2017'))
    monkeypatch.setattr(
        "volcast.pipeline.backtest.look_ahead.verify._check_trained", lambda *_: None
    )
    with pytest.raises(VerificationError, match="its date, features or files were changed"):
        verify_no_look_ahead(run, Progress())


def add_vintage(copies, vintages):
    copy_vintage(load_vintage(vintages / CUT_OFFS[1]), copies)


def swap_network(copies, vintages):
    for name in FILES:
        shutil.copy(vintages / CUT_OFFS[1] / name, copies / CUT_OFFS[0] / name)


DAMAGES = {
    "a second vintage": (add_vintage, "holds more than one vintage: 2018-06, 2018-12"),
    "the network of a later one": (swap_network, "network.keras is missing or was changed"),
}


@pytest.mark.parametrize("case", mark_slow(DAMAGES, but=["a second vintage"]))
def test_a_copy_that_is_not_the_one_of_its_record_is_found(
    combined, vintages, tmp_path, monkeypatch, case
):
    damage, message = DAMAGES[case]
    run = shutil.copytree(combined[0], tmp_path / "run")
    first = next(number for number, use in enumerate(read_uses(run)) if use)
    damage(run / "model" / f"fold-{first:03d}" / VINTAGES, vintages)
    monkeypatch.setattr(
        "volcast.pipeline.backtest.look_ahead.verify._check_trained", lambda *_: None
    )
    with pytest.raises(VerificationError, match=message):
        verify_no_look_ahead(run, Progress())
