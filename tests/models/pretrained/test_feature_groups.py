"""Groups of features that are unknown together."""

import numpy as np

from volcast.models.pretrained.feature_groups import FeatureGroup, add_indicators, mask_groups

FEATURES = ("har_1", "volume", "reports_a", "reports_b")
GROUPS = (FeatureGroup("volume", ("volume",)), FeatureGroup("reports", ("reports_a", "reports_b")))


def test_a_group_is_unknown_only_where_all_its_features_are():
    x = np.array([[1, 2, np.nan, 4], [1, np.nan, np.nan, np.nan]], dtype=np.float32)
    found = add_indicators(x, FEATURES, GROUPS)
    np.testing.assert_array_equal(found[:, :4], x)
    assert found[:, 4:].tolist() == [[0.0, 0.0], [1.0, 1.0]]
    assert found.dtype == np.float32


def test_groups_are_masked_whole_and_as_often_as_asked():
    x = np.ones((40_000, 4), dtype=np.float32)
    mask_groups(x, FEATURES, GROUPS, np.random.default_rng(0), share=0.25, share_of_all=0.2)
    volume, first, second = (np.isnan(x[:, column]) for column in (1, 2, 3))
    assert not np.isnan(x[:, 0]).any()
    np.testing.assert_array_equal(first, second)
    # 1 - (1 - 0.2) * (1 - 0.25); both: 0.2 + 0.8 * 0.25**2
    np.testing.assert_allclose([volume.mean(), first.mean()], 0.4, atol=0.01)
    np.testing.assert_allclose((volume & first).mean(), 0.25, atol=0.01)
