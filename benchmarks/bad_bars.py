"""The quality rules on corrupt bars and on true moves.

Usage: python -m benchmarks.bad_bars --data PANEL.parquet [--tickers 100] [--json FILE]

Every corruption of the catalogue of the tests is put into each of some tickers of the panel, at a
random day of its history, and the share that is rejected is counted, and the rejected rows besides.
Then the rows that the rules reject in the panel as it is are counted, by rule, and how many of its
largest moves are among them: with all bars known, and if each were the newest bar.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks._output import build_parser, print_figures, write_figures
from tests.pipeline.data.quality.corruptions import CORRUPTIONS, Corruption
from volcast.pipeline.data.contract.bar_table import to_bar_table
from volcast.pipeline.data.quality.check import Checked, check_bars
from volcast.pipeline.data.quality.rules import HOLD, REJECT

LARGEST = 200
MARGIN = 30  # rows at both ends of a history without a corruption
SEED = 20_261_128
Keys = set[tuple[str, pd.Timestamp]]


def read_panel(path: Path) -> pd.DataFrame:
    """Return the bar table of a long file with the column symbol or ticker, and date or session."""
    return to_bar_table(
        pd.read_parquet(path).rename(columns={"symbol": "ticker", "date": "session"})
    )


def list_keys(bars: pd.DataFrame) -> Keys:
    """Return ticker and session of each row."""
    return set(zip(bars["ticker"], bars["session"], strict=True))


def count_actions(checked: Checked) -> dict[str, int]:
    """Return the number of rows by rule, of the rules that reject or hold rows."""
    hit = checked.quality[checked.quality["action"].isin([REJECT, HOLD])]
    return {str(rule): int(rows) for rule, rows in hit.groupby("rule")["rows"].sum().items()}


def measure_corruption(panel: pd.DataFrame, corruption: Corruption) -> tuple[float, int]:
    """Return the share of tickers whose corrupt bar is rejected, and the other rejected rows."""
    rng = np.random.default_rng(SEED)
    corrupt, at = [], {}
    for ticker, bars in panel.groupby("ticker"):
        own = bars.reset_index(drop=True)
        row = int(rng.integers(MARGIN, len(own) - MARGIN))
        changed = corruption(own, row)
        new = changed[~changed["session"].isin(own["session"])]["session"]
        at[str(ticker)] = new.iloc[0] if len(new) else own["session"][row]
        corrupt.append(changed)
    table = pd.concat(corrupt, ignore_index=True)
    rejected = list_keys(table) - list_keys(check_bars(table).bars)
    found = rejected & set(at.items())
    return len(found) / len(at), len(rejected) - len(found)


def measure_largest_moves(panel: pd.DataFrame, kept: Keys) -> dict[str, Any]:
    """Return which of the largest moves are rejected, and which are held as the newest bar."""
    log_return = np.log(panel["close"]).groupby(panel["ticker"]).diff().abs()
    largest = panel.loc[log_return.nlargest(LARGEST).index, ["ticker", "session"]]
    rejected, held = [], []
    for ticker, session in largest.itertuples(index=False):
        own = panel[(panel["ticker"] == ticker) & (panel["session"] <= session)]
        if (ticker, session) not in kept:
            rejected.append(f"{ticker} {session.date()}")
        if HOLD in set(check_bars(own).quality["action"]):
            held.append(f"{ticker} {session.date()}")
    return {"largest_moves_rejected": rejected, "largest_moves_held": held}


def main() -> None:
    """Measure and report the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a panel of raw bars")
    parser.add_argument("--tickers", type=int, default=100, help="tickers that are corrupted")
    arguments = parser.parse_args()
    panel = read_panel(arguments.data)
    start = time.process_time()
    checked = check_bars(panel)
    figures: dict[str, Any] = {"rows": len(panel), "cpu_seconds": time.process_time() - start}
    figures |= {f"rows_{rule}": rows for rule, rows in count_actions(checked).items()}
    figures |= measure_largest_moves(panel, list_keys(checked.bars))
    names = checked.bars["ticker"].value_counts()
    chosen = names[names > 4 * MARGIN].sort_index().index[: arguments.tickers]
    clean = checked.bars[checked.bars["ticker"].isin(chosen)]
    for name, corruption in CORRUPTIONS.items():
        share, others = measure_corruption(clean, corruption)
        figures[name] = f"{share:.3f} rejected, {others} other rows"
    print_figures(figures)
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
