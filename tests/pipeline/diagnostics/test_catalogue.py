"""The catalogue of diagnostics: what it names exists."""

import importlib

from volcast.pipeline.diagnostics.catalogue import DIAGNOSTICS


def test_every_diagnostic_has_a_measurement_and_a_section():
    for diagnostic in DIAGNOSTICS.values():
        for path in (diagnostic.measurement, diagnostic.section):
            module, _, name = path.partition(":")
            assert callable(getattr(importlib.import_module(module), name))
