import pytest

from volcast.features import registry
from volcast.features.registry import DEFAULT, FEATURES, families, feature, select


def test_the_default_is_registered_and_holds_the_har_terms():
    assert set(DEFAULT) <= set(FEATURES)
    assert {"har_1", "har_5", "har_22"} <= set(DEFAULT)
    assert len(DEFAULT) == len(set(DEFAULT))


def test_names_families_and_all_are_chosen_in_registry_order_without_duplicates():
    assert select(["all"]) == tuple(FEATURES)
    assert select(["z", "har_5", "har_1", "z"]) == ("har_1", "har_5", "z")
    assert select(["volume", "volume_change"]) == families()["volume"]


def test_an_unknown_name_is_answered_with_the_nearest_known_one():
    with pytest.raises(ValueError, match=r"'har_23'; did you mean 'har_22'"):
        select(["har_1", "har_23"])


def test_an_empty_choice_is_refused():
    with pytest.raises(ValueError, match="no feature was chosen"):
        select([])


def test_a_name_is_never_a_feature_and_a_family_at_once():
    assert not set(FEATURES) & {*families(), "all"}


def test_families_hold_every_feature_once():
    assert [name for names in families().values() for name in names] == list(FEATURES)


def test_lags_volume_market_and_echo_are_the_optional_families():
    optional = {item.family for item in FEATURES.values() if item.optional}
    required = {item.family for item in FEATURES.values() if not item.optional}
    assert optional == {"variance_lags", "volume", "market", "echo"}
    assert not optional & required


def test_every_feature_says_what_it_is():
    assert all(item.doc.endswith(".") for item in FEATURES.values())


def test_a_function_is_registered_once_a_name_with_its_value(monkeypatch):
    monkeypatch.setattr(registry, "FEATURES", {})

    @feature("mine", optional=True, twice=2, thrice=3)
    def multiple(bars, factor):
        """A multiple."""
        return bars * factor

    @feature("mine")
    def alone(bars):
        """The number itself."""
        return bars

    assert [item.compute(5) for item in registry.FEATURES.values()] == [10, 15, 5]
    assert registry.FEATURES["twice"].optional
    assert registry.FEATURES["alone"].doc == "The number itself."
    with pytest.raises(ValueError, match="'alone' exists already"):
        feature("yours")(alone)
