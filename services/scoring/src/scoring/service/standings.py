"""Standings: where each task stands now, kept for the board, told when its light changes."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any, Final, Literal, TypeVar

from sqlmodel import select

from scoring.domain.facts import Report
from scoring.domain.standing import Standing, standing
from scoring.service.facts import Facts
from scoring.service.known_plan import KnownPlan
from scoring.service.page import Page, StandingMembers
from scoring.store.tables import StandingRow
from shared.contracts.decisions import UNAMENDED
from shared.contracts.intake import (
    PlanVersioned,
    SubmissionAccepted,
    SubmissionReturned,
    SubmissionVerified,
    WorkdayBegan,
)
from shared.contracts.plan import Task
from shared.contracts.scoring import Light, StandingChanged
from shared.kit.bus.loop import Received
from shared.kit.db import Database

Cause = Literal["report", "time", "plan"]
AboutReport = TypeVar("AboutReport", SubmissionAccepted, SubmissionVerified, SubmissionReturned)

_FIGURES: Final = ("a", "e", "r", "gap")
NO_REPORT = "no_report"
"""Nothing was ever reported: there is nothing to judge yet. Silence has an alert of its own."""


class Standings:
    """Judges tasks anew when a report, a working day or a plan version may have moved them."""

    def __init__(self, *, db: Database, facts: Facts) -> None:
        self._db = db
        self._facts = facts

    async def on_report(self, page: Page, received: Received[AboutReport]) -> None:
        """A report came, was verified or returned: its task may have moved."""
        event = received.event
        known = await page.plan(event.plan)
        if known is not None:
            tasks = [pair for pair in known.facts.tasks if pair[1].id == event.task]
            await self._judge(page, known, tasks, received, "report")

    async def on_workday(self, page: Page, received: Received[WorkdayBegan]) -> None:
        """A working day began: expectations have grown."""
        await self._all(page, received, "time")

    async def on_plan(self, page: Page, received: Received[PlanVersioned]) -> None:
        """A plan version is in force: tasks have come, gone or changed."""
        await self._forget_others(page, received)
        await self._all(page, received, "plan")

    async def board(
        self, *, plan: str | None, unit: str | None, light: str | None, hidden: bool
    ) -> Sequence[StandingRow]:
        """The standings that fit, by plan and task; tasks not for publication where `hidden`."""
        query = select(StandingRow)
        for column, wanted in (
            (StandingRow.plan, plan),
            (StandingRow.unit, unit),
            (StandingRow.light, light),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        async with self._db.read() as session:
            found = (await session.execute(query)).scalars()
            # In the order of code points on every database, whatever its collation.
            rows = sorted(found, key=lambda row: (row.plan, row.task))
            if hidden:
                return rows
            plans = [await self._facts.plan(session, one) for one in {row.plan for row in rows}]
        public = {
            (one.facts.head.id, task.id)
            for one in plans
            if one is not None
            for _, task in one.facts.tasks
            if task.publish
        }
        return [row for row in rows if (row.plan, row.task) in public]

    async def _all(
        self, page: Page, received: Received[WorkdayBegan] | Received[PlanVersioned], cause: Cause
    ) -> None:
        known = await page.plan(received.event.plan)
        if known is not None:
            await self._judge(page, known, known.facts.tasks, received, cause)

    async def _judge(
        self,
        page: Page,
        plan: KnownPlan,
        tasks: Sequence[tuple[str, Task]],
        received: Received[Any],
        cause: Cause,
    ) -> None:
        day = plan.calendar.day_of(received.time)
        period = plan.calendar.current(day)
        if period is None:  # before the plan, or after its last period
            return
        plan_id, ids = plan.facts.head.id, [task.id for _, task in tasks]
        ground = await page.ground(plan, period)
        reports, lights = await page.newest(plan_id, ids), await page.lights(plan_id)
        for action, task in tasks:
            stands = standing(
                task,
                action=plan.actions[action],
                units=plan.units,
                reports=reports[task.id],
                rulebook=ground.rulebook,
                scheme=plan.calendar.scheme,
                period=period,
                day=day,
                finished=ground.finished,
                amended=plan.facts.amended.get(task.id, UNAMENDED),
                exemptions=ground.exemptions,
            )
            was = lights.get(task.id, "grey")
            row = _row(plan_id, stands, reports[task.id])
            page.stand(row)
            if row["light"] != was:
                page.tell(_changed(row, was=was, cause=cause), received)

    async def _forget_others(self, page: Page, received: Received[PlanVersioned]) -> None:
        """A task that has left the plan stands nowhere; whoever watched its light is told."""
        plan = received.event.plan
        known = await page.plan(plan)
        kept = {task.id for _, task in known.facts.tasks} if known else set()
        rows = await page.session.execute(select(StandingRow).where(StandingRow.plan == plan))
        for row in [one for one in rows.scalars() if one.task not in kept]:
            await page.session.delete(row)
            if row.light != "grey":
                nowhere = (
                    row.model_dump() | {"light": "grey"} | dict.fromkeys("aer") | {"gap": None}
                )
                page.tell(_changed(nowhere, was=row.light, cause="plan"), received)
        await page.session.flush()


def _row(plan: str, stands: Standing, reports: Collection[Report]) -> StandingMembers:
    # Of one period the newest report replaces the others whole; returned, it leaves nothing.
    latest = {report.period: report for report in reports}
    silent = all(report.returned_at is not None for report in latest.values())
    unjudged = silent and stands.left_out is None
    light: Light = "grey" if unjudged else stands.light.light
    figures = (None,) * 4 if unjudged else (stands.a, stands.e, stands.r, stands.gap)
    a, e, r, gap = (None if one is None else str(one) for one in figures)
    return {
        "plan": plan,
        "task": stands.task,
        "action": stands.action,
        "unit": stands.unit,
        "period": stands.period,
        "day": stands.day,
        "light": light,
        "reason": NO_REPORT if unjudged else (stands.left_out or stands.light.steps[-1]),
        "a": a,
        "e": e,
        "r": r,
        "gap": gap,
        "reported_at": max((report.received_at for report in reports), default=None),
    }


def _changed(row: StandingMembers, *, was: str, cause: Cause) -> StandingChanged:
    names = ("plan", "task", "action", "unit", "period", "day", "light")
    amounts = {name: _amount(row[name]) for name in _FIGURES}
    told = {name: row[name] for name in names} | amounts | {"was": was, "cause": cause}
    return StandingChanged.model_validate(told)


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
