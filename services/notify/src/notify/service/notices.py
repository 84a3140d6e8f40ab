"""Notices: one recipient's share in one change of an alert, waiting in a group for its time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select, update

from notify.domain.alerts import Addressee
from notify.domain.kinds import Change, Kind, Level
from notify.domain.notices import URGENT
from notify.domain.routing import Subject, Taken, group_key, taken_by
from notify.service.causes import Cause
from notify.service.deciding import Deciding
from notify.service.directory import Directory
from notify.service.plans import KnownPlan
from notify.service.recipients import Recipient, find_recipients
from notify.store.tables import Alert, Delivery, GroupRow, Notice
from shared.kit.timers import Timer, Timers

FLUSH: Final = "flush"
"""The timer that sends what waits in a group; its subject is the plan, a slash, the group."""

DIGEST: Final = "digest"
"""The route of the group in which waits what the daily cap holds back."""
_GROUPS: Final = "groups"
"""The groups a transaction has read already: a storm asks for the same few a thousand times."""
_NAMESPACE: Final = UUID("0f8f6c6a-7f0c-5a6b-9a51-0b8f7d1f9c33")


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a notice goes."""

    channel: str
    recipient: str
    addressee: str
    language: str
    hours: str | None
    route: str


class Notices:
    """Writes notices, and sees to it that their groups are looked at in time."""

    def __init__(self, *, directory: Directory, deciding: Deciding, timers: Timers) -> None:
        self._directory = directory
        self._deciding = deciding
        self._timers = timers

    async def tell(
        self,
        session: AsyncSession,
        alert: Alert,
        *,
        tell: Sequence[Addressee],
        change: Change,
        cause: Cause,
    ) -> None:
        """A notice for each person behind an addressee, and for whom the routes name.

        Whom it cannot reach is a decision of its own (`no_contact`, `endpoint_disabled`,
        `no_route`).
        """
        routes = await self._directory.routes(session)
        taken = taken_by(routes, subject_of(alert, cause.plan))
        await self._write(session, alert, tell=tell, taken=taken, change=change, cause=cause)

    async def repeat(
        self, session: AsyncSession, alert: Alert, *, taken: Sequence[Taken], cause: Cause
    ) -> None:
        """Whom these routes name, and whom the alert concerns, hear of it once more."""
        tell = [Addressee(*one.split("@", 1)) for one in alert.audience.split()]
        await self._write(session, alert, tell=tell, taken=taken, change="repeated", cause=cause)

    async def take_back(self, session: AsyncSession, alert: Alert, cause: Cause) -> None:
        """Whoever was told of an alert is told that it does not hold."""
        query = (
            select(Notice)
            .where(Notice.alert == alert.id, Notice.state == "sent")
            .order_by(col(Notice.created_at), col(Notice.id))
        )
        told: dict[tuple[str, str], Notice] = {}
        for notice in (await session.execute(query)).scalars():
            told.setdefault((notice.channel, notice.recipient), notice)
        kept = []
        for notice in told.values():
            group = await session.get_one(GroupRow, notice.group)
            if group.route == DIGEST:  # what it told is taken back by itself
                group = await self.group(
                    session,
                    plan=alert.plan,
                    route=notice.route,
                    channel=notice.channel,
                    recipient=notice.recipient,
                )
            place = _Place(
                channel=notice.channel,
                recipient=notice.recipient,
                addressee=notice.addressee,
                language=notice.language,
                hours=notice.hours,
                route=notice.route,
            )
            kept.append((_notice(alert, "withdrawn", cause, group, place), group))
        await self._keep(session, kept)

    async def wake(self, session: AsyncSession, holder: str, *, plan: str, now: datetime) -> None:
        """What waited for an alert to end, or for a mute, is looked at again."""
        held = (col(Notice.held_by) == holder) & (col(Notice.state) == "waiting")
        query = select(Notice.group).where(held).distinct()
        for group in (await session.execute(query)).scalars().all():
            row = await session.get_one(GroupRow, group)
            row.due_at = now
            await self._timers.set(session, flush_timer(plan, group, now))
        await session.execute(update(Notice).where(held).values(due_at=now, held_by=None))

    async def look_again(self, session: AsyncSession, group: GroupRow) -> None:
        """Set the group's timer to the first of its notices that is due."""
        due = select(func.min(Notice.due_at)).where(
            Notice.group == group.id, Notice.state == "waiting"
        )
        group.due_at = await session.scalar(due)
        if group.due_at is not None:
            await self._timers.set(session, flush_timer(group.plan, group.id, group.due_at))

    async def _write(
        self,
        session: AsyncSession,
        alert: Alert,
        *,
        tell: Sequence[Addressee],
        taken: Sequence[Taken],
        change: Change,
        cause: Cause,
    ) -> None:
        found = await find_recipients(session, self._directory, alert, tell=tell, taken=taken)
        for reason, who in found.missed:
            self._deciding.note(session, alert, cause, reason=reason, addressee=who)
        notices = []
        for one in found.recipients:
            group = await self._group(session, alert, one, cause.plan)
            place = _Place(
                channel=one.channel,
                recipient=one.address,
                addressee=one.addressee,
                language=one.language or "",
                hours=one.hours,
                route=one.taken.path,
            )
            notices.append((_notice(alert, change, cause, group, place), group))
        await self._keep(session, notices)

    async def group(
        self,
        session: AsyncSession,
        *,
        plan: str,
        route: str,
        channel: str,
        recipient: str,
        key: str = "",
    ) -> GroupRow:
        """The group of this recipient on this route whose alerts agree in `key`."""
        name = uuid5(_NAMESPACE, f"{plan}/{route}/{channel}/{recipient}/{key}").hex
        seen: dict[str, GroupRow] = session.info.setdefault(_GROUPS, {})
        row = seen.get(name) or await session.get(GroupRow, name)
        if row is None:
            row = GroupRow(
                id=name,
                plan=plan,
                route=route,
                channel=channel,
                recipient=recipient,
                key=key,
                wait=0,
                interval=0,
            )
            session.add(row)
        seen[name] = row
        return row

    async def _group(
        self, session: AsyncSession, alert: Alert, one: Recipient, plan: KnownPlan
    ) -> GroupRow:
        key = group_key(one.taken, subject_of(alert, plan))
        if alert.kind in URGENT:  # it is not to wait for the interval of what could
            key = f"urgent, {key}"
        row = await self.group(
            session,
            plan=alert.plan,
            route=one.taken.path,
            channel=one.channel,
            recipient=one.address,
            key=key,
        )
        row.wait = int(one.taken.group_wait.total_seconds())
        row.interval = int(one.taken.group_interval.total_seconds())
        return row

    async def _keep(
        self, session: AsyncSession, notices: Sequence[tuple[Notice, GroupRow]]
    ) -> None:
        """Let each wait for its group's time; what is known to have been told is not told again."""
        names = [notice.id for notice, _ in notices]
        rows = (await session.execute(select(Notice).where(col(Notice.id).in_(names)))).scalars()
        known = {row.id: row for row in rows}
        for notice, group in notices:
            if notice.id in known:
                await _complete(session, known[notice.id], notice)
                continue
            due = notice.created_at + timedelta(seconds=group.wait)
            if group.last_sent_at is not None:
                due = max(due, group.last_sent_at + timedelta(seconds=group.interval))
            notice.due_at = due
            session.add(notice)
            if group.due_at is None or due < group.due_at:
                group.due_at = due
                await self._timers.set(session, flush_timer(group.plan, group.id, due))


def _notice(alert: Alert, change: Change, cause: Cause, group: GroupRow, place: _Place) -> Notice:
    # The same event told to the same recipient is the same notice, however often it is heard.
    name = f"{alert.id}/{cause.event}/{change}/{place.channel}/{place.recipient}"
    return Notice(
        id=uuid5(_NAMESPACE, name).hex,
        alert=alert.id,
        plan=alert.plan,
        change=change,
        group=group.id,
        event=cause.event,
        created_at=cause.at,
        correlation=cause.correlation,
        **vars(place),
    )


async def _complete(session: AsyncSession, known: Notice, notice: Notice) -> None:
    """Of what was told before a restore only the fact is known: let it say whom it told of what."""
    if known.group:
        return
    for name in ("alert", "plan", "change", "group", "channel", "recipient", "addressee"):
        setattr(known, name, getattr(notice, name))
    for name in ("language", "hours", "route", "event", "created_at", "correlation"):
        setattr(known, name, getattr(notice, name))
    delivery = await session.get(Delivery, known.delivery) if known.delivery else None
    if delivery is None:
        return
    if not delivery.recipient:
        delivery.recipient, delivery.language = notice.recipient, notice.language
    alert = await session.get_one(Alert, notice.alert)
    if delivery.state == "delivered" and alert.state == "raised":
        alert.state = "notified"


def flush_timer(plan: str, group: str, at: datetime) -> Timer:
    """When a group's notices are looked at."""
    return Timer(kind=FLUSH, subject=f"{plan}/{group}", due_at=at)


def subject_of(alert: Alert, plan: KnownPlan) -> Subject:
    """An alert as routes see it."""
    kind: Kind = alert.kind  # type: ignore[assignment]  # stored from a Kind
    level: Level | None = alert.level  # type: ignore[assignment]  # stored from a Level
    roles = frozenset(one.partition("@")[0] for one in alert.audience.split())
    labels: Mapping[str, str] = plan.labels_of.get(alert.task or "", {})
    return Subject(
        kind=kind,
        level=level,
        plan=alert.plan,
        action=alert.action,
        task=alert.task,
        unit=alert.unit,
        roles=roles,
        labels=labels,
    )
