"""The card of a vintage: what it was trained on, what it reached, and what it is not for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LIMITS = (
    "Its forecast is a mean daily variance by open, high, low and close; the level of another "
    "measure, such as realised variance, is corrected on the user's own data, and so is an index "
    "whose opens are stale.",
    "The tickers were chosen from those that traded at the end of the panel, so that companies "
    "which failed or were bought are missing.",
    "The features, the architecture and the shares of masked rows were chosen by people who knew "
    "the years after the cut-off. That hindsight remains in every backtest.",
    "It is no advice, and no forecast of prices.",
)


def render_card(name: str, card: Mapping[str, Any]) -> str:
    """Return the card as Markdown."""
    facts = {
        "Cut-off (last target seen)": card["last_target"],
        "Data": f"{card['data']}, {card['licence']}",
        "Data hash (SHA-256)": card["data_hash"],
        "First session": card["first_session"],
        "Tickers": describe_tickers(card),
        "Events": ", ".join(card["events"]) or "none",
        "Exogenous series": ", ".join(card["exogenous"]) or "none",
        "volcast": card["volcast"],
    }
    lines = [f"# Pretrained vintage {name}", ""]
    lines += [f"- {key}: {value}" for key, value in facts.items()]
    lines += ["", "## Reached on what it was not trained on", ""]
    lines += ["QLIKE relative to log-HAR fitted to each ticker.", ""]
    lines += _render_reached(card["reached"])
    lines += ["", "## Settings", ""]
    lines += [f"- {key}: {value}" for key, value in card["settings"].items()]
    lines += ["", "## Limits", "", *(f"- {limit}" for limit in LIMITS)]
    return "\n".join(lines) + "\n"


def describe_tickers(card: Mapping[str, Any]) -> str:
    """Return the number of tickers by kind, and of those that were left out."""
    kinds = ", ".join(f"{count} {kind}" for kind, count in card["kinds"].items())
    return f"{kinds}; {card['left_out']} of them left out of the training"


def _render_reached(reached: Mapping[str, Any]) -> list[str]:
    if not reached:
        return ["There are too few rows for a figure."]
    horizons = list(next(iter(reached.values()))["ratio_to_har"])
    head = "| " + " | ".join(["rows", *(f"{h} sessions" for h in horizons), "number"]) + " |"
    lines = [head, "|" + "---|" * (len(horizons) + 2)]
    for name, found in reached.items():
        ratios = [f"{found['ratio_to_har'][h]:.3f}" for h in horizons]
        lines.append("| " + " | ".join([name, *ratios, f"{found['rows']:,}"]) + " |")
    return lines
