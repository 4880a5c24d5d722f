import numpy as np
import pytest

from volcast.features import level
from volcast.features.level import estimate_level_factor


def biased_market(bias, rows=3000, seed=0):
    """Return a measure with the given biases, one ticker each, and returns of the true variance."""
    rng = np.random.default_rng(seed)
    bias = np.atleast_1d(np.asarray(bias, dtype=float))
    log_variance = np.log(1e-4) + 0.05 * rng.standard_normal((rows, len(bias))).cumsum(axis=0)
    variance = np.exp(np.clip(log_variance, -12, -6))
    log_return = np.sqrt(variance) * rng.standard_normal(variance.shape)
    noise = np.exp(0.5 * rng.standard_normal(variance.shape) - 0.125)
    return bias * variance * noise, log_return


@pytest.mark.parametrize("bias", [0.5, 0.8, 1.0, 1.3])
def test_the_factor_finds_the_bias_of_the_measure(bias):
    measure, log_return = biased_market([bias] * 5)
    factor = estimate_level_factor(measure, log_return)
    assert factor[-1] == pytest.approx(1 / bias, rel=0.12)
    mean_ratio = np.mean(log_return[1000:] ** 2) / np.mean(factor[999:-1] * measure[1000:])
    assert mean_ratio == pytest.approx(1.0, abs=0.06)


def test_the_factor_equals_a_naive_loop():
    measure, log_return = biased_market([0.7, 1.1], rows=90)
    measure[50, 0] = np.nan
    log_return[70, 1] = 0.9  # beyond the largest multiple: the day does not count
    expected = naive_factor(measure, log_return)
    assert estimate_level_factor(measure, log_return) == pytest.approx(expected, rel=1e-12)


def naive_factor(measure, log_return):
    rows, tickers = measure.shape
    result = np.ones((rows, tickers))
    for t in range(rows):
        log_ratio, observations = np.zeros(tickers), np.zeros(tickers)
        for n in range(tickers):
            top = bottom = weight = squared_weight = 0.0
            for s in range(t + 1):
                past = measure[max(s - 65, 0) : s + 1, n]
                if np.isfinite(past).sum() < 22 or not np.isfinite(measure[s, n]):
                    continue
                median = np.nanmedian(past)
                a, b = log_return[s, n] ** 2 / median, measure[s, n] / median
                if max(a, b) > level.LARGEST_MULTIPLE:
                    continue
                w = 0.5 ** ((t - s) / level.HALF_LIFE)
                top, bottom = top + w * a, bottom + w * b
                weight, squared_weight = weight + w, squared_weight + w * w
            if top > 0:
                log_ratio[n] = np.log(top / bottom)
                observations[n] = weight**2 / max(squared_weight, 1.0)
        own = observations / (observations + level.SHRINK_TO_PANEL)
        plausible = [min(max(each, -0.7), 0.7) for each in log_ratio]
        panel = (own * plausible).sum() / own.sum() if own.sum() > 0 else 0.0
        panel *= observations.max() / (observations.max() + level.SHRINK_TO_ONE)
        result[t] = np.exp(panel + own * (log_ratio - panel))
    return result


def test_the_factor_is_one_until_a_month_is_known_and_moves_slowly_from_there():
    measure, log_return = biased_market(0.5)
    factor = estimate_level_factor(measure, log_return)
    assert (factor[:21] == 1.0).all()
    assert 1.0 < factor[60, 0] < factor[-1, 0]


@pytest.mark.parametrize("row", [200, 2900, 2999])
@pytest.mark.parametrize("field", ["measure", "return", "both"])
def test_one_absurd_day_does_not_move_the_factor(row, field):
    measure, log_return = biased_market([0.8, 0.9])
    before = estimate_level_factor(measure, log_return)
    if field != "return":
        measure[row, 0] = 20.0
    if field != "measure":
        log_return[row, 0] = 4.6
    after = estimate_level_factor(measure, log_return)
    assert np.abs(np.log(after / before)).max() < 0.005


def test_a_factor_knows_nothing_after_its_row():
    measure, log_return = biased_market([0.8, 1.2], rows=400)
    before = estimate_level_factor(measure, log_return)
    assert (estimate_level_factor(measure[:300], log_return[:300]) == before[:300]).all()
    measure[300:], log_return[300:] = 0.1, 0.3
    assert (estimate_level_factor(measure, log_return)[:300] == before[:300]).all()


def test_a_new_ticker_takes_the_level_of_its_panel():
    measure, log_return = biased_market([0.7] * 4)
    measure[:-30, 0] = np.nan
    factor = estimate_level_factor(measure, log_return)[-1]
    assert factor[0] == pytest.approx(np.exp(np.log(factor[1:]).mean()), rel=0.1)


def test_a_measure_in_another_unit_is_brought_to_the_level_and_leaves_the_others_alone():
    measure, log_return = biased_market([0.8, 0.9])
    factor = estimate_level_factor(measure, log_return)[-1]
    measure[:, 0] *= 1e4  # a column in squared percent
    in_percent = estimate_level_factor(measure, log_return)[-1]
    assert in_percent[0] == pytest.approx(factor[0] / 1e4, rel=0.05)
    assert in_percent[1] == pytest.approx(factor[1], rel=0.05)  # the other ticker does not notice


def test_tickers_with_another_kind_of_measure_have_a_panel_of_their_own():
    measure, log_return = biased_market([0.6, 0.6, 1.0])
    measure[:-60, 2] = np.nan
    together = estimate_level_factor(measure, log_return)[-1]
    kinds = np.array([True, True, False])
    apart = estimate_level_factor(measure, log_return, kinds)[-1]
    assert together[2] > 1.3 and 0.8 < apart[2] < 1.2
    assert apart[:2] == pytest.approx(together[:2], rel=0.02)
