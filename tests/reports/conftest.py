import pytest

from tests.reports import synthetic


@pytest.fixture(scope="session")
def forecasts():
    return synthetic.make_forecasts()


@pytest.fixture(scope="session")
def history():
    return synthetic.make_history()


@pytest.fixture(scope="session")
def inputs(forecasts, history):
    return synthetic.make_inputs(forecasts, history)
