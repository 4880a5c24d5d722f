"""What was understood of a file, in one line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from volcast.pipeline.data.tables.row_kinds import LeftOut
from volcast.pipeline.text import format_count, format_names

CLOSE_ALONE = "close alone, so that variance is measured from close to close"
NO_RANGE = (
    "open, high, low and close are one value, so that variance is measured from close to close"
)
TICKERS_SHOWN, SHOWN = 3, 20  # characters of a price
FILES_SHOWN = 5  # of more files, those that are alike get one line


@dataclass(frozen=True)
class Understood:
    """What was understood of a file.

    Parameters
    ----------
    file
        Its name.
    shape
        What the table is like, and what is unusual in its text.
    manners
        How dates and numbers are written, if it is unusual.
    names
        Field to the name that the file has for it.
    left_out
        Rows that are no bars.
    odd_decimals
        Row and text of each price with another number of decimals than all others.
    masked_volumes
        How many volumes cannot be read.
    close_alone
        Whether the file has closes only.
    without_range
        Whether open, high, low and close are one value in every bar.
    sessions_of
        How times became dates; empty if they are as written.
    bars, tickers
        What was read.
    without_bars
        Tickers that stand in the header of a wide table, but have no bar.
    """

    file: str
    shape: tuple[str, ...]
    manners: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    odd_decimals: tuple[tuple[int, str], ...] = ()
    masked_volumes: int = 0
    close_alone: bool = False
    without_range: bool = False
    sessions_of: str = ""
    bars: int = 0
    tickers: Sequence[str] = ()
    without_bars: Sequence[str] = ()

    def describe(self) -> str:
        """Return the line.

        Examples
        --------
        >>> shape = ("Investing.com-like",)
        >>> manners = ("month first", "thousands commas")
        >>> Understood("prices.csv", shape, manners, bars=1258, tickers=["SPX"]).describe()
        'prices.csv: Investing.com-like, month first, thousands commas; 1,258 bars of SPX'
        """
        return f"{self.file}: {self.describe_manner()}; {self.describe_bars()}"

    def describe_manner(self) -> str:
        """Return what the file is like, without its name and bars."""
        masked = format_count(self.masked_volumes, "unreadable volume")
        parts = [
            *self.shape,
            *self.manners,
            self.sessions_of,
            CLOSE_ALONE if self.close_alone else NO_RANGE if self.without_range else "",
            *(each.describe() for each in self.left_out),
            *(
                f"{text[:SHOWN]} in row {row} has other decimals than all other prices"
                for row, text in self.odd_decimals
            ),
            f"{masked} masked" if self.masked_volumes else "",
            f"no bars of {format_names(self.without_bars, TICKERS_SHOWN)}"
            if self.without_bars
            else "",
        ]
        return ", ".join(part for part in parts if part)

    def describe_bars(self) -> str:
        """Return how many bars of which tickers were read."""
        return f"{format_count(self.bars, 'bar')} of {format_names(self.tickers, TICKERS_SHOWN)}"


def describe_files(files: Sequence[Understood]) -> list[str]:
    """Return the lines of several files; one for all that are alike, if there are many.

    Examples
    --------
    >>> alike = [Understood(f"{name}.csv", ("plain table",), (), bars=9) for name in "ABCDEF"]
    >>> describe_files(alike)
    ['6 files such as A.csv: plain table; 54 bars']
    """
    if len(files) <= FILES_SHOWN:
        return [each.describe() for each in files]
    alike: dict[str, list[Understood]] = {}
    for each in files:
        alike.setdefault(each.describe_manner(), []).append(each)
    return [
        own[0].describe()
        if len(own) == 1
        else f"{len(own):,} files such as {own[0].file}: {manner}; "
        f"{format_count(sum(each.bars for each in own), 'bar')}"
        for manner, own in alike.items()
    ]
