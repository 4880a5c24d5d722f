"""Small pieces of text that the lab's sections share."""

from collections.abc import Sequence


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
