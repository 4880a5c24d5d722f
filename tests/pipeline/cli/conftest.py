"""The stand-in for Yahoo, which the commands of the store ask, and homes with a registry."""

from tests.pipeline.data.conftest import _standin, standin
from tests.pipeline.registry.conftest import home, registry, template, three

__all__ = ["_standin", "home", "registry", "standin", "template", "three"]
