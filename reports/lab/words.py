"""Small pieces of text that the lab's sections share."""

from collections.abc import Callable, Sequence
from typing import Any

from volcast.reports.figures.render import figure_svg
from volcast.reports.section import Panel


def listed(parts: Sequence[object]) -> str:
    """Return the parts as people list them: a, b and c."""
    texts = [str(part) for part in parts]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def numbers(values: Sequence[float]) -> str:
    """Return numbers in their shortest form as people list them."""
    return listed([f"{value:g}" for value in values])


def formula(text: str) -> str:
    """Return a formula that no line break parts."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def exact(value: float) -> str:
    """Return a number with all digits that double precision holds."""
    return repr(float(value))


def panel(title: str, name: str, alt: str, draw: Callable[[Any], object], **options: Any) -> Panel:
    """Return a titled figure; `options` are those of `figure_svg`."""
    return Panel(title, figure_svg(draw, name=name, alt=alt, **options))
