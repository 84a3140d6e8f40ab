"""Plans: applied in versions, checked before, told to the others as events."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from pydantic import TypeAdapter
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from intake.domain.amending import CARRIED, AmendedPlan, amended_of, carried
from intake.domain.holidays import with_tables
from intake.domain.plan_change import Change, changes, refusals
from intake.domain.plan_events import events_of
from intake.service.caller import Caller, refuse
from intake.service.files import PlanFile, misnamed, read_plan, recheck
from intake.service.holidays import holiday_tables, own_holidays_of, own_json
from intake.service.in_force import PlanInForce, in_version
from intake.service.rulebooks import HOUSE, Rulebooks
from intake.service.waiving import taken_back
from intake.store.tables import DecisionRow, PlanVersion, Published
from shared.calendar.plan import PlanCalendar
from shared.calendar.workdays import YearNotLoaded
from shared.contracts.decisions import Amended, Decision
from shared.contracts.intake import RulebookAdopted
from shared.contracts.plan import PlanDocument, PlanHead
from shared.contracts.problem import Problem
from shared.contracts.rulebook import DEFAULT_RULEBOOK
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.documents import Document
from shared.kit.journal import Journal
from shared.kit.readers import DocumentError
from shared.kit.timers import Timer, Timers

DECISION: Final[TypeAdapter[Decision]] = TypeAdapter(Decision)
_AMENDED: Final = TypeAdapter(dict[str, Amended])
WORKDAY = "workday"
"""The timer of a plan's working day at 09:00; its subject is the plan."""


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What applying a plan did, or with a dry run would do."""

    plan: str
    version: int
    changes: Sequence[Change]
    notices: Sequence[Problem]
    contacts_stripped: int
    owed_from: str | None


class Plans:
    """Keeps plans."""

    def __init__(
        self,
        *,
        db: Database,
        journal: Journal,
        rulebooks: Rulebooks,
        timers: Timers,
        clock: Clock,
    ) -> None:
        self._db = db
        self._journal = journal
        self._rulebooks = rulebooks
        self._timers = timers
        self._clock = clock
        self._parsed: dict[tuple[str, int], PlanInForce] = {}

    async def apply(self, plan: str, data: bytes, *, dry_run: bool, caller: Caller) -> Applied:
        """Put a version of a plan in force; the same document again changes nothing.

        What decisions have changed stays changed: the file knows nothing of them.

        Raises:
            DocumentError: the file is refused; it names every error with its line.
        """
        file = read_plan(data)
        if file.plan.plan.id != plan:
            raise DocumentError([misnamed(file.document, ("plan", "id"), plan)])
        async with self._db.write(plan, HOUSE) as session:
            now = self._clock.business_now()
            old = await self.in_force(session, plan)
            before = old.document if old else None
            own = file.plan.plan.calendar.holidays
            new, amended = await self._carried(session, file, old)
            new = with_tables(new, own, await holiday_tables(session))
            published = await self.published(session, plan)
            problems = refusals(before, new, published, file.document.line_of)
            if problems:
                raise DocumentError(problems)
            found = changes(before, new)
            moved = old is None or bool(found)
            version = 1 if old is None else old.version + moved
            activate_from = _activation(file, new.plan, old, now)
            if moved and not dry_run:
                made = in_version((new, amended), own, version, activate_from)
                await self._store(session, old, made, now, caller)
            if old is None and not dry_run:
                await self._begin(session, new, now, caller)
        return Applied(
            plan=plan,
            version=version,
            changes=found,
            notices=file.notices,
            contacts_stripped=len(file.contacts),
            owed_from=activate_from,
        )

    async def follow(
        self,
        session: AsyncSession,
        old: PlanInForce,
        new: AmendedPlan,
        *,
        now: datetime,
        caller: Caller,
    ) -> int | None:
        """The version that a decision makes of a plan; None where it changes nothing of it."""
        if new == (old.document, old.amended):
            return None
        version = old.version + 1
        made = in_version(new, old.own_holidays, version, old.activate_from)
        await self._store(session, old, made, now, caller)
        return version

    async def in_force(self, session: AsyncSession, plan: str) -> PlanInForce | None:
        """The newest version of a plan."""
        newest = select(func.max(PlanVersion.version)).where(PlanVersion.plan == plan)
        version = (await session.execute(newest)).scalar()
        return None if version is None else await self.version(session, plan, version)

    async def known(self, session: AsyncSession, plan: str) -> PlanInForce:
        """The newest version of a plan that has to exist.

        Raises:
            Refused: `unknown_plan`.
        """
        in_force = await self.in_force(session, plan)
        if in_force is None:
            raise refuse("unknown_plan", f"there is no plan {plan}", path="plan")
        return in_force

    async def version(self, session: AsyncSession, plan: str, version: int) -> PlanInForce:
        """A version of a plan that exists; it is read once."""
        place = (plan, version)
        if place not in self._parsed:
            query = select(PlanVersion).where(
                PlanVersion.plan == plan, PlanVersion.version == version
            )
            row = (await session.execute(query)).scalars().one()
            document = PlanDocument.model_validate_json(row.document)
            self._parsed[place] = in_version(
                (document, _AMENDED.validate_json(row.amended)),
                own_holidays_of(row, document),
                row.version,
                row.activate_from,
            )
        return self._parsed[place]

    async def all(self, session: AsyncSession) -> list[PlanInForce]:
        """Every plan in force, by id."""
        plans = sorted(set((await session.execute(select(PlanVersion.plan))).scalars()))
        found = [await self.in_force(session, plan) for plan in plans]
        return [one for one in found if one is not None]

    async def published(self, session: AsyncSession, plan: str) -> dict[str, date]:
        """The last day of each published period of a plan, by its id."""
        query = select(Published).where(Published.plan == plan)
        return {row.period: row.last_day for row in (await session.execute(query)).scalars()}

    async def _carried(
        self, session: AsyncSession, file: PlanFile, old: PlanInForce | None
    ) -> AmendedPlan:
        """What becomes of the plan's decisions under a new file.

        Raises:
            DocumentError: a task that was added by a decision does not fit the file.
        """
        if old is None:
            return file.plan, {}
        plan = file.plan.plan.id
        query = (
            select(DecisionRow.content)
            .where(DecisionRow.plan == plan, col(DecisionRow.type).in_(CARRIED))
            .order_by(col(DecisionRow.number))
        )
        rows = (await session.execute(query)).scalars()
        new = carried(file.plan, old.document, list(map(DECISION.validate_json, rows)))
        if new != file.plan:
            recheck(file, new)
        return new, amended_of(new, old.amended)

    async def _store(
        self,
        session: AsyncSession,
        old: PlanInForce | None,
        made: PlanInForce,
        now: datetime,
        caller: Caller,
    ) -> None:
        """Keep a version and tell it, and what of the reports spoken of it removes or moves."""
        document, amended = made.document, made.amended
        plan = document.plan.id
        tasks, closing = events_of(
            document,
            amended=amended,
            version=made.version,
            activate_from=made.activate_from,
            by=caller.holder,
        )
        back = []
        if old is not None:
            published = await self.published(session, plan)
            back = await taken_back(session, old, made, published=published, now=now)
        session.add(
            PlanVersion(
                plan=plan,
                version=made.version,
                document=document.model_dump_json(by_alias=True),
                amended=amended_json(amended),
                own_holidays=own_json(made.own_holidays, document),
                digest=closing.digest,
                activate_from=made.activate_from,
                applied_at=now,
                applied_by=caller.holder,
            )
        )
        await self._journal.record(
            session, *tasks, closing, *back, at=now, correlation=caller.correlation
        )

    async def _begin(
        self, session: AsyncSession, document: PlanDocument, now: datetime, caller: Caller
    ) -> None:
        """A new plan gets the rulebook that governs it, and its first working day's round."""
        plan = document.plan.id
        rulebook = await self._rulebooks.governing(session, plan)
        if rulebook != DEFAULT_RULEBOOK:
            adopted = RulebookAdopted(plan=plan, rulebook=rulebook, by=caller.holder)
            await self._journal.record(session, adopted, at=now, correlation=caller.correlation)
        first = first_round(PlanCalendar(dates=document.plan), now)
        await self._timers.set(session, Timer(kind=WORKDAY, subject=plan, due_at=first))


def amended_json(amended: Mapping[str, Amended]) -> str:
    """What decisions have changed, by task, as it is stored: sorted, so that it is one text."""
    return json.dumps(
        {name: one.model_dump(mode="json") for name, one in amended.items()}, sort_keys=True
    )


def first_round(calendar: PlanCalendar, now: datetime) -> datetime:
    """When the first working day's round of a plan is held that is applied now."""
    today = max(calendar.day_of(now), calendar.start)
    first = calendar.round_of(today)
    return first if first > now else calendar.round_of(today + timedelta(days=1))


def _activation(
    file: PlanFile, head: PlanHead, old: PlanInForce | None, now: datetime
) -> str | None:
    """From which period on reports are owed; what a plan began with stays (product, plan 3)."""
    if head.activate_from is not None:
        return head.activate_from
    if old is not None:
        return old.activate_from
    try:
        first = PlanCalendar(dates=head).first_open(now)
    except YearNotLoaded as missing:
        raise DocumentError([_year_not_loaded(file.document, missing)]) from missing
    return first.id if first else None


def _year_not_loaded(document: Document, missing: YearNotLoaded) -> Problem:
    return Problem(
        line=document.line_of(("plan",)),
        path="plan.activate_from",
        code="year_not_loaded",
        message=f"which window is open cannot be told: {missing}",
        mend="add the year to calendar.holidays, or write activate_from",
    )
