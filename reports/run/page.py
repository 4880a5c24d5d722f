"""The report of a run as a list of sections; adding one takes a file and an entry in SECTIONS.

A section whose subject the run does not have is None.
"""

from collections.abc import Callable

from volcast.reports import templating
from volcast.reports.run import (
    coverage,
    data_quality,
    forecasts,
    gain,
    headline,
    level,
    loss_days,
    provenance,
    regimes,
    report_sessions,
    risk,
    scores,
    ticker,
    training,
)
from volcast.reports.run.inputs import ReportInputs
from volcast.reports.section import Page, Section
from volcast.reports.text_tables import date

SECTIONS: tuple[Callable[[ReportInputs], Section | None], ...] = (
    headline.build_section,
    ticker.build_section,
    forecasts.build_section,
    scores.build_section,
    gain.build_section,
    training.build_section,
    regimes.build_section,
    report_sessions.build_section,
    loss_days.build_section,
    level.build_section,
    coverage.build_section,
    risk.build_section,
    data_quality.build_section,
    provenance.build_section,
)
FOOTER = "Forecasts of volatility, not of direction; not investment advice."


def build_page(inputs: ReportInputs) -> Page:
    """Return the report of a run; the diagnostics follow the section on training."""
    sections: list[Section] = []
    for build in SECTIONS:
        section = build(inputs)
        sections += [section] if section is not None else []
        if build is training.build_section:
            sections += inputs.diagnostics
    origin = date(inputs.newest["origin"].max())
    return Page(
        title=inputs.title,
        subtitle="Annualised volatility in percent, from data up to the close of "
        f"{origin}; intervals at {inputs.interval_text}.",
        sections=sections,
        footer=FOOTER,
    )


def render_html(inputs: ReportInputs) -> str:
    """Return the report as one HTML file without outside resources.

    All text is escaped, and the same inputs give the same bytes.
    """
    return templating.render_html(build_page(inputs))


def render_markdown(inputs: ReportInputs) -> str:
    """Return the report as Markdown: the same text and tables, without figures."""
    return templating.render_markdown(build_page(inputs))
