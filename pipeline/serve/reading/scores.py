"""Live scores, summed by SQLite: no frame of all forecasts has to fit in the server's memory.

The scores are those of `volcast.pipeline.ledger.scoring.live_scores`, whose definitions they
follow: losses are averaged over the tickers of a date, then over dates; shares count all rows
alike; a series is compared with HAR on the rows that both forecast. Tests of significance are left
to `volcast ledger score`.
"""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from volcast.pipeline.serve.reading.origin_rows import Row

SESSIONS = 250  # origins over which scores are computed by default: a year
ISSUED = "issued"  # the series of issued forecasts, whichever model made them
VARIANCE_FLOOR = 1e-8  # at or below this a day is no target (docs/tables.md)
BEYOND = 1.96  # forecast standard deviations: 5 % of a normal distribution

# One row a forecast: y its outcome in its level, q its QLIKE, qh that of HAR's forecast.
_QUERY = f"""
WITH RECURSIVE origins(origin) AS (
    SELECT max(origin) FROM forecasts
    UNION ALL
    SELECT (SELECT max(origin) FROM forecasts WHERE origin < origins.origin) FROM origins
    WHERE origin IS NOT NULL
    LIMIT :sessions
), paired AS (
    SELECT f.*, o.log_return AS r, o.realized * coalesce(f.level_factor, 1.0) AS y,
        h.seq AS har, h.variance AS har_variance,
        o.realized * coalesce(h.level_factor, 1.0) AS har_y
    FROM origins CROSS JOIN forecasts f ON f.origin = origins.origin {{of_ticker}}
    JOIN outcomes o ON o.seq = (SELECT max(n.seq) FROM outcomes n WHERE n.origin = f.origin
        AND n.ticker = f.ticker AND n.horizon = f.horizon)
    LEFT JOIN forecasts h ON h.seq = (SELECT max(s.seq) FROM forecasts s WHERE s.origin = f.origin
        AND s.ticker = f.ticker AND s.horizon = f.horizon AND s.model = 'har'
        AND s.written_at < s.deadline)
    WHERE f.written_at < f.deadline AND o.realized * coalesce(f.level_factor, 1.0)
        > {VARIANCE_FLOOR}
), scored AS (
    SELECT *, y / variance - ln(y / variance) - 1.0 AS q,
        har_y / har_variance - ln(har_y / har_variance) - 1.0 AS qh,
        lower IS NOT NULL AND upper IS NOT NULL
            AND coalesce(interval_level, :level) IS :level AS bounded
    FROM paired
)
SELECT horizon, model, model_version, role = 'champion' AS issued, har IS NOT NULL AS paired,
    origin,
    count(*) AS rows, total(q) AS loss, total(qh) AS har_loss,
    total(bounded) AS bounded, total(bounded AND y BETWEEN lower AND upper) AS inside,
    total(r IS NOT NULL) AS returns, total(r * r) AS squares,
    total(CASE WHEN r IS NOT NULL THEN variance END) AS variances,
    total(r * r > {BEYOND**2} * horizon * variance) AS beyond
FROM scored GROUP BY horizon, model, model_version, issued, paired, origin
"""


def read_scores(
    connection: sqlite3.Connection, *, sessions: int = SESSIONS, ticker: str | None = None
) -> list[Row]:
    """Return the scores of each horizon and series, the issued forecasts first.

    Parameters
    ----------
    connection
        In a snapshot of the ledger.
    sessions
        The number of origins, counted from the newest one, with or without an outcome.
    ticker
        One ticker; None pools all of them.

    Returns
    -------
    list of dict
        `horizon, series, first, last, rows, qlike, ratio_to_har, coverage, level_ratio, beyond`;
        None where something is not known. The coverage is that of intervals of the newest level.
    """
    of_ticker = "AND f.ticker = :ticker" if ticker else ""
    found = connection.execute(
        _QUERY.format(of_ticker=of_ticker),
        {"sessions": sessions, "ticker": ticker, "level": _find_newest_level(connection)},
    )
    names = [column[0] for column in found.description]
    series: dict[tuple[int, str], list[Row]] = defaultdict(list)
    for values in found:
        part = dict(zip(names, values, strict=True))
        series[part["horizon"], f"{part['model']} {part['model_version']}"].append(part)
        if part["issued"]:
            series[part["horizon"], ISSUED].append(part)
    order = sorted(series, key=lambda key: (key[0], key[1] != ISSUED, key[1]))
    return [_combine(key, series[key]) for key in order]


def _find_newest_level(connection: sqlite3.Connection) -> float | None:
    """Return the level of the intervals of the newest origin; None if there is none."""
    found = connection.execute(
        "SELECT interval_level FROM forecasts WHERE origin = (SELECT max(origin) FROM forecasts) "
        "AND interval_level IS NOT NULL ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    return float(found[0]) if found else None


def _combine(key: tuple[int, str], parts: Sequence[Row]) -> Row:
    """Return the scores of a series, on the rows that HAR forecast if there are any."""
    paired = [part for part in parts if part["paired"]]
    used = paired or parts
    dates: dict[str, list[Row]] = defaultdict(list)
    for part in used:
        dates[part["origin"]].append(part)
    qlike = _average_dates(dates.values(), "loss")
    har = _average_dates(dates.values(), "har_loss") if paired else math.nan
    totals = {name: sum(part[name] for part in used) for name in used[0] if _is_total(name)}
    return {
        "horizon": key[0],
        "series": key[1],
        "first": min(dates, default=None),
        "last": max(dates, default=None),
        "rows": int(totals["rows"]),
        "qlike": _known(qlike),
        "ratio_to_har": _divide(qlike, har),
        "coverage": _divide(totals["inside"], totals["bounded"]),
        "level_ratio": _divide(totals["squares"], totals["variances"]),
        "beyond": _divide(totals["beyond"], totals["returns"]),
    }


def _average_dates(dates: Iterable[Sequence[Row]], name: str) -> float:
    """Return the mean over dates of the means over their rows."""
    means = [sum(p[name] for p in parts) / sum(p["rows"] for p in parts) for parts in dates]
    return math.fsum(means) / len(means) if means else math.nan


def _is_total(name: str) -> bool:
    return name in ("rows", "bounded", "inside", "returns", "squares", "variances", "beyond")


def _divide(value: Any, by: Any) -> float | None:
    return _known(value / by) if by and by > 0 else None


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
