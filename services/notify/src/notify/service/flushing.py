"""A group's time has come: each of its notices is decided, and what may go out is one message."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Table, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from notify.domain.hours import next_digest, opening
from notify.domain.kinds import Change, Kind
from notify.domain.notices import (
    Muted,
    NoticeFacts,
    Verdict,
    decide_notice,
    to_digest,
)
from notify.domain.routes import Hours, Match, Routes
from notify.domain.routing import Subject, silences
from notify.service.causes import Cause
from notify.service.deciding import Deciding
from notify.service.directory import Directory
from notify.service.episodes import OPEN
from notify.service.mutes import muted, mutes_that_hold
from notify.service.notices import DIGEST, Notices, subject_of
from notify.service.plans import KnownPlan, Plans
from notify.service.writing import Told, Writing
from notify.store.tables import Alert, Allowance, GroupRow, Notice, Unsubscribed
from shared.kit.bulk import insert_rows
from shared.kit.timers import Timer

MOST: Final = 10_000
"""Notices that one message tells of at most."""

_ALLOWANCES: Final[Table] = Allowance.__table__  # type: ignore[attr-defined]  # SQLModel's


@dataclass(frozen=True, kw_only=True)
class _Scene:
    """What holds for every notice of the group now."""

    group: GroupRow
    plan: KnownPlan
    routes: Routes
    now: datetime
    mutes: Sequence[tuple[Match, Muted]]
    loud: Sequence[tuple[str, Subject]]
    """Open alerts that may silence others."""
    refused: bool


class Flushing:
    """Looks at a group when its timer fires."""

    def __init__(
        self,
        *,
        plans: Plans,
        directory: Directory,
        notices: Notices,
        deciding: Deciding,
        writing: Writing,
    ) -> None:
        self._plans = plans
        self._directory = directory
        self._notices = notices
        self._deciding = deciding
        self._writing = writing

    async def on_flush(self, session: AsyncSession, timer: Timer) -> None:
        """What is due is sent in one message, held or dropped; the rest waits for its time."""
        group = await session.get_one(GroupRow, timer.subject.partition("/")[2])
        if await self._is_early(session, group, timer.due_at):
            return
        scene = await self._scene(session, group, timer.due_at)
        due = await _due(session, scene)
        latest = {notice.alert: notice for notice, _ in due}
        for notice, _ in due:  # what was never told is told as new, however far it has come
            if notice.change == "raised" and latest[notice.alert].change != "withdrawn":
                latest[notice.alert].change = "raised"
        sendable = []
        for notice, alert in due:
            verdict = self._judge(scene, notice, alert, newer=latest[alert.id] is not notice)
            if verdict.effect == "send":
                sendable.append((notice, alert, verdict))
            else:
                self._put_off(session, scene, notice, alert, verdict)
        if sendable:
            await self._send(session, scene, sendable)
        await session.flush()
        await self._notices.look_again(session, group)

    async def _is_early(self, session: AsyncSession, group: GroupRow, now: datetime) -> bool:
        """Whether its interval still runs; then all that is due waits for its end."""
        if group.last_sent_at is None:
            return False
        again = group.last_sent_at + timedelta(seconds=group.interval)
        if again <= now:
            return False
        due = (col(Notice.group) == group.id) & (col(Notice.state) == "waiting")
        await session.execute(
            update(Notice).where(due & (col(Notice.due_at) < again)).values(due_at=again)
        )
        await session.flush()
        await self._notices.look_again(session, group)
        return True

    async def _scene(self, session: AsyncSession, group: GroupRow, now: datetime) -> _Scene:
        plan = await self._plans.known(session, group.plan)
        routes = await self._directory.routes(session)
        refused = await session.get(Unsubscribed, (group.plan, group.recipient))
        return _Scene(
            group=group,
            plan=plan,
            routes=routes,
            now=now,
            mutes=await mutes_that_hold(session, now),
            loud=await loud_alerts(session, plan, routes),
            refused=refused is not None,
        )

    def _judge(self, scene: _Scene, notice: Notice, alert: Alert, *, newer: bool) -> Verdict:
        subject = subject_of(alert, scene.plan)
        kind: Kind = alert.kind  # type: ignore[assignment]  # stored from a Kind
        change: Change = notice.change  # type: ignore[assignment]  # stored from a Change
        hours = scene.routes.hours
        if notice.hours is not None:
            hours = Hours.model_validate_json(notice.hours)
        calendar = scene.plan.calendar
        facts = NoticeFacts(
            kind=kind,
            change=change,
            over=alert.state not in OPEN,
            newer=newer,
            refused=scene.refused,
            muted=muted(scene.mutes, subject),
            inhibited_by=inhibitor(scene.routes, scene.loud, alert.id, subject),
            opens=opening(scene.now, hours, calendar.workdays, calendar.tz),
        )
        return decide_notice(facts, now=scene.now)

    def _put_off(
        self,
        session: AsyncSession,
        scene: _Scene,
        notice: Notice,
        alert: Alert,
        verdict: Verdict,
    ) -> None:
        if verdict.effect == "drop":
            notice.state, notice.due_at, notice.held_by = "dropped", None, None
        else:
            notice.due_at = verdict.until
            notice.held_by = verdict.operands.get("mute") or (
                verdict.operands["by"] if verdict.reason == "inhibited" else None
            )
        self._note(session, scene, notice, alert, verdict)

    async def _send(
        self,
        session: AsyncSession,
        scene: _Scene,
        sendable: Sequence[tuple[Notice, Alert, Verdict]],
    ) -> None:
        group, digest = scene.group, scene.group.route == DIGEST
        if group.channel == "mail" and not digest and not await self._has_room(session, scene):
            await self._to_digest(session, scene, sendable)
            return
        told = [Told(alert=alert, notice=notice) for notice, alert, _ in sendable]
        delivery = await self._writing.write(
            session, group, told, plan=scene.plan, now=scene.now, digest=digest
        )
        group.last_sent_at = scene.now
        for notice, alert, verdict in sendable:
            notice.state, notice.delivery, notice.due_at = "sent", delivery, None
            notice.held_by = None
            self._note(session, scene, notice, alert, verdict)

    async def _has_room(self, session: AsyncSession, scene: _Scene) -> bool:
        """Whether the person may have one more message today; if so, it is counted."""
        name = f"{scene.group.recipient}/{scene.plan.calendar.day_of(scene.now)}"
        await insert_rows(session, _ALLOWANCES, [{"id": name, "sent": 0}], once="id")
        columns = _ALLOWANCES.c
        # One statement: of two plans that write to the same person at once each is counted.
        counted = await session.execute(
            update(_ALLOWANCES)
            .where(columns.id == name, columns.sent < scene.routes.daily_cap)
            .values(sent=columns.sent + 1)
        )
        return bool(counted.rowcount)  # type: ignore[attr-defined]  # a CursorResult

    async def _to_digest(
        self,
        session: AsyncSession,
        scene: _Scene,
        sendable: Sequence[tuple[Notice, Alert, Verdict]],
    ) -> None:
        calendar, group = scene.plan.calendar, scene.group
        at = next_digest(scene.now, scene.routes.hours, calendar.workdays, calendar.tz)
        verdict = to_digest(at, cap=scene.routes.daily_cap)
        digest = await self._notices.group(
            session, plan=group.plan, route=DIGEST, channel="mail", recipient=group.recipient
        )
        for notice, alert, _ in sendable:
            notice.group, notice.due_at, notice.held_by = digest.id, at, None
            self._note(session, scene, notice, alert, verdict)
        await session.flush()
        await self._notices.look_again(session, digest)

    def _note(
        self,
        session: AsyncSession,
        scene: _Scene,
        notice: Notice,
        alert: Alert,
        verdict: Verdict,
    ) -> None:
        notice.reason = verdict.reason
        until = {"until": verdict.until.isoformat()} if verdict.until else {}
        self._deciding.note(
            session,
            alert,
            _cause(scene, notice, alert),
            reason=verdict.reason,
            addressee=notice.addressee,
            effect=verdict.effect,
            operands={**verdict.operands, **until},
        )


async def _due(session: AsyncSession, scene: _Scene) -> Sequence[tuple[Notice, Alert]]:
    """What is due, and what came while the first of the group waited."""
    query = (
        select(Notice, Alert)
        .join(Alert, col(Alert.id) == col(Notice.alert))
        .where(
            Notice.group == scene.group.id,
            Notice.state == "waiting",
            (col(Notice.due_at) <= scene.now) | (col(Notice.reason) == ""),
        )
        .order_by(col(Notice.created_at), col(Notice.id))
        .limit(MOST)
    )
    return [(notice, alert) for notice, alert in (await session.execute(query)).all()]


async def loud_alerts(
    session: AsyncSession, plan: KnownPlan, routes: Routes
) -> Sequence[tuple[str, Subject]]:
    """The open alerts of the plan that a rule of inhibition could mean."""
    kinds = {kind for rule in routes.inhibit for kind in rule.when.kind or ()}
    query = select(Alert).where(Alert.plan == plan.plan, col(Alert.state).in_(OPEN))
    if all(rule.when.kind for rule in routes.inhibit):
        query = query.where(col(Alert.kind).in_(sorted(kinds)))
    rows = (await session.execute(query.order_by(col(Alert.id)))).scalars()
    return [(alert.id, subject_of(alert, plan)) for alert in rows]


def inhibitor(
    routes: Routes, loud: Sequence[tuple[str, Subject]], alert: str, subject: Subject
) -> str | None:
    """The open alert by which another is explained, so that it need not be told.

    Of two that would explain each other both are told.
    """
    return next(
        (
            name
            for rule in routes.inhibit
            for name, other in loud
            if name != alert
            and silences(rule, other, subject)
            and not any(silences(one, subject, other) for one in routes.inhibit)
        ),
        None,
    )


def _cause(scene: _Scene, notice: Notice, alert: Alert) -> Cause:
    kind: Kind = alert.kind  # type: ignore[assignment]  # stored from a Kind
    return Cause(
        plan=scene.plan,
        task=alert.task,
        unit=alert.unit,
        action=alert.action,
        kind=kind,
        period=alert.period,
        since=alert.since,
        event=notice.event,
        at=scene.now,
        correlation=notice.correlation,
    )
