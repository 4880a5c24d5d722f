import dataclasses

import numpy as np
import pandas as pd

from volcast.reports.run.headline import build_section as build_headline
from volcast.reports.run.page import render_markdown
from volcast.reports.run.report_sessions import build_section


def with_reports(inputs):
    """The same run, in which every tenth target trades on a report and one is coming."""
    forecasts = inputs.forecasts
    every_tenth = forecasts["origin"].rank(method="dense") % 10 == 0
    newest = (forecasts["origin"] == forecasts["origin"].max()) & (forecasts["ticker"] == "^GSPC")
    return dataclasses.replace(
        inputs,
        forecasts=forecasts.assign(
            reactions=np.where(every_tenth, 1.0, 0.0),
            volatility_without_report=np.where(newest, 11.1, np.nan),
        ),
        reports=pd.DataFrame(
            [["^GSPC", pd.Timestamp("2026-02-05"), "after_close"]],
            columns=["ticker", "date", "time"],
        ),
    )


def test_without_known_reports_there_is_no_section(inputs):
    assert build_section(inputs) is None
    assert "earnings report" not in render_markdown(inputs)


def test_the_section_says_which_part_of_the_loss_comes_with_reports(inputs):
    section = build_section(with_reports(inputs))
    assert section is not None
    assert "of HAR's loss" in section.sentence
    assert "Error with and without an earnings report" in render_markdown(with_reports(inputs))


def test_the_first_screen_tells_the_coming_report_and_the_forecast_without_it(inputs):
    text = str(build_headline(with_reports(inputs)))
    assert "Reports on 2026-02-05 after the close; 11.1 without it." in text
