"""What notify counts beside the kit's instruments: alerts, decisions, deliveries."""

from collections.abc import Mapping
from typing import Final, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from notify.domain.alerts import Reason
from notify.domain.kinds import Kind
from notify.domain.notices import NoticeReason

CHANNELS: Final = ("webhook", "mail")
_LEVELS: Final[Mapping[str, tuple[str, ...]]] = {
    "early": ("yellow", "red"),
    "lag": ("yellow", "red"),
    "escalation": ("yellow", "red"),
    "interview": ("red", "none"),
}
ALERTS: Final = tuple(
    (kind, level) for kind in get_args(Kind) for level in _LEVELS.get(kind, ("none",))
)
"""Each kind with its levels; most have none."""
_ANSWERS: Final = ("acknowledged", "acknowledgement_expired")


class NotifyMetrics:
    """Figures of messages."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.alerts = Counter(
            "duban_alerts_raised", "Alerts raised", ["kind", "level"], registry=registry
        )
        for kind, level in ALERTS:
            self.alerts.labels(kind, level)
        self.decisions = Counter(
            "duban_alert_decisions", "Decisions about alerts", ["reason"], registry=registry
        )
        for reason in {*get_args(Reason), *get_args(NoticeReason), *_ANSWERS}:
            self.decisions.labels(reason)
        self.deliveries = Counter(
            "duban_deliveries",
            "Deliveries tried, by what came of it",
            ["channel", "outcome"],
            registry=registry,
        )
        for channel in CHANNELS:
            for outcome in ("delivered", "retry", "refused", "gone", "expired"):
                self.deliveries.labels(channel, outcome)
        self._of_the_tables(registry)

    def _of_the_tables(self, registry: CollectorRegistry) -> None:
        """What `service/figures` reads."""
        self.open_alerts = Gauge(
            "duban_alerts_open",
            "Alerts whose episode has not ended",
            ["plan", "kind", "level"],
            registry=registry,
        )
        self.oldest_alert = Gauge(
            "duban_alerts_oldest_open_seconds",
            "How long the oldest open alert of a kind has stood; 0 where none is open",
            ["plan", "kind"],
            registry=registry,
        )
        self.pending = Gauge(
            "duban_deliveries_pending",
            "Deliveries that have not ended: due now, or to be tried again",
            ["channel"],
            registry=registry,
        )
        self.oldest_pending = Gauge(
            "duban_deliveries_oldest_pending_seconds",
            "How long the oldest of them has waited; 0 where none does",
            ["channel"],
            registry=registry,
        )
        for channel in CHANNELS:
            self.pending.labels(channel)
            self.oldest_pending.labels(channel)
        self.endpoints_disabled = Gauge(
            "duban_endpoints_disabled",
            "Receivers that answered 410 Gone or failed for five days, and get nothing any more",
            registry=registry,
        )


def count(session: AsyncSession, counter: Counter) -> None:
    """Count what this transaction does, once it commits: a batch may be undone and replayed."""
    event.listen(session.sync_session, "after_commit", lambda _session: counter.inc(), once=True)
