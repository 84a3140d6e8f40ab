"""What can be looked up: alerts, decisions, deliveries, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlmodel import SQLModel, col, func, select

from notify.service.caller import refuse
from notify.store.tables import Alert, DecisionRow, Delivery
from shared.kit.db import Database

Row = TypeVar("Row", bound=SQLModel)


@dataclass(frozen=True, kw_only=True)
class WholeAlert:
    """An alert with what was decided about it, and what was sent."""

    alert: Alert
    decisions: Sequence[DecisionRow]
    deliveries: Sequence[Delivery]


class Looking:
    """Answers "why did I (not) get this?"."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    async def alerts(
        self,
        *,
        plan: str | None = None,
        unit: str | None = None,
        kind: str | None = None,
        state: str | None = None,
        skip: int = 0,
        limit: int = 100,
    ) -> Sequence[Alert]:
        """Alerts, the newest first."""
        query = select(Alert).order_by(col(Alert.raised_at).desc(), col(Alert.id))
        for column, wanted in (
            (Alert.plan, plan),
            (Alert.unit, unit),
            (Alert.kind, kind),
            (Alert.state, state),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        async with self._db.read() as session:
            return (await session.execute(query.offset(skip).limit(limit))).scalars().all()

    async def alert(self, alert_id: str, *, unit: str | None) -> WholeAlert:
        """One alert, whole.

        Raises:
            Refused: `unknown_alert`, also where it is another unit's.
        """
        async with self._db.read() as session:
            alert = await session.get(Alert, alert_id)
            if alert is None or (unit is not None and alert.unit != unit):
                raise refuse("unknown_alert", "there is no such alert of yours")
            decided = select(DecisionRow).where(DecisionRow.alert == alert_id)
            sent = select(Delivery).where(Delivery.alert == alert_id)
            return WholeAlert(
                alert=alert,
                decisions=(
                    (await session.execute(decided.order_by(col(DecisionRow.number))))
                    .scalars()
                    .all()
                ),
                deliveries=(
                    (await session.execute(sent.order_by(col(Delivery.created_at)))).scalars().all()
                ),
            )

    async def decisions(
        self, *, plan: str | None, task: str | None, skip: int, limit: int
    ) -> Sequence[DecisionRow]:
        """Decisions, the newest first."""
        query = select(DecisionRow).order_by(col(DecisionRow.number).desc())
        for column, wanted in ((DecisionRow.plan, plan), (DecisionRow.task, task)):
            if wanted is not None:
                query = query.where(column == wanted)
        async with self._db.read() as session:
            return (await session.execute(query.offset(skip).limit(limit))).scalars().all()

    async def deliveries(
        self, *, state: str | None, channel: str | None, skip: int, limit: int
    ) -> Sequence[Delivery]:
        """Deliveries, the newest first."""
        query = select(Delivery).order_by(col(Delivery.created_at).desc(), col(Delivery.id))
        for column, wanted in ((Delivery.state, state), (Delivery.channel, channel)):
            if wanted is not None:
                query = query.where(column == wanted)
        async with self._db.read() as session:
            return (await session.execute(query.offset(skip).limit(limit))).scalars().all()

    async def pending(self) -> int:
        """How many deliveries have not ended."""
        query = select(func.count()).select_from(Delivery).where(Delivery.state == "pending")
        async with self._db.read() as session:
            return (await session.scalar(query)) or 0
