"""Settings by keyword have the names of the settings file."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import volcast
from volcast.pipeline.config.load import known_keys
from volcast.pipeline.config.settings import Config
from volcast.pipeline.config.toml import to_toml
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.library.settings import SECTION_OF, build_config, check_sections, read_numbers


def test_no_key_is_in_two_sections():
    assert sorted(f"{section}.{key}" for key, section in SECTION_OF.items()) == sorted(
        key for key in known_keys() if "." in key
    )


def test_keywords_say_what_a_file_says(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text('[model]\nepochs = 7\nhidden = [8]\n[data]\ntickers = ["SPY"]\n')
    assert build_config({"epochs": 7, "hidden": 8, "tickers": "SPY"}) == build_config({}, file)
    assert build_config({"epochs": 9}, file).model.epochs == 9


def test_values_of_numpy_and_paths_are_taken():
    config = build_config({"learning_rate": np.float64(0.01), "path": Path("x.csv")})
    assert config.model.learning_rate == 0.01 and config.data.path == "x.csv"


def test_given_settings_are_kept_under_keywords():
    base = Config.model_validate({"model": {"epochs": 7}, "data": {"start": "2020-01-01"}})
    changed = build_config({"seed": 3}, base)
    assert to_toml(changed) == to_toml(base).replace("seed = 0", "seed = 3")


WRONG = {
    "learning_rat": "the nearest is learning_rate",
    "horizon": "the nearest is horizons",
    "bachsize": "the nearest is batch_size",
    "tikcers": "the nearest is tickers",
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("call", [volcast.backtest, volcast.forecast])
def test_an_unknown_setting_names_the_nearest_before_prices_are_read(call, name):
    with pytest.raises(ConfigError, match=f"there is no setting {name}; {WRONG[name]}"):
        call("no-such-file.csv", **{name: 1})


def test_a_section_is_no_setting_and_names_its_own():
    with pytest.raises(ConfigError, match=r"target is a section .* its settings: horizons, proxy"):
        volcast.backtest("no-such-file.csv", target={"horizons": [1]})


def test_a_value_that_breaks_its_rule_is_told():
    with pytest.raises(ConfigError, match=r"model\.epochs must be 1 or more; got 0"):
        volcast.backtest("no-such-file.csv", epochs=0)


def test_a_setting_without_effect_is_refused():
    with pytest.raises(ConfigError, match=r"epochs is a setting of \[model\].*volcast.backtest"):
        volcast.forecast("no-such-file.csv", epochs=3)
    check_sections(["tickers"], ("data",), "f")


def test_numbers_are_taken_alone_and_as_lists_also_those_of_numpy():
    for one in (80, 80.0, np.int64(80), np.float32(80)):
        assert read_numbers("level", one, "80") == (80,)
    for several in ([80, 95], (80.0, 95.0), np.array([80, 95]), pd.Series([80, 95])):
        assert read_numbers("level", several, "80") == (80, 95)
    assert read_numbers("level", (), "80") == ()
