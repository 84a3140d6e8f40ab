"""What notify counts beside the kit's instruments: alerts, decisions, deliveries."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class NotifyMetrics:
    """Figures of messages."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.alerts = Counter(
            "duban_alerts_raised", "Alerts raised", ["kind", "level"], registry=registry
        )
        self.decisions = Counter(
            "duban_alert_decisions",
            "Decisions about alerts, with their reasons",
            ["kind", "effect", "reason"],
            registry=registry,
        )
        self.deliveries = Counter(
            "duban_deliveries", "Attempts to deliver", ["channel", "outcome"], registry=registry
        )
        for channel in ("webhook", "mail"):
            for outcome in ("delivered", "retry", "refused", "gone", "expired"):
                self.deliveries.labels(channel, outcome)
        self.pending = Gauge(
            "duban_deliveries_pending", "Deliveries that have not ended", registry=registry
        )
