"""The page of one evening: its sections in order, with a warning on top where alerts stand."""

from volcast.reports.evening.alerts import alerts, warning
from volcast.reports.evening.champion import champion
from volcast.reports.evening.content import EveningContent
from volcast.reports.evening.forecasts import forecasts, makers
from volcast.reports.evening.scores import scores
from volcast.reports.templating import environment

INDEX = "../index.html"  # as a page sees it


def render_evening(content: EveningContent) -> str:
    """Return the page of an evening, one file without outside resources."""
    findings = [forecasts(content), champion(content), scores(content)]
    findings.insert(1 if len(content.alerts) else len(findings), alerts(content.alerts))
    ways = {"All evenings": INDEX}
    if content.before:
        ways["The page before"] = content.before
    view = {
        "title": f"Evening of {content.day:%Y-%m-%d}",
        "subtitle": f"Known up to the close of {content.day:%Y-%m-%d}; "
        f"forecasts by {makers(content.forecasts)}. Annualised, in percent.",
        "findings": findings,
        "ways": ways,
        "warning": warning(content.alerts),
    }
    return environment().get_template("evening.html.j2").render(view)
