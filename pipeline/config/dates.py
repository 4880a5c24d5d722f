"""Reads dates and moments as users write them."""

from datetime import UTC, date, datetime
from typing import Any

DATE_RULE = "must be a date such as 2020-01-31"
MOMENT_RULE = "must be a moment such as 2020-01-31T22:00+00:00"


def parse_date(value: Any) -> Any:
    """Return the date of an ISO text, None for an empty text, any other value as it is.

    An empty text stands for a missing value, because TOML has no null.

    Raises
    ------
    ValueError
        The text is not a date; the message is the rule.

    Examples
    --------
    >>> parse_date("2020-01-31")
    datetime.date(2020, 1, 31)
    """
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise ValueError(DATE_RULE) from error


def parse_moment(value: Any) -> Any:
    """Return the moment of an ISO text, None for an empty text, any other value as it is.

    A moment without a timezone is in UTC.

    Raises
    ------
    ValueError
        The text is not a moment; the message is the rule.

    Examples
    --------
    >>> parse_moment("2020-01-31T22:00").isoformat()
    '2020-01-31T22:00:00+00:00'
    """
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value) if value else None
    except ValueError as error:
        raise ValueError(MOMENT_RULE) from error
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None
