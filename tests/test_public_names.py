"""What `volcast` offers is documented: each name says what it takes, gives and raises."""

import inspect
import re
from functools import cached_property
from importlib import import_module

import pytest

MODULES = ("volcast.metrics", "volcast.model_selection")
PUBLIC = {
    f"{module}.{name}": getattr(import_module(module), name)
    for module in ("volcast", *MODULES)
    for name in import_module(module).__all__
}
DOCUMENTED = {
    name: value
    for name, value in PUBLIC.items()
    if inspect.isroutine(value) or inspect.isclass(value)
}
METHODS = {
    f"{kind.__name__}.{name}": method
    for kind in DOCUMENTED.values()
    if inspect.isclass(kind)
    for name, method in inspect.getmembers(kind, inspect.isroutine)
    if not name.startswith("_") and str(getattr(method, "__module__", None)).startswith("volcast")
}
PROPERTIES = {
    f"{kind.__name__}.{name}": value
    for kind in DOCUMENTED.values()
    if inspect.isclass(kind) and kind.__module__.startswith("volcast")
    for name, value in inspect.getmembers(
        kind, lambda each: isinstance(each, property | cached_property)
    )
    if not name.startswith("_")
}


def has_section(text, section):
    return f"{section}\n{'-' * len(section)}\n" in text


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_public_name_has_the_sections_of_its_kind(name):
    text = str(inspect.getdoc(DOCUMENTED[name]))
    wanted = ["Examples"]
    if inspect.isroutine(DOCUMENTED[name]):
        wanted += ["Parameters", "Returns", "Raises"]
    for section in wanted:
        assert has_section(text, section), section


@pytest.mark.parametrize("name", METHODS)
def test_a_public_method_explains_its_parameters_its_result_and_its_errors(name):
    method, text = METHODS[name], str(inspect.getdoc(METHODS[name]))
    signature = inspect.signature(method)
    parameters = [each for each in signature.parameters if each != "self"]
    explained = text.split("Parameters\n----------\n")[-1]
    for parameter in parameters:
        assert has_section(text, "Parameters"), parameter
        named = rf"^(?:.*, )?(?:\*\*)?{parameter}(?:,.*)?$"
        assert re.search(named, explained, re.MULTILINE), parameter
    if signature.return_annotation != "None":
        said = re.match(r"(Return|Yield)", text) or " return " in text.splitlines()[0]
        assert said or has_section(text, "Returns"), "Returns"
    if re.search(r"^\s+raise ", inspect.getsource(method), re.MULTILINE):
        assert has_section(text, "Raises"), "Raises"
    if method.__name__.startswith("plot") and parameters:
        assert "ax" in parameters and "Returns\n-------\nmatplotlib.axes.Axes" in text


@pytest.mark.parametrize("name", PROPERTIES)
def test_a_public_property_says_what_it_holds(name):
    assert str(inspect.getdoc(PROPERTIES[name]) or "").endswith("."), name
