"""A backtest from Python: the bytes of the command, and results that show themselves."""

import gc

import numpy as np
import pandas as pd
import pytest

import volcast
from tests.pipeline.library.samples import NOW, SMALL, make_axes
from tests.pipeline.samples import two_tickers
from tests.reports.training.test_settings_map import make_map
from volcast.pipeline.errors import ConfigError, RunFolderError

SAME = ("bars.parquet", "features.arrow", "forecasts.parquet", "scores.csv", "history.csv")


@pytest.fixture(scope="module")
def result(finished):
    return volcast.load(finished)


@pytest.fixture(scope="module")
def from_file(tmp_path_factory, prices):
    return volcast.backtest(prices, tmp_path_factory.mktemp("library") / "run", now=NOW, **SMALL)


def test_the_command_and_the_library_give_the_same_bytes(finished, from_file):
    for name in (*SAME, "config.toml"):
        assert (from_file.folder / name).read_bytes() == (finished / name).read_bytes(), name


def test_a_frame_gives_the_forecasts_of_the_file(finished, tmp_path):
    made = volcast.backtest(two_tickers(), tmp_path / "run", now=NOW, **SMALL)
    for name in SAME:
        assert (made.folder / name).read_bytes() == (finished / name).read_bytes(), name
    again = volcast.run(tmp_path / "run", tmp_path / "run" / "config.toml", now=NOW)
    assert all(stage["seconds"] == made.manifest["stages"][name]["seconds"]
               for name, stage in again.manifest["stages"].items())  # fmt: skip


def test_a_temporary_run_lives_as_long_as_its_result():
    made = volcast.backtest(
        volcast.load_prices(two_tickers(), tickers="AAA", now=NOW),
        now=NOW,
        **SMALL | {"horizons": 1, "models": "har", "select": ["har_1", "har_5", "har_22"]},
    )
    folder = made.folder
    assert folder.is_dir() and made.tickers == ["AAA"]
    del made
    gc.collect()
    assert not folder.exists()


def test_tables_are_those_of_the_folder(result, finished):
    assert len(result.scores) == len(pd.read_csv(finished / "scores.csv"))
    rows = result.forecasts
    np.testing.assert_allclose(rows["volatility"], 100 * np.sqrt(252 * rows["variance"]))
    assert set(result.verdicts["fold"]) == set(result.curves["fold"])
    assert result.newest[["ticker", "horizon"]].to_numpy().tolist() == [
        ["AAA", 1], ["AAA", 5], ["BBB", 1], ["BBB", 5]
    ]  # fmt: skip
    assert "bars" in set(result.quality["rule"]) and result.failures == {}
    assert "HAR" in result.verdict


def test_the_summary_holds_scores_and_newest_forecasts(result):
    text = str(result.summary())
    for word in ("Volatility backtest", "ratio_to_har", "network", "Newest forecasts", "AAA, BBB"):
        assert word in text
    assert "<details" in result._repr_html_() and str(result.folder) in repr(result)


FIGURES = {
    "plot": lambda run, ax: run.plot("BBB", 5, ax=ax),
    "curves": lambda run, ax: run.plot_curves(ax=ax),
    "train curves": lambda run, ax: run.plot_curves("train_loss", ax=ax),
    "calibration": lambda run, ax: run.plot_calibration(5, ax=ax),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_drawn_on_the_given_axes(name, result):
    axes = make_axes()
    assert FIGURES[name](result, axes) is axes
    assert axes.lines or axes.patches or axes.collections
    assert axes.get_xlabel()


def test_the_map_that_the_run_has_measured_is_drawn(run_dir):
    """Tables as `volcast run --diagnose` leaves them; without them the map is measured."""
    seeds, cells = make_map()
    (run_dir / "diagnosis").mkdir(exist_ok=True)
    for name, table in (("seeds", seeds), ("cells", cells)):
        table.to_parquet(run_dir / "diagnosis" / f"map.{name}.parquet")
    axes = make_axes()
    assert volcast.load(run_dir).plot_map(ax=axes) is axes
    assert len(axes.texts) == len(cells)


def test_a_new_figure_is_made_without_axes(result):
    import matplotlib.pyplot as plt

    with plt.rc_context(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("MPLBACKEND", "Agg")
        plt.switch_backend("Agg")
        axes = result.plot()
        assert axes.figure.get_facecolor() == (1.0, 1.0, 1.0, 1.0)
        plt.close(axes.figure)


def test_what_a_backend_sets_at_the_first_figure_is_kept(result, monkeypatch):
    """A notebook's backend turns interactive figures on when the first one is made."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    plt.switch_backend("Agg")
    make = plt.figure

    def make_first_figure(*arguments, **options):
        mpl.rcParams["interactive"] = True
        return make(*arguments, **options)

    with mpl.rc_context():
        monkeypatch.setattr(plt, "figure", make_first_figure)
        plt.close(result.plot().figure)
        assert mpl.is_interactive()


def test_the_explanation_of_a_run_sums_to_the_change(result):
    explained = result.explain("BBB", 5)
    change = 2 * np.log(explained.volatility / explained.usual_volatility)
    assert explained.table["contribution"].sum() == pytest.approx(change, rel=1e-9)
    newest = result.newest.query("ticker == 'BBB' and horizon == 5")["volatility"].iloc[0]
    assert explained.volatility == newest


def test_the_report_is_that_of_the_run(result, tmp_path):
    path = result.report(tmp_path / "report.html")
    assert path.read_bytes() == (result.folder / "report.html").read_bytes()


def test_further_levels_are_in_the_forecasts_the_report_and_the_quantiles(run_dir):
    config = run_dir / "config.toml"
    made = volcast.run(run_dir, config, now=NOW, intervals=[0.8, 0.95])
    rows = made.forecasts.dropna(subset="volatility_lower")
    order = ["volatility_lower_95", "volatility_lower_80", "volatility_upper_80"]
    assert (np.diff(rows[[*order, "volatility_upper_95"]].to_numpy(), axis=1) >= 0).all()
    text = (run_dir / "report.md").read_text()
    assert "Further levels" in text and "Newest forecasts by level" in text
    quantiles = made.quantiles
    assert (np.diff(quantiles.drop(columns=["ticker", "horizon"]).to_numpy(), axis=1) > 0).all()
    newest = rows[rows["model"] == "network"].sort_values("origin")
    newest = newest.groupby(["ticker", "horizon"]).tail(1).sort_values(["ticker", "horizon"])
    np.testing.assert_allclose(quantiles[0.1], newest["volatility_lower_80"])
    with pytest.raises(ConfigError, match=r"probabilities must be in \(0, 1\)"):
        made.compute_quantiles([0.0])
    with pytest.raises(ConfigError, match=r"probabilities must be numbers, .*; got 'half'"):
        made.compute_quantiles("half")
    assert made.compute_quantiles(0.5).columns.tolist() == ["ticker", "horizon", 0.5]


def test_what_was_not_forecast_is_refused(result):
    with pytest.raises(ConfigError, match="CCC has no forecast"):
        result.plot("CCC")
    with pytest.raises(ConfigError, match="horizon 9 was not forecast"):
        result.plot_calibration(9)
    with pytest.raises(ConfigError, match="loss must be one of val_loss, train_loss"):
        result.plot_curves("loss")


def test_an_unfinished_run_says_what_is_missing(tmp_path, prices):
    part = volcast.run(
        tmp_path / "run", now=NOW, until="download", source="files", path=prices, **SMALL
    )
    assert list(part.manifest["stages"]) == ["download"]
    with pytest.raises(RunFolderError, match="is not evaluated"):
        _ = part.verdict
    with pytest.raises(RunFolderError, match="is missing"):
        part.report(tmp_path / "report.html")
    with pytest.raises(ConfigError, match="there is no stage trained; choose from download"):
        volcast.run(tmp_path / "run", until="trained")


def test_a_place_that_is_nothing_is_refused(tmp_path):
    with pytest.raises(RunFolderError, match="neither a run folder"):
        volcast.load(tmp_path)


NOWHERE = {
    "nothing": (None, ConfigError, "place must be the path of a run folder"),
    "a number": (3, ConfigError, "or the address of a server; got 3"),
    "another protocol": ("ftp://host/run", ConfigError, "begins with http:// or https://; got ftp"),
}


@pytest.mark.parametrize("case", NOWHERE)
def test_what_is_no_place_is_explained(case):
    place, kind, message = NOWHERE[case]
    with pytest.raises(kind, match=message):
        volcast.load(place)


def test_several_axes_at_once_are_refused(result):
    pair = np.array([make_axes(), make_axes()])
    with pytest.raises(ConfigError, match=r"ax must be one matplotlib Axes, .*; got ndarray"):
        result.plot(ax=pair)
