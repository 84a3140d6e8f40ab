"""The instruments every service has, in a registry of its own, starting at 0."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class KitMetrics:
    """Operations of one service. Names are `duban_…`; the scrape job tells the services apart."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
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
        self.journal_sent = Counter(
            "duban_journal_sent", "Journal rows the bus has acknowledged", registry=registry
        )
        self.journal_unsent = Gauge(
            "duban_journal_unsent", "Journal rows the bus has not acknowledged", registry=registry
        )
        self.journal_parked = Gauge(
            "duban_journal_parked",
            "Journal rows the bus refused: their keys wait",
            registry=registry,
        )
        self.inbox_events = Counter(
            "duban_inbox_events", "Events received", ["outcome"], registry=registry
        )
        for outcome in ("applied", "duplicate", "held", "unknown", "rejected"):
            self.inbox_events.labels(outcome)
        self.inbox_gaps = Gauge(
            "duban_inbox_gaps", "Keys that wait for a lost event", registry=registry
        )
        self.dead_letters_open = Gauge(
            "duban_dead_letters_open", "Rejected records nobody has settled", registry=registry
        )
        self.timers_fired = Counter(
            "duban_timers_fired", "Timers whose effect was committed", ["kind"], registry=registry
        )
