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
class Cells:
    """The pairs of a ticker and a session, numbered: ticker by ticker, in the order of time."""

    tickers: pd.Index
    sessions: pd.DatetimeIndex

    def number(self, bars: pd.DataFrame) -> NDArray[np.int64]:
        """Return the cell of each bar."""
        tickers = self.tickers.get_indexer(pd.Index(bars["ticker"]))
        sessions = self.sessions.get_indexer(pd.DatetimeIndex(bars["session"]))
        return np.asarray(tickers * len(self.sessions) + sessions, dtype=np.int64)

    def find_tickers(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of each cell's ticker."""
        return cells // len(self.sessions)

    def find_sessions(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of each cell's session."""
        return cells % len(self.sessions)


@dataclass(frozen=True)
class Decisions:
    """The cells of the rows that a rule saw, ascending, and which of the rows it flagged."""

    rule: Rule
    cells: NDArray[np.int64]
    flags: NDArray[np.bool_]

    def select_settled(
        self, numbering: Cells, origin: pd.Timestamp, reach: int
    ) -> NDArray[np.int64]:
        """Return the cells up to the origin without each ticker's last `reach` rows."""
        sessions = numbering.find_sessions(self.cells)
        known = self.cells[sessions < numbering.sessions.searchsorted(origin, side="right")]
        tickers = numbering.find_tickers(known)
        rows_after = np.searchsorted(tickers, tickers, side="right") - 1 - np.arange(len(known))
        # Of a repeated session all rows are open if one of them is.
        return np.setdiff1d(known, known[rows_after < reach])

    def count_flags(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of flagged rows of each cell."""
        flagged = self.cells[self.flags]
        first, last = (np.searchsorted(flagged, cells, side=side) for side in ("left", "right"))
        return np.asarray(last - first, dtype=np.int64)


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
    numbering = Cells(
        pd.Index(defective["ticker"].unique()),
        pd.DatetimeIndex(defective["session"].unique()).sort_values(),
    )
    before = _decide(defective, rules, numbering)
    for origin in origins:
        for method in METHODS:
            future = Future(origin, method, {})
            after = _decide(_remove_future(defective, future, seed), rules, numbering)
            compared = _compare(before, after, future, numbering)
            yield ProbeResult("quality rules", method, future.date, compared)


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


def _decide(bars: pd.DataFrame, rules: Sequence[Rule], numbering: Cells) -> list[Decisions]:
    """Apply the rules in their order, as `volcast.pipeline.data.quality.check.check_bars` does."""
    decisions = []
    for rule in rules:
        flags = rule.flags(bars)
        decisions.append(Decisions(rule, numbering.number(bars), flags))
        bars = rule.apply(bars, flags)
    return decisions


def _compare(
    before: list[Decisions], after: list[Decisions], future: Future, numbering: Cells
) -> int:
    """Return the number of decisions compared; raise ``VerificationError`` at a difference."""
    reach, compared = 0, 0
    # Tickers that a rule on whole histories judges differently.
    undecided = np.zeros(len(numbering.tickers), dtype=bool)
    for one, two in zip(before, after, strict=True):
        if one.rule.sessions_after is None:
            undecided |= _mark_tickers(one, numbering) ^ _mark_tickers(two, numbering)
            continue
        # A rule may see what an earlier one left of later sessions.
        reach += one.rule.sessions_after
        settled = one.select_settled(numbering, future.origin, reach)
        settled = settled[~undecided[numbering.find_tickers(settled)]]
        different = settled[one.count_flags(settled) != two.count_flags(settled)]
        if len(different):
            ticker = numbering.tickers[numbering.find_tickers(different)[0]]
            session = numbering.sessions[numbering.find_sessions(different)[0]]
            raise VerificationError(
                f"look-ahead: the quality rule {one.rule.name} decides otherwise on {ticker} on "
                f"{session:%Y-%m-%d} when {future}; declare the sessions after a bar that it looks "
                "at as `sessions_after`"
            )
        compared += len(settled)
    return compared


def _mark_tickers(decisions: Decisions, numbering: Cells) -> NDArray[np.bool_]:
    """Return for each ticker whether one of its rows is flagged."""
    marked = np.zeros(len(numbering.tickers), dtype=bool)
    marked[numbering.find_tickers(decisions.cells[decisions.flags])] = True
    return marked
