"""What a vintage is trained on, and what it says of itself."""

import dataclasses

import numpy as np
import pytest

from tests.models.pretrained.samples import (
    CUT_OFF,
    GROUPS,
    TICKERS,
    make_market,
    make_regressor,
    make_vintage,
)
from tests.models.samples import corrupted, make_sample
from volcast.models.pretrained.training import (
    VALIDATION_SESSIONS,
    select_rows,
    thin_rows,
    train_vintage,
    weigh_kinds,
)

SAMPLE = make_sample(TICKERS)


def test_the_last_target_is_the_newest_known_at_the_cut_off():
    vintage = make_vintage()
    assert vintage.last_target == SAMPLE.sessions[CUT_OFF]
    assert vintage.horizons == SAMPLE.horizons and vintage.features == SAMPLE.names


def test_nothing_after_the_cut_off_changes_a_vintage():
    origins = np.zeros(SAMPLE.variance.shape, dtype=bool)
    origins[:300] = True
    expected = make_vintage().forecast_log(SAMPLE, origins)
    again = train_vintage(make_market(corrupted(SAMPLE, CUT_OFF)), make_regressor())
    np.testing.assert_array_equal(again.forecast_log(SAMPLE, origins), expected)
    assert np.isfinite(expected).any()


def test_tickers_left_out_are_validated_on_but_not_trained_on():
    training, validation = select_rows(make_market(), seed=0)
    cut = CUT_OFF + 1 - VALIDATION_SESSIONS
    assert not training[:, -1].any() and training[:, 0].any()
    assert validation[cut:, -1].any()
    assert not training[cut - max(SAMPLE.horizons) :].any()
    ends = SAMPLE.target_end[: CUT_OFF + 1][training]
    assert ends.max() < SAMPLE.sessions[cut]


def test_a_history_of_less_than_the_validation_part_is_refused():
    short = make_sample(TICKERS).until(200)
    with pytest.raises(ValueError, match="201 sessions are too few to pretrain on: 250 validate"):
        train_vintage(dataclasses.replace(make_market(), sample=short), make_regressor())


def test_percentiles_are_those_of_the_errors_on_the_validation_part():
    vintage, market = make_vintage(), make_market()
    _, validation = select_rows(market, seed=0)
    error = np.log(market.sample.target[validation]) - vintage.forecast_log(
        market.sample, validation
    )
    np.testing.assert_allclose(vintage.error_percentiles[:, 49], np.median(error, axis=0))
    assert (np.diff(vintage.error_percentiles, axis=1) >= 0).all()


def test_features_that_a_sample_lacks_count_as_unknown():
    vintage = make_vintage()
    rows = np.ones(SAMPLE.variance.shape, dtype=bool)
    few = [place for place, name in enumerate(SAMPLE.names) if name.startswith("har")]
    lacking = dataclasses.replace(
        SAMPLE,
        names=tuple(SAMPLE.names[place] for place in few),
        x=SAMPLE.x[:, :, few],
        optional=SAMPLE.optional[few],
        level=SAMPLE.level[few],
    )
    unknown = dataclasses.replace(SAMPLE, x=np.where(np.arange(5) < 3, SAMPLE.x, np.nan))
    np.testing.assert_array_equal(
        vintage.forecast_log(lacking, rows), vintage.forecast_log(unknown, rows)
    )


def test_a_horizon_that_a_vintage_was_not_trained_for_has_no_forecast():
    other = dataclasses.replace(SAMPLE, horizons=(1, 7))
    found = make_vintage().forecast_log(other, np.ones(SAMPLE.variance.shape, dtype=bool))
    assert np.isnan(found[:, 1]).all() and np.isfinite(found[:, 0]).any()


def test_rare_kinds_weigh_more_but_not_as_much_as_all_others():
    weight = weigh_kinds(["stock"] * 9 + ["etf"])
    assert weight.tolist() == [1.0] * 9 + [3.0]


def test_rows_are_thinned_to_about_the_number_that_is_asked_for():
    rows = np.ones((1000, 20), dtype=bool)
    thinned = thin_rows(rows, 5000, np.random.default_rng(0))
    assert abs(int(thinned.sum()) - 5000) < 300
    assert thin_rows(rows, 30_000, np.random.default_rng(0)).all()


def test_the_groups_are_part_of_the_inputs():
    assert make_vintage().regressor.n_features_in_ == len(SAMPLE.names) + len(GROUPS)
