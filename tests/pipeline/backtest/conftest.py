"""The stand-in for Yahoo, for runs that go through the store."""

from tests.pipeline.data.conftest import _standin, standin  # noqa: F401
