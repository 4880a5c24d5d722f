"""A source of another package: its answers are checked, and its faults reported in its name."""

import dataclasses

import pandas as pd

from volcast.pipeline.data.contract.bar_table import BAR_COLUMNS, to_bar_table
from volcast.pipeline.data.contract.source import Download, Request, Source
from volcast.pipeline.errors import DataError, VolcastError


class PluginSource:
    """Pass requests to a source of another package, and check its answers.

    Parameters
    ----------
    name
        The name of its entry point, for messages.
    source
        What the entry point returned.
    """

    def __init__(self, name: str, source: Source):
        self.name = name
        self.source = source

    def load(self, request: Request) -> Download:
        """Return the answer of the source, if it keeps the contract. See `Source.load`.

        Raises
        ------
        DataError
            When the source raises anything but volcast's own errors, or its answer is invalid.
        """
        try:
            answer = self.source.load(request)
        except VolcastError:
            raise
        except Exception as error:  # code of another package may raise anything
            raise self._broken(f"it raised {type(error).__name__}: {error}") from error
        if not isinstance(answer, Download):
            raise self._broken(f"load must return a Download; it returned {type(answer).__name__}")
        if not isinstance(answer.bars, pd.DataFrame):
            raise self._broken(f"bars must be a DataFrame; they are {type(answer.bars).__name__}")
        missing = [name for name in BAR_COLUMNS if name not in answer.bars]
        if missing:
            raise self._broken(f"its bars lack the columns {', '.join(missing)}")
        try:
            bars = to_bar_table(answer.bars)
        except (TypeError, ValueError) as error:
            raise self._broken(f"its bars have a wrong type: {error}") from error
        return self._check_tickers(request, dataclasses.replace(answer, bars=bars))

    def _check_tickers(self, request: Request, answer: Download) -> Download:
        tickers = set(answer.bars["ticker"])
        if not tickers:
            raise self._broken("it returned no bars; it must raise a DataError that says why")
        unrequested = tickers - set(request.tickers) if request.tickers else set()
        if unrequested:
            raise self._broken(f"it returned {sorted(unrequested)[0]}, which was not requested")
        unexplained = set(request.tickers) - tickers - set(answer.failures)
        reasons = dict.fromkeys(
            sorted(unexplained), f"source {self.name!r} returned neither bars nor a reason"
        )
        return dataclasses.replace(answer, failures=answer.failures | reasons)

    def _broken(self, what: str) -> DataError:
        return DataError(f"source {self.name!r} broke its contract: {what}; see docs/sources.md")
