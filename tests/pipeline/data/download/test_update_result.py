"""The table and the summary at the end of an update."""

from tests.pipeline.data.download.samples import quarter
from volcast.pipeline.data.download.update_result import build_result_table, format_summary


def test_the_table_at_the_end_says_what_came_what_did_not_and_why(standin, update):
    standin.listings |= {"AAA": quarter(), "BBB": quarter("BBB")}
    standin.faults["BBB"] = 500
    outcomes = list(update("AAA", "BBB", "NOPE", day="2024-02-01").values())
    table = build_result_table(outcomes)
    assert table["ticker"].tolist() == ["BBB", "NOPE", "AAA"]
    assert table["status"].tolist() == ["failed", "failed", "updated"]
    assert table["note"].str.startswith("Yahoo did not return prices").tolist()[0]
    assert table["note"].tolist()[1].startswith("Yahoo currently has no prices under this name")
    assert format_summary(outcomes) == "3 tickers: 1 updated, 2 failed; 22 bars added"
