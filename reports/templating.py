"""The templates of all pages, and the page of findings; nothing is written."""

import re
from collections.abc import Sequence
from functools import cache

import jinja2
import markupsafe

from volcast.reports import text_tables as shown
from volcast.reports.figures.palette import model_label
from volcast.reports.section import Section


def render_sections(title: str, subtitle: str, findings: Sequence[Section]) -> str:
    """Return one self-contained HTML page with a section a finding."""
    view = {"title": title, "subtitle": subtitle, "findings": findings}
    return environment().get_template("findings.html.j2").render(view)


@cache
def environment() -> jinja2.Environment:
    """Return the templates with the filters that they use."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("volcast.reports"),
        autoescape=lambda name: name is not None and name.endswith("html.j2"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        date=shown.date,
        number=lambda value, form=".1f": shown.Column("", "", form).text(value),
        horizon=shown.horizon_name,
        label=model_label,
        cell=_markdown_cell,
        unbroken=_unbroken,
        worded=_worded,
    )
    return environment


def _unbroken(sentence: str) -> str:
    """Return the sentence with p-values, plus-minus signs, percents and HAR-X kept on one line."""
    space = "\N{NO-BREAK SPACE}"
    kept = re.sub(r"\bp ([<=]) ", rf"p{space}\1{space}", sentence)
    kept = kept.replace(" ± ", f"{space}±{space}").replace(" %", f"{space}%")
    return kept.replace("HAR-X", "HAR\N{NON-BREAKING HYPHEN}X")


def _worded(sentence: str) -> markupsafe.Markup:
    """Return the sentence as HTML: kept on one line where it must, what stands in ` ` as code."""
    escaped = str(markupsafe.escape(_unbroken(sentence)))
    return markupsafe.Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped))


def _markdown_cell(text: object) -> str:
    """Return text that neither ends a Markdown table's cell nor opens an HTML element."""
    escaped = str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return " ".join(escaped.replace("|", "\\|").split())
