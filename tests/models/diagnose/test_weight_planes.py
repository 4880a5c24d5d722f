"""Planes through weights: random ones, and those of a path."""

import numpy as np
import pytest

from tests.models.diagnose.problems import make_problem
from volcast.models.diagnose.weight_planes import Plane, build_random_plane, fit_path_plane
from volcast.models.engine.stacked_network import (
    unflatten_weights,
)


def test_random_directions_have_each_unit_s_own_norm_and_leave_the_biases():
    architecture = make_problem().build_plan().architecture
    size = sum(int(np.prod(shape)) for shape in architecture.shapes())
    centre = np.random.default_rng(2).normal(size=size)
    plane = build_random_plane(centre, architecture, seed=5)
    own = unflatten_weights(centre[None], architecture)
    for direction in plane.directions:
        drawn = unflatten_weights(direction[None], architecture)
        for kernel, weights in zip(drawn[::2], own[::2], strict=True):
            norms = [np.linalg.norm(part, axis=1) for part in (kernel, weights)]
            np.testing.assert_allclose(*norms, rtol=1e-5)
        assert all((bias == 0).all() for bias in drawn[1::2])
    one, other = plane.directions
    assert abs(one @ other) < 0.5 * np.linalg.norm(one) * np.linalg.norm(other)


def test_a_straight_path_lies_in_its_plane():
    rng = np.random.default_rng(0)
    begin, end = rng.normal(size=(2, 40))
    path = begin + np.linspace(0, 1, 6)[:, None] * (end - begin)
    plane = fit_path_plane(path[4], path, seed=0)
    np.testing.assert_allclose(plane.compute_distance(path), 0.0, atol=1e-12)
    assert plane.compute_share(path) == pytest.approx(1.0)
    np.testing.assert_allclose(plane.directions @ plane.directions.T, np.eye(2), atol=1e-12)
    places = plane.compute_coordinates(path)
    np.testing.assert_allclose(places[:, 1], 0.0, atol=1e-12)
    assert (np.diff(places[:, 0]) > 0).all()
    np.testing.assert_allclose(plane.compute_weights(places), path, atol=1e-12)


def test_a_path_in_three_directions_leaves_the_plane_by_what_the_third_holds():
    centre = np.zeros(5)
    path = np.array([[3.0, 0, 0, 0, 0], [0, 2.0, 0, 0, 0], [0, 0, 1.0, 0, 0]])
    plane = fit_path_plane(centre, path, seed=0)
    np.testing.assert_allclose(plane.compute_distance(path), [0, 0, 1], atol=1e-12)
    assert plane.compute_share(path) == pytest.approx(13 / 14)


def test_coordinates_of_slanted_directions_are_those_of_the_nearest_point():
    plane = Plane(np.ones(3), np.array([[1.0, 0, 0], [1.0, 1.0, 0]]))
    np.testing.assert_allclose(plane.compute_coordinates(np.array([[4.0, 3.0, 8.0]])), [[1.0, 2.0]])
    np.testing.assert_allclose(plane.compute_distance(np.array([[4.0, 3.0, 8.0]])), [7.0])
