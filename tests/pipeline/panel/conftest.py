"""Packages with entry points, as the tests of the sources have them."""

from tests.pipeline.data.sources.conftest import installed  # noqa: F401
