"""What notify counts beside the kit's instruments: alerts, decisions, deliveries."""

from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from notify.domain.alerts import Reason


class NotifyMetrics:
    """Figures of messages."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.alerts = Counter(
            "duban_alerts_raised", "Alerts raised", ["kind", "level"], registry=registry
        )
        for kind, level in (
            ("early", "yellow"),
            ("early", "red"),
            ("lag", "yellow"),
            ("lag", "red"),
            ("overdue", "none"),
        ):
            self.alerts.labels(kind, level)
        self.decisions = Counter(
            "duban_alert_decisions", "Decisions about alerts", ["reason"], registry=registry
        )
        for reason in (*get_args(Reason), "no_contact", "endpoint_disabled"):
            self.decisions.labels(reason)
        self.deliveries = Counter(
            "duban_deliveries",
            "Deliveries tried, by what came of it",
            ["channel", "outcome"],
            registry=registry,
        )
        for channel in ("webhook", "mail"):
            for outcome in ("delivered", "retry", "refused", "gone", "expired"):
                self.deliveries.labels(channel, outcome)
        self.pending = Gauge(
            "duban_deliveries_pending", "Deliveries that have not ended", registry=registry
        )


def count(session: AsyncSession, counter: Counter) -> None:
    """Count what this transaction does, once it commits: a batch may be undone and replayed."""
    event.listen(session.sync_session, "after_commit", lambda _session: counter.inc(), once=True)
