"""Errors of yfinance as errors of `contract.client`, each with a reason that a user can act on."""

from volcast.pipeline.data.contract.client import (
    NoBarsError,
    RateLimitError,
    TransientError,
    UnknownTickerError,
    UnreachableError,
)

NOT_FOUND = 404
UNKNOWN_TICKER = "Yahoo currently has no {} under this name; check the spelling, or try again later"
NO_BARS = "Yahoo has no bars {}, the last session that is closed and settled"
SHOWN = 200  # characters of an error in a message


def translate_error(error: Exception, date_range: str = "", what: str = "prices") -> Exception:
    """Return an error of yfinance as one of `contract.client`.

    A single miss never means that a ticker is delisted.

    Parameters
    ----------
    error
        Whatever yfinance raised.
    date_range
        The requested range, such as ``from 2024-01-02 to 2024-01-31``, for the message.
    what
        What was asked for, for the message.
    """
    from yfinance.exceptions import YFPricesMissingError, YFRateLimitError, YFTzMissingError

    status = getattr(getattr(error, "response", None), "status_code", None) or None
    text = (str(error).splitlines() or [""])[0].partition(" See http")[0][:SHOWN]
    if isinstance(error, NoBarsError):
        return NoBarsError(NO_BARS.format(date_range))
    if isinstance(error, YFRateLimitError):
        return RateLimitError("Yahoo limits the number of requests (HTTP 429)")
    if isinstance(error, YFTzMissingError) or status == NOT_FOUND:
        return UnknownTickerError(UNKNOWN_TICKER.format(what))
    if isinstance(error, YFPricesMissingError):
        return _translate_missing_prices(error.yahoo_reason or "", date_range)
    if isinstance(error, OSError) and status is None:
        return UnreachableError(f"Yahoo cannot be reached ({text}); check the network")
    if status is not None:
        return TransientError(f"Yahoo answered HTTP {status}; try again later")
    return TransientError(
        f"Yahoo did not return {what} ({type(error).__name__}: {text}); try again later"
    )


def _translate_missing_prices(reason: str, date_range: str) -> Exception:
    """Return the error for an answer without prices, by the reason that Yahoo gives."""
    if not reason or "doesn't exist for startDate" in reason:
        return NoBarsError(NO_BARS.format(date_range))
    if "delisted" in reason:
        return UnknownTickerError(UNKNOWN_TICKER.format("prices"))
    return TransientError(f"Yahoo answered: {reason}")
