"""Appeals: filed in time, once an item, and decided by somebody not involved (assessment 4.13)."""

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from scoring.domain.period_run import PeriodResult
from scoring.service.caller import Caller, Refused
from scoring.service.facts import Facts
from scoring.service.known_plan import KnownPlan
from scoring.service.releases import PERIOD, is_frozen, result_of, rulebook_of, versions
from scoring.store.tables import AppealRow, PublicationRow
from shared.calendar.workdays import YearNotLoaded
from shared.contracts.scoring import AppealDecided, AppealFiled
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.journal import Journal

OPEN: Final = "open"
UPHELD: Final = "upheld"
REJECTED: Final = "rejected"


class Appeals:
    """Keeps what units contest, and what was decided of it."""

    def __init__(self, *, db: Database, facts: Facts, journal: Journal, clock: Clock) -> None:
        self._db = db
        self._facts = facts
        self._journal = journal
        self._clock = clock

    async def file(
        self, plan: str, period: str, *, unit: str, item: str, grounds: str, caller: Caller
    ) -> AppealRow:
        """Contest an item of the latest version of a published period.

        Args:
            plan: its id.
            period: its id.
            unit: who contests.
            item: a task in which it has a share, or its own id for its score, rank and grade.
            grounds: why.
            caller: who files it.

        Raises:
            Refused: `unknown_plan`, `period_unpublished`, `unknown_unit`, `unknown_item`,
                `appeal_late`, `already_appealed`, `frozen`, `year_not_loaded`.
        """
        async with self._db.write(plan) as session:
            known = await self._plan(session, plan)
            row = await self._contested(session, known, period)
            _refuse_unknown(result_of(row), unit, item)
            now = self._clock.business_now()
            rules = rulebook_of(row).appeal
            until = _day_after(known, _released_on(row, known), rules.file_working_days)
            if known.calendar.day_of(now) > until:
                raise Refused(
                    "appeal_late", f"{period} could be contested until {until}: it stands"
                )
            if await self._of_item(session, plan, period, unit, item) is not None:
                message = f"{unit} has contested {item} of {period} already: once an item"
                raise Refused("already_appealed", message)
            appeal = AppealRow(
                id=_name(plan, period, unit, item),
                plan=plan,
                period=period,
                version=row.version,
                unit=unit,
                item=item,
                grounds=grounds,
                state=OPEN,
                filed_by=caller.holder,
                filed_at=now,
                decide_by=_day_after(known, known.calendar.day_of(now), rules.decide_working_days),
            )
            session.add(appeal)
            told = AppealFiled(
                plan=plan,
                appeal=appeal.id,
                period=period,
                version=row.version,
                unit=unit,
                item=item,
                grounds=grounds,
                filed_at=now,
                by=caller.holder,
                decide_by=appeal.decide_by,
            )
            await self._journal.record(session, told, at=now, correlation=caller.correlation)
        return appeal

    async def decide(self, appeal: str, *, upheld: bool, reason: str, caller: Caller) -> AppealRow:
        """Say whether the unit was right; a decision after its day is taken, and told as late.

        What follows from an appeal that is upheld is a correction that names it.

        Raises:
            Refused: as `decidable`.
        """
        plan = (await self.find(appeal)).plan
        async with self._db.write(plan) as session:
            row = await self._decidable(session, appeal, caller)
            known = await self._plan(session, plan)
            now = self._clock.business_now()
            row.state = UPHELD if upheld else REJECTED
            row.reason, row.decided_by, row.decided_at = reason, caller.holder, now
            row.late = known.calendar.day_of(now) > row.decide_by
            session.add(row)
            told = AppealDecided(
                plan=plan,
                appeal=row.id,
                period=row.period,
                unit=row.unit,
                item=row.item,
                upheld=upheld,
                reason=reason,
                decided_at=now,
                by=caller.holder,
                late=row.late,
            )
            await self._journal.record(session, told, at=now, correlation=caller.correlation)
        return row

    async def decidable(self, appeal: str, *, caller: Caller) -> AppealRow:
        """The appeal, if the caller may decide it now.

        Raises:
            Refused: `unknown_appeal`; `already_decided`; `same_holder`, the caller filed it or took
                part in what it contests.
        """
        async with self._db.read() as session:
            return await self._decidable(session, appeal, caller)

    async def find(self, appeal: str) -> AppealRow:
        """One appeal.

        Raises:
            Refused: `unknown_appeal`.
        """
        async with self._db.read() as session:
            return await _row(session, appeal)

    async def all(
        self, *, plan: str | None = None, unit: str | None = None, state: str | None = None
    ) -> Sequence[AppealRow]:
        """Appeals, the newest first."""
        query = select(AppealRow)
        for column, wanted in (
            (AppealRow.plan, plan),
            (AppealRow.unit, unit),
            (AppealRow.state, state),
        ):
            if wanted is not None:
                query = query.where(col(column) == wanted)
        async with self._db.read() as session:
            rows = (await session.execute(query)).scalars().all()
        return sorted(rows, key=lambda row: (row.filed_at, row.id), reverse=True)

    async def under_review(self, row: PublicationRow) -> Sequence[AppealRow]:
        """The open appeals that bear on a version: against it, or one before it."""
        query = select(AppealRow).where(
            AppealRow.plan == row.plan,
            AppealRow.period == row.period,
            AppealRow.state == OPEN,
            col(AppealRow.version) <= row.version,
        )
        async with self._db.read() as session:
            rows = (await session.execute(query)).scalars().all()
        return sorted(rows, key=lambda one: (one.unit, one.item))

    async def _plan(self, session: AsyncSession, plan: str) -> KnownPlan:
        known = await self._facts.plan(session, plan)
        if known is None:
            raise Refused("unknown_plan", f"there is no plan {plan}")
        return known

    async def _contested(
        self, session: AsyncSession, known: KnownPlan, period: str
    ) -> PublicationRow:
        plan = known.facts.head.id
        out = await versions(session, plan, period)
        if not out:
            raise Refused("period_unpublished", f"{plan} {period} is not published")
        if out[-1].kind != PERIOD:
            message = f"{period} is no period: contest the period whose line is wrong"
            raise Refused("unknown_period", message)
        if await is_frozen(session, plan, out[-1].last_day.year):
            raise Refused("frozen", f"the year {out[-1].last_day.year} of {plan} is frozen")
        return out[-1]

    async def _of_item(
        self, session: AsyncSession, plan: str, period: str, unit: str, item: str
    ) -> AppealRow | None:
        return await session.get(AppealRow, _name(plan, period, unit, item))

    async def _decidable(self, session: AsyncSession, appeal: str, caller: Caller) -> AppealRow:
        row = await _row(session, appeal)
        if row.state != OPEN:
            raise Refused("already_decided", f"{appeal} was {row.state} by {row.decided_by}")
        out = (await versions(session, row.plan, row.period))[row.version - 1]
        involved = {row.filed_by, out.drafted_by, out.approved_by, out.released_by}
        if rulebook_of(out).separation == "on" and caller.holder in involved:
            message = "an appeal is decided by somebody who neither filed it nor published it"
            raise Refused("same_holder", message)
        return row


async def _row(session: AsyncSession, appeal: str) -> AppealRow:
    row = await session.get(AppealRow, appeal)
    if row is None:
        raise Refused("unknown_appeal", f"there is no appeal {appeal}")
    return row


def _refuse_unknown(result: PeriodResult, unit: str, item: str) -> None:
    if unit not in {one.unit for one in result.units}:
        raise Refused("unknown_unit", f"{unit} is not in this publication")
    mine = [line.task for line in result.tasks if line.shares.get(unit)]
    if item not in {unit, *mine}:
        message = f"{unit} has no share in {item}: name a task of its own, or {unit} for its score"
        raise Refused("unknown_item", message)


def _released_on(row: PublicationRow, known: KnownPlan) -> date:
    if row.released_at is None:
        raise ValueError(f"{row.plan} {row.period} v{row.version} is not released")
    return known.calendar.day_of(row.released_at)


def _day_after(known: KnownPlan, day: date, working_days: int) -> date:
    try:
        return known.calendar.workdays.add(day, working_days)
    except YearNotLoaded as missing:
        raise Refused("year_not_loaded", str(missing)) from missing


def _name(plan: str, period: str, unit: str, item: str) -> str:
    """One appeal an item has one name."""
    told = json.dumps([plan, period, unit, item])
    return f"ap-{hashlib.sha256(told.encode()).hexdigest()[:16]}"
