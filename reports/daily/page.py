"""The daily report as a list of sections, with a warning on top if alerts are open."""

from collections.abc import Callable

from volcast.reports import templating
from volcast.reports.daily import alerts, champion, forecasts, scores
from volcast.reports.daily.inputs import DailyInputs
from volcast.reports.section import Page, Section

INDEX = "../index.html"  # as a page sees it

SECTIONS: tuple[Callable[[DailyInputs], Section], ...] = (
    forecasts.build_section,
    champion.build_section,
    scores.build_section,
    alerts.build_section,
)


def build_page(inputs: DailyInputs) -> Page:
    """Return the daily report; open alerts move up to the second place."""
    order = list(SECTIONS)
    if len(inputs.alerts):
        order.insert(1, order.pop(order.index(alerts.build_section)))
    previous = {"Previous report": inputs.before} if inputs.before else {}
    return Page(
        title=f"Daily report of {inputs.day:%Y-%m-%d}",
        subtitle=f"Annualised volatility in percent, from data up to the close of "
        f"{inputs.day:%Y-%m-%d}; forecasts by {forecasts.list_models(inputs.forecasts)}.",
        sections=[build(inputs) for build in order],
        links={"All daily reports": INDEX, **previous},
        notice=alerts.build_warning(inputs.alerts),
    )


def render_html(inputs: DailyInputs) -> str:
    """Return the daily report as one HTML file without outside resources."""
    return templating.render_html(build_page(inputs))
