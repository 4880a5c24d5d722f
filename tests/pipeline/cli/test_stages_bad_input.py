"""Bad options, settings, prices and folders: one message each, and nothing half written."""

import json
import resource
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.samples import make_prices, two_tickers, volcast, write_config, write_csv
from volcast.pipeline.backtest.run_folder import (
    BARS,
    CONFIG,
    FEATURES,
    FORECASTS,
    MANIFEST,
    QUALITY,
    SCORES,
)
from volcast.pipeline.data.calendars.sessions import following_sessions
from volcast.pipeline.files import LOCK, UNFINISHED

NO_RUN = {LOCK}


def run_on(frame: pd.DataFrame, folder: Path, *options: object):
    """Run the small settings on these prices in `folder`/run."""
    data = write_csv(folder / "prices.csv", frame)
    config = write_config(folder / "v.toml", f'[data]\nsource = "files"\npath = "{data}"\n')
    return volcast("run", "--config", config, "--out", folder / "run", *options)


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")} if folder.exists() else set()


def newest(folder: Path) -> pd.DataFrame:
    table = pd.read_parquet(folder / "run" / FORECASTS)
    return table[table["origin"] == table["origin"].max()]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "run"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--source", "sample", "--ticker", "NOPE"), "NOPE: there is no such ticker"),
        (("--ticker", "AAB"), "AAB: there is no such ticker; the nearest are AAA"),
        (("--ticker", ""), "a ticker must not be blank"),
        (
            ("--start", "2030-01-01"),
            "AAA: there are no bars from 2030-01-01 to the end; the source",
        ),
        (("--start", "2018-01-02", "--end", "2018-01-01"), "data.end must not lie before data.st"),
        (
            ("--start", "2018-13-01"),
            "data.start must be a date such as 2020-01-31; got '2018-13-01",
        ),
        (("--end", "yesterday"), "data.end must be a date such as 2020-01-31; got 'yesterday'"),
        (("--start", "0"), "data.start must be a date such as 2020-01-31; got '0'"),
        (("--learning-rate", "0"), "model.learning_rate must be above 0; got 0.0"),
        (("--learning-rate", "nan"), "model.learning_rate must be a finite number; got nan"),
        (("--batch-size", "-3"), "model.batch_size must be 0 or more; got -3"),
        (("--epochs", "0"), "model.epochs must be 1 or more; got 0"),
        (("--seed", "-1"), "model.seed must be 0 or more; got -1"),
        (("--horizon", "0"), "target.horizons must be 1 or more; got 0"),
        (("--horizon", "5", "--horizon", "5"), "target.horizons must not name a value twice; got"),
        (("--data", "/nowhere/prices.csv"), "/nowhere/prices.csv: there is no such file or folder"),
        (("--config", "/nowhere/v.toml"), "there is no configuration /nowhere/v.toml; `volcast"),
    ],
)
def test_a_bad_option_is_refused_before_anything_is_written(small, out, options, message):
    given = ("run", "--config", small, "--out", out, *options)
    assert message in volcast(*given).complaint
    assert files_in(out) <= NO_RUN


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ('[features]\nselect = ["har_6"]', "features.select: unknown feature or family 'har_6'"),
        ('[data]\ncalendar = "MOON"', "calendar 'MOON' is unknown"),
        ('[data]\nsource = "files"', "source 'files' needs a path"),
        ("[model]\nlerning_rate = 1", "unknown key model.lerning_rate; the nearest known key is"),
        ("garbage", "is not valid TOML"),
    ],
)
def test_a_bad_setting_is_refused_before_anything_is_written(tmp_path, out, section, message):
    config = tmp_path / "v.toml"
    config.write_text(section)
    assert message in volcast("run", "--config", config, "--out", out).complaint
    assert files_in(out) <= NO_RUN


@pytest.mark.parametrize(
    ("option", "value"),
    [("--epochs", "many"), ("--learning-rate", "fast"), ("--speed", "9")],
)
def test_wrong_usage_exits_with_2(option, value):
    answer = volcast("run", option, value)
    assert answer.code == 2
    assert option in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize("column", ["date", "open", "high", "low", "close"])
def test_a_missing_column_is_named(tmp_path, out, column):
    message = run_on(make_prices().drop(columns=column), tmp_path).complaint
    assert f"prices.csv: missing column {column}; found" in message
    assert files_in(out) <= NO_RUN


def test_text_in_a_price_column_is_named_with_its_row(tmp_path, out):
    prices = make_prices().astype({"close": object})
    prices.loc[41, "close"] = "n. a."
    message = run_on(prices, tmp_path).complaint
    assert "prices.csv: column close, row 42 below the header: 'n. a.' is not a number" in message
    assert files_in(out) <= NO_RUN


def test_too_little_history_says_how_much_is_needed_and_found(tmp_path):
    message = run_on(make_prices(sessions=400), tmp_path).complaint
    assert "too little history for the first fold: it needs 450 sessions with a variance" in message
    assert "and has 399, 2016-01-06 to 2017-08-04; --train-sessions 125 or --test-start" in message
    assert not (tmp_path / "run" / FORECASTS).exists()
    offered = message.split("--train-sessions ")[1].split(" ")[0]
    assert run_on(make_prices(sessions=400), tmp_path, "--train-sessions", offered).code == 0


def test_too_little_history_says_if_the_variance_begins_late(tmp_path):
    prices = make_prices(sessions=700)
    late = prices.assign(variance=np.where(prices.index < 400, np.nan, 1e-4 + prices.index * 1e-9))
    message = run_on(late, tmp_path).complaint
    assert "has 300, " in message
    assert "(the data has 700 sessions from 2016-01-05, but no variance before " in message


def test_a_history_shorter_than_usual_is_tested_on_its_second_half(tmp_path):
    data = write_csv(tmp_path / "prices.csv", make_prices(sessions=917))
    config = write_config(tmp_path / "v.toml", f'[data]\nsource = "files"\npath = "{data}"\n')
    config.write_text(config.read_text().replace("train_sessions = 300", "refit_every = 400"))
    answer = volcast("run", "--config", config, "--out", tmp_path / "run")
    assert answer.code == 0, answer.err
    assert (
        "the history is short: of 767 usable sessions the first 383 precede the test" in answer.err
    )


def test_history_shorter_than_any_feature_is_too_little(tmp_path):
    for sessions in (1, 2, 30):
        message = run_on(make_prices(sessions=sessions), tmp_path).complaint
        assert "too little history" in message and "use a longer history" in message


def test_constant_prices_are_named(tmp_path, out):
    prices = make_prices().assign(open=5.0, high=5.0, low=5.0, close=5.0)
    message = run_on(prices, tmp_path).complaint
    assert "AAA: no row passes the quality rules: the price never moves (700 rows)" in message
    assert files_in(out) <= NO_RUN


def test_tickers_without_usable_prices_are_left_out_and_the_others_continue(tmp_path):
    empty = make_prices("EMPTY").assign(open=np.nan, high=np.nan, low=np.nan, close=np.nan)
    flat = make_prices("FLAT").assign(open=5.0, high=5.0, low=5.0, close=5.0)
    answer = run_on(pd.concat([make_prices("AAA"), empty, flat]), tmp_path)
    assert answer.code == 0, answer.err
    assert "EMPTY is left out: no row passes the quality rules: a price is missing" in answer.err
    assert "FLAT is left out: no row passes the quality rules: the price never moves" in answer.err
    assert set(newest(tmp_path)["ticker"]) == {"AAA"}
    assert "EMPTY" in (tmp_path / "run" / "report.md").read_text()


def test_a_ticker_too_young_for_a_forecast_is_named_and_the_others_continue(tmp_path):
    young = make_prices("YOUNG", 4).iloc[-40:]
    answer = run_on(pd.concat([make_prices("AAA"), young]), tmp_path, "--json")
    assert answer.code == 0, answer.err
    summary = json.loads(answer.out)
    assert {row["ticker"] for row in summary["forecasts"]} == {"AAA"}
    reason = summary["failures"]["YOUNG"]
    assert reason == (
        "its history is too short for any forecast: 39 sessions with a variance, 40 are needed"
    )
    assert "YOUNG" in (tmp_path / "run" / "report.md").read_text()


def test_one_ticker_without_any_volume_is_forecast_without_volume_features(tmp_path):
    answer = run_on(make_prices().assign(volume=0), tmp_path)
    assert answer.code == 0, answer.err
    features = pd.read_feather(tmp_path / "run" / FEATURES)
    masked = features.filter(like="volume_")
    assert masked.shape[1] == 3 + 12 and masked.isna().all(axis=None)
    assert features.filter(like="market_").isna().all(axis=None)  # one ticker is not a market
    table = newest(tmp_path)
    assert (table["variance"] > 0).all() and set(table["model"]) == {"har", "ewma", "network"}
    quality = pd.read_csv(tmp_path / "run" / QUALITY).set_index("rule")
    assert quality.loc["zero_volume", ["action", "rows"]].tolist() == ["mask volume", 700]


def test_a_variance_column_of_the_user_is_the_target(tmp_path):
    own = np.exp(np.random.default_rng(7).normal(-9, 0.5, 700))
    answer = run_on(make_prices().assign(variance=own), tmp_path)
    assert answer.code == 0, answer.err
    features = pd.read_feather(tmp_path / "run" / FEATURES)
    np.testing.assert_allclose(features["variance"], own)
    forecasts = pd.read_parquet(tmp_path / "run" / FORECASTS)
    ahead = forecasts[(forecasts["horizon"] == 1) & (forecasts["model"] == "har")]
    by_day = pd.Series(own, features["session"])
    known = ahead[ahead["realized"].notna()]
    assert len(known) > 100
    measured = known["realized"] / known["level_factor"]
    np.testing.assert_allclose(measured, by_day[known["target_start"]])


@pytest.mark.slow
def test_a_coin_that_never_sleeps_runs_with_a_stock(tmp_path):
    coin = make_prices("BTC-USD", 3, sessions=1000, calendar="24/7")
    answer = run_on(pd.concat([make_prices("AAA"), coin]), tmp_path)
    assert answer.code == 0, answer.err
    table = pd.read_parquet(tmp_path / "run" / FORECASTS)
    weekend = table["origin"].dt.day_of_week >= 5
    assert set(table.loc[weekend, "ticker"]) == {"BTC-USD"}
    ends = table[table["ticker"] == "AAA"]["target_end"]
    assert (ends.dt.day_of_week < 5).all()
    days = table[(table["ticker"] == "BTC-USD") & (table["horizon"] == 5)]
    assert set((days["target_end"] - days["origin"]).dt.days) == {5}
    shown = volcast("forecast", tmp_path / "run", "--json")
    assert {"AAA", "BTC-USD"} == {row["ticker"] for row in json.loads(shown.out)}
    assert volcast("verify", tmp_path / "run").code == 0


def test_rows_in_any_order_give_the_same_forecasts(tmp_path, finished):
    shuffled = two_tickers().sample(frac=1, random_state=5)
    assert run_on(shuffled, tmp_path).code == 0
    for name in (BARS, FORECASTS):
        assert (tmp_path / "run" / name).read_bytes() == (finished / name).read_bytes()


def test_a_month_alone_can_be_forecast(tmp_path):
    answer = run_on(two_tickers(), tmp_path, "--horizon", "22")
    assert answer.code == 0, answer.err
    table = pd.read_parquet(tmp_path / "run" / FORECASTS)
    assert set(table["horizon"]) == {22}
    assert "22" in volcast("forecast", tmp_path / "run").out


def test_a_wild_learning_rate_falls_back_on_the_start(tmp_path):
    answer = run_on(make_prices(), tmp_path, "--learning-rate", "1e30")
    assert answer.code == 0, answer.err
    table = newest(tmp_path)
    assert (table["variance"] > 0).all()


@pytest.mark.parametrize("place", ["below a file", "in proc", "is a file"])
def test_a_folder_that_cannot_be_written_is_named(small, tmp_path, place):
    file = tmp_path / "file"
    file.write_text("mine")
    folder = {"below a file": file / "run", "in proc": Path("/proc/run"), "is a file": file}[place]
    message = volcast("run", "--config", small, "--out", folder).complaint
    assert message.startswith(f"cannot write to {folder}: ")
    assert message.endswith("; choose another folder")
    assert file.read_text() == "mine"


@contextmanager
def room_for(size: int):
    """A disk on which no file grows beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("rendered_figures")  # the report has its size from them
@pytest.mark.parametrize(
    "name",
    [
        *("bars.parquet", "features.arrow", "model/fold-000/network.keras"),
        *("model/fold-001/forecasts.parquet", "forecasts.parquet", "report.html"),
    ],
)
def test_a_disk_that_is_full_fails_cleanly_and_the_run_continues_later(
    small, run_dir, finished, name
):
    path = run_dir / name
    size = path.stat().st_size
    path.unlink()
    with room_for(size - 1):
        message = volcast("run", "--config", small, "--out", run_dir).complaint
    assert "File too large" in message and str(run_dir) in message
    assert not path.exists()
    assert not list(run_dir.rglob(f"*{UNFINISHED}"))
    assert volcast("run", "--config", small, "--out", run_dir).code == 0
    for again in (FORECASTS, SCORES):
        assert (run_dir / again).read_bytes() == (finished / again).read_bytes()


@pytest.mark.parametrize(
    "command", ["features", "train", "evaluate", "report", "forecast", "verify"]
)
def test_a_folder_that_is_not_a_run_is_named(tmp_path, command):
    message = volcast(command, tmp_path / "nowhere").complaint
    assert message.startswith(f"{tmp_path / 'nowhere'} is not a run folder: it has no config.toml")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("command", ["train", "forecast", "verify", "download"])
def test_damaged_settings_of_a_run_are_named(run_dir, command):
    (run_dir / CONFIG).write_text("\x00garbage = = ")
    assert "config.toml is not valid TOML" in volcast(command, run_dir).complaint
    (run_dir / CONFIG).write_text("[model]\nepochs = -1")
    assert "config.toml: model.epochs must be 1 or more; got -1" in (
        volcast(command, run_dir).complaint
    )


def test_a_run_makes_missing_or_damaged_settings_again(small, run_dir, finished):
    for text in (None, "\x00garbage = ="):
        path = run_dir / CONFIG
        path.unlink() if text is None else path.write_text(text)
        assert volcast("run", "--config", small, "--out", run_dir).code == 0
        assert path.read_bytes() == (finished / CONFIG).read_bytes()


@pytest.mark.parametrize("text", ["garbage", "{}", '{"stages": {"train": {"key": 1}}}'])
def test_a_damaged_manifest_is_named_and_can_be_deleted(small, run_dir, finished, text):
    path = run_dir / MANIFEST
    path.write_text(text)
    for command in (("run", "--config", small, "--out", run_dir), ("train", run_dir)):
        message = volcast(*command).complaint
        assert message == f"{path} is damaged; delete it, and run `volcast run` again"
    path.unlink()
    answer = volcast("run", "--config", small, "--out", run_dir)
    assert "reusing 2 finished folds" in answer.err
    assert (run_dir / FORECASTS).read_bytes() == (finished / FORECASTS).read_bytes()


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("features.arrow", "forecast"),
        ("forecasts.parquet", "forecast"),
        ("bars.parquet", "verify"),
    ],
)
def test_a_damaged_table_is_named_by_the_commands_that_only_read(run_dir, name, command):
    path = run_dir / name
    path.write_bytes(path.read_bytes()[:-1000])
    message = volcast(command, run_dir).complaint
    assert message.startswith(f"{path} is damaged (") and message.endswith(
        "; delete it and run again"
    )
    path.unlink()
    assert f"{path} is missing" in volcast(command, run_dir).complaint


def test_sessions_stay_those_of_new_york(finished):
    bars = pd.read_parquet(finished / BARS)
    expected = following_sessions("XNYS", pd.Timestamp("2016-01-04"), 700)
    assert (pd.DatetimeIndex(bars["session"].unique()) == expected).all()
