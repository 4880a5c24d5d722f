"""`volcast.load` on the home of a job: its ledger as tables and figures."""

import datetime as dt

import numpy as np
import pytest
from matplotlib.dates import num2date
from matplotlib.figure import Figure

import volcast
from tests.pipeline.ledger.samples import DAY, EVENING, ORIGIN, forecast, outcome, sessions
from volcast.pipeline.errors import ConfigError, LedgerError
from volcast.pipeline.home import Home
from volcast.pipeline.ledger.ledger import Ledger


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


def test_the_interval_in_a_figure_is_that_of_the_newest_level(tmp_path):
    """After a change of `report.interval` the bounds of the old level are left out."""
    path = Home(tmp_path).ledger
    days = sessions(ORIGIN, 4)
    with Ledger.to_write(path) as ledger:
        for day, level in zip(days, (0.9, 0.9, 0.8, 0.8), strict=True):
            now = dt.datetime.combine(day, EVENING.timetz())
            ledger.add_forecasts([forecast(origin=day, interval_level=level)], now=now)
            ledger.add_outcomes([outcome(origin=day)], now=now + DAY)
    axes = Figure().add_subplot()
    volcast.load(tmp_path).plot(ax=axes)
    assert "80% interval" in axes.get_legend_handles_labels()[1]
    band = axes.collections[0].get_paths()[0].vertices[:, 0]
    assert num2date(band.min()).date() >= days[2]
