"""A summary as HTML for notebooks: it takes the colours of the page and opens by a click."""

from __future__ import annotations

from html import escape

from volcast.pipeline.library.summary import ROWS_SHOWN, Summary, format_cells

STYLE = (
    "<style>.volcast{font:13px/1.45 system-ui,sans-serif;max-width:60rem}"
    ".volcast h4{margin:.2em 0 .5em}.volcast dl{display:grid;margin:0;gap:.15em 1em;"
    "grid-template-columns:max-content 1fr}.volcast dl dt{opacity:.7;margin:0}.volcast dd{margin:0}"
    ".volcast .scroll{overflow-x:auto}.volcast table{border-collapse:collapse;margin:.4em 0}"
    ".volcast th,.volcast td{padding:.15em .7em;text-align:right;white-space:nowrap;"
    "border-bottom:1px solid rgba(127,127,127,.35)}.volcast summary{cursor:pointer;"
    "margin-top:.6em}.volcast p{margin:.4em 0;opacity:.8}</style>"
)


def render_html(summary: Summary) -> str:
    """Return a summary as HTML; all text is escaped.

    Examples
    --------
    >>> "&lt;b&gt;" in render_html(Summary("Prices of <b>"))
    True
    """
    facts = "".join(
        f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>"
        for label, value in summary.facts.items()
    )
    parts = [STYLE, '<div class="volcast">', f"<h4>{escape(summary.title)}</h4><dl>{facts}</dl>"]
    for place, (heading, table) in enumerate(summary.tables.items()):
        cells = format_cells(table.head(ROWS_SHOWN)).to_html(index=False, border=0)
        left = len(table) - ROWS_SHOWN
        more = f"<p>... and {left:,} more rows</p>" if left > 0 else ""
        opened = " open" if place == 0 else ""
        parts.append(
            f"<details{opened}><summary>{escape(heading)}</summary>"
            f'<div class="scroll">{cells}</div>{more}</details>'
        )
    parts += [f"<p>{escape(note)}</p>" for note in summary.notes]
    return "".join([*parts, "</div>"])
