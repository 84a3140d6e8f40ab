"""What intake counts beside the kit's instruments: reports, what is owed, decisions."""

from collections.abc import Sequence
from typing import Final, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from shared.contracts.decisions import Decision
from shared.contracts.envelope import Event
from shared.contracts.intake import DecisionMade

_DECISIONS: Final = tuple(
    str(model.model_fields["type"].default) for model in get_args(get_args(Decision)[0])
)


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
        self.decisions = Counter(
            "duban_decisions", "Decisions of the office", ["type"], registry=registry
        )
        for decision in _DECISIONS:
            self.decisions.labels(decision)
        self._of_plans(registry)

    def _of_plans(self, registry: CollectorRegistry) -> None:
        """What `service/figures` reads."""
        self.obligations = Gauge(
            "duban_obligations",
            "Reports owed, by where they stand, in the periods whose window is open and the last "
            "one that has closed",
            ["plan", "period", "state"],
            registry=registry,
        )
        self.next_due = Gauge(
            "duban_next_due_seconds",
            "Until the next reports are due; no value where nothing that has begun is still due",
            ["plan"],
            registry=registry,
        )
        self.holidays = Gauge(
            "duban_holiday_days_loaded",
            "Days from today to the first of a year without a holiday table that a window of the "
            "plan needs; +Inf where every year it needs is loaded",
            ["plan"],
            registry=registry,
        )

    def said(self, events: Sequence[Event]) -> None:
        """Count the office's decisions among what intake says."""
        for event in events:
            if isinstance(event, DecisionMade):
                self.decisions.labels(event.decided.type).inc()
