"""The instruments every service has, in a registry of its own, starting at 0.

Counters and histograms are of this process: sum them over the replicas. A gauge that tells what
stands in the database is the same on every replica, and right after a restart (`figures`): take its
maximum.
"""

from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

CHECKS: Final = ("database", "bus", "journal", "workers", "events")
"""What `/readyz` tells of, in the same words."""

Labels = tuple[str, ...]


class KitMetrics:
    """Operations of one service. Names are `duban_…`; the scrape job tells the services apart."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        ProcessCollector(registry=registry)
        self.requests = Counter(
            "duban_http_requests",
            "HTTP requests answered",
            ["method", "route", "status"],
            registry=registry,
        )
        self.request_seconds = Histogram(
            "duban_http_request_seconds",
            "Time to answer an HTTP request",
            ["method", "route"],
            registry=registry,
        )
        self.ready = Gauge(
            "duban_ready",
            "Whether a check of /readyz holds (1) or not (0); one that fails keeps requests away",
            ["check"],
            registry=registry,
        )
        for check in CHECKS:
            self.ready.labels(check)
        self.figures_read = Gauge(
            "duban_figures_timestamp_seconds",
            "When the gauges that tell what stands in the database were last read; older than a "
            "minute, they no longer tell the truth",
            registry=registry,
        )
        self._of_events(registry)
        self._of_timers(registry)

    def _of_events(self, registry: CollectorRegistry) -> None:
        self.journal_sent = Counter(
            "duban_journal_sent", "Journal rows the bus has acknowledged", registry=registry
        )
        self.journal_unsent = Gauge(
            "duban_journal_unsent", "Journal rows the bus has not acknowledged", registry=registry
        )
        self.journal_oldest = Gauge(
            "duban_journal_oldest_unsent_seconds",
            "How long the oldest of them has waited: the relay's lag; 0 where none waits",
            registry=registry,
        )
        self.journal_parked = Gauge(
            "duban_journal_parked",
            "Journal rows the bus refused: their keys wait",
            registry=registry,
        )
        self.journal_numbered = Gauge(
            "duban_journal_numbered",
            "Events the service has numbered for a topic: what duban_inbox_heard of another lacks "
            "of it, that other has not taken in yet",
            ["topic"],
            registry=registry,
        )
        self.inbox_events = Counter(
            "duban_inbox_events", "Events received", ["outcome"], registry=registry
        )
        for outcome in ("applied", "duplicate", "held", "unknown", "rejected"):
            self.inbox_events.labels(outcome)
        self.inbox_heard = Gauge(
            "duban_inbox_heard",
            "Events of a topic the service has taken in, by their numbers",
            ["topic"],
            registry=registry,
        )
        self.inbox_gaps = Gauge(
            "duban_inbox_gaps", "Keys that wait for a lost event", registry=registry
        )
        self.dead_letters_open = Gauge(
            "duban_dead_letters_open", "Rejected records nobody has settled", registry=registry
        )

    def _of_timers(self, registry: CollectorRegistry) -> None:
        self.timers_fired = Counter(
            "duban_timers_fired", "Timers whose effect was committed", ["kind"], registry=registry
        )
        self.timers_overdue = Gauge(
            "duban_timers_overdue", "Timers that are due and have not fired", registry=registry
        )
        self.timers_oldest = Gauge(
            "duban_timers_oldest_overdue_seconds",
            "How long the oldest of them has been due; 0 where none is",
            registry=registry,
        )


def show(gauge: Gauge, values: Mapping[Labels, float]) -> None:
    """Let a gauge show these values and no others; no scrape sees half of them."""
    gauge.clear()
    for labels, value in values.items():
        gauge.labels(*labels).set(value)
