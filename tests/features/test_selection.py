import pytest

from volcast.features.registry import FEATURES
from volcast.features.selection import DEFAULT_FEATURES, group_by_family, select_features


def test_the_default_is_registered_and_holds_the_har_terms():
    assert set(DEFAULT_FEATURES) <= set(FEATURES)
    assert {"har_1", "har_5", "har_22"} <= set(DEFAULT_FEATURES)
    assert len(DEFAULT_FEATURES) == len(set(DEFAULT_FEATURES))


def test_names_families_and_all_are_selected_in_registry_order_without_duplicates():
    assert select_features(["all"]) == tuple(FEATURES)
    assert select_features(["z", "har_5", "har_1", "z"]) == ("har_1", "har_5", "z")
    assert select_features(["volume", "volume_change"]) == group_by_family()["volume"]


def test_an_unknown_name_is_answered_with_the_nearest_known_one():
    with pytest.raises(ValueError, match=r"'har_23'; did you mean 'har_22'"):
        select_features(["har_1", "har_23"])


def test_an_empty_selection_is_refused():
    with pytest.raises(ValueError, match=r"no feature is selected; .* use 'default' or 'all'"):
        select_features([])


def test_a_name_is_never_a_feature_and_a_family_at_once():
    assert not set(FEATURES) & {*group_by_family(), "all"}


def test_families_hold_every_feature_once():
    assert [name for names in group_by_family().values() for name in names] == list(FEATURES)


def test_a_family_of_series_selects_the_features_of_every_series_by_their_names():
    chosen = select_features(["exogenous", "har_1"], ["^VXN", "^VIX"])
    assert chosen[0] == "har_1"
    assert [name.partition(":")[2] for name in chosen[1:]] == ["^VIX"] * 3 + ["^VXN"] * 3
    assert select_features(["all"], ["^VIX"]) == (*FEATURES, *select_features(chosen[1:4]))


def test_the_columns_have_the_same_order_however_their_names_and_series_are_given():
    names = select_features(["exogenous", "har_1"], ["^VXN", "^VIX"])
    assert select_features(names[::-1]) == names
    assert select_features(names[::-1], ["^VXN"]) == names


def test_a_family_of_series_without_a_series_is_refused():
    with pytest.raises(ValueError, match="'exogenous' has no features without an exogenous series"):
        select_features(["har_1", "exogenous"])
    with pytest.raises(ValueError, match="did you mean 'exogenous_change:\\^VIX'"):
        select_features(["exogenous_chang:^VIX"], ["^VIX"])
