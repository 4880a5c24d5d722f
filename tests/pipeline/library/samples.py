"""What the tests of the library share: the clock, Axes without a window, small settings."""

import datetime as dt

from matplotlib.figure import Figure

NOW = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
SMALL = {
    "horizons": [1, 5],
    "train_sessions": 300,
    "epochs": 3,
    "members": 1,
    "pretrained": "none",
    "models": ["har", "ewma"],
}


def make_axes():
    return Figure().add_subplot()
