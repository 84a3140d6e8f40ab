"""Decisions of the office: held to the rules, stored, and told with what they change."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from intake.domain.amending import Basis, amend
from intake.domain.decision_check import refusals_of
from intake.service.caller import Caller, Refused, refuse
from intake.service.corrections import store_correction
from intake.service.plans import Plans
from intake.service.rulebooks import Rulebooks
from intake.store.tables import DecisionRow
from shared.contracts.decisions import Addition, CorrectedReport, Decision, Exemption
from shared.contracts.intake import DecisionMade
from shared.contracts.plan import Task
from shared.kit.auth import Principal
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.journal import Journal


@dataclass(frozen=True, kw_only=True)
class Made:
    """What a decision led to: its id, the version of the plan it made, the report it stored."""

    decision: str
    version: int | None = None
    submission: str | None = None


class Decisions:
    """Takes decisions, and keeps them."""

    def __init__(
        self,
        *,
        db: Database,
        journal: Journal,
        plans: Plans,
        rulebooks: Rulebooks,
        clock: Clock,
    ) -> None:
        self._db = db
        self._journal = journal
        self._plans = plans
        self._rulebooks = rulebooks
        self._clock = clock

    async def decide(self, plan: str, decision: Decision, *, caller: Caller) -> Made:
        """Store a decision, what it makes of the plan and the report it corrects, all at once.

        An exemption that was granted under the same id with the same content is not granted twice.

        Raises:
            Refused: it changed nothing; every reason is named.
        """
        async with self._db.write(plan) as session:
            in_force = await self._plans.known(session, plan)
            now = self._clock.business_now()
            told = await _event_id(session, plan, decision, now)
            name = decision.id if isinstance(decision, Exemption) else told
            if await _is_known(session, plan, name, decision):
                return Made(decision=name)
            basis = Basis(
                name=name,
                document=in_force.document,
                amended=in_force.amended,
                calendar=in_force.calendar,
                published=await self._plans.published(session, plan),
                now=now,
            )
            if found := refusals_of(decision, basis):
                raise Refused(found)
            await self._separate(session, plan, decision, caller)
            made = DecisionMade(
                plan=plan, decision=name, made_at=now, decided=decision, by=caller.holder
            )
            session.add(decision_row(made, caller.correlation))
            await self._journal.record(
                session, made, at=now, correlation=caller.correlation, event_id=told
            )
            new = amend(decision, basis)
            version = await self._plans.follow(session, in_force, new, now=now, caller=caller)
            submission = None
            if isinstance(decision, CorrectedReport):
                submission = await store_correction(
                    session, self._journal, in_force, decision.submission, now=now, caller=caller
                )
        return Made(decision=name, version=version, submission=submission)

    async def all(
        self, plan: str, *, after: int, limit: int, caller: Caller
    ) -> Sequence[DecisionRow]:
        """A plan's decisions that concern the caller, in their order, from behind a number on.

        Raises:
            Refused: `unknown_plan`.
        """
        query = (
            select(DecisionRow)
            .where(DecisionRow.plan == plan, col(DecisionRow.number) > after)
            .order_by(col(DecisionRow.number))
        )
        async with self._db.read() as session:
            document = (await self._plans.known(session, plan)).document
            rows = (await session.execute(query)).scalars().all()
        tasks = {task.id: task for action in document.actions for task in action.tasks}
        mine = (row for row in rows if _concerns(row, tasks, caller.principal))
        return [row for row, _ in zip(mine, range(limit), strict=False)]

    async def _separate(
        self, session: AsyncSession, plan: str, decision: Decision, caller: Caller
    ) -> None:
        """Who applied for an exemption, or is of the unit it excuses, does not grant it (4.9).

        Raises:
            Refused: `same_holder`.
        """
        if not isinstance(decision, Exemption):
            return
        own = caller.holder == decision.applicant or caller.principal.unit == decision.unit
        if own and (await self._rulebooks.governing(session, plan)).separation == "on":
            message = "an exemption is granted by somebody else than who applied for it"
            raise refuse("same_holder", message, path="applicant")


def decision_row(made: DecisionMade, correlation: str) -> DecisionRow:
    """A decision as it is stored."""
    about = made.decided
    task: str | None
    unit: str | None
    if isinstance(about, CorrectedReport):
        task, unit = about.submission.task, about.submission.unit
    elif isinstance(about, Addition):
        task, unit = about.task.id, None
    else:
        task, unit = getattr(about, "task", None), getattr(about, "unit", None)
    return DecisionRow(
        plan=made.plan,
        id=made.decision,
        type=about.type,
        task=task,
        unit=unit,
        made_at=made.made_at,
        holder=made.by,
        correlation=correlation,
        content=about.model_dump_json(by_alias=True),
    )


async def _event_id(session: AsyncSession, plan: str, decision: Decision, now: datetime) -> str:
    """The same decisions at the same instants have the same ids.

    Two that are alike in all are two: deductions all count (assessment 4.8).
    """
    content = decision.model_dump(mode="json", by_alias=True)
    alike = select(DecisionRow.id).where(
        DecisionRow.plan == plan, col(DecisionRow.made_at) == now, DecisionRow.type == decision.type
    )
    before = len((await session.execute(alike)).all())
    told = json.dumps([plan, now.astimezone(UTC).isoformat(), content, before], sort_keys=True)
    return f"d-{hashlib.sha256(told.encode()).hexdigest()[:32]}"


async def _is_known(session: AsyncSession, plan: str, name: str, decision: Decision) -> bool:
    """Whether this very decision was made under its name.

    Raises:
        Refused: `decision_taken`, another one was.
    """
    query = select(DecisionRow.content).where(DecisionRow.plan == plan, DecisionRow.id == name)
    content = (await session.execute(query)).scalars().first()
    if content is not None and content != decision.model_dump_json(by_alias=True):
        message = f"another decision is called {name}: give this one a name of its own"
        raise refuse("decision_taken", message, path="id")
    return content is not None


def _concerns(row: DecisionRow, tasks: dict[str, Task], principal: Principal) -> bool:
    """The office sees every decision, a unit those of its tasks and its own, others the public."""
    if not principal.roles.isdisjoint({"office", "operator"}):
        return True
    task = tasks.get(row.task or "")
    if row.task is None and row.unit is None:
        return True
    if principal.unit is None:
        return row.task is None or (task is not None and task.publish)
    answers = task is not None and any(one.unit == principal.unit for one in task.assignments)
    return row.unit == principal.unit or answers
