"""The options that set a setting, and those that several commands share.

To add an option of ``volcast run``, add an entry to `SETTING_OPTIONS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from volcast.pipeline.data.sources.catalogue import SOURCES, STORED_NAMES
from volcast.pipeline.diagnostics.catalogue import DIAGNOSTICS


class ExportFormat(StrEnum):
    """The file formats of an export."""

    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True)
class SettingOption:
    """An option that sets a setting; it wins over the settings file.

    Parameters
    ----------
    flag
        Its name on the command line.
    type
        The type of its value; an option whose type is a list may be repeated.
    setting
        The setting, as ``section.key``.
    help
        Its line in ``--help``.
    metavar
        The placeholder of its value in ``--help``; empty: the type.
    switch_value
        What a switch, an option without a value, sets.

    Examples
    --------
    >>> option = SettingOption("--batch-size", int, "model.batch_size", "Rows per gradient step.")
    >>> option.parameter, option.section, option.key
    ('batch_size', 'model', 'batch_size')
    """

    flag: str
    type: Any
    setting: str
    help: str
    metavar: str = ""
    switch_value: Any = None

    @property
    def parameter(self) -> str:
        """Its name as a parameter of a Python function."""
        return self.flag.removeprefix("--").replace("-", "_")

    @property
    def section(self) -> str:
        """The section of the setting."""
        return self.setting.partition(".")[0]

    @property
    def key(self) -> str:
        """The key of the setting in its section."""
        return self.setting.partition(".")[2]


READING_FLAGS = ("--dates", "--decimal", "--timezone", "--calendar")
_SOURCES = f"{', '.join(SOURCES)}, or one from an installed package"
_STORED = " or ".join(STORED_NAMES)

SETTING_OPTIONS = (
    SettingOption("--source", str, "data.source", f"Data source: {_SOURCES}.", "NAME"),
    SettingOption("--data", Path, "data.path", "File or folder of prices, for files.", "PATH"),
    SettingOption(
        *("--dates", str, "data.dates"),
        "Order of dates such as 1/2/2020: day_first, month_first or year_first, for files.",
        "ORDER",
    ),
    SettingOption("--decimal", str, "data.decimal", "Decimal sign, . or ,, for files.", "SIGN"),
    SettingOption(
        *("--timezone", str, "data.timezone"),
        "Where times without an offset were written, such as UTC, for files.",
        "ZONE",
    ),
    SettingOption(
        *("--calendar", str, "data.calendar"),
        "Exchange calendar, such as XLON or 24/7, if it does not follow from the ticker.",
        "NAME",
    ),
    SettingOption("--ticker", list[str], "data.tickers", "Ticker; may be repeated.", "TICKER"),
    SettingOption(
        *("--events", list[str], "data.events"),
        "Report dates: edgar, yahoo, or a file such as ./earnings.csv; may be repeated.",
        "SOURCE",
    ),
    SettingOption(
        *("--exogenous", list[str], "data.exogenous"),
        "Series whose changes are features, such as ^VIX or ^VIX=./vix.csv; may be repeated.",
        "SERIES",
    ),
    SettingOption("--start", str, "data.start", "First session.", "DATE"),
    SettingOption("--end", str, "data.end", "Last session, inclusive.", "DATE"),
    SettingOption(
        "--data-dir", Path, "data.dir", f"Folder of stored prices, for {_STORED}.", "DIR"
    ),
    SettingOption(
        *("--as-of", str, "data.as_of", f"Use only data stored by this time, for {_STORED}."),
        metavar="MOMENT",
    ),
    SettingOption("--test-start", str, "split.test_start", "First forecast to test.", "DATE"),
    SettingOption(
        *("--train-sessions", int, "split.train_sessions"),
        "Sessions before the first test, where the start of the test is not given.",
    ),
    SettingOption(
        "--learning-rate", float, "model.learning_rate", "Learning rate of the optimizer."
    ),
    SettingOption("--batch-size", int, "model.batch_size", "Rows per gradient step."),
    SettingOption("--epochs", int, "model.epochs", "Maximum number of epochs."),
    SettingOption(
        *("--horizon", list[int], "target.horizons"),
        "Forecast horizon in sessions; may be repeated.",
        "SESSIONS",
    ),
    SettingOption("--seed", int, "model.seed", "Seed of the initial weights and of shuffling."),
    SettingOption(
        *("--diagnose", bool, "diagnose.parts", "Also run all training diagnostics."),
        switch_value=tuple(DIAGNOSTICS),
    ),
)

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings file in TOML; options override it."),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print only errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="auto|HOST:PORT|N",
        help="Compute on the nodes of a Ray cluster, or in N processes; the result is the same.",
    ),
]
WatchList = Annotated[
    Path | None,
    typer.Option(
        "--file", metavar="WATCHLIST", help="File of tickers, one per line; # starts a comment."
    ),
]
HomeDir = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="DIR",
        help="Home folder: ledger, registry, models, reports. Default: VOLCAST_HOME, else the "
        "user's data folder.",
    ),
]
