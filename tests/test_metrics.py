"""The public metrics: by hand, by the functions of the reports, and their errors."""

import numpy as np
import pytest

from volcast import metrics
from volcast.reports.scoring import inference

RNG = np.random.default_rng(3)
REALIZED, FORECAST = RNG.chisquare(4, 300) / 4e4, RNG.uniform(0.5, 2, 300) / 1e4


def test_qlike_is_the_weighted_mean_of_its_losses():
    ratio = REALIZED / FORECAST
    by_hand = ratio - np.log(ratio) - 1
    np.testing.assert_allclose(metrics.qlike_losses(REALIZED, FORECAST), by_hand)
    weight = np.arange(300.0)
    expected = (by_hand * weight).sum() / weight.sum()
    assert metrics.qlike(REALIZED, FORECAST, sample_weight=weight) == pytest.approx(expected)
    both = np.stack([REALIZED, FORECAST], axis=1), np.stack([FORECAST, FORECAST], axis=1)
    assert metrics.qlike(*both) == pytest.approx(by_hand.mean() / 2)


def test_tests_are_those_of_the_reports():
    one, two = RNG.normal(size=300), RNG.normal(size=300)
    dates = np.repeat(np.arange(150), 2)
    assert metrics.diebold_mariano(one, two, dates=dates, horizon=5) == (
        inference.diebold_mariano(one - two, dates, 5)
    )
    line = metrics.mincer_zarnowitz(REALIZED, FORECAST)
    assert line == inference.mincer_zarnowitz(REALIZED, FORECAST, np.arange(300), 1)


WRONG = {
    "shapes": (lambda: metrics.qlike([1.0], [1.0, 2.0]), r"same shape; got \(1,\) and \(2,\)"),
    "a zero": (lambda: metrics.qlike([0.0], [1.0]), "realized must hold positive numbers"),
    "a gap": (lambda: metrics.qlike([1.0], [np.nan]), "forecast must hold positive numbers"),
    "a missing loss": (lambda: metrics.diebold_mariano([np.nan], [1.0]), "must not be NaN"),
    "lengths": (lambda: metrics.diebold_mariano([1.0], [1.0, 2.0]), "of one length"),
    "dates": (lambda: metrics.mincer_zarnowitz([1.0], [1.0], dates=[1, 2]), "of one length"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_forecast_is_refused(case):
    call, message = WRONG[case]
    with pytest.raises(ValueError, match=message):
        call()
