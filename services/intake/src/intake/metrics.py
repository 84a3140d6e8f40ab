"""What intake counts beside the kit's instruments."""

from prometheus_client import CollectorRegistry, Counter


class IntakeMetrics:
    """Figures of reporting."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.submissions = Counter(
            "duban_submissions", "Reports received", ["outcome"], registry=registry
        )
        for outcome in ("accepted", "repeated", "refused"):
            self.submissions.labels(outcome)
