"""A home whose registry is created once, since MLflow's tables take seconds, and copies of it."""

import shutil

import pytest

from tests.pipeline.registry.samples import register_networks
from volcast.pipeline.home import Home
from volcast.pipeline.registry.registry import Registry


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A home with a new registry: HAR alone."""
    folder = tmp_path_factory.mktemp("template") / "home"
    Registry(Home(folder))
    return folder


@pytest.fixture
def home(template, tmp_path):
    """A copy; opening it rewrites MLflow's addresses."""
    return Home(shutil.copytree(template, tmp_path / "home"))


@pytest.fixture
def registry(home):
    return Registry(home)


@pytest.fixture
def three(registry, tmp_path):
    """Three networks, versions 2 to 4, next to HAR."""
    register_networks(registry, tmp_path)
    return registry
