"""Decisions are stored with their reason, shown, and counted."""

import json
from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from notify.metrics import NotifyMetrics, count
from notify.service.causes import Cause
from notify.store.tables import Alert, DecisionRow


class Deciding:
    """Keeps why somebody was, or was not, told."""

    def __init__(self, *, metrics: NotifyMetrics) -> None:
        self._metrics = metrics

    def record(
        self, session: AsyncSession, cause: Cause, *, alert: str | None, effect: str, reason: str
    ) -> None:
        """What was decided about an alert, or about there being none."""
        self._add(
            session,
            DecisionRow(
                alert=alert,
                plan=cause.plan.plan,
                task=cause.task,
                unit=cause.unit,
                kind=cause.kind,
                effect=effect,
                reason=reason,
                event=cause.event,
                at=cause.at,
            ),
        )

    def note(
        self,
        session: AsyncSession,
        alert: Alert,
        cause: Cause,
        *,
        reason: str,
        addressee: str | None,
        effect: str = "nothing",
        operands: Mapping[str, str] | None = None,
    ) -> None:
        """What was decided about one who could be told, or who answered."""
        self._add(
            session,
            DecisionRow(
                alert=alert.id,
                plan=alert.plan,
                task=alert.task,
                unit=alert.unit,
                kind=alert.kind,
                effect=effect,
                reason=reason,
                event=cause.event,
                addressee=addressee,
                operands=json.dumps(operands or {}, ensure_ascii=False, sort_keys=True),
                at=cause.at,
            ),
        )

    def _add(self, session: AsyncSession, row: DecisionRow) -> None:
        session.add(row)
        count(session, self._metrics.decisions.labels(row.reason))
