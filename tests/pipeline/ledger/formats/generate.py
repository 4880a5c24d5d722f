"""Write the golden ledger of format 1 and its export: python -m tests.pipeline.ledger.formats.generate.

`format_1.db` was written by the code of format 1 and is never replaced.
"""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

from tests.pipeline.ledger.samples import DAY, EVENING, ORIGIN, forecast, har, outcome, sessions
from volcast.pipeline.ledger.export import csv_texts
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.records import Decision

FOLDER = Path(__file__).parent


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
    ledger.add_decision(Decision("gate 1", "keep", "network 2", "a tie", scores), now=EVENING)
    override = Decision(
        "promote 1", "promote", "network 3", "a manual override", who="Ada", why="a trial"
    )
    ledger.add_decision(override, now=EVENING + 3 * DAY)
    ledger.clear_alert("stale data", "Ä B", "a bar again", {"days": 0}, now=EVENING + 3 * DAY)
    late = dt.datetime.combine(second, EVENING.timetz()) + 7 * DAY
    ledger.add_forecasts([forecast(3e-4, second, ticker="Ä B", role="challenger")], now=late)


def main() -> None:
    """Write the ledger and its export into this folder."""
    path = FOLDER / "format_1.db"
    with Ledger.to_write(path) as ledger:
        write_rows(ledger)
        (FOLDER / "format_1.csv").write_text(
            "".join(csv_texts(ledger.blocks("scored"))), encoding="utf-8"
        )
    path.with_name(f".{path.name}.lock").unlink(missing_ok=True)


if __name__ == "__main__":
    main()
