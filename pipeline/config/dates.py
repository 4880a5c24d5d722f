"""Dates and moments as a user writes them."""

from datetime import UTC, date, datetime
from typing import Any

DATE_RULE = "must be a date such as 2020-01-31"
MOMENT_RULE = "must be a moment such as 2020-01-31T22:00+00:00"


def parse_date(value: Any) -> Any:
    """Return the date of ISO text, None of empty text (TOML has no null); else the value.

    Raises
    ------
    ValueError
        The text is no date; the message is the rule.
    """
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise ValueError(DATE_RULE) from error


def parse_moment(value: Any) -> Any:
    """Return the moment of ISO text, in UTC unless it says otherwise; see `parse_date`."""
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value) if value else None
    except ValueError as error:
        raise ValueError(MOMENT_RULE) from error
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None
