"""Settings files: defaults, overrides, and errors that name key, rule and value."""

import datetime as dt
import re

import pytest

from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import ConfigError

JARGON = re.compile(r"input|\bvalid\b|pydantic|tuple|instance|dictionary|isoformat", re.IGNORECASE)


def loaded(tmp_path, text, overrides=None) -> Config:
    path = tmp_path / "volcast.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, overrides)


def complaint(tmp_path, text, overrides=None) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text, overrides)
    return str(caught.value).partition("volcast.toml: ")[2]


def test_an_empty_file_means_the_defaults(tmp_path):
    assert loaded(tmp_path, "") == Config() == load_config(None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("learning_rate = 3", "unknown key learning_rate; the nearest known key is model.learning"),
        ("[model]\nlerning_rate = 3", "unknown key model.lerning_rate; the nearest known key is m"),
        (
            "[modle]\nepochs = 3",
            "unknown section [modle]; the nearest is [model]; the sections are",
        ),
        ("[ops]\nepochs = 3", "unknown section [ops]; the sections are [data], [target], "),
        ("[data]\ntikers = []", "the nearest known key is data.tickers"),
        ("data = 3", "data must be a section of keys, as in `volcast config`; got 3"),
        ("model = []", "model must be a section of keys, as in `volcast config`; got []"),
        ("[model]\nlearning_rate = 0", "model.learning_rate must be above 0; got 0"),
        ("[model]\nlearning_rate = nan", "model.learning_rate must be a finite number; got nan"),
        ("[model]\nlearning_rate = '1'", "model.learning_rate must be a number; got '1'"),
        ("[model]\nlearning_rate = true", "model.learning_rate must be a number; got True"),
        ("[model]\nbatch_size = -3", "model.batch_size must be 0 or more; got -3"),
        ("[model]\nbatch_size = 100000", "model.batch_size must be 65,536 or less; got 100000"),
        ("[model]\nepochs = 1.5", "model.epochs must be a whole number; got 1.5"),
        ("[model]\nepochs = true", "model.epochs must be a whole number; got True"),
        ("[model]\nseed = 2147483648", "model.seed must be 2,147,483,647 or less; got 2147483648"),
        ("[model]\noptimizer = ''", "model.optimizer must be 'adam', 'adamw', 'rmsprop',"),
        ("[model]\nhidden = [8, 0]", "model.hidden must be 1 or more; got 0"),
        ("[model]\ndropout = 1", "model.dropout must be below 1; got 1"),
        ("[data]\ntickers = 'AAA'", "data.tickers must be a list in brackets; got 'AAA'"),
        ("[data]\ntickers = [1]", "data.tickers must be text in quotes; got 1"),
        ("[data]\nstart = 'soon'", "data.start must be a date such as 2020-01-31; got 'soon'"),
        ("[data]\nstart = 0", "data.start must be a date such as 2020-01-31; got 0"),
        ("[data]\nstart = 2020-01-01T10:00:00", "data.start must be a date such as 2020-01-31"),
        (
            "[data]\nstart = 2020-01-02\nend = 2020-01-01",
            "data.end must not lie before data.start, 2020-01-02; got 2020-01-01",
        ),
        ("[target]\nhorizons = [0]", "target.horizons must be 1 or more; got 0"),
        ("[target]\nhorizons = [5, 5]", "target.horizons must not name a value twice; got [5, 5]"),
        ("[target]\nhorizons = []", "target.horizons must not be empty; got []"),
        ("[report]\ninterval = 1", "report.interval must be below 1; got 1"),
        ("[split]\nvalidation_share = 0.6", "split.validation_share must be 0.5 or less; got 0.6"),
        ("[baselines]\nmodels = ['arima']", "baselines.models must be last_value, mean_22, ewma,"),
    ],
)
def test_a_refusal_names_key_rule_and_value_in_plain_words(tmp_path, text, message):
    # With options on top, as the command line always has.
    for overrides in (None, {"data": {}, "target": {}, "model": {}}):
        found = complaint(tmp_path, text, overrides)
        assert message in found
        assert not JARGON.search(found)
        assert "\n" not in found


def test_a_file_that_is_not_toml_is_named_with_the_line(tmp_path):
    with pytest.raises(ConfigError, match=r"volcast\.toml is not valid TOML: .*line 2"):
        loaded(tmp_path, "[data]\nstart = = 3")


def test_a_file_that_is_missing_or_a_folder_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"no configuration .*nowhere\.toml"):
        load_config(tmp_path / "nowhere.toml")
    with pytest.raises(ConfigError, match="Is a directory"):
        load_config(tmp_path)


def test_options_win_over_the_file_and_leave_its_other_keys(tmp_path):
    config = loaded(
        tmp_path,
        "[model]\nepochs = 7\nseed = 3\n[data]\nstart = 2001-02-03",
        {"model": {"epochs": 9}, "data": {"end": "2002-02-03"}},
    )
    assert (config.model.epochs, config.model.seed) == (9, 3)
    assert (config.data.start, config.data.end) == (dt.date(2001, 2, 3), dt.date(2002, 2, 3))
