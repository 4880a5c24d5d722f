"""Provenance: the settings, data, versions and seeds behind the result.

Computed from nothing; shows what it is given, so that a reader can reproduce the run.
"""

from collections.abc import Mapping

from volcast.reports.blocks import Block, Definitions, Folded, Heading, Paragraph, Preformatted
from volcast.reports.run.inputs import ReportInputs
from volcast.reports.section import Section
from volcast.reports.text_tables import sentence_case


def build_section(inputs: ReportInputs) -> Section:
    """Return the section on where the result comes from."""
    blocks: list[Block] = []
    for heading, value in inputs.provenance.items():
        blocks += [Heading(sentence_case(heading)), _show(value)]
    folded = Folded("Configuration, data, versions, seeds, durations", blocks)
    return Section(name="provenance", title="Provenance", blocks=[folded])


def _show(value: object) -> Block:
    if isinstance(value, Mapping):
        return Definitions(value)
    text = str(value)
    return Preformatted(text) if "\n" in text else Paragraph(text)
