"""The local network combined with a vintage."""

import dataclasses

import numpy as np
import pytest

from tests.models.pretrained.samples import make_vintage
from tests.models.samples import (
    LAST_KNOWN,
    SPLIT,
    assert_no_look_ahead,
    make_sample,
    small_network,
)
from volcast.models.pretrained.combination import Combination
from volcast.models.pretrained.combined_network import CombinedNetwork
from volcast.models.pretrained.network_folder import (
    describe_vintage,
    load_network,
    save_network,
)

SAMPLE = make_sample()
EARLY = dataclasses.replace(make_vintage(), last_target=SAMPLE.sessions[404])


def combined() -> CombinedNetwork:
    return CombinedNetwork(small_network(), EARLY)


def test_a_combined_network_does_not_look_ahead():
    assert_no_look_ahead(combined, SAMPLE, last=520)


def test_a_vintage_that_ends_on_the_first_validation_day_is_refused():
    late = dataclasses.replace(EARLY, last_target=SAMPLE.sessions[SPLIT.validation.start])
    with pytest.raises(ValueError, match=r"has seen targets up to .* may only use vintages"):
        CombinedNetwork(small_network(), late).fit(SAMPLE.until(LAST_KNOWN), SPLIT)


def test_one_that_ends_the_day_before_is_accepted():
    before = dataclasses.replace(EARLY, last_target=SAMPLE.sessions[SPLIT.validation.start - 1])
    model = CombinedNetwork(small_network(), before).fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    assert model.combination_.weight.shape == (2,)


def test_the_local_network_is_trained_as_without_a_vintage():
    model = combined().fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    alone = small_network().fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    origins = slice(480, 500)
    np.testing.assert_array_equal(
        model.forecast_local(SAMPLE, origins), alone.forecast(SAMPLE, origins)
    )


def test_the_forecast_is_the_mean_of_logs():
    model = combined().fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    origins, weight = slice(480, 500), model.combination_.weight
    local = np.log(model.forecast_local(SAMPLE, origins))
    pretrained = model.forecast_pretrained_log(SAMPLE, origins) + model.combination_.level
    expected = np.exp((1 - weight) * local + weight * pretrained)
    both = np.isfinite(expected)
    np.testing.assert_allclose(model.forecast(SAMPLE, origins)[both], expected[both], rtol=1e-12)
    assert ((weight > 0) & (weight < 1)).all() and both.any()


def test_what_the_weight_is_judged_on_lies_in_the_validation_part():
    """Targets of the training part are wrecked, without an effect on the weight's evidence."""
    model = combined().fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    judged = SAMPLE.target.copy()
    judged[SPLIT.validation] *= np.exp(np.linspace(-2, 2, 85))[:, None, None]
    other = combined().fit(dataclasses.replace(SAMPLE, target=judged).until(LAST_KNOWN), SPLIT)
    assert (model.combination_.weight != other.combination_.weight).all()


@pytest.mark.parametrize("with_vintage", [True, False])
def test_a_saved_network_forecasts_the_same_bit_for_bit(tmp_path, with_vintage, stored_vintage):
    model = CombinedNetwork(small_network(), stored_vintage) if with_vintage else small_network()
    model.fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    save_network(tmp_path / "network", model)
    again = load_network(tmp_path / "network")
    origins = slice(0, len(SAMPLE.sessions))
    np.testing.assert_array_equal(again.forecast(SAMPLE, origins), model.forecast(SAMPLE, origins))
    assert isinstance(again, CombinedNetwork) == with_vintage


def test_a_network_whose_combination_is_gone_is_not_taken_for_a_local_one(tmp_path, stored_vintage):
    model = CombinedNetwork(small_network(), stored_vintage)
    model.fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    save_network(tmp_path / "network", model)
    (tmp_path / "network" / "combination.json").unlink()
    with pytest.raises(ValueError, match=r"combination\.json is missing"):
        load_network(tmp_path / "network")


def test_a_ticker_without_a_local_forecast_gets_that_of_the_vintage():
    model = CombinedNetwork(small_network(), EARLY, Combination(np.zeros(2), np.zeros((3, 2))))
    local = np.full((1, 3, 2), np.nan)
    found = model.combination_.combine(local, np.zeros((1, 3, 2)))
    assert (found == 0.0).all()


def test_a_long_validation_part_leaves_sessions_before_it_for_the_level(monkeypatch):
    """Fewer sessions for the level than the validation part has."""
    monkeypatch.setattr("volcast.models.pretrained.combined_network.LEVEL_SESSIONS", 50)
    seen = []
    module = "volcast.models.pretrained.combined_network.fit_level"
    monkeypatch.setattr(module, lambda error: seen.append(error) or np.zeros(error.shape[1:]))
    model = combined().fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    early, final = seen
    assert model.combination_.weight.shape == (2,)
    assert np.isfinite(early[:25]).any() and np.isnan(early[25:]).all()
    assert len(final) == 50


def test_a_horizon_that_the_vintage_lacks_is_that_of_the_local_network():
    fewer = dataclasses.replace(EARLY, horizons=(SAMPLE.horizons[0], 77))
    model = CombinedNetwork(small_network(), fewer).fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    origins = slice(480, 500)
    assert model.combination_.weight[0] > 0.0 and model.combination_.weight[1] == 0.0
    np.testing.assert_array_equal(
        np.log(model.forecast(SAMPLE, origins)[:, :, 1]),
        np.log(model.forecast_local(SAMPLE, origins)[:, :, 1]),
    )
    assert describe_vintage(model, SAMPLE.horizons[1]) is None
    assert describe_vintage(model, SAMPLE.horizons[0]) is not None
