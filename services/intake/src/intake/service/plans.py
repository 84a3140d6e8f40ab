"""Plans and rulebooks: applied in versions, checked before, told to the others as events."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Final

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from intake.domain.admission import Refusal, Reported, what_is_reported
from intake.domain.plan_change import Change, changes, refusals
from intake.service.caller import Caller, refuse
from intake.service.files import PlanFile, read_plan, read_rulebook
from intake.store.tables import PlanVersion, Published, RulebookVersion
from shared.calendar.periods import Period
from shared.calendar.plan import PlanCalendar
from shared.calendar.windows import Window
from shared.calendar.workdays import YearNotLoaded
from shared.contracts.intake import PlanVersioned, RulebookAdopted, TaskDefined
from shared.contracts.plan import ActionHead, PlanDocument
from shared.contracts.problem import Problem
from shared.contracts.rulebook import DEFAULT_RULEBOOK, Rulebook
from shared.contracts.submission import Submission
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.documents import Document
from shared.kit.journal import Journal
from shared.kit.readers import DocumentError
from shared.kit.timers import Timer, Timers

WORKDAY = "workday"
"""The timer of a plan's working day at 09:00; its subject is the plan."""
_HOUSE: Final = "the house's rulebook"
"""Whoever adopts it asks which plans there are, whoever applies a plan asks for it: in turn."""


@dataclass(frozen=True, kw_only=True)
class PlanInForce:
    """A version of a plan, ready to be asked."""

    document: PlanDocument
    version: int
    activate_from: str | None
    calendar: PlanCalendar

    def window(self, period: Period) -> Window:
        """When the period's report is due, and when its window closes; computed once.

        Raises:
            Refused: `year_not_loaded`, the window needs a year without a holiday table.
        """
        window = self._windows.get(period.id)
        if window is not None:
            return window
        try:
            return self._windows.setdefault(period.id, self.calendar.window(period))
        except YearNotLoaded as missing:
            message = f"{missing}; the office adds it to the plan's calendar.holidays"
            raise refuse("year_not_loaded", message, path="period") from missing

    def subject(self, report: Submission, period: Period) -> Reported | Refusal:
        """What the report is about, or why its unit may not report on it; found once."""
        place = (report.task, report.unit, period.id)
        subject = self._subjects.get(place) or what_is_reported(self.document, report, period)
        if isinstance(subject, Reported):  # what is refused is not kept: its names are anybody's
            self._subjects[place] = subject
        return subject

    @cached_property
    def _windows(self) -> dict[str, Window]:
        return {}

    @cached_property
    def _subjects(self) -> dict[tuple[str, str, str], Reported]:
        return {}


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
    """Keeps plans and rulebooks."""

    def __init__(self, *, db: Database, journal: Journal, timers: Timers, clock: Clock) -> None:
        self._db = db
        self._journal = journal
        self._timers = timers
        self._clock = clock
        self._parsed: dict[tuple[str, int], PlanInForce] = {}

    async def apply(self, plan: str, data: bytes, *, dry_run: bool, caller: Caller) -> Applied:
        """Put a version of a plan in force; the same document again changes nothing.

        Raises:
            DocumentError: the file is refused; it names every error with its line.
        """
        file = read_plan(data)
        if file.plan.plan.id != plan:
            raise DocumentError([_misnamed(file.document, ("plan", "id"), plan)])
        async with self._db.write(plan, _HOUSE) as session:
            now = self._clock.business_now()
            old = await self.in_force(session, plan)
            before = old.document if old else None
            published = await self._published(session, plan)
            problems = refusals(before, file.plan, published, file.document.line_of)
            if problems:
                raise DocumentError(problems)
            found = changes(before, file.plan)
            moved = old is None or bool(found)
            version = 1 if old is None else old.version + moved
            activate_from = _activation(file, old, now)
            if moved and not dry_run:
                await self._store(session, file.plan, version, activate_from, now, caller)
            if old is None and not dry_run:
                await self._begin(session, file.plan, now, caller)
        return Applied(
            plan=plan,
            version=version,
            changes=found,
            notices=file.notices,
            contacts_stripped=len(file.contacts),
            owed_from=activate_from,
        )

    async def in_force(self, session: AsyncSession, plan: str) -> PlanInForce | None:
        """The newest version of a plan."""
        newest = select(func.max(PlanVersion.version)).where(PlanVersion.plan == plan)
        version = (await session.execute(newest)).scalar()
        return None if version is None else await self.version(session, plan, version)

    async def version(self, session: AsyncSession, plan: str, version: int) -> PlanInForce:
        """A version of a plan that exists; it is read once."""
        place = (plan, version)
        if place not in self._parsed:
            query = select(PlanVersion).where(
                PlanVersion.plan == plan, PlanVersion.version == version
            )
            row = (await session.execute(query)).scalars().one()
            document = PlanDocument.model_validate_json(row.document)
            self._parsed[place] = PlanInForce(
                document=document,
                version=row.version,
                activate_from=row.activate_from,
                calendar=PlanCalendar(dates=document.plan),
            )
        return self._parsed[place]

    async def adopt_rulebook(
        self, rulebook_id: str, data: bytes, *, plan: str | None, caller: Caller
    ) -> Rulebook:
        """Let a rulebook govern one plan, or every plan that has none of its own.

        Raises:
            DocumentError: the file is refused, or the version exists with another content.
            Refused: `unknown_plan`.
        """
        document, rulebook = read_rulebook(data)
        if rulebook.id != rulebook_id:
            raise DocumentError([_misnamed(document, ("rulebook", "id"), rulebook_id)])
        subjects = {plan or _HOUSE}
        while True:
            async with self._db.write(*subjects) as session:
                governed = await self._governed(session, plan)
                if subjects.issuperset(governed):
                    await self._adopt(session, document, rulebook, plan, governed, caller)
                    return rulebook
            subjects.update(governed)  # known only now; they are written about, so they are locked

    async def rulebooks(self, session: AsyncSession, rulebook_id: str) -> list[RulebookVersion]:
        """The versions of a rulebook, newest first."""
        query = select(RulebookVersion).where(RulebookVersion.id == rulebook_id)
        rows = (await session.execute(query)).scalars().all()
        return sorted(rows, key=lambda row: (-row.version, row.plan))

    async def _governed(self, session: AsyncSession, plan: str | None) -> list[str]:
        """The plans that a rulebook adopted for this one, or for the house, governs."""
        if plan is not None:
            if await self.in_force(session, plan) is None:
                raise refuse("unknown_plan", f"there is no plan {plan}", path="plan")
            return [plan]
        own = set((await session.execute(select(RulebookVersion.plan))).scalars())
        known = set((await session.execute(select(PlanVersion.plan))).scalars())
        return sorted(known - own)

    async def _adopt(
        self,
        session: AsyncSession,
        document: Document,
        rulebook: Rulebook,
        plan: str | None,
        governed: Sequence[str],
        caller: Caller,
    ) -> None:
        now = self._clock.business_now()
        text = rulebook.model_dump_json()
        old = await session.get(RulebookVersion, (rulebook.id, rulebook.version, plan or ""))
        if old is not None:
            if old.document != text:
                raise DocumentError([_version_taken(document, rulebook)])
            return
        session.add(
            RulebookVersion(
                id=rulebook.id,
                version=rulebook.version,
                plan=plan or "",
                document=text,
                adopted_at=now,
                adopted_by=caller.holder,
            )
        )
        for one in governed:
            adopted = RulebookAdopted(plan=one, rulebook=rulebook, by=caller.holder)
            await self._journal.record(session, adopted, at=now, correlation=caller.correlation)

    async def all(self, session: AsyncSession) -> list[PlanInForce]:
        """Every plan in force, by id."""
        plans = sorted(set((await session.execute(select(PlanVersion.plan))).scalars()))
        found = [await self.in_force(session, plan) for plan in plans]
        return [one for one in found if one is not None]

    async def rulebook_of(self, session: AsyncSession, plan: str) -> Rulebook:
        """The rulebook that governs a plan: its own, else the house's, else the defaults."""
        for owner in (plan, ""):
            query = (
                select(RulebookVersion)
                .where(RulebookVersion.plan == owner)
                .order_by(
                    col(RulebookVersion.adopted_at).desc(), col(RulebookVersion.version).desc()
                )
                .limit(1)
            )
            row = (await session.execute(query)).scalars().first()
            if row is not None:
                return Rulebook.model_validate_json(row.document)
        return DEFAULT_RULEBOOK

    async def _published(self, session: AsyncSession, plan: str) -> dict[str, date]:
        query = select(Published).where(Published.plan == plan)
        return {row.period: row.last_day for row in (await session.execute(query)).scalars()}

    async def _store(
        self,
        session: AsyncSession,
        document: PlanDocument,
        version: int,
        activate_from: str | None,
        now: datetime,
        caller: Caller,
    ) -> None:
        tasks = _task_events(document, version)
        closing = PlanVersioned(
            plan=document.plan.id,
            version=version,
            head=document.plan,
            groups=document.groups,
            units=document.units,
            actions=tuple(
                ActionHead.model_validate(action.model_dump(exclude={"tasks"}))
                for action in document.actions
            ),
            escalation=document.escalation,
            tasks=len(tasks),
            digest=_digest_of(tasks),
            activate_from=activate_from,
            by=caller.holder,
        )
        session.add(
            PlanVersion(
                plan=document.plan.id,
                version=version,
                document=document.model_dump_json(by_alias=True),
                digest=closing.digest,
                activate_from=activate_from,
                applied_at=now,
                applied_by=caller.holder,
            )
        )
        await self._journal.record(session, *tasks, closing, at=now, correlation=caller.correlation)

    async def _begin(
        self, session: AsyncSession, document: PlanDocument, now: datetime, caller: Caller
    ) -> None:
        """A new plan gets the rulebook that governs it, and its first working day's round."""
        plan = document.plan.id
        rulebook = await self.rulebook_of(session, plan)
        if rulebook != DEFAULT_RULEBOOK:
            adopted = RulebookAdopted(plan=plan, rulebook=rulebook, by=caller.holder)
            await self._journal.record(session, adopted, at=now, correlation=caller.correlation)
        calendar = PlanCalendar(dates=document.plan)
        today = max(calendar.day_of(now), calendar.start)
        first = calendar.round_of(today)
        if first <= now:
            first = calendar.round_of(today + timedelta(days=1))
        await self._timers.set(session, Timer(kind=WORKDAY, subject=plan, due_at=first))


def _activation(file: PlanFile, old: PlanInForce | None, now: datetime) -> str | None:
    """From which period on reports are owed; what a plan began with stays (product, plan 3)."""
    head = file.plan.plan
    if head.activate_from is not None:
        return head.activate_from
    if old is not None:
        return old.activate_from
    try:
        first = PlanCalendar(dates=head).first_open(now)
    except YearNotLoaded as missing:
        raise DocumentError([_year_not_loaded(file.document, missing)]) from missing
    return first.id if first else None


def _task_events(plan: PlanDocument, version: int) -> list[TaskDefined]:
    tasks = [(action.id, task) for action in plan.actions for task in action.tasks]
    return [
        TaskDefined(plan=plan.plan.id, version=version, index=index, action=action, task=task)
        for index, (action, task) in enumerate(tasks)
    ]


def _digest_of(tasks: Sequence[TaskDefined]) -> str:
    digest = hashlib.sha256()
    for event in tasks:
        digest.update(event.model_dump_json(by_alias=True).encode() + b"\n")
    return digest.hexdigest()


def _misnamed(document: Document, path: tuple[str, ...], wanted: str) -> Problem:
    return Problem(
        line=document.line_of(path),
        path=".".join(path),
        code="other_id",
        message=f"the address names {wanted}, the file another id",
        mend="send the file to the address of its own id",
    )


def _year_not_loaded(document: Document, missing: YearNotLoaded) -> Problem:
    return Problem(
        line=document.line_of(("plan",)),
        path="plan.activate_from",
        code="year_not_loaded",
        message=f"which window is open cannot be told: {missing}",
        mend="add the year to calendar.holidays, or write activate_from",
    )


def _version_taken(document: Document, rulebook: Rulebook) -> Problem:
    return Problem(
        line=document.line_of(("rulebook", "version")),
        path="rulebook.version",
        code="version_taken",
        message=f"version {rulebook.version} of {rulebook.id} has another content",
        mend="give the change a new version number",
    )
