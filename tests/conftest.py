"""What the tests of all packages share: derandomised examples, and a cache of compiled programs."""

import os

import pytest
from hypothesis import settings

settings.register_profile("volcast", derandomize=True, deadline=None)
settings.load_profile("volcast")

XLA_CACHE = "--tf_xla_persistent_cache_directory="


def pytest_configure(config):
    """Keep XLA's compiled programs, most of the time of a small training, for the next process.

    XLA compares the program that it is asked for with the stored one, and compiles again if they
    differ. Workers and the processes that tests start inherit the variable.
    """
    if config.pluginmanager.hasplugin("cacheprovider") and XLA_CACHE not in _xla_flags():
        folder = config.cache.mkdir("xla")
        os.environ["TF_XLA_FLAGS"] = f"{_xla_flags()} {XLA_CACHE}{folder}".strip()


def pytest_collection_modifyitems(items):
    """Let one worker run all tests of a folder, so that fixtures of the session are made once."""
    for item in items:
        folder = "/".join(item.nodeid.split("/")[:3])
        item.add_marker(pytest.mark.xdist_group(folder))


def _xla_flags():
    return os.environ.get("TF_XLA_FLAGS", "")
