"""The examples in docstrings run, and give what they show."""

import doctest
from importlib import import_module

import pytest

from tests.checkout import FOLDERS, ROOT


def modules_with_examples() -> list[str]:
    paths = sorted((ROOT / "volcast").glob("*.py"))
    for folder in FOLDERS:
        paths += sorted((ROOT / folder).rglob("*.py"))
    names = []
    for path in paths:
        if ">>> " in path.read_text(encoding="utf-8"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            parts = parts if parts[0] == "volcast" else ("volcast", *parts)
            names.append(".".join(part for part in parts if part != "__init__"))
    return names


@pytest.mark.parametrize("name", modules_with_examples())
def test_the_examples_of_a_module_run(name):
    result = doctest.testmod(import_module(name))
    assert result.attempted > 0
    assert result.failed == 0
