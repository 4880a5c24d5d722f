"""Settings as TOML: every key with a comment, and read back as the same settings."""

import datetime as dt
import re
import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pipeline.samples import volcast
from volcast.pipeline.config.load import known_keys, load_config
from volcast.pipeline.config.settings import Config
from volcast.pipeline.config.toml import to_toml


def loaded(tmp_path, text) -> Config:
    path = tmp_path / "volcast.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path)


def test_the_printed_defaults_load_back_to_the_defaults(tmp_path):
    assert loaded(tmp_path, volcast("config").out) == Config()


def test_every_printed_key_has_a_comment():
    lines = [line for line in volcast("config").out.splitlines() if line]
    assert all(re.search(r"[\]\w\"] # \w.{8}", line) for line in lines), lines
    sections = tomllib.loads("\n".join(lines))
    keys = [*sections, *(f"{name}.{key}" for name in sections for key in sections[name])]
    assert sorted(keys) == sorted(known_keys())


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
days = st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1))
rates = st.floats(0, 1e6, exclude_min=True)
counts = st.integers(1, 10_000)
values_of_keys = {
    "data": {
        "source": st.sampled_from(["sample", "yahoo", "files", "tiingo"]),
        "tickers": st.lists(texts).map(tuple),
        "start": st.none() | days.filter(lambda day: day < dt.date(2000, 1, 1)),
        "end": st.none() | days.filter(lambda day: day >= dt.date(2000, 1, 1)),
        "path": texts,
        "intraday": texts,
        "overnight": st.sampled_from(["sum", "hansen_lunde"]),
        "calendar": texts,
    },
    "target": {
        "horizons": st.lists(st.integers(1, 250), min_size=1, unique=True).map(tuple),
        "proxy": st.sampled_from(["overnight_rogers_satchell", "parkinson", "close_to_close"]),
    },
    "features": {"select": st.lists(texts, min_size=1).map(tuple)},
    "split": {
        "test_start": st.none() | days,
        "window": st.sampled_from(["expanding", "rolling"]),
        "train_sessions": st.integers(60, 9_999),
        "validation_share": st.floats(0, 0.5, exclude_min=True),
        "refit_every": counts,
    },
    "model": {
        "learning_rate": rates,
        "batch_size": counts,
        "epochs": counts,
        "optimizer": st.sampled_from(["adam", "nesterov"]),
        "loss": st.sampled_from(["qlike", "mse"]),
        "hidden": st.lists(st.integers(1, 4096)).map(tuple),
        "initialisation": st.sampled_from(["glorot", "he"]),
        "dropout": st.floats(0, 1, exclude_max=True),
        "l2": st.floats(0, 1e300),
        "seed": st.integers(0, 2**31 - 1),
    },
    "baselines": {"models": st.lists(st.sampled_from(["ewma", "har", "garch"])).map(tuple)},
    "report": {"interval": st.floats(0, 1, exclude_min=True, exclude_max=True), "title": texts},
}
configs = st.fixed_dictionaries(
    {},
    optional={
        name: st.fixed_dictionaries({}, optional=keys) for name, keys in values_of_keys.items()
    },
).map(Config.model_validate)


@settings(max_examples=150, deadline=None)
@given(configs)
def test_what_is_written_loads_back_equal(tmp_path_factory, config):
    assert loaded(tmp_path_factory.mktemp("toml"), to_toml(config)) == config


def test_the_resolved_settings_of_a_run_load_back_equal(finished, small):
    stored = load_config(finished / "config.toml")
    assert stored == load_config(small)
    assert (finished / "config.toml").read_text(encoding="utf-8") == to_toml(stored)
