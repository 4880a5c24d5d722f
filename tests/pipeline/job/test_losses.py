"""Losses of the ledger's forecasts, and the start of a champion's reign."""

import datetime as dt

import pandas as pd
import pytest

from tests.pipeline.job.samples import FIRST, make_context, promote_manually
from volcast.pipeline.job.cycle import run_daily_cycle
from volcast.pipeline.job.losses import find_reign_start

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")


def test_a_manual_promotion_counts_from_the_next_origin_on(home, config, market, ledger):
    """The promoted network's own forecast of that day is not a challenger's."""
    context = make_context(home, config, market, ledger)
    run_daily_cycle(context)
    promote_manually(home, ledger, 2, context.now + dt.timedelta(minutes=30))
    assert find_reign_start(ledger) == context.day + pd.Timedelta(days=1)
    for origin in range(FIRST + 1, FIRST + 4):
        summary = run_daily_cycle(make_context(home, config, market, ledger, origin))
    assert "no usable forecast" not in summary.decision
    assert "there is no challenger" in summary.decision
