"""The facts scoring has heard, stored as they came and read back as they were known."""

import hashlib
from collections.abc import Collection
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from scoring.domain.facts import PlanFacts, Report
from scoring.service.known_plan import KnownPlan
from scoring.service.reports import read_reports
from scoring.store.tables import PlanHeadRow, ReportRow, ReviewRow, RulebookRow, TaskPart
from shared.calendar.plan import PlanCalendar
from shared.contracts.decisions import UNAMENDED
from shared.contracts.intake import (
    PlanVersioned,
    RulebookAdopted,
    SubmissionReturned,
    SubmissionVerified,
    TaskDefined,
)
from shared.contracts.rulebook import DEFAULT_RULEBOOK, Rulebook
from shared.kit.bus.loop import Received
from shared.kit.dead_letters import Rejected


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
                found=event.model_dump_json(include={"rubric", "values"}),
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
        last_day: date,
        *,
        before: int | None = None,
    ) -> Rulebook:
        """The newest rulebook known whose `effective_from` is not after the period that ends so."""
        query = select(RulebookRow).where(RulebookRow.plan == plan.facts.head.id)
        if before is not None:
            query = query.where(RulebookRow.position < before)
        query = query.order_by(col(RulebookRow.position).desc())
        for row in (await session.execute(query)).scalars():
            rulebook = Rulebook.model_validate_json(row.rulebook)
            if rulebook.effective_from is None:
                return rulebook
            try:
                first = plan.calendar.scheme.parse(rulebook.effective_from)
            except ValueError:
                continue  # the house's, for plans with other periods
            if first.last <= last_day:
                return rulebook
        return DEFAULT_RULEBOOK

    async def reports(
        self,
        session: AsyncSession,
        plan: KnownPlan,
        *,
        task: str | None = None,
        before: int | None = None,
        besides: Collection[str] = (),
    ) -> tuple[Report, ...]:
        """The reports of a plan or of one task, with what reviews said of them.

        Beside those that came before a place, the submissions named in `besides`.
        """
        query = select(ReportRow).where(ReportRow.plan == plan.facts.head.id)
        reviewed = select(ReviewRow).where(ReviewRow.plan == plan.facts.head.id)
        if task is not None:
            query = query.where(ReportRow.task == task)
            mine = select(ReportRow.submission).where(ReportRow.task == task)
            reviewed = reviewed.where(col(ReviewRow.submission).in_(mine))
        if before is not None:
            named = col(ReportRow.submission).in_(besides)
            query = query.where((col(ReportRow.position) < before) | named)
            reviewed = reviewed.where(ReviewRow.position < before)
        reviews: dict[str, list[ReviewRow]] = {}
        for review in (await session.execute(reviewed)).scalars():
            reviews.setdefault(review.submission, []).append(review)
        rows = (await session.execute(query.order_by(col(ReportRow.position)))).scalars()
        return read_reports(plan, list(rows), reviews)


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
    defined = [TaskDefined.model_validate_json(part.data) for part in parts]
    facts = PlanFacts(
        head=event.head,
        version=event.version,
        groups=event.groups,
        units=event.units,
        actions=event.actions,
        tasks=tuple((one.action, one.task) for one in defined),
        amended={one.task.id: one.amended for one in defined if one.amended != UNAMENDED},
    )
    calendar = PlanCalendar(dates=event.head)
    return KnownPlan(facts=facts, calendar=calendar, activate_from=event.activate_from)
