"""Write the golden ledger of format 1: python -m tests.pipeline.ledger.formats.generate FOLDER.

`format_1.db` and its export were written by the first code of format 1, and are never replaced.
What this writes is compared with them.
"""

from __future__ import annotations

import datetime as dt
import math
import sys
from pathlib import Path

from tests.pipeline.ledger.samples import DAY, EVENING, ORIGIN, forecast, har, outcome, sessions
from volcast.pipeline.ledger.export import iter_csv
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.records import Decision
from volcast.pipeline.ledger.schema import SCHEMA

FOLDER = Path(__file__).parent
GOLDEN = FOLDER / "format_1.db"
EXPORT = FOLDER / "format_1.csv"


def write_rows(ledger: Ledger) -> None:
    """Write every kind of row: bounds and outcomes that are unknown, a revision, an override."""
    first, second = sessions(ORIGIN, 2)
    unbounded = {"lower": math.nan, "upper": math.nan}
    ledger.add_forecasts(
        [
            forecast(1.2345678901234567e-4, first, ticker="Ä B", clipped=True),
            har(1e-4, first, ticker="Ä B"),
            forecast(2e-4, first, ticker="BTC-USD", calendar="24/7", **unbounded),
            har(0.1 + 0.2, first, ticker="Ä B", horizon=5, fallback=True, role="champion"),
        ],
        now=EVENING,
    )
    ledger.raise_alert("stale data", "Ä B", "no bar since 2018-01-03", {"days": 1}, now=EVENING)
    realized = [outcome(1.3e-4, first, ticker="Ä B"), outcome(math.nan, first, ticker="BTC-USD")]
    ledger.add_outcomes(realized, now=EVENING + DAY)
    ledger.add_outcomes([outcome(1.4e-4, first, ticker="Ä B")], now=EVENING + 2 * DAY)
    scores = {"p": 0.5, "backtest": {"1": {"qlike": 0.47, "ratio_to_har": None}}}
    gate = Decision("gate 1", "keep", "network 2", "a tie", scores)
    ledger.add_decision(gate, now=EVENING + 2 * DAY)
    override = Decision(
        "promote 1", "promote", "network 3", "a manual override", who="Ada", why="a trial"
    )
    ledger.add_decision(override, now=EVENING + 3 * DAY)
    ledger.clear_alert("stale data", "Ä B", "a bar again", {"days": 0}, now=EVENING + 3 * DAY)
    late = dt.datetime.combine(second, EVENING.timetz()) + 7 * DAY
    ledger.add_forecasts([forecast(3e-4, second, ticker="Ä B", role="challenger")], now=late)


def write_ledger(folder: Path) -> Path:
    """Write the ledger and its export into a folder; return the ledger's path."""
    path = folder / GOLDEN.name
    with Ledger.to_write(path, SCHEMA.at_format(1)) as ledger:
        write_rows(ledger)
        export = "".join(iter_csv(ledger.iter_blocks("scored")))
        (folder / EXPORT.name).write_text(export, encoding="utf-8")
    return path


if __name__ == "__main__":
    write_ledger(Path(sys.argv[1]))
