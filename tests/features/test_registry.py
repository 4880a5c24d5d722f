import pytest

from volcast.features import registry
from volcast.features.registry import FEATURES, feature


def test_lags_volume_market_echo_and_reports_are_the_optional_families():
    optional = {item.family for item in FEATURES.values() if item.optional}
    required = {item.family for item in FEATURES.values() if not item.optional}
    assert optional == {"variance_lags", "volume", "market", "echo", "reports"}
    assert not optional & required


def test_every_feature_has_a_description():
    assert all(item.description.endswith(".") for item in FEATURES.values())


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
    assert registry.FEATURES["alone"].description == "The number itself."
    with pytest.raises(ValueError, match="'alone' exists already"):
        feature("yours")(alone)
