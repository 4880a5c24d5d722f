"""Render a page as HTML or Markdown, with one template each; nothing is written."""

import re
from functools import cache

import jinja2
import markupsafe

from volcast.reports.section import Page


def render_html(page: Page) -> str:
    """Return a page as one HTML file without outside resources.

    All text is escaped, and the same page gives the same bytes.
    """
    return _environment().get_template("page.html.j2").render(page=page)


def render_markdown(page: Page) -> str:
    """Return a page as Markdown: all text and tables, without figures and cards."""
    text = _environment().get_template("page.md.j2").render(page=page)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


@cache
def _environment() -> jinja2.Environment:
    """Return the templates with the filters that they use."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("volcast.reports"),
        autoescape=lambda name: name is not None and name.endswith("html.j2"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(prose=_html_prose, markdown=_markdown_text, cell=_markdown_cell)
    return environment


def _html_prose(text: str) -> markupsafe.Markup:
    """Return text as HTML: backticked parts as code, and no line break where it would mislead."""
    escaped = str(markupsafe.escape(_join_words(text)))
    return markupsafe.Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped))


def _join_words(text: str) -> str:
    """Return text with p-values, plus-minus signs, percents and HAR-X kept on one line."""
    space = "\N{NO-BREAK SPACE}"
    joined = re.sub(r"\bp ([<=]) ", rf"p{space}\1{space}", text)
    joined = joined.replace(" ± ", f"{space}±{space}").replace(" %", f"{space}%")
    return joined.replace("HAR-X", "HAR\N{NON-BREAKING HYPHEN}X")


def _markdown_text(text: object) -> str:
    """Return text on one line that opens no HTML element; a bare "<" stays as it is."""
    escaped = re.sub(r"<(?=[A-Za-z/!?])", "&lt;", str(text))
    return " ".join(escaped.split())


def _markdown_cell(text: object) -> str:
    """Return text that neither ends a Markdown table's cell nor opens an HTML element."""
    plain = text.striptags() if isinstance(text, markupsafe.Markup) else str(text)
    escaped = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return " ".join(escaped.replace("|", "\\|").split())
