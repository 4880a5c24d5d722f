import numpy as np
import pandas as pd

from volcast.reports.coming_reports import COLUMNS, add_report_notes

FORECASTS = pd.DataFrame(
    {"ticker": ["AAA", "AAA", "BBB", "CCC"], "without_report": [np.nan, 28.04, 31.0, np.nan]}
)


def test_an_announced_date_is_told_and_a_report_without_a_date_is_expected():
    reports = pd.DataFrame([["AAA", pd.Timestamp("2026-02-05"), "after_close"]], columns=COLUMNS)
    told = add_report_notes(FORECASTS, reports)["report"].tolist()
    announced = "reports on 2026-02-05 after the close"
    assert told == [announced, announced, "a report is expected", ""]


def test_without_announced_reports_nothing_is_announced():
    told = add_report_notes(FORECASTS, pd.DataFrame(columns=COLUMNS))["report"].tolist()
    assert told == ["", "a report is expected", "a report is expected", ""]
