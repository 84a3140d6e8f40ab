"""The facts scoring has heard, stored as they came and read back as they were known."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from scoring.domain.facts import MilestoneReport, PlanFacts, Report
from scoring.domain.task_score import completeness, timely_instant
from scoring.store.tables import PlanHeadRow, ReportRow, ReviewRow, RulebookRow, TaskPart
from shared.calendar.periods import Period
from shared.calendar.plan import PlanCalendar
from shared.contracts.intake import (
    PlanVersioned,
    RulebookAdopted,
    SubmissionAccepted,
    SubmissionReturned,
    SubmissionVerified,
    TaskDefined,
)
from shared.contracts.plan import ActionHead, Task, Unit
from shared.contracts.rulebook import DEFAULT_RULEBOOK, Rulebook
from shared.contracts.submission import PartialDone
from shared.kit.bus.loop import Received
from shared.kit.dead_letters import Rejected


@dataclass(frozen=True, kw_only=True)
class KnownPlan:
    """A version of a plan, with its calendar and where reporting begins."""

    facts: PlanFacts
    calendar: PlanCalendar
    activate_from: str | None

    @cached_property
    def actions(self) -> Mapping[str, ActionHead]:
        """Its special actions by id."""
        return {action.id: action for action in self.facts.actions}

    @cached_property
    def units(self) -> Mapping[str, Unit]:
        """Its units by id."""
        return {unit.id: unit for unit in self.facts.units}


class Facts:
    """Keeps what intake tells, by its place in the plan's order.

    Every question takes `before`, a place in that order: what came at or after it is not known.
    """

    def __init__(self) -> None:
        self._plans: dict[tuple[str, int], KnownPlan] = {}

    async def on_task(self, session: AsyncSession, received: Received[TaskDefined]) -> None:
        """Keep a task until its version is whole."""
        event = received.event
        await session.merge(
            TaskPart(
                plan=event.plan,
                version=event.version,
                index=event.index,
                action=event.action,
                data=received.data,
            )
        )

    async def on_plan(self, session: AsyncSession, received: Received[PlanVersioned]) -> None:
        """A version is whole: its tasks are counted and digested before it is believed.

        Raises:
            Rejected: `incomplete_plan`, tasks are missing or are not those that were sent.
        """
        event = received.event
        parts = await _parts(session, event.plan, event.version)
        digest = hashlib.sha256()
        for part in parts:
            digest.update(part.data.encode() + b"\n")
        if len(parts) != event.tasks or digest.hexdigest() != event.digest:
            raise Rejected("incomplete_plan", f"{event.subject} lacks tasks it announced")
        session.add(
            PlanHeadRow(
                plan=event.plan,
                version=event.version,
                position=received.sequence,
                head=event.model_dump_json(by_alias=True),
            )
        )

    async def on_rulebook(self, session: AsyncSession, received: Received[RulebookAdopted]) -> None:
        """Keep the rulebook that governs a plan from now on."""
        session.add(
            RulebookRow(
                plan=received.event.plan,
                position=received.sequence,
                rulebook=received.event.rulebook.model_dump_json(),
            )
        )

    async def on_verified(
        self, session: AsyncSession, received: Received[SubmissionVerified]
    ) -> None:
        """Keep a verification."""
        event = received.event
        session.add(
            ReviewRow(
                plan=event.plan,
                position=received.sequence,
                submission=event.submission,
                returned=False,
                at=event.verified_at,
                marks=str(event.marks),
            )
        )

    async def on_returned(
        self, session: AsyncSession, received: Received[SubmissionReturned]
    ) -> None:
        """Keep a return."""
        event = received.event
        session.add(
            ReviewRow(
                plan=event.plan,
                position=received.sequence,
                submission=event.submission,
                returned=True,
                at=event.returned_at,
                marks="0",
            )
        )

    async def plan(
        self, session: AsyncSession, plan: str, *, before: int | None = None
    ) -> KnownPlan | None:
        """The newest version of a plan that was known."""
        query = select(PlanHeadRow).where(PlanHeadRow.plan == plan)
        if before is not None:
            query = query.where(PlanHeadRow.position < before)
        query = query.order_by(col(PlanHeadRow.version).desc()).limit(1)
        row = (await session.execute(query)).scalars().first()
        if row is None:
            return None
        place = (row.plan, row.version)
        if place not in self._plans:
            self._plans[place] = await _known_plan(session, row)
        return self._plans[place]

    async def plans(self, session: AsyncSession) -> list[str]:
        """Every plan that is known."""
        return sorted(set((await session.execute(select(PlanHeadRow.plan))).scalars()))

    async def rulebook(
        self,
        session: AsyncSession,
        plan: KnownPlan,
        period: Period,
        *,
        before: int | None = None,
    ) -> Rulebook:
        """The newest rulebook known whose `effective_from` is not after the period."""
        query = select(RulebookRow).where(RulebookRow.plan == plan.facts.head.id)
        if before is not None:
            query = query.where(RulebookRow.position < before)
        query = query.order_by(col(RulebookRow.position).desc())
        for row in (await session.execute(query)).scalars():
            rulebook = Rulebook.model_validate_json(row.rulebook)
            first = plan.calendar.find(rulebook.effective_from or period.id)
            if first is not None and first.last <= period.last:
                return rulebook
        return DEFAULT_RULEBOOK

    async def reports(
        self,
        session: AsyncSession,
        plan: KnownPlan,
        *,
        task: str | None = None,
        before: int | None = None,
    ) -> tuple[Report, ...]:
        """The reports of a plan or of one task, with what reviews said of them."""
        query = select(ReportRow).where(ReportRow.plan == plan.facts.head.id)
        reviewed = select(ReviewRow).where(ReviewRow.plan == plan.facts.head.id)
        if task is not None:
            query = query.where(ReportRow.task == task)
            mine = select(ReportRow.submission).where(ReportRow.task == task)
            reviewed = reviewed.where(col(ReviewRow.submission).in_(mine))
        if before is not None:
            query = query.where(ReportRow.position < before)
            reviewed = reviewed.where(ReviewRow.position < before)
        reviews: dict[str, list[ReviewRow]] = {}
        for review in (await session.execute(reviewed)).scalars():
            reviews.setdefault(review.submission, []).append(review)
        rows = (await session.execute(query.order_by(col(ReportRow.position)))).scalars()
        return _read(plan, list(rows), reviews)


async def _parts(session: AsyncSession, plan: str, version: int) -> list[TaskPart]:
    query = (
        select(TaskPart)
        .where(TaskPart.plan == plan, TaskPart.version == version)
        .order_by(col(TaskPart.index))
    )
    return list((await session.execute(query)).scalars())


async def _known_plan(session: AsyncSession, row: PlanHeadRow) -> KnownPlan:
    event = PlanVersioned.model_validate_json(row.head)
    parts = await _parts(session, row.plan, row.version)
    facts = PlanFacts(
        head=event.head,
        version=event.version,
        groups=event.groups,
        units=event.units,
        actions=event.actions,
        tasks=tuple(
            (part.action, TaskDefined.model_validate_json(part.data).task) for part in parts
        ),
    )
    calendar = PlanCalendar(dates=event.head)
    return KnownPlan(facts=facts, calendar=calendar, activate_from=event.activate_from)


def _read(
    plan: KnownPlan, rows: list[ReportRow], reviews: dict[str, list[ReviewRow]]
) -> tuple[Report, ...]:
    """Rows as the rules see them; a repair keeps the first version's instant where it may."""
    tasks = {task.id: task for _, task in plan.facts.tasks}
    latest: dict[tuple[str, str, str], Report] = {}
    first: dict[tuple[str, str, str], Report] = {}  # version 1 of what was returned and repaired
    reports = []
    for row in rows:
        report = report_of(
            SubmissionAccepted.model_validate_json(row.accepted),
            row.position,
            reviews.get(row.submission, []),
        )
        place = (report.task, report.unit, report.period)
        before = latest.get(place)
        period = plan.calendar.find(report.period)
        repairs = before is not None and before.returned_at is not None
        if before is not None and repairs and report.task in tasks and period is not None:
            report = _repaired(plan, tasks[report.task], period, first[place], before, report)
        else:
            first[place] = report
        latest[place] = report
        reports.append(report)
    return tuple(reports)


def report_of(accepted: SubmissionAccepted, position: int, reviews: Sequence[ReviewRow]) -> Report:
    """A report as the rules see it, with what reviews said of it."""
    returned = [review.at for review in reviews if review.returned]
    verified = [review for review in reviews if not review.returned]
    return Report(
        submission=accepted.submission,
        task=accepted.task,
        unit=accepted.unit,
        period=accepted.period,
        position=position,
        received_at=accepted.received_at,
        timely_at=accepted.received_at,
        as_of=accepted.as_of,
        values={name: one for name, one in accepted.values.items() if isinstance(one, Decimal)},
        milestones=None
        if accepted.milestones is None
        else {name: _node(done) for name, done in accepted.milestones.items()},
        percent=accepted.percent,
        no_data=frozenset(accepted.no_data),
        has_evidence=bool(accepted.evidence),
        correction=accepted.correction is not None,
        returned_at=min(returned, default=None),
        verified=bool(verified),
        marks=sum((Decimal(review.marks) for review in verified), Decimal(0)),
    )


def _node(done: date | PartialDone | None) -> MilestoneReport:
    if isinstance(done, PartialDone):
        return MilestoneReport(share=done.share)
    return MilestoneReport(completed_on=done)


def _repaired(
    plan: KnownPlan, task: Task, period: Period, first: Report, before: Report, report: Report
) -> Report:
    """The report with the instant its timeliness is charged by (assessment 3.3)."""
    done = completeness(task, first, cadence=plan.calendar.cadence, day=period.last)
    timely_at = timely_instant(
        received_at=report.received_at,
        repaired=before,
        complete=done.filled == done.required,
        window=plan.calendar.window(period),
        tz=plan.calendar.tz,
        workdays=plan.calendar.workdays,
    )
    return replace(report, timely_at=timely_at)
