"""`volcast.load` on the home of a job: its ledger as tables and figures."""

import shutil

import numpy as np
import pytest
from matplotlib.figure import Figure

import volcast
from volcast.pipeline.errors import ConfigError, LedgerError
from volcast.pipeline.home import Home


@pytest.fixture(scope="module")
def home(replayed_home):
    return volcast.load(replayed_home.folder)


def test_the_newest_issued_forecasts_are_volatilities(home):
    rows = home.forecasts
    assert not rows.duplicated(["ticker", "horizon"]).any() and set(rows["role"]) == {"champion"}
    np.testing.assert_allclose(rows["volatility"], 100 * np.sqrt(252 * rows["variance"]))
    assert (rows["origin"] == home.ledger("forecasts")["origin"].max()).all()


def test_tables_and_scores_are_those_of_the_ledger(home):
    assert len(home.ledger("outcomes")) and "qlike" in home.scores
    with pytest.raises(LedgerError, match="the ledger has no table 'nothing'"):
        home.ledger("nothing")


def test_the_home_shows_itself(home):
    assert "Scheduled job" in str(home.summary()) and "<table" in home._repr_html_()
    axes = Figure().add_subplot()
    ticker = home.forecasts["ticker"].iloc[-1]
    assert home.plot(ticker, ax=axes) is axes and axes.lines
    assert "90% interval" in axes.get_legend_handles_labels()[1]
    with pytest.raises(ConfigError, match="CCC has no issued forecast"):
        home.plot("CCC", ax=axes)


def test_the_interval_in_a_figure_has_the_level_that_it_was_issued_with(replayed_home, tmp_path):
    """The ledger holds bounds; the settings of that evening, which are archived, their level."""
    changed = Home(tmp_path / "home")
    shutil.copytree(replayed_home.folder, changed.folder)
    for path in changed.folder.rglob("*.toml"):
        text = path.read_text()
        path.write_text(text.replace("interval = 0.9", "interval = 0.8"))
    axes = Figure().add_subplot()
    volcast.load(changed.folder).plot(ax=axes)
    assert "80% interval" in axes.get_legend_handles_labels()[1]
