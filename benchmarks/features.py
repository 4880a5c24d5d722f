"""Time to compute every feature of prices and volume: volcast against pandas grouped by ticker.

Usage: python -m benchmarks.features [--tickers 500] [--sessions 1000] [--json FILE]

Both sides start from the same long frame (one row per ticker and session, sorted, 2 % of the bars
missing) and compute all features. The pandas side is written as is usual: the frame on its full
grid, one groupby over a categorical key, intermediate series computed once.
"""

import sys
import time
from pathlib import Path

if __package__ in (None, ""):  # as a script
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
import pandas as pd

from benchmarks._output import build_parser, print_figures, write_figures
from volcast.features.bars import Bars
from volcast.features.earnings_echo import ECHO_QUARTERS, ECHO_RADII
from volcast.features.earnings_reports import FAMILY as REPORTS
from volcast.features.measure import VARIANCE_FLOOR
from volcast.features.registry import FEATURES, compute_features

MISSING_SHARE = 0.02
SEED = 7
NAMES = tuple(name for name, item in FEATURES.items() if item.family != REPORTS)
REPEATS = 5  # the two sides take turns; the medians are reported
Column = pd.Series  # one value per row of the long frame


def simulate_frame(tickers: int, sessions: int) -> pd.DataFrame:
    """Return a long frame of bars: random walks whose log volatility is a random walk itself."""
    rng = np.random.default_rng(SEED)
    shape = (tickers, sessions)
    log_volatility = np.cumsum(rng.normal(0.0, 0.05, shape), axis=1) - 4.5
    step = np.exp(0.9 * log_volatility - 0.45) * rng.normal(size=shape)
    close = 50.0 * np.exp(np.cumsum(step, axis=1))
    open_ = close * np.exp(-step * rng.uniform(0.3, 1.2, shape))
    spread = 1.0 + np.abs(step) * rng.uniform(0.1, 1.0, shape)
    frame = pd.DataFrame(
        {
            "ticker": np.repeat([f"T{i:04d}" for i in range(tickers)], sessions),
            "session": np.tile(pd.bdate_range("2012-01-02", periods=sessions), tickers),
            "open": open_.ravel(),
            "high": (np.maximum(open_, close) * spread).ravel(),
            "low": (np.minimum(open_, close) / spread).ravel(),
            "close": close.ravel(),
            "adj_close": close.ravel(),
            "volume": np.exp(rng.normal(13.0, 0.5, shape)).ravel(),
            "variance": np.nan,
        }
    )
    values = frame.columns[2:]
    frame.loc[rng.random(len(frame)) < MISSING_SHARE, values] = np.nan
    return frame


def count_calendar_days(sessions: pd.DatetimeIndex) -> tuple[np.ndarray, np.ndarray]:
    """Return the days since the previous and to the next session, 1 at the two ends."""
    gaps = np.diff(sessions.to_numpy()) / np.timedelta64(1, "D")
    return np.r_[1.0, gaps], np.r_[gaps, 1.0]


def compute_by_volcast(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return every feature of `NAMES` as a (T, N) array."""
    sessions = pd.DatetimeIndex(frame["session"].unique())
    bars = Bars.from_frame(frame, sessions, *count_calendar_days(sessions))
    return dict(zip(NAMES, compute_features(bars, NAMES), strict=True))


class Grouped:
    """Windows over a long frame, ticker by ticker."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.ticker = frame["ticker"].astype("category")
        self.session = frame["session"]

    def lag(self, x: Column, sessions: int) -> Column:
        """Return the value `sessions` rows earlier."""
        return x.groupby(self.ticker, observed=True).shift(sessions)

    def roll(
        self, x: Column, sessions: int, statistic: str, min_valid: int | None = None
    ) -> Column:
        """Return a rolling statistic; the frame is sorted, so its rows keep their order."""
        required = int(np.ceil(0.6 * sessions)) if min_valid is None else min_valid
        windows = x.groupby(self.ticker, observed=True).rolling(sessions, min_periods=required)
        return pd.Series(getattr(windows, statistic)().to_numpy(), index=x.index)

    def mean(self, x: Column, sessions: int) -> Column:
        """Return the rolling mean."""
        return self.roll(x, sessions, "mean")

    def cross_section(self, x: Column) -> pd.Series:
        """Return the mean over the tickers of each session, indexed by session."""
        return x.groupby(self.session).mean()

    def broadcast(self, by_session: pd.Series) -> Column:
        """Return the value of its session for every row of the frame."""
        return self.session.map(by_session)


def compute_by_pandas(frame: pd.DataFrame) -> dict[str, Column]:
    """Return every feature as a column of the long frame."""
    g = Grouped(frame)
    f = frame
    up, down = np.log(f["high"] / f["open"]), np.log(f["low"] / f["open"])
    change = np.log(f["close"] / f["open"])
    previous = g.lag(f["adj_close"], 1)
    log_return = np.log(f["adj_close"] / previous)
    gap = np.log(f["open"] * f["adj_close"] / f["close"] / previous)
    rogers_satchell = up * (up - change) + down * (down - change)
    variance = (gap**2 + rogers_satchell).where(lambda v: v > VARIANCE_FLOOR)
    daily = {
        "gap": gap,
        "change": change,
        "log_return": log_return,
        "variance": variance,
        "log_variance": np.log(variance),
        "volatility": np.sqrt(g.mean(variance, 22)),
        "rogers_satchell": rogers_satchell,
        "parkinson": (up - down) ** 2 / (4 * np.log(2)),
        "garman_klass": 0.5 * (up - down) ** 2 - (2 * np.log(2) - 1) * change**2,
        "log_volume": np.log(f["volume"].where(f["volume"] > 0)),
    }
    parts = (pandas_past_volatility, pandas_returns, pandas_volume_and_echo, pandas_market)
    result = pandas_calendar(g)
    for part in parts:
        result |= part(g, daily)
    return result


def pandas_past_volatility(g: Grouped, d: dict[str, Column]) -> dict[str, Column]:
    """Return the family `past_volatility`."""
    gap, log_variance = d["gap"], d["log_variance"]
    floored = {
        name: d[name].where(d[name] > VARIANCE_FLOOR)
        for name in ("parkinson", "garman_klass", "rogers_satchell")
    }
    result = {f"har_{w}": np.log(g.mean(d["variance"], w)) for w in (1, 5, 22, 66, 250)}
    result |= {f"log_variance_lag_{k}": g.lag(log_variance, k) for k in (1, 2, 3, 4, 5)}
    parkinson_mean = {w: g.mean(floored["parkinson"], w) for w in (1, 5, 22)}
    result |= {f"parkinson_{w}": np.log(mean) for w, mean in parkinson_mean.items()}
    for name in ("garman_klass", "rogers_satchell"):
        result[f"{name}_22"] = np.log(g.mean(floored[name], 22))
    for w in (5, 22):
        result[f"close_to_close_{w}"] = np.log(g.mean(d["log_return"] ** 2, w) + 1e-7)
    k = 0.34 / (1.34 + 23 / 21)
    yang_zhang = (
        g.roll(gap, 22, "var")
        + k * g.roll(d["change"], 22, "var")
        + (1 - k) * g.mean(d["rogers_satchell"], 22)
    )
    result["yang_zhang_22"] = np.log(yang_zhang.where(yang_zhang > VARIANCE_FLOOR))
    overnight_mean = g.mean(gap**2, 22)
    result["overnight_share_22"] = overnight_mean / (overnight_mean + parkinson_mean[22])
    result["overnight_log_abs_z"] = np.log(gap.abs() / d["volatility"] + 0.05)
    result["own_level_250"] = log_variance - g.mean(log_variance, 250)
    means = {w: g.mean(log_variance, w) for w in (5, 22, 66, 250)}
    result |= {f"mean_log_{w}": mean for w, mean in means.items()}
    expanding_mean = log_variance.groupby(g.ticker, observed=True).expanding(60).mean()
    result["mean_log_all"] = pd.Series(expanding_mean.to_numpy(), index=log_variance.index)
    result["jumpiness_250"] = result["har_250"] - means[250]
    for w in (22, 66):
        result[f"volatility_of_volatility_{w}"] = g.roll(log_variance, w, "std")
    result["max_22"] = g.roll(log_variance, 22, "max")
    return result


def pandas_returns(g: Grouped, d: dict[str, Column]) -> dict[str, Column]:
    """Return the family `returns`."""
    log_return = d["log_return"]
    z = log_return / d["volatility"]
    means = {w: g.mean(log_return, w) for w in (5, 22)}
    result = {f"return_lag_{k}": g.lag(log_return, k) for k in range(5)}
    result |= {f"return_mean_{w}": mean for w, mean in means.items()}
    result |= {f"z_mean_{w}": mean / d["volatility"] for w, mean in means.items()}
    result |= {"return_negative": log_return.clip(upper=0), "z": z, "z_negative": z.clip(upper=0)}
    for k in (1, 2):
        result[f"z_lag_{k}"] = g.lag(z, k)
        result[f"z_negative_lag_{k}"] = g.lag(result["z_negative"], k)
    result["z_log_abs"] = np.log(z.abs() + 0.05)
    return result


def pandas_volume_and_echo(g: Grouped, d: dict[str, Column]) -> dict[str, Column]:
    """Return the families `volume` and `echo`."""
    log_volume, log_variance = d["log_volume"], d["log_variance"]
    surprise = {
        "echo": log_variance - g.mean(log_variance, 66),
        "volume_echo": log_volume - g.mean(log_volume, 66),
    }
    echo = {}
    for name, x in surprise.items():
        for near in ECHO_RADII:
            largest = g.roll(x, 2 * near + 1, "max", min_valid=max(1, near))
            for q in ECHO_QUARTERS:  # on business days 91 days are 65 sessions
                echo[f"{name}_{q}q_{near}"] = g.lag(largest, 65 * q - 1 - near)
    return echo | {
        "volume_change": log_volume - g.lag(log_volume, 1),
        "volume_deviation_22": log_volume - g.mean(log_volume, 22),
        "volume_mean_5_against_66": g.mean(log_volume, 5) - g.mean(log_volume, 66),
    }


def pandas_market(g: Grouped, d: dict[str, Column]) -> dict[str, Column]:
    """Return the family `market`: windows over one series, repeated for all tickers."""
    market_return = g.cross_section(d["log_return"])
    geometric_mean = np.exp(g.cross_section(d["log_variance"]))
    market_z = market_return / market_return.rolling(22, min_periods=14).std()
    by_session = {
        "market_log_variance": np.log(geometric_mean),
        "market_log_variance_5": np.log(geometric_mean.rolling(5, min_periods=3).mean()),
        "market_log_variance_22": np.log(geometric_mean.rolling(22, min_periods=14).mean()),
        "market_z": market_z,
        "market_z_negative": market_z.clip(upper=0),
    }
    result = {name: g.broadcast(series) for name, series in by_session.items()}
    surprise = d["log_variance"] - g.mean(d["log_variance"], 66)
    result["market_surprise"] = g.broadcast(g.cross_section(surprise))
    result["relative_surprise"] = surprise - result["market_surprise"]
    return result


def pandas_calendar(g: Grouped) -> dict[str, Column]:
    """Return the family `calendar`: one value per session, repeated for all tickers."""
    sessions = pd.DatetimeIndex(g.session.unique())
    since_previous, to_next = count_calendar_days(sessions)
    weekday = (sessions.day_of_week + to_next) % 7
    days = ("monday", "tuesday", "wednesday", "thursday", "friday")
    by_session = {f"target_{day}": 1.0 * (weekday == k) for k, day in enumerate(days)}
    by_session |= {"days_since_previous": since_previous, "days_to_next": to_next}
    return {name: g.broadcast(pd.Series(x, index=sessions)) for name, x in by_session.items()}


def find_largest_difference(
    ours: dict[str, np.ndarray], theirs: dict[str, Column], tickers: int
) -> float:
    """Return the largest |ours - theirs| / max(|theirs|, sd of the feature) over all features.

    The standard deviation keeps a rounding error near 0 from counting as a large difference.
    Infinite if the two sides have different features or different missing values.
    """
    if set(ours) != set(theirs):
        return float("inf")
    largest = 0.0
    for name, x in ours.items():
        y = theirs[name].to_numpy(np.float64).reshape(tickers, -1).T
        if not np.array_equal(np.isnan(x), np.isnan(y)):
            return float("inf")
        scale = np.maximum(np.abs(y), np.nanstd(y))
        largest = max(largest, float(np.nanmax(np.abs(x - y) / scale)))
    return largest


def main() -> None:
    """Time both sides, compare their results and report the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--tickers", type=int, default=500)
    parser.add_argument("--sessions", type=int, default=1000)
    arguments = parser.parse_args()
    frame = simulate_frame(arguments.tickers, arguments.sessions)
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        ours = compute_by_volcast(frame)
        middle = time.perf_counter()
        theirs = compute_by_pandas(frame)
        seconds.append((middle - start, time.perf_counter() - middle))
    volcast_seconds, pandas_seconds = np.median(seconds, axis=0)
    figures = {
        "rows": len(frame),
        "features": len(ours),
        "volcast_seconds": round(float(volcast_seconds), 3),
        "pandas_seconds": round(float(pandas_seconds), 3),
        "ratio": round(float(pandas_seconds / volcast_seconds), 1),
        "max_rel_difference": find_largest_difference(ours, theirs, arguments.tickers),
    }
    print_figures(figures)
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
