"""Which deliveries are sent next: due, and in a lane that has room."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select, update

from notify.store.tables import Delivery, Endpoint
from shared.kit.clock import Clock
from shared.kit.db import Database

_PAGE: Final = 200
_MAILS_AT_ONCE: Final = 8
_CALLS_AT_ONCE: Final = 4
"""Of one endpoint: one that is slow holds up nobody else."""
_LEASE: Final = timedelta(minutes=2)
"""Longer than any attempt lasts."""

_SPACING: Final[Mapping[str, timedelta]] = {
    "wecom": timedelta(seconds=3),
    "dingtalk": timedelta(seconds=3),
    "feishu": timedelta(seconds=0.6),
}
"""Between two messages to a robot: the vendors allow 20, 20 and 100 a minute."""

Lane = tuple[str, str]
"""What queues together: all mail, or the calls to one endpoint."""


class Queue:
    """Hands out the deliveries that are due."""

    def __init__(self, *, db: Database, clock: Clock, member: str) -> None:
        """`member` is this process among the replicas."""
        self._db = db
        self._clock = clock
        self._member = member

    async def resume(self) -> None:
        """What this process was sending when it died is due at once."""
        mine = (col(Delivery.state) == "pending") & (col(Delivery.claimed_by) == self._member)
        async with self._db.write() as session:
            await session.execute(
                update(Delivery).where(mine).values(next_attempt_at=self._clock.wall_now())
            )

    async def claim(self, under_way: Collection[Delivery]) -> Sequence[Delivery]:
        """Due deliveries for which there is room beside those `under_way`.

        Each is leased: whoever crashes only delays it.
        """
        now = self._clock.wall_now()
        busy = Counter(_lane(one) for one in under_way)
        due = select(Delivery).where(*_is_due(now, under_way, busy))
        due = due.order_by(col(Delivery.next_attempt_at), col(Delivery.id)).limit(_PAGE)
        async with self._db.read() as session:
            if (await session.execute(due.limit(1))).first() is None:
                return []
        claimed = []
        async with self._db.write() as session:
            query = due.with_for_update(skip_locked=True)
            for delivery in (await session.execute(query)).scalars().all():
                lane = _lane(delivery)
                if busy[lane] < _room(lane) and await self._may_speak(session, delivery, now):
                    busy[lane] += 1
                    delivery.next_attempt_at, delivery.claimed_by = now + _LEASE, self._member
                    claimed.append(delivery)
        return claimed

    async def _may_speak(self, session: AsyncSession, delivery: Delivery, now: datetime) -> bool:
        """Whether a robot may be spoken to; if so, every replica knows when it may be next."""
        if delivery.channel != "webhook":
            return True
        paced = (Endpoint.id == delivery.recipient, col(Endpoint.format).in_(_SPACING))
        query = select(Endpoint).where(*paced).with_for_update(skip_locked=True)
        robot = (await session.execute(query)).scalars().first()
        if robot is None:  # not a robot, or another process is just speaking to it
            other = select(Endpoint.format).where(Endpoint.id == delivery.recipient)
            return (await session.scalar(other)) not in _SPACING
        if robot.disabled_at is None and robot.next_at is not None and robot.next_at > now:
            return False
        robot.next_at = now + _SPACING[robot.format]
        return True


def _is_due(
    now: datetime, under_way: Collection[Delivery], busy: Counter[Lane]
) -> Sequence[ColumnElement[bool]]:
    full = [lane for lane, many in busy.items() if many >= _room(lane)]
    hooks = [hook for channel, hook in full if channel == "webhook"]
    resting = select(Endpoint.id).where(
        col(Endpoint.next_at) > now, col(Endpoint.disabled_at).is_(None)
    )
    conditions = [
        col(Delivery.state) == "pending",
        col(Delivery.next_attempt_at) <= now,
        col(Delivery.id).not_in([one.id for one in under_way]),
        (col(Delivery.channel) != "webhook") | col(Delivery.recipient).not_in(hooks),
        (col(Delivery.channel) != "webhook") | col(Delivery.recipient).not_in(resting),
    ]
    if ("mail", "") in full:
        conditions.append(col(Delivery.channel) != "mail")
    return conditions


def _lane(delivery: Delivery) -> Lane:
    return delivery.channel, delivery.recipient if delivery.channel == "webhook" else ""


def _room(lane: Lane) -> int:
    return _CALLS_AT_ONCE if lane[0] == "webhook" else _MAILS_AT_ONCE
