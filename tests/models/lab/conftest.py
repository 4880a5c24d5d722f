"""The tables of all experiments, computed once."""

import pytest

from volcast.models.lab.experiments import build_all_tables


@pytest.fixture(scope="session")
def tables():
    return build_all_tables()
