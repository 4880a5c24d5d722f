"""A slow second implementation of every feature from its formula: plain numbers, cell by cell.

`NAIVE[name](d, t)` is the value of one ticker's row t. `d` is a `Ticker`, whose lists hold that
ticker's numbers, None where one is missing. Nothing is imported from the features themselves.
"""

import math
import statistics
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.features.naive_reports import NAIVE_REPORTS, list_versions

Number = float | None


class Ticker:
    """The daily series of one ticker, with those of the other tickers of the exchange."""

    def __init__(self, bars: Any, n: int) -> None:
        column = lambda grid: [None if math.isnan(v) else float(v) for v in grid[:, n]]  # noqa: E731
        self.rows = len(bars.sessions)
        self.sessions, self.to_next = bars.sessions, bars.days_to_next
        self.since_previous = bars.days_since_previous
        self.o, self.h, self.l, self.c = map(column, (bars.open, bars.high, bars.low, bars.close))
        self.adj, self.v, self.rv = map(column, (bars.adj_close, bars.volume, bars.realized))
        days = range(self.rows)
        self.r = [self.log_ratio(self.adj, t, self.adj, t - 1) for t in days]
        self.gap = [self.overnight(t) for t in days]
        self.oc = [self.log_ratio(self.c, t, self.o, t) for t in days]
        self.rs, self.pk, self.gk = zip(*map(self.ranges, days), strict=True)
        self.var = [self.variance(t) for t in days]
        self.lv = [None if v is None else math.log(v) for v in self.var]
        self.sd = [root(mean(window(self.var, t, 22), 14)) for t in days]
        self.z = [ratio(self.r[t], self.sd[t]) for t in days]
        self.log_v = [math.log(v) if v else None for v in self.v]
        self.variance_surprise = [minus(self.lv[t], rolling_mean(self.lv, t, 66)) for t in days]
        self.volume_surprise = [minus(self.log_v[t], rolling_mean(self.log_v, t, 66)) for t in days]
        self.calendar = [] if bars.reports is None else bars.reports.calendar.tolist()
        self.versions = [] if bars.reports is None else list_versions(bars.reports, n)
        self.exchange: list[Ticker] = []
        self.series = {
            name: list(zip(known.known_from, map(float, known.close), strict=True))
            for name, known in bars.series.items()
        }

    def in_market(self, t: int) -> bool:
        """Whether it has bars in 60 % of a year, or of the sessions since the first."""
        return len(window(self.c, t, 250)) >= math.ceil(min(t + 1, 250) * 6 / 10)

    @staticmethod
    def log_ratio(a: list[Number], s: int, b: list[Number], t: int) -> Number:
        if s < 0 or t < 0 or a[s] is None or b[t] is None:
            return None
        return math.log(a[s]) - math.log(b[t])

    def overnight(self, t: int) -> Number:
        if t == 0 or None in (self.o[t], self.c[t], self.adj[t], self.adj[t - 1]):
            return None
        scaled_open = self.o[t] * self.adj[t] / self.c[t]
        return math.log(scaled_open) - math.log(self.adj[t - 1])

    def ranges(self, t: int) -> tuple[Number, Number, Number]:
        if self.c[t] is None:
            return None, None, None
        o, h, l, c = (math.log(x[t]) for x in (self.o, self.h, self.l, self.c))  # noqa: E741
        rs = (h - c) * (h - o) + (l - c) * (l - o)
        pk = (h - l) ** 2 / (4 * math.log(2))
        gk = (h - l) ** 2 / 2 - (2 * math.log(2) - 1) * (c - o) ** 2
        return rs, pk, gk

    def variance(self, t: int) -> Number:
        if any(v is not None for v in self.rv):
            return floored(self.rv[t])
        if self.gap[t] is None:
            return None
        return floored(self.gap[t] ** 2 + self.rs[t])


def floored(v: Number) -> Number:
    return v if v is not None and v > 1e-8 else None


def window(x: Any, t: int, w: int) -> list[float]:
    return [x[s] for s in range(max(t - w + 1, 0), t + 1) if x[s] is not None]


def mean(values: list[float], at_least: int) -> Number:
    return math.fsum(values) / len(values) if len(values) >= at_least else None


def rolling_mean(x: Any, t: int, w: int) -> Number:
    return mean(window(x, t, w), math.ceil(w * 6 / 10))


def rolling_std(x: Any, t: int, w: int) -> Number:
    values = window(x, t, w)
    return statistics.stdev(values) if len(values) >= math.ceil(w * 6 / 10) else None


def largest(x: Any, t: int, w: int, at_least: int) -> Number:
    values = window(x, t, w) if t >= 0 else []
    return max(values) if len(values) >= at_least else None


def lag_value(x: Any, t: int, k: int) -> Number:
    return x[t - k] if t >= k else None


def root(v: Number) -> Number:
    return None if v is None else math.sqrt(v)


def log(v: Number) -> Number:
    return None if v is None else math.log(v)


def ratio(a: Number, b: Number) -> Number:
    return None if a is None or b is None else a / b


def minus(a: Number, b: Number) -> Number:
    return None if a is None or b is None else a - b


def negative(v: Number) -> Number:
    return None if v is None else min(v, 0.0)


def log_abs(v: Number) -> Number:
    return None if v is None else math.log(abs(v) + 0.05)


def squares(x: Any) -> list[Number]:
    return [None if v is None else v**2 for v in x]


def log_closes(d: Ticker, series: str, t: int) -> list[float]:
    """The logs of all closes known at t, none if the newest is too old."""
    known = [(row, math.log(close)) for row, close in d.series[series] if row <= t]
    return [value for _, value in known] if known and t - known[-1][0] <= 3 else []


def series_deviation(w: int) -> Callable[[Ticker, str, int], Number]:
    def value(d: Ticker, series: str, t: int) -> Number:
        logs = log_closes(d, series, t)
        return logs[-1] - mean(logs[-w:], w) if len(logs) >= w else None

    return value


def series_change(d: Ticker, series: str, t: int) -> Number:
    logs = log_closes(d, series, t)
    return logs[-1] - logs[-2] if len(logs) > 1 else None


def yang_zhang(d: Ticker, t: int) -> Number:
    night, day, rs = rolling_std(d.gap, t, 22), rolling_std(d.oc, t, 22), rolling_mean(d.rs, t, 22)
    if night is None or day is None or rs is None:
        return None
    k = 0.34 / (1.34 + 23 / 21)
    return log(floored(night**2 + k * day**2 + (1 - k) * rs))


def overnight_share(d: Ticker, t: int) -> Number:
    night = rolling_mean(squares(d.gap), t, 22)
    day = rolling_mean([floored(v) for v in d.pk], t, 22)
    return None if night is None or day is None else night / (night + day)


def close_to_close(w: int) -> Callable[[Ticker, int], Number]:
    def value(d: Ticker, t: int) -> Number:
        square = rolling_mean(squares(d.r), t, w)
        return None if square is None else math.log(square + 1e-7)

    return value


def cross_section(d: Ticker, name: str, t: int) -> Number:
    values = [getattr(o, name)[t] for o in d.exchange if o.in_market(t)]
    return mean([v for v in values if v is not None], 2)


def market_variance(w: int) -> Callable[[Ticker, int], Number]:
    def value(d: Ticker, t: int) -> Number:
        first = max(t - w + 1, 0)
        levels = [cross_section(d, "lv", s) for s in range(first, t + 1)]
        geometric = [math.exp(v) for v in levels if v is not None]
        return log(mean(geometric, math.ceil(w * 6 / 10)))

    return value


def market_z(d: Ticker, t: int) -> Number:
    returns = {s: cross_section(d, "r", s) for s in range(max(t - 21, 0), t + 1)}
    return ratio(returns[t], rolling_std(returns, t, 22))


def weekday(k: int) -> Callable[[Ticker, int], Number]:
    def value(d: Ticker, t: int) -> Number:
        target = d.sessions[t].to_pydatetime().toordinal() + int(d.to_next[t])
        return 1.0 if (target - 1) % 7 == k else 0.0  # ordinal 1 was a Monday

    return value


def echo(series: str, quarters: int, near: int) -> Callable[[Ticker, int], Number]:
    def value(d: Ticker, t: int) -> Number:
        earlier = d.sessions[t] + timedelta(days=int(d.to_next[t]) - 91 * quarters)
        first = sum(session < earlier for session in d.sessions)  # the first session not before
        knows_reports = any(version.known_from <= t for version in d.versions)
        if knows_reports or first - near < 0 or first + near > t:
            return None
        return largest(getattr(d, series), first + near, 2 * near + 1, max(1, near))

    return value


def floored_mean(name: str, w: int) -> Callable[[Ticker, int], Number]:
    return lambda d, t: log(rolling_mean([floored(v) for v in getattr(d, name)], t, w))


NAIVE: dict[str, Callable[[Ticker, int], Number]] = {
    **{f"har_{w}": lambda d, t, w=w: log(rolling_mean(d.var, t, w)) for w in (1, 5, 22, 66, 250)},
    **{f"log_variance_lag_{k}": lambda d, t, k=k: lag_value(d.lv, t, k) for k in (1, 2, 3, 4, 5)},
    **{f"parkinson_{w}": floored_mean("pk", w) for w in (1, 5, 22)},
    "garman_klass_22": floored_mean("gk", 22),
    "rogers_satchell_22": floored_mean("rs", 22),
    "yang_zhang_22": yang_zhang,
    "close_to_close_5": close_to_close(5),
    "close_to_close_22": close_to_close(22),
    "overnight_share_22": overnight_share,
    "overnight_log_abs_z": lambda d, t: log_abs(ratio(d.gap[t], d.sd[t])),
    "own_level_250": lambda d, t: minus(d.lv[t], rolling_mean(d.lv, t, 250)),
    **{f"mean_log_{w}": lambda d, t, w=w: rolling_mean(d.lv, t, w) for w in (5, 22, 66, 250)},
    "mean_log_all": lambda d, t: mean(window(d.lv, t, t + 1), 60),
    "jumpiness_250": lambda d, t: minus(
        log(rolling_mean(d.var, t, 250)), rolling_mean(d.lv, t, 250)
    ),
    **{
        f"volatility_of_volatility_{w}": lambda d, t, w=w: rolling_std(d.lv, t, w) for w in (22, 66)
    },
    "max_22": lambda d, t: largest(d.lv, t, 22, 14),
    **{f"return_lag_{k}": lambda d, t, k=k: lag_value(d.r, t, k) for k in range(5)},
    **{f"return_mean_{w}": lambda d, t, w=w: rolling_mean(d.r, t, w) for w in (5, 22)},
    "return_negative": lambda d, t: negative(d.r[t]),
    "z": lambda d, t: d.z[t],
    "z_lag_1": lambda d, t: lag_value(d.z, t, 1),
    "z_lag_2": lambda d, t: lag_value(d.z, t, 2),
    "z_negative": lambda d, t: negative(d.z[t]),
    "z_negative_lag_1": lambda d, t: negative(lag_value(d.z, t, 1)),
    "z_negative_lag_2": lambda d, t: negative(lag_value(d.z, t, 2)),
    **{f"z_mean_{w}": lambda d, t, w=w: ratio(rolling_mean(d.r, t, w), d.sd[t]) for w in (5, 22)},
    "z_log_abs": lambda d, t: log_abs(d.z[t]),
    "volume_change": lambda d, t: minus(d.log_v[t], lag_value(d.log_v, t, 1)),
    "volume_deviation_22": lambda d, t: minus(d.log_v[t], rolling_mean(d.log_v, t, 22)),
    "volume_mean_5_against_66": lambda d, t: minus(
        rolling_mean(d.log_v, t, 5), rolling_mean(d.log_v, t, 66)
    ),
    "target_monday": weekday(0),
    "target_tuesday": weekday(1),
    "target_wednesday": weekday(2),
    "target_thursday": weekday(3),
    "target_friday": weekday(4),
    "days_since_previous": lambda d, t: d.since_previous[t],
    "days_to_next": lambda d, t: d.to_next[t],
    **{
        f"{name}_{q}q_{near}": echo(series, q, near)
        for name, series in (("echo", "variance_surprise"), ("volume_echo", "volume_surprise"))
        for q in (1, 2, 3, 4)
        for near in (0, 1, 4)
    },
    "market_surprise": lambda d, t: cross_section(d, "variance_surprise", t),
    "relative_surprise": lambda d, t: minus(
        d.variance_surprise[t], cross_section(d, "variance_surprise", t)
    ),
    "market_log_variance": market_variance(1),
    "market_log_variance_5": market_variance(5),
    "market_log_variance_22": market_variance(22),
    "market_z": market_z,
    "market_z_negative": lambda d, t: negative(market_z(d, t)),
    **NAIVE_REPORTS,
}


NAIVE_OF_SERIES: dict[str, Callable[[Ticker, str, int], Number]] = {
    "exogenous_deviation_5": series_deviation(5),
    "exogenous_deviation_22": series_deviation(22),
    "exogenous_change": series_change,
}


def build_tickers(bars: Any) -> list[Ticker]:
    """All tickers of the bars, each with the others of its exchange."""
    tickers = [Ticker(bars, n) for n in range(len(bars.tickers))]
    for ticker in tickers:
        ticker.exchange = tickers
    return tickers
