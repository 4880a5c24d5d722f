"""The small training problem of `samples`, and trials of a few settings on it."""

import pytest

from tests.models.diagnose.samples import SETTINGS, make_problem
from volcast.models.diagnose.hyperparameter_trials import run_trials


@pytest.fixture(scope="session")
def problem():
    return make_problem()


@pytest.fixture(scope="session")
def trials(problem):
    return run_trials(problem, SETTINGS)
