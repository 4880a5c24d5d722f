"""What the section on data says of each ticker's earnings dates."""

from types import SimpleNamespace

import pandas as pd

from volcast.reports.blocks import Folded, TableBlock
from volcast.reports.run.report_dates import build_blocks
from volcast.reports.text_tables import MISSING

NONE = {"knowledge": "none", "reports": 0, "last": pd.NaT, "lead": 0, "next": pd.NaT}
SPRING, SUMMER = pd.Timestamp("2024-05-02"), pd.Timestamp("2024-08-01")
KNOWN = {"reports": 1200, "last": SPRING, "lead": 7, "next": SUMMER}


def build(*kinds: str, notes=()):
    rows = [{**NONE, **({} if kind == "none" else KNOWN), "knowledge": kind} for kind in kinds]
    table = pd.DataFrame(rows).assign(ticker=[f"T{at}" for at in range(len(rows))])
    return build_blocks(SimpleNamespace(report_knowledge=table, date_notes=notes))


def test_each_ticker_has_its_kind_of_knowledge_and_its_dates():
    _, count, shown, note = build("announced", "announced", "estimated", "none", notes=["it is"])
    assert count.text.startswith("For 2 of 4 tickers the date of the next report is announced; for")
    assert isinstance(shown, TableBlock)
    assert shown.table.rows[0] == ["T0", "Announced", "2024-08-01", "1,200", "2024-05-02", "7"]
    assert shown.table.rows[3] == ["T3", "None", MISSING, "0", MISSING, MISSING]
    assert note.text == "It is."


def test_many_tickers_are_counted_and_their_table_is_folded():
    _, count, shown = build(*["estimated"] * 500)
    assert count.text.startswith("For 500 of 500 tickers only past dates are known")
    assert isinstance(shown, Folded) and "announced" not in count.text


def test_without_a_source_nothing_is_said():
    assert build_blocks(SimpleNamespace(report_knowledge=None)) == []
