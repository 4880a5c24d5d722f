"""The metrics of Prometheus: what the ledger says, and how the server does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from volcast.pipeline.errors import VolcastError
from volcast.pipeline.ledger.chain import read_head
from volcast.pipeline.serve.cached_reads import find_scores
from volcast.pipeline.serve.reading.origin_rows import Row, find_newest_origin
from volcast.pipeline.serve.reading.scores import ISSUED
from volcast.pipeline.serve.reading.sequence_rows import read_open_alerts
from volcast.pipeline.serve.state import ServerState

DURATIONS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0)  # seconds
SCORES = {
    "ratio_to_har": ("volcast_live_qlike_ratio", "QLIKE of the issued forecasts over that of HAR"),
    "coverage": ("volcast_live_coverage", "Share of outcomes inside their interval"),
    "level_ratio": (
        "volcast_live_level_ratio",
        "Mean squared return over mean forecast variance; should be 1",
    ),
}


class ServerMetrics:
    """The metrics of one server.

    Parameters
    ----------
    state
        Of the server.
    """

    def __init__(self, state: ServerState) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(LedgerCollector(state))
        ProcessCollector(registry=self._registry)
        labels = ("method", "route", "status")
        self._durations = Histogram(
            *("volcast_http_request_duration_seconds", "Duration of requests"),
            labels,
            buckets=DURATIONS,
            registry=self._registry,
        )
        self._trainings = Counter(
            "volcast_server_retrainings",
            "Retrainings that were asked for at this server, by how they ended",
            ("state",),
            registry=self._registry,
        )

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; `route` is the template of its path, never the path itself."""
        self._durations.labels(method, route, str(status)).observe(seconds)

    def count_retraining(self, state: str) -> None:
        """Count a retraining that has ended."""
        self._trainings.labels(state).inc()

    def format_text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)


class LedgerCollector(Collector):
    """Reads its metrics from the ledger whenever they are asked for.

    A ledger that cannot be read is a metric of its own, and the only one.
    """

    def __init__(self, state: ServerState) -> None:
        self._state = state

    def collect(self) -> Iterable[Metric]:
        """Return the metrics of the ledger."""
        try:
            found = list(self._read())
        except VolcastError:
            found = []
        readable = "Whether the ledger can be read: 1 or 0"
        return [GaugeMetricFamily("volcast_ledger_readable", readable, bool(found)), *found]

    def describe(self) -> Iterable[Metric]:
        """Return nothing: the names are known once the ledger is read."""
        return []

    def _read(self) -> Iterator[Metric]:
        with self._state.ledger.snapshot() as connection:
            head, alerts = read_head(connection), read_open_alerts(connection)
            (trainings,) = connection.execute(
                "SELECT count(*) FROM decisions WHERE action = 'registered'"
            ).fetchone()
            origin = find_newest_origin(connection)
            forecasts = connection.execute(
                "SELECT min(seq), count(*), max(written_at) FROM forecasts WHERE origin = ?",
                [origin],
            ).fetchone()
            first = connection.execute(
                "SELECT min(written_at) FROM outcomes WHERE seq < ? AND seq > "
                "(SELECT coalesce(max(seq), 0) FROM forecasts WHERE seq < ?)",
                [forecasts[0], forecasts[0]],
            ).fetchone()[0]
        yield GaugeMetricFamily("volcast_ledger_rows", "Rows of the ledger", head.seq)
        yield CounterMetricFamily("volcast_trainings", "Networks trained", value=trainings)
        yield _count_alerts(alerts)
        if origin is not None:
            yield from self._describe_evening(forecasts, first)
        yield from self._describe_scores()

    def _describe_evening(
        self, forecasts: tuple[int, int, str], first: str | None
    ) -> Iterator[Metric]:
        _, count, written_at = forecasts
        ended = dt.datetime.fromisoformat(written_at)
        age = (self._state.clock() - ended).total_seconds()
        yield GaugeMetricFamily(
            "volcast_forecast_age_seconds", "Age of the newest forecast", max(age, 0.0)
        )
        yield GaugeMetricFamily("volcast_newest_forecasts", "Forecasts of the newest origin", count)
        if first is not None:
            seconds = (ended - dt.datetime.fromisoformat(first)).total_seconds()
            yield GaugeMetricFamily(
                "volcast_evening_duration_seconds",
                "From the first outcome to the last forecast of the newest evening",
                seconds,
            )

    def _describe_scores(self) -> Iterator[Metric]:
        rows = [row for row in find_scores(self._state) if row["series"] == ISSUED]
        for column, (name, words) in SCORES.items():
            family = GaugeMetricFamily(name, f"{words}, of a year of origins", labels=["horizon"])
            for row in rows:
                if row[column] is not None:
                    family.add_metric([str(row["horizon"])], row[column])
            yield family


def _count_alerts(alerts: list[Row]) -> Metric:
    family = GaugeMetricFamily("volcast_open_alerts", "Open alerts", labels=["name"])
    names = [row["name"] for row in alerts]
    for name in sorted(set(names)):
        family.add_metric([name], names.count(name))
    if not names:
        family.add_metric([""], 0)
    return family
