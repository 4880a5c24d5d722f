"""The stand-in for Yahoo, which the commands of the store ask."""

from tests.pipeline.data.conftest import _standin, standin

__all__ = ["_standin", "standin"]
