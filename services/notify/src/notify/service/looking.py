"""What can be looked up: alerts, decisions, deliveries, newest first, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import and_, or_
from sqlmodel import col, select

from notify.domain.kinds import NEWS
from notify.service.caller import refuse
from notify.service.episodes import OPEN
from notify.service.writing import Told
from notify.store.tables import Alert, DecisionRow, Delivery, Notice
from shared.kit.db import Database

_NO_SUCH_PLACE: Final = "no page ends there: begin without a cursor"


@dataclass(frozen=True, kw_only=True)
class WholeAlert:
    """An alert with what was decided about it, and what was sent."""

    alert: Alert
    decisions: Sequence[DecisionRow]
    notices: Sequence[Notice]
    deliveries: Sequence[Delivery]


class Looking:
    """Answers "why did I (not) get this?"; `after` is the last item of the page before."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    async def alerts(
        self,
        *,
        after: str | None = None,
        limit: int = 100,
        standing: bool = False,
        **wanted: str | None,
    ) -> Sequence[Alert]:
        """Alerts whose columns have the `wanted` values.

        Where asked for, only what is `standing`: what calls for somebody, neither ended nor news.

        Raises:
            Refused: `unknown_cursor`.
        """
        query = select(Alert).order_by(col(Alert.raised_at).desc(), col(Alert.id))
        for name, value in wanted.items():
            if value is not None:
                query = query.where(getattr(Alert, name) == value)
        if standing:
            query = query.where(col(Alert.state).in_(OPEN), col(Alert.kind).not_in(NEWS))
        async with self._db.read() as session:
            if after is not None:
                last = await session.get(Alert, after)
                if last is None:
                    raise refuse("unknown_cursor", _NO_SUCH_PLACE, path="cursor")
                at = col(Alert.raised_at)
                query = query.where(
                    or_(at < last.raised_at, and_(at == last.raised_at, col(Alert.id) > last.id))
                )
            return (await session.execute(query.limit(limit))).scalars().all()

    async def alert(self, alert_id: str, *, unit: str | None) -> WholeAlert:
        """One alert, whole.

        Raises:
            Refused: `unknown_alert`, also where it is another unit's.
        """
        decided = select(DecisionRow).where(DecisionRow.alert == alert_id)
        noticed = select(Notice).where(Notice.alert == alert_id)
        told = select(Notice.delivery).where(Notice.alert == alert_id)
        sent = select(Delivery).where(
            or_(col(Delivery.alert) == alert_id, col(Delivery.id).in_(told))
        )
        async with self._db.read() as session:
            alert = await session.get(Alert, alert_id)
            if alert is None or (unit is not None and alert.unit != unit):
                raise refuse("unknown_alert", "there is no such alert of yours")
            decisions = await session.execute(decided.order_by(col(DecisionRow.number)))
            notices = await session.execute(
                noticed.order_by(col(Notice.created_at), col(Notice.recipient))
            )
            order = (col(Delivery.created_at), col(Delivery.id))
            deliveries = await session.execute(sent.order_by(*order))
            return WholeAlert(
                alert=alert,
                decisions=decisions.scalars().all(),
                notices=notices.scalars().all(),
                deliveries=deliveries.scalars().all(),
            )

    async def told_by(self, delivery_id: str) -> tuple[Delivery, Sequence[Told]]:
        """A message, and what it told.

        Raises:
            Refused: `unknown_delivery`.
        """
        query = (
            select(Alert, Notice)
            .join(Notice, col(Notice.alert) == col(Alert.id))
            .where(Notice.delivery == delivery_id)
            .order_by(col(Notice.created_at), col(Notice.id))
        )
        async with self._db.read() as session:
            delivery = await session.get(Delivery, delivery_id)
            if delivery is None:
                raise refuse("unknown_delivery", "there is no such message")
            rows = (await session.execute(query)).all()
        return delivery, [Told(alert=alert, notice=notice) for alert, notice in rows]

    async def decisions(
        self, *, after: int | None, limit: int, **wanted: str | None
    ) -> Sequence[DecisionRow]:
        """Decisions whose columns have the `wanted` values."""
        query = select(DecisionRow).order_by(col(DecisionRow.number).desc())
        for name, value in wanted.items():
            if value is not None:
                query = query.where(getattr(DecisionRow, name) == value)
        if after is not None:
            query = query.where(col(DecisionRow.number) < after)
        async with self._db.read() as session:
            return (await session.execute(query.limit(limit))).scalars().all()

    async def deliveries(
        self, *, after: str | None, limit: int, **wanted: str | None
    ) -> Sequence[Delivery]:
        """Deliveries whose columns have the `wanted` values.

        Raises:
            Refused: `unknown_cursor`.
        """
        query = select(Delivery).order_by(col(Delivery.created_at).desc(), col(Delivery.id))
        for name, value in wanted.items():
            if value is not None:
                query = query.where(getattr(Delivery, name) == value)
        async with self._db.read() as session:
            if after is not None:
                last = await session.get(Delivery, after)
                if last is None:
                    raise refuse("unknown_cursor", _NO_SUCH_PLACE, path="cursor")
                at, key = col(Delivery.created_at), col(Delivery.id)
                query = query.where(
                    or_(at < last.created_at, and_(at == last.created_at, key > last.id))
                )
            return (await session.execute(query.limit(limit))).scalars().all()
