"""What scripts are given is JSON that any parser reads."""

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pandas as pd

from volcast.pipeline.cli.printing import json_text


def test_json_has_null_for_what_is_not_a_number_and_iso_dates():
    def refused(name):
        raise AssertionError(name)

    value = {
        "loss": float("nan"),
        "bounds": (np.float64("inf"), np.float32(0.5), -float("inf")),
        "count": np.int64(3),
        "day": dt.date(2018, 1, 3),
        "moment": pd.Timestamp("2018-01-03 23:00", tz="UTC"),
        "never": pd.NaT,
        "place": Path("home"),
        7: [True, None, "text"],
    }
    assert json.loads(json_text(value), parse_constant=refused) == {
        "loss": None,
        "bounds": [None, 0.5, None],
        "count": 3,
        "day": "2018-01-03",
        "moment": "2018-01-03T23:00:00+00:00",
        "never": None,
        "place": "home",
        "7": [True, None, "text"],
    }
