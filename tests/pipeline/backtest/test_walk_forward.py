import numpy as np
import pandas as pd
import pytest

from tests.pipeline.samples import make_prices, volcast, write_config, write_csv
from volcast.models.baselines.catalogue import BASELINES
from volcast.models.baselines.naive import LastValue
from volcast.pipeline.backtest.fold_folder import find_fold_folder
from volcast.pipeline.backtest.folds import build_folds
from volcast.pipeline.backtest.run_folder import (
    BARS,
    FORECASTS,
    MODEL,
    SCORES,
    read_config,
)
from volcast.pipeline.backtest.walk_forward import run_fold
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import DataError
from volcast.pipeline.files import read_frame
from volcast.pipeline.panel.build import build_grids, build_panel
from volcast.pipeline.progress import Progress


def changed(config: Config, **sections) -> Config:
    """The settings with some keys replaced, section by section."""
    values = config.model_dump()
    return Config.model_validate({k: v | sections.get(k, {}) for k, v in values.items()})


@pytest.fixture(scope="module")
def config(finished):
    return read_config(finished)


def test_the_panel_on_disk_is_the_panel_that_was_built(finished, panel, config):
    built = build_panel(build_grids(read_frame(finished / BARS), config), config)
    assert vars(built).keys() == vars(panel).keys()
    for name, value in vars(built).items():
        np.testing.assert_array_equal(getattr(panel, name), value, err_msg=name, strict=True)


def test_every_model_forecasts_the_same_rows(finished):
    table = pd.read_parquet(finished / FORECASTS)
    rows = {
        name: set(
            map(tuple, part[part["variance"] > 0][["ticker", "horizon", "origin"]].to_numpy())
        )
        for name, part in table.groupby("model")
    }
    assert set(rows) == {"har", "ewma", "network"}
    assert len(rows["har"]) > 500
    assert rows["har"] == rows["ewma"] == rows["network"]


def test_every_scored_row_counts_for_every_model(finished):
    scores = pd.read_csv(finished / SCORES)
    counts = scores.groupby(["horizon", "ticker"])["rows"]
    assert (counts.nunique() == 1).all()
    assert (counts.size() == 3).all()


def test_a_model_that_fails_on_some_rows_is_scored_on_them_by_its_fallback(
    panel, config, monkeypatch
):
    class Gappy(LastValue):
        def forecast(self, sample, origins):
            variance = super().forecast(sample, origins)
            variance[::2] = np.nan
            return variance

    monkeypatch.setitem(BASELINES, "ewma", Gappy)
    table = run_fold(panel, build_folds(panel, config)[0], config, Progress()).forecasts
    mine = table[(table["model"] == "ewma") & (table["part"] == "test")]
    assert mine["variance"].notna().all()
    assert mine["fallback"].mean() == 0.5
    variance = pd.DataFrame(panel.variance, panel.sessions, panel.tickers)
    month = variance.rolling(22).mean()
    for row in mine[mine["fallback"] & ~mine["clipped"]].itertuples():
        assert row.variance == pytest.approx(month.loc[row.origin, row.ticker], rel=1e-9)


def test_a_fit_is_shown_nothing_of_its_test_part(panel, config, monkeypatch):
    seen = []

    class Spy(LastValue):
        def fit(self, sample, split):
            known = np.isfinite(sample.target)
            seen.append((sample.sessions[-1], sample.target_end[known].max(), split))
            assert len(sample.x) == len(sample.variance) == len(sample.sessions)
            return self

        def forecast(self, sample, origins):
            seen.append(sample.sessions[-1])
            return super().forecast(sample, origins)

    monkeypatch.setitem(BASELINES, "ewma", Spy)
    for fold in build_folds(panel, config):
        seen.clear()
        run_fold(panel, fold, config, Progress())
        (last, last_outcome, split), *forecasts = seen
        assert last == panel.sessions[fold.test.start - 1]
        assert last_outcome == last
        assert (split.train, split.validation) == (fold.train, fold.validation)
        assert [day for day in forecasts if day > last] == [panel.sessions[fold.test.stop - 1]]


@pytest.mark.parametrize("window", ["expanding", "rolling"])
def test_the_purge_is_the_longest_horizon_and_each_session_is_tested_once(panel, config, window):
    config = changed(config, split={"window": window})
    folds = build_folds(panel, config)
    for fold in folds:
        assert fold.validation.start - fold.train.stop == 5
        assert fold.test.start - fold.validation.stop == 5
        # No target of one part is known later than the next part begins.
        ends = panel.target_end[fold.train].max()
        assert ends < panel.sessions[fold.validation.start].to_datetime64()
        ends = panel.target_end[fold.validation].max()
        assert ends < panel.sessions[fold.test.start].to_datetime64()
    tested = [t for fold in folds for t in range(len(panel.sessions))[fold.test]]
    assert tested == list(range(folds[0].test.start, len(panel.sessions)))


def test_the_first_test_comes_train_sessions_after_the_first_usable_row(panel, config):
    usable = np.isfinite(panel.x[:, :, ~panel.optional]).all(axis=(2)).any(axis=1)
    assert build_folds(panel, config)[0].test.start == usable.argmax() + 300


def test_a_given_test_start_is_the_first_origin(panel, config):
    # 4 March 2018 is a Sunday.
    config = changed(config, split={"test_start": pd.Timestamp("2018-03-04").date()})
    start = build_folds(panel, config)[0].test.start
    assert str(panel.sessions[start].date()) == "2018-03-05"


@pytest.mark.parametrize("train_sessions", [700, 5000])
def test_too_little_history_says_what_is_needed_and_found(panel, config, train_sessions):
    usable = np.isfinite(panel.x[:, :, ~panel.optional]).all(axis=2).any(axis=1).argmax()
    config = changed(config, split={"train_sessions": train_sessions})
    # The first session has no return, so no variance; one session is the first test.
    said = f"needs {usable + train_sessions:,} sessions with a variance .* and has 699, 2016-01-06 "
    with pytest.raises(DataError, match=said + "to 2018-10-12; --train-sessions 275 or --test-st"):
        build_folds(panel, config)


@pytest.mark.parametrize("day", ["2010-01-01", "2016-03-01", "2016-06-01", "2030-01-01"])
def test_a_test_start_without_history_before_it_is_refused(panel, config, day):
    config = changed(config, split={"test_start": pd.Timestamp(day).date()})
    with pytest.raises(DataError, match="too little history for the first fold"):
        build_folds(panel, config)


def test_a_gap_that_leaves_a_fold_nothing_to_validate_on_is_named(tmp_path):
    prices = make_prices(sessions=1400)
    gap = prices["date"].between("2018-06-01", "2020-03-01")
    data = write_csv(tmp_path / "gap.csv", prices[~gap])
    config = write_config(tmp_path / "gap.toml", f'[data]\nsource = "files"\npath = "{data}"\n')
    said = volcast("run", "--config", config, "--out", tmp_path / "run").complaint
    assert "nothing to validate on: no ticker has features and targets from 2018-" in said


def test_the_network_of_a_fold_is_kept_and_makes_its_forecasts(finished, panel, config):
    from volcast.models.regressor.estimator import KerasVolatilityRegressor

    fold = build_folds(panel, config)[0]
    place = find_fold_folder(finished / MODEL, 0)
    regressor = KerasVolatilityRegressor.load(place)
    table = pd.read_parquet(place / "forecasts.parquet")
    mine = table[(table["model"] == "network") & (table["part"] == "test") & (~table["clipped"])]
    for number, ticker in enumerate(panel.tickers):
        again = regressor.predict(panel.x[fold.test, number])
        for at, horizon in enumerate(panel.horizons):
            rows = mine[(mine["ticker"] == ticker) & (mine["horizon"] == horizon)]
            positions = panel.sessions[fold.test].get_indexer(rows["origin"])
            assert len(rows) > 100
            np.testing.assert_allclose(rows["variance"], again[positions, at], rtol=1e-5)


def test_every_network_setting_reaches_the_regressor(config):
    from volcast.pipeline.backtest.model_factory import build_regressor

    given = changed(
        config,
        model={
            "learning_rate": 0.5, "batch_size": 7, "epochs": 8, "patience": 9, "optimizer": "sgd",
            "loss": "mse", "hidden": (3,), "activation": "tanh", "dropout": 0.1, "l2": 0.2,
            "schedule": "cosine", "warmup_epochs": 0.5, "weight_decay": 0.6, "clipping": "value",
            "clip_at": 0.3, "members": 2, "bootstrap": True, "seed": 11, "initialisation": "he",
            "blend": 0.75,
        },
    )  # fmt: skip
    parameters = build_regressor(given).get_params()
    expected = given.model.model_dump(exclude={"pretrained"})
    assert {key: parameters[key] for key in expected} == expected


def test_the_sample_is_tested_from_2008(tmp_path):
    answer = volcast("features", tmp_path)
    assert answer.code == 1
    volcast("download", tmp_path / "run", "--quiet")
    config = load_config(tmp_path / "run" / "config.toml")
    bars = build_grids(read_frame(tmp_path / "run" / BARS), config)
    panel = build_panel(bars, config)
    assert str(panel.sessions[build_folds(panel, config)[0].test.start].date()) == "2008-01-02"
