"""A source of another package, held to the contract: what it breaks is told in its name."""

import dataclasses

import pandas as pd

from volcast.pipeline.data.contract.source import COLUMNS, Download, Request, Source, conform
from volcast.pipeline.errors import DataError, VolcastError


class PluginSource:
    """Hand requests to ``source``, and turn whatever it raises or gets wrong into a DataError."""

    def __init__(self, name: str, source: Source):
        self.name = name
        self.source = source

    def load(self, request: Request) -> Download:
        """Return what the source answers, if it keeps the contract. See `Source.load`."""
        try:
            answer = self.source.load(request)
        except VolcastError:
            raise
        except Exception as error:  # another's code may raise anything
            raise self._broken(f"it raised {type(error).__name__}: {error}") from error
        if not isinstance(answer, Download):
            raise self._broken(f"load must return a Download; it returned {type(answer).__name__}")
        if not isinstance(answer.bars, pd.DataFrame):
            raise self._broken(f"bars must be a frame; they are {type(answer.bars).__name__}")
        missing = [name for name in COLUMNS if name not in answer.bars]
        if missing:
            raise self._broken(f"its bars lack the columns {', '.join(missing)}")
        try:
            bars = conform(answer.bars)
        except (TypeError, ValueError) as error:
            raise self._broken(f"its bars have a wrong type: {error}") from error
        return self._checked(request, dataclasses.replace(answer, bars=bars))

    def _checked(self, request: Request, answer: Download) -> Download:
        tickers = set(answer.bars["ticker"])
        if not tickers:
            raise self._broken("it returned no bars; it must raise a DataError that says why")
        strangers = tickers - set(request.tickers) if request.tickers else set()
        if strangers:
            raise self._broken(f"it returned {sorted(strangers)[0]}, which was not asked for")
        silent = set(request.tickers) - tickers - set(answer.failures)
        unsaid = dict.fromkeys(sorted(silent), f"source {self.name!r} gave no bars and no reason")
        return dataclasses.replace(answer, failures=answer.failures | unsaid)

    def _broken(self, what: str) -> DataError:
        return DataError(
            f"source {self.name!r} broke its contract: {what}; docs/sources.md says what is due"
        )
