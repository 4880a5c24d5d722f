"""Exogenous series by the settings: from the source, from an own file, late, and missing."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.data.conftest import _standin, make_bars, standin  # noqa: F401
from tests.pipeline.data.yahoo_standin import Listing
from volcast.pipeline.config.load import load_config, with_absolute_paths
from volcast.pipeline.errors import ConfigError, DataError
from volcast.pipeline.panel.build import build_grids, build_panel, feature_names
from volcast.pipeline.panel.load_bars import load_bars
from volcast.pipeline.panel.source_state import compute_source_state
from volcast.pipeline.progress import Progress

NOW = dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC)
EVENING = pd.Timestamp("2024-02-01 12:00", tz="America/New_York").to_pydatetime()
FEATURE = "exogenous_change:^VIX"


def settings(**data):
    return load_config(None, {"data": data, "target": {"horizons": [1]}})


def load(config, now=NOW):
    return load_bars(config, now, Progress())


def write_vix(path, last="2024-01-31", **columns):
    """A file as the VIX is published: date, open, high, low, close, and no ticker."""
    bars = make_bars("^VIX", last=last, level=14.0)
    table = bars[["session", "open", "high", "low", "close"]].assign(**columns)
    table.rename(columns={"session": "date"}).to_csv(path, index=False)
    return path


def write_bars(path, *tickers):
    pd.concat([make_bars(ticker) for ticker in tickers]).to_csv(path, index=False)
    return path


def list_changes(loaded, config):
    """The changes of the VIX in the panel of the first ticker."""
    panel = build_panel(build_grids(loaded.bars, config, external=loaded.external), config)
    return panel.x[:, 0, panel.names.index(FEATURE)]


def test_a_series_is_read_from_a_file_of_its_own(tmp_path):
    vix = write_vix(tmp_path / "prices.csv")
    config = settings(
        source="files", path=str(write_bars(tmp_path / "b.csv", "AAA")), exogenous=f"^VIX={vix}"
    )
    loaded = load(config)
    series = loaded.external.series
    assert set(series["series"]) == {"^VIX"}
    assert series["close"].tolist() == make_bars(level=14.0)["close"].tolist()
    assert str(series["known_at"].iloc[0]) == "2024-01-02 21:00:00+00:00"
    assert list(loaded.bars["ticker"].unique()) == ["AAA"]
    changes = list_changes(loaded, config)
    assert changes[1] == pytest.approx(np.log(15 / 14))
    assert np.isfinite(changes[1:]).all()


def test_a_series_among_the_tickers_of_a_file_is_forecast_only_if_it_is_named(tmp_path):
    path = str(write_bars(tmp_path / "b.csv", "AAA", "^VIX"))
    unnamed = load(settings(source="files", path=path, exogenous="^VIX"))
    named = load(settings(source="files", path=path, exogenous="^VIX", tickers=["AAA", "^VIX"]))
    assert list(unnamed.bars["ticker"].unique()) == ["AAA"]
    assert list(named.bars["ticker"].unique()) == ["AAA", "^VIX"]
    pd.testing.assert_frame_equal(unnamed.external.series, named.external.series)


def test_a_series_that_the_users_files_lack_is_an_error_that_says_how_to_name_a_file(tmp_path):
    path = str(write_bars(tmp_path / "b.csv", "AAA"))
    with pytest.raises(DataError, match=r"series \^VIX: .* no such ticker.* as \^VIX=FILE"):
        load(settings(source="files", path=path, exogenous="^VIX"))
    missing = tmp_path / "vix.csv"
    with pytest.raises(DataError, match=rf"series \^VIX: {missing}: .*No such file"):
        load(settings(source="files", path=path, exogenous=f"^VIX={missing}"))


def test_closes_that_are_not_final_or_not_prices_are_left_out(tmp_path):
    vix = write_vix(tmp_path / "vix.csv", last="2024-02-01")
    text = vix.read_text().splitlines()
    text[2] = "2024-01-03,14,14,14,0"
    vix.write_text("\n".join(text))
    config = settings(
        source="files", path=str(write_bars(tmp_path / "b.csv", "AAA")), exogenous=f"^VIX={vix}"
    )
    loaded = load(config, now=EVENING)
    days = loaded.external.series["session"].dt.strftime("%m-%d").tolist()
    assert days[:2] == ["01-02", "01-04"]
    assert days[-1] == "01-31"
    assert any("1 close of ^VIX left out" in note for note in loaded.notes)


def test_a_series_that_has_ended_is_noted_and_missing_after_three_sessions(tmp_path):
    vix = write_vix(tmp_path / "vix.csv", last="2024-01-24")
    config = settings(
        source="files", path=str(write_bars(tmp_path / "b.csv", "AAA")), exogenous=f"^VIX={vix}"
    )
    loaded = load(config)
    assert any("the last close of ^VIX is of 2024-01-24" in note for note in loaded.notes)
    changes = list_changes(loaded, config)
    assert np.isfinite(changes[-5]) and np.isfinite(changes[-3])
    assert np.isnan(changes[-2:]).all()


def test_a_series_of_yahoo_is_stored_with_the_tickers_and_read_as_of_a_moment(tmp_path, standin):  # noqa: F811
    for name, level in (("AAA", 100.0), ("^VIX", 14.0)):
        standin.listings[name] = Listing(make_bars(name, level=level).set_index("session"))
    config = settings(source="yahoo", tickers=["AAA"], exogenous="^VIX", dir=str(tmp_path))
    first = load(config)
    state = compute_source_state(config, NOW)
    assert set(state["content"]) == {"AAA", "^VIX"} and not state["due"]
    standin.faults["*"] = 500
    pinned = config.model_copy(
        update={"data": config.data.model_copy(update={"as_of": dt.datetime.now(dt.UTC)})}
    )
    again = load(pinned)
    pd.testing.assert_frame_equal(again.external.series, first.external.series)
    assert len(again.external.series) == 21


def test_without_the_series_the_source_is_noted_and_the_forecast_goes_out(tmp_path, standin):  # noqa: F811
    standin.listings["AAA"] = Listing(make_bars("AAA").set_index("session"))
    config = settings(source="yahoo", tickers=["AAA"], exogenous="^VIX", dir=str(tmp_path))
    loaded = load(config)
    assert any("no closes of the series ^VIX" in note for note in loaded.notes)
    assert not loaded.failures
    assert np.isnan(list_changes(loaded, config)).all()


def test_the_default_selection_has_the_features_of_the_series_and_others_do_not():
    assert FEATURE in feature_names(settings(exogenous="^VIX"))
    own = {"select": ["har_1"]}
    assert not any(":" in n for n in feature_names(load_config(None, {"features": own})))
    asked = load_config(None, {"data": {"exogenous": "^VIX"}, "features": {"select": [FEATURE]}})
    assert feature_names(asked)[-1] == FEATURE


def test_a_series_named_twice_is_refused():
    with pytest.raises(ConfigError, match="must not name a series twice; got '\\^VIX'"):
        feature_names(settings(exogenous=["^VIX", "^VIX=a.csv"]))


def test_the_path_of_a_series_is_made_absolute_and_its_file_is_watched(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    vix = write_vix(tmp_path / "vix.csv")
    path = str(write_bars(tmp_path / "b.csv", "AAA"))
    config = with_absolute_paths(settings(source="files", path=path, exogenous="^VIX=vix.csv"))
    assert config.data.exogenous == (f"^VIX={vix}",)
    before = compute_source_state(config, NOW)
    assert compute_source_state(config, NOW) == before
    write_vix(vix, last="2024-01-30")
    assert compute_source_state(config, NOW) != before
