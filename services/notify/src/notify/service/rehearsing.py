"""A dry run of the routes: who would hear of an alert, when, by which route, and who would not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from notify.domain.alerts import Addressee, addressee, audience
from notify.domain.hours import opening
from notify.domain.kinds import Kind, Level
from notify.domain.notices import NoticeFacts, Verdict, decide_notice
from notify.domain.routes import Hours, Routes
from notify.domain.routing import group_key, taken_by
from notify.service.caller import refuse
from notify.service.directory import Directory
from notify.service.inhibition import find_inhibitors
from notify.service.mutes import muted, mutes_that_hold
from notify.service.notices import subject_of
from notify.service.plans import KnownPlan, Plans
from notify.service.recipients import Recipient, find_recipients
from notify.store.tables import Alert, Unsubscribed
from shared.kit.clock import Clock
from shared.kit.db import Database


@dataclass(frozen=True, kw_only=True)
class Supposed:
    """An alert that is supposed to be raised `at` an instant; by default now."""

    plan: str
    unit: str
    task: str | None
    kind: Kind
    level: Level | None
    role: str | None
    """Whom a step of the ladder tells; of other kinds those the kind concerns are told."""
    at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One who would hear of it: in which group, and what would be decided when its time comes."""

    recipient: Recipient
    group: str
    at: datetime
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What would happen; nothing was stored and nobody told."""

    routes: Sequence[str]
    heard: Sequence[Heard]
    missed: Sequence[tuple[str, str]]


class Rehearsing:
    """Shows what routes would do, those in force or others."""

    def __init__(self, *, db: Database, plans: Plans, directory: Directory, clock: Clock) -> None:
        self._db = db
        self._plans = plans
        self._directory = directory
        self._clock = clock

    async def rehearse(self, supposed: Supposed, routes: Routes | None) -> Rehearsal:
        """Who would hear of the alert by the routes given, or by those in force.

        Raises:
            Refused: `unknown_plan`, `unknown_task`, `unknown_unit`.
        """
        now = supposed.at or self._clock.business_now()
        async with self._db.read() as session:
            plan = await self._plan(session, supposed)
            rules = routes or await self._directory.routes(session)
            alert = _alert(supposed, plan, now)
            subject = subject_of(alert, plan)
            taken = taken_by(rules, subject)
            tell = [Addressee(*one.split("@", 1)) for one in alert.audience.split()]
            found = await find_recipients(session, self._directory, alert, tell=tell, taken=taken)
            heard = [
                Heard(
                    recipient=one,
                    group=group_key(one.taken, subject),
                    at=now + one.taken.group_wait,
                    verdict=await _judge(session, alert, one, plan, rules, now),
                )
                for one in found.recipients
            ]
        return Rehearsal(
            routes=[route.path for route in taken], heard=heard, missed=list(found.missed)
        )

    async def _plan(self, session: AsyncSession, supposed: Supposed) -> KnownPlan:
        plan = await self._plans.find(session, supposed.plan)
        if plan is None:
            raise refuse("unknown_plan", f"there is no plan {supposed.plan} here", path="plan")
        if supposed.task is not None and supposed.task not in plan.tasks:
            raise refuse(
                "unknown_task", f"{supposed.plan} has no task {supposed.task}", path="task"
            )
        if supposed.unit not in plan.units:
            raise refuse(
                "unknown_unit", f"{supposed.plan} has no unit {supposed.unit}", path="unit"
            )
        return plan


def _alert(supposed: Supposed, plan: KnownPlan, now: datetime) -> Alert:
    action = plan.action_of.get(supposed.task or "")
    if supposed.role is None:
        tell = audience(
            kind=supposed.kind,
            level=supposed.level,
            unit=supposed.unit,
            action=action,
            plan=supposed.plan,
        )
    else:
        to = addressee(supposed.role, unit=supposed.unit, action=action, plan=supposed.plan)
        tell = () if to is None else (to,)
    return Alert(
        id="supposed",
        plan=supposed.plan,
        task=supposed.task,
        unit=supposed.unit,
        action=action,
        kind=supposed.kind,
        level=supposed.level,
        episode="supposed",
        state="raised",
        audience=" ".join(str(one) for one in tell),
        since=plan.calendar.day_of(now),
        raised_at=now,
        reason="supposed",
        correlation="supposed",
    )


async def _judge(  # all that a verdict is made of
    session: AsyncSession,
    alert: Alert,
    one: Recipient,
    plan: KnownPlan,
    rules: Routes,
    now: datetime,
) -> Verdict:
    subject = subject_of(alert, plan)
    due = now + max(one.taken.group_wait, timedelta())
    hours = Hours.model_validate_json(one.hours) if one.hours else rules.hours
    refused = await session.get(Unsubscribed, (alert.plan, one.address))
    inhibitors = await find_inhibitors(session, plan, rules, [subject])
    kind: Kind = alert.kind  # type: ignore[assignment]  # stored from a Kind
    facts = NoticeFacts(
        kind=kind,
        change="raised",
        over=False,
        newer=False,
        refused=refused is not None,
        muted=muted(await mutes_that_hold(session, due), subject),
        inhibited_by=inhibitors.of(alert.id, subject),
        opens=opening(due, hours, plan.calendar.workdays, plan.calendar.tz),
    )
    return decide_notice(facts, now=due)
