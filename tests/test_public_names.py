"""What `volcast` offers is documented: each name says what it takes, gives and raises."""

import inspect
from importlib import import_module

import pytest

import volcast

MODULES = ("volcast.metrics", "volcast.model_selection")
PUBLIC = {
    f"{module}.{name}": getattr(import_module(module), name)
    for module in ("volcast", *MODULES)
    for name in import_module(module).__all__
}
RESULTS_OF_TESTS = (volcast.metrics.DieboldMariano, volcast.metrics.MincerZarnowitz)
DOCUMENTED = {
    name: value
    for name, value in PUBLIC.items()
    if inspect.isroutine(value) or (inspect.isclass(value) and value not in RESULTS_OF_TESTS)
}
METHODS = {
    f"{kind.__name__}.{name}": method
    for kind in (volcast.Forecast, volcast.Run, volcast.JobHome, volcast.Explanation)
    for name, method in inspect.getmembers(kind, inspect.isfunction)
    if not name.startswith("_")
}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_public_name_has_the_sections_of_its_kind(name):
    text = str(inspect.getdoc(DOCUMENTED[name]))
    wanted = ["Examples"]
    if inspect.isroutine(DOCUMENTED[name]):
        wanted += ["Parameters", "Returns", "Raises"]
    for section in wanted:
        assert f"{section}\n{'-' * len(section)}" in text, section


@pytest.mark.parametrize("name", METHODS)
def test_a_method_of_a_result_explains_its_parameters(name):
    text = str(inspect.getdoc(METHODS[name]))
    parameters = list(inspect.signature(METHODS[name]).parameters)[1:]
    assert text
    for parameter in parameters:
        assert parameter in text, parameter
    if parameters and METHODS[name].__name__.startswith("plot"):
        assert "ax" in parameters and "Returns\n-------\nmatplotlib.axes.Axes" in text
