"""What intake counts beside the kit's instruments."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class IntakeMetrics:
    """Figures of reporting."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.submissions = Counter(
            "duban_submissions", "Reports received", ["outcome"], registry=registry
        )
        for outcome in ("accepted", "repeated", "refused", "failed", "busy"):
            self.submissions.labels(outcome)
        self.waiting = Gauge(
            "duban_submissions_waiting", "Reports that wait for their page", registry=registry
        )
        self.page = Histogram(
            "duban_submissions_page",
            "Reports in one transaction",
            buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500),
            registry=registry,
        )
