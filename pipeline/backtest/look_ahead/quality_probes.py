"""Decisions of the quality rules, compared with those on bars without a future."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from volcast.pipeline.backtest.look_ahead.probe import METHODS, Future, ProbeResult
from volcast.pipeline.data.quality.rules import BODY, RULES, Rule
from volcast.pipeline.errors import VerificationError

DEFECT_SHARE = 0.04  # of the bars, for each kind of defect
JUMP = 0.5  # log; a price that reverts the next session
LOG_FACTOR_SD = 3.0  # a corrupted price is off by a factor of 20, up or down
CELL = ["ticker", "session"]
NUMBERS = [*BODY, "adj_close", "volume", "variance"]


@dataclass(frozen=True)
class Decisions:
    """The rows that a rule saw, and which of them it flagged."""

    rule: Rule
    cells: pd.DataFrame
    flags: NDArray[np.bool_]

    @property
    def tickers(self) -> set[str]:
        """The tickers with a flagged row."""
        return set(self.cells.loc[self.flags, "ticker"])

    def select_settled(self, origin: pd.Timestamp, reach: int) -> pd.DataFrame:
        """Return the cells up to the origin without each ticker's last `reach` rows."""
        known = self.cells[self.cells["session"] <= origin]
        open_cells = known.groupby("ticker").tail(reach)
        cells = known.drop_duplicates()  # of a repeated session all rows are open
        is_open = pd.MultiIndex.from_frame(cells).isin(pd.MultiIndex.from_frame(open_cells))
        return pd.DataFrame(cells[~is_open])

    def count_flags(self, cells: pd.DataFrame) -> pd.Series[int]:
        """Return the number of flagged rows of each cell."""
        counts = self.cells[self.flags].groupby(CELL).size()
        return counts.reindex(pd.MultiIndex.from_frame(cells), fill_value=0)


def probe_quality_rules(
    bars: pd.DataFrame,
    calendars: dict[str, str],
    origins: Sequence[pd.Timestamp],
    seed: int,
    rules: Sequence[Rule] = RULES,
) -> Iterator[ProbeResult]:
    """Compare each rule's decisions on bars with planted defects, with and without a future.

    A run keeps only bars that passed, so that defects of every kind are planted among them first. A
    decision on a bar may depend on the sessions after it that its rule declares
    (`Rule.sessions_after`), and on those of the rules before it.

    Parameters
    ----------
    bars
        The clean bars of the run.
    calendars
        Ticker to calendar name.
    origins
        The sessions after which the future is removed.
    seed
        Of defects and corruption.
    rules
        In their order.

    Raises
    ------
    VerificationError
        A decision differs; the message names rule, ticker and session.
    """
    ordered = bars.sort_values(CELL, ignore_index=True)
    defective = _plant_defects(ordered.assign(calendar=ordered["ticker"].map(calendars)), seed)
    before = _decide(defective, rules)
    for origin in origins:
        for method in METHODS:
            future = Future(origin, method, {})
            after = _decide(_remove_future(defective, future, seed), rules)
            yield ProbeResult("quality rules", method, future.date, _compare(before, after, future))


def _plant_defects(bars: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return bars with missing and negative prices, wrong ranges, repeats and jumps that revert."""
    rng = np.random.default_rng(seed)
    kinds = rng.choice(7, len(bars), p=[1 - 6 * DEFECT_SHARE, *[DEFECT_SHARE] * 6])
    bad = bars.astype(dict.fromkeys(NUMBERS, np.float64))
    bad.loc[kinds == 1, "open"] = np.nan
    bad.loc[kinds == 2, "low"] *= -1
    bad.loc[kinds == 3, "high"] = bad.loc[kinds == 3, "low"] * 0.9
    bad.loc[kinds == 4, [*BODY, "adj_close"]] *= np.exp(JUMP)
    bad.loc[kinds == 5, "volume"] = 0.0
    repeated = pd.concat([bad, bad[kinds == 6]], ignore_index=True)
    return pd.DataFrame(repeated.sort_values(CELL, kind="stable", ignore_index=True))


def _remove_future(bars: pd.DataFrame, future: Future, seed: int) -> pd.DataFrame:
    later = (bars["session"] > future.origin).to_numpy()
    if future.method == "truncated":
        return pd.DataFrame(bars[~later])
    rng = np.random.default_rng([seed, future.origin.toordinal()])
    factors = np.exp(rng.normal(0.0, LOG_FACTOR_SD, (int(later.sum()), len(NUMBERS))))
    changed = bars.copy()
    changed.loc[later, NUMBERS] *= factors
    return changed


def _decide(bars: pd.DataFrame, rules: Sequence[Rule]) -> list[Decisions]:
    """Apply the rules in their order, as `volcast.pipeline.data.quality.check.check_bars` does."""
    decisions = []
    for rule in rules:
        flags = rule.flags(bars)
        decisions.append(Decisions(rule, bars[CELL], flags))
        bars = rule.apply(bars, flags)
    return decisions


def _compare(before: list[Decisions], after: list[Decisions], future: Future) -> int:
    """Return the number of decisions compared; raise ``VerificationError`` at a difference."""
    reach, compared = 0, 0
    undecided: set[str] = set()  # tickers that a rule on whole histories judges differently
    for one, two in zip(before, after, strict=True):
        if one.rule.sessions_after is None:
            undecided |= one.tickers ^ two.tickers
            continue
        # A rule may see what an earlier one left of later sessions.
        reach += one.rule.sessions_after
        settled = one.select_settled(future.origin, reach)
        settled = settled[~settled["ticker"].isin(undecided)]
        counts = [each.count_flags(settled) for each in (one, two)]
        different = counts[0].to_numpy() != counts[1].to_numpy()
        if different.any():
            ticker, session = counts[0].index[different][0]
            raise VerificationError(
                f"look-ahead: the quality rule {one.rule.name} decides otherwise on {ticker} on "
                f"{session:%Y-%m-%d} when {future}; declare the sessions after a bar that it looks "
                "at as `sessions_after`"
            )
        compared += len(settled)
    return compared
