"""A slow second implementation of the features of earnings reports, from what is known at t only.

Every value is computed for one ticker and one row, from the versions with
``known_from <= t``. `d` is a `Ticker` of `tests.features.naive`. Nothing is imported from the
features themselves.
"""

import functools
import math
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, NamedTuple

Number = float | None


class Version(NamedTuple):
    """One version of a report; `until` is None if it was not replaced by t."""

    first: int
    second: int
    day: date
    known_from: int
    known_until: int

    @property
    def settled_at(self) -> int:
        """The session at whose close the report is known and both its sessions have closed."""
        return max(self.second, self.known_from)


def list_versions(reports: Any, n: int) -> list[Version]:
    """The versions of one ticker, in the order of their sessions."""
    columns = (reports.first, reports.second, reports.day.tolist())
    rows = zip(reports.column, *columns, reports.known_from, reports.known_until, strict=True)
    return sorted(Version(*map(to_plain, values)) for column, *values in rows if column == n)


def to_plain(value: Any) -> Any:
    return value if isinstance(value, date) else int(value)


def cached(function: Callable[..., Any]) -> Callable[..., Any]:
    """Remember results by ticker: otherwise the pooled values take minutes."""
    return functools.lru_cache(maxsize=None)(function)


@cached
def list_known(d: Any, t: int) -> list[Version]:
    return [v for v in d.versions if v.known_from <= t < v.known_until]


@cached
def list_settled(d: Any, t: int) -> list[Version]:
    """Versions that were known when they had happened, by t, whether or not replaced since."""
    settled = [v for v in d.versions if v.settled_at <= t and v.settled_at < v.known_until]
    return sorted(settled, key=lambda v: (v.settled_at, v.first, v.second, v.known_from, v.day))


@cached
def list_past(d: Any, t: int) -> list[Version]:
    """Past reports as known at t, oldest first."""
    past = [v for v in list_known(d, t) if v in list_settled(d, t)]
    return sorted(past, key=lambda v: (v.first, v.second, v.known_from))


def surprise(d: Any, s: int) -> Number:
    before = [v for v in d.lv[max(s - 66, 0) : s] if v is not None]
    if d.lv[s] is None or len(before) < 40:
        return None
    return d.lv[s] - math.fsum(before) / len(before)


@cached
def settle(d: Any, v: Version) -> float:
    """The probability that a report's first session was its reaction, once both have closed."""
    if v.first == v.second:
        return 1.0
    earlier = list_settled(d, v.settled_at)
    habit = compute_habit(d, earlier[: earlier.index(v)])
    first, second = surprise(d, v.first), surprise(d, v.second)
    difference = 0.0 if first is None or second is None else first - second
    odds = habit / (1.0 - habit) * math.exp(1.5 * difference)
    return odds / (1.0 + odds)


def compute_habit(d: Any, settled: list[Version]) -> float:
    """The share of reports that the session of their own day traded on, after one of each kind."""
    shares = []
    for v in settled:
        if v.first < v.second:
            shares.append(settle(d, v))
        elif v.day in d.calendar:
            shares.append(1.0 if d.calendar[v.first] == v.day else 0.0)
    return (1.0 + math.fsum(shares)) / (2.0 + len(shares))


@cached
def expect(d: Any, v: Version) -> list[tuple[int, float]]:
    """Sessions and weights of a report as known with its announcement."""
    if v.first == v.second:
        return [(v.first, 1.0)]
    habit = compute_habit(d, list_settled(d, v.known_from))
    return [(v.first, habit), (v.second, 1.0 - habit)]


@cached
def list_announced(d: Any, t: int) -> list[tuple[int, float]]:
    """Sessions to each coming possible reaction, with its weight, nearest first."""
    weights = [pair for v in list_known(d, t) for pair in expect(d, v)]
    return sorted((session - t, weight) for session, weight in weights if session > t)


@cached
def count_down(d: Any, t: int) -> tuple[tuple[float, ...], float] | None:
    """The chances of the next reaction in 1 .. 22 sessions, and the sessions to it."""
    if not has_versions(d, t):
        return None
    announced = list_announced(d, t)
    if not announced:
        return estimate_chances(d, t)
    chances, left = [], 1.0
    for k in range(1, 23):
        chance = min(math.fsum(w for ahead, w in announced if ahead == k), left)
        chances.append(chance)
        left -= chance
    return tuple(chances), min(announced[0][0], 30)


def has_versions(d: Any, t: int) -> bool:
    return any(v.known_from <= t for v in d.versions)


def first_session_from(d: Any, day: date) -> int:
    return next((s for s, session in enumerate(d.calendar) if session >= day), len(d.calendar))


@cached
def estimate(d: Any, t: int) -> int | None:
    """The session of the next report: 364 days after that of a year ago, else 91 after the last."""
    past = list_past(d, t)
    if not past:
        return None
    last = past[-1].first
    quarter = first_session_from(d, d.calendar[last] + timedelta(days=91))
    years = [first_session_from(d, d.calendar[v.first] + timedelta(days=364)) for v in past]
    years = [s for s in years if s > last + 40 and s >= t - 10]
    if quarter >= t - 10 and not any(s <= quarter + 20 for s in years):
        return quarter
    return min(years, default=None)


def find_lead(d: Any, t: int) -> int:
    """How many sessions ahead the last report was announced, at most 10."""
    last = list_past(d, t)[-1]
    announced = min(v.known_from for v in d.versions if v.day == last.day)
    return min(max(last.first - announced, 0), 10)


@cached
def count_errors(d: Any, t: int) -> dict[int, float]:
    """How often reports of all tickers came some sessions after their estimate; 11: later."""
    prior = {error: 0.5 ** abs(error) for error in range(-10, 12)}
    counts = {error: 10.0 * value / math.fsum(prior.values()) for error, value in prior.items()}
    for other in d.exchange:
        for v in list_settled(other, t):
            made_at = v.first - 23
            estimated = estimate(other, made_at) if made_at >= 0 else None
            if estimated is not None and v.first - estimated >= -10:
                counts[min(v.first - estimated, 11)] += 1.0
    return counts


def estimate_chances(d: Any, t: int) -> tuple[tuple[float, ...], float]:
    """Chances around the estimate, given that nothing is announced and none has come."""
    estimated = estimate(d, t)
    if estimated is None:
        return (0.0,) * 22, 30
    lead, counts = find_lead(d, t), count_errors(d, t)
    error = lambda ahead: t + ahead - estimated  # noqa: E731
    possible = math.fsum(n for e, n in counts.items() if e >= min(error(lead + 1), 11))
    chances = [
        counts[error(k)] / possible if k > lead and -10 <= error(k) <= 10 else 0.0
        for k in range(1, 23)
    ]
    return tuple(chances), min(max(estimated - t, lead + 1), 30)


def chance_within(nearest: int, farthest: int) -> Callable[[Any, int], Number]:
    def value(d: Any, t: int) -> Number:
        found = count_down(d, t)
        return None if found is None else math.fsum(found[0][nearest - 1 : farthest])

    return value


def distance(d: Any, t: int) -> Number:
    found = count_down(d, t)
    return None if found is None else found[1]


@cached
def reacted(d: Any, t: int, s: int) -> float:
    """The probability, as known at t, that session s was a reaction."""
    weights = []
    for v in list_known(d, t):
        if t >= v.settled_at:
            pairs = [(v.first, settle(d, v)), (v.second, 1.0 - settle(d, v))]
        else:
            pairs = expect(d, v)
        weights += [weight for session, weight in pairs if session == s]
    return min(math.fsum(weights), 1.0)


def ago(nearest: int, farthest: int) -> Callable[[Any, int], Number]:
    def value(d: Any, t: int) -> Number:
        if not has_versions(d, t):
            return None
        return min(math.fsum(reacted(d, t, t - k) for k in range(nearest, farthest + 1)), 1.0)

    return value


def decay(d: Any, t: int) -> Number:
    if not has_versions(d, t):
        return None
    return max(reacted(d, t, t - k) * math.exp(-k / 5) for k in range(26))


def mean_surprise(d: Any, v: Version) -> Number:
    """The surprise of the reaction, averaged over the two sessions if it could be either."""
    first, second, share = surprise(d, v.first), surprise(d, v.second), settle(d, v)
    if first is None or second is None:
        return first if share >= 0.5 else second
    return share * first + (1.0 - share) * second


def pooled_surprise(d: Any, t: int) -> float:
    values = [
        mean_surprise(o, v)
        for o in d.exchange
        for v in list_past(o, t)
        if o.in_market(v.settled_at)
    ]
    known = [value for value in values if value is not None]
    return (math.fsum(known) + 30 * 1.5) / (len(known) + 30)


def own_surprise(d: Any, t: int) -> Number:
    if not has_versions(d, t):
        return None
    values = [mean_surprise(d, v) for v in reversed(list_past(d, t))]
    known = [value for value in values if value is not None]
    weights = [0.5 ** (n / 4) for n in range(len(known))]
    total = math.fsum(w * value for w, value in zip(weights, known, strict=True))
    return (total + 2 * pooled_surprise(d, t)) / (math.fsum(weights) + 2)


def last_surprise(d: Any, t: int) -> Number:
    past = list_past(d, t)
    return mean_surprise(d, past[-1]) if past and t - past[-1].first <= 66 else None


def product(
    surprise: Callable[[Any, int], Number], weight: Callable[[Any, int], Number]
) -> Callable[[Any, int], Number]:
    def value(d: Any, t: int) -> Number:
        one, other = surprise(d, t), weight(d, t)
        if other == 0.0:
            return 0.0
        return None if one is None or other is None else one * other

    return value


def free_variance(
    w: int, at_least: int, *, after_too: bool = False
) -> Callable[[Any, int], Number]:
    """Log mean variance of the sessions of a window that traded on no report."""

    def value(d: Any, t: int) -> Number:
        if not has_versions(d, t):
            return None
        free = [s for s in range(max(t - w + 1, 0), t + 1) if reacted(d, s, s) < 0.3]
        if after_too:
            free = [s for s in free if s == 0 or reacted(d, s - 1, s - 1) < 0.3]
        values = [d.var[s] for s in free if d.var[s] is not None]
        return math.log(math.fsum(values) / len(values)) if len(values) >= at_least else None

    return value


NEXT, WITHIN_5, WITHIN_22 = chance_within(1, 1), chance_within(1, 5), chance_within(1, 22)

NAIVE_REPORTS: dict[str, Callable[[Any, int], Number]] = {
    "report_next": NEXT,
    "report_in_2": chance_within(2, 2),
    "report_in_3_to_5": chance_within(3, 5),
    "report_within_5": WITHIN_5,
    "report_within_22": WITHIN_22,
    "report_distance": distance,
    "report_today": ago(0, 0),
    "report_1_ago": ago(1, 1),
    "report_2_to_5_ago": ago(2, 5),
    "report_decay": decay,
    "report_own_surprise": own_surprise,
    "report_last_surprise": last_surprise,
    "report_own_next": product(own_surprise, NEXT),
    "report_own_within_5": product(own_surprise, WITHIN_5),
    "report_own_within_22": product(own_surprise, WITHIN_22),
    "report_last_decay": product(last_surprise, decay),
    "report_free_5": free_variance(5, 2),
    "report_free_22": free_variance(22, 14),
    "report_free_66": free_variance(66, 40, after_too=True),
}
