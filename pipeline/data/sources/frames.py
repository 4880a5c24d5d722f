"""Bars from a pandas frame, read like those of a file."""

import dataclasses

import pandas as pd

from volcast.pipeline.data.contract.source import Download, Request, build_download
from volcast.pipeline.data.tables.bar_block import join_blocks
from volcast.pipeline.data.tables.frame_table import PLACE, read_frame_table
from volcast.pipeline.data.tables.read_bars import ReadOptions, parse_bars
from volcast.pipeline.data.tables.understood import describe_files


class FrameSource:
    """The bars of a frame: long, wide with two levels of columns, or one ticker's.

    Parameters
    ----------
    frame
        The prices; it is not changed.
    ticker
        The ticker of a frame that names none.
    options
        What decides where the frame can be read in several ways.
    """

    def __init__(
        self, frame: pd.DataFrame, ticker: str, options: ReadOptions | None = None
    ) -> None:
        self.frame = frame
        self.ticker = ticker
        self.options = options or ReadOptions()

    def load(self, request: Request) -> Download:
        """Return the requested bars; all tickers if none is named. See `Source.load`.

        Raises
        ------
        DataError
            The frame is no table of daily bars, or holds a date or a price that cannot be read.
        """
        table = read_frame_table(self.frame)
        found = parse_bars(table, PLACE, self.ticker, self.options)
        answer = build_download(request, join_blocks(found.blocks))
        return dataclasses.replace(answer, understood=tuple(describe_files([found.understood])))
