"""Acknowledging: somebody answers for an alert; until the answer expires nobody is asked again."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, or_, select

from notify.domain.kinds import NEWS
from notify.domain.silence import expiry
from notify.service.caller import refuse
from notify.service.causes import Cause, open_alert
from notify.service.deciding import Deciding
from notify.service.directory import Directory
from notify.service.episodes import OPEN
from notify.service.plans import KnownPlan, Plans
from notify.service.watching import Watching, silence_of
from notify.store.tables import Alert
from shared.contracts.notify import AlertAcknowledged
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.journal import Journal


class Acknowledging:
    """Takes answers, by whoever may see the alert or was sent its message."""

    def __init__(
        self,
        *,
        db: Database,
        plans: Plans,
        directory: Directory,
        watching: Watching,
        deciding: Deciding,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._db = db
        self._plans = plans
        self._directory = directory
        self._watching = watching
        self._deciding = deciding
        self._journal = journal
        self._clock = clock

    async def acknowledge(
        self, alert_id: str, *, by: str, unit: str | None, correlation: str
    ) -> Alert:
        """Answer for an alert, and with it for the lag and the steps it belongs to.

        Raises:
            Refused: `unknown_alert`, also where it is another unit's; `asks_nothing`,
                `already_over`.
        """
        async with self._db.read() as session:
            found = await session.get(Alert, alert_id)
        if found is None or (unit is not None and found.unit != unit):
            raise refuse("unknown_alert", "there is no such alert of yours")
        if found.kind in NEWS:
            raise refuse("asks_nothing", "this tells what has happened: there is nothing to answer")
        async with self._db.write(found.plan) as session:
            alert = await session.get_one(Alert, alert_id)
            if alert.state not in OPEN:
                raise refuse("already_over", f"the alert is {alert.state}: it needs no answer")
            await self._answer(session, alert, by=by, correlation=correlation)
        return alert

    async def acknowledge_all(
        self, alerts: Sequence[str], *, plan: str, by: str, correlation: str
    ) -> int:
        """Answer for every alert of a message that still asks; how many did."""
        async with self._db.write(plan) as session:
            query = select(Alert).where(
                col(Alert.id).in_(alerts), col(Alert.state).in_(OPEN), col(Alert.kind).not_in(NEWS)
            )
            rows = (await session.execute(query.order_by(col(Alert.id)))).scalars().all()
            answered: set[str] = set()
            for alert in rows:
                if alert.id not in answered:  # a lag and its steps are answered together
                    answered |= await self._answer(session, alert, by=by, correlation=correlation)
        return len(rows)

    async def _answer(
        self, session: AsyncSession, alert: Alert, *, by: str, correlation: str
    ) -> set[str]:
        """Answer for its lag and the steps that were taken for it; which alerts those are."""
        plan = await self._plans.known(session, alert.plan)
        routes = await self._directory.routes(session)
        now = self._clock.business_now()
        day = plan.calendar.day_of(now)
        until = expiry(
            day,
            working_days=routes.acknowledge_expires_working_days,
            workdays=plan.calendar.workdays,
        )
        root = alert.parent or alert.id
        family = select(Alert).where(
            or_(col(Alert.id) == root, col(Alert.parent) == root), col(Alert.state).in_(OPEN)
        )
        found = (await session.execute(family.order_by(col(Alert.id)))).scalars().all()
        for one in found:
            cause = _cause(one, plan, now, correlation)
            self._take(one, plan, day, until, by)
            one.acknowledged_at = now
            self._deciding.note(
                session,
                one,
                cause,
                reason="acknowledged",
                addressee=None,
                effect="update",
                operands={"by": by, "until": until.isoformat()},
            )
            answered = AlertAcknowledged(
                plan=one.plan, alert=one.id, by=by, until=until, acknowledged_at=now
            )
            await self._journal.record(session, answered, at=now, correlation=correlation)
            await self._watching.look_ahead(session, one, plan, now=now)
        return {one.id for one in found}

    def _take(self, alert: Alert, plan: KnownPlan, day: date, until: date, by: str) -> None:
        silence = silence_of(alert).answered(day, until=until, workdays=plan.calendar.workdays)
        alert.since_answer, alert.unanswered = silence.since, silence.before
        alert.state, alert.acknowledged_by, alert.acknowledged_until = "acknowledged", by, until


def _cause(alert: Alert, plan: KnownPlan, now: datetime, correlation: str) -> Cause:
    return Cause(
        plan=plan,
        task=alert.task,
        unit=alert.unit,
        action=alert.action,
        kind=open_alert(alert).kind,
        period=alert.period,
        since=alert.since,
        event=correlation,
        at=now,
        correlation=correlation,
    )
