"""Clipping, worked by hand."""

import numpy as np
import pytest

from volcast.models.backprop.clipping import Clipping


def test_clipping_by_hand():
    gradients = [np.array([3.0, 4.0]), np.array([0.0, 12.0])]  # norms 5 and 12, together 13
    by = {kind: Clipping(kind, 6.5).clip(gradients) for kind in ("norm", "global_norm")}
    np.testing.assert_array_equal(Clipping("value", 3.5).clip(gradients), [[3, 3.5], [0, 3.5]])
    np.testing.assert_array_equal(by["norm"], [[3, 4], [0, 6.5]])
    np.testing.assert_allclose(by["global_norm"], [[1.5, 2], [0, 6]])


def test_a_small_gradient_and_none_at_all_are_left_alone():
    for kind in ("value", "norm", "global_norm"):
        clip = Clipping(kind, 1.0).clip([np.array([0.1]), np.zeros(2)])
        np.testing.assert_array_equal(np.concatenate(clip), [0.1, 0.0, 0.0])


@pytest.mark.parametrize(("by", "at", "rule"), [("size", 1.0, "one of value"), ("norm", 0, "> 0")])
def test_clipping_refuses_what_is_none(by, at, rule):
    with pytest.raises(ValueError, match=rule.replace("> 0", "above 0")):
        Clipping(by, at)
