"""Drafts: who asks for a period, a correction or a year, and what is refused before it is run."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, delete

from scoring.domain.corrections import Amends
from scoring.service.appeals import REJECTED
from scoring.service.caller import Caller, Refused
from scoring.service.decisions import is_exemption
from scoring.service.drafting import place_of
from scoring.service.facts import Facts
from scoring.service.intake_client import CutoffSource
from scoring.service.known_plan import KnownPlan
from scoring.service.releases import (
    EVALUATION,
    PERIOD,
    PUBLISHED,
    YEAR,
    is_frozen,
    owed_periods,
    released,
    unpublished_before,
    unpublished_until,
    versions,
    year_key,
)
from scoring.store.tables import AppealRow, DecisionRow, PublicationRow, ReportRow
from shared.calendar.periods import Period
from shared.calendar.workdays import YearNotLoaded
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.dead_letters import DeadLetters
from shared.kit.inbox import Inbox


class Drafts:
    """Takes requests for drafts; each is computed once its cut-off mark has come through."""

    def __init__(
        self,
        *,
        db: Database,
        facts: Facts,
        inbox: Inbox,
        dead_letters: DeadLetters,
        cutoffs: CutoffSource,
        clock: Clock,
    ) -> None:
        self._db = db
        self._facts = facts
        self._inbox = inbox
        self._dead_letters = dead_letters
        self._cutoffs = cutoffs
        self._clock = clock

    async def draft(
        self, plan: str, period: str, *, forced: str | None, caller: Caller
    ) -> PublicationRow:
        """Ask for the first version of a period, or of an evaluation of the plan.

        Args:
            plan: its id.
            period: its id.
            forced: the reason for publishing before the window closes, or None.
            caller: who drafts.

        Raises:
            Refused: see the codes of assessment 4.17.
        """
        async with self._db.read() as session:
            known = await self._plan(session, plan)
            if await versions(session, plan, period):
                raise Refused("already_published", f"{plan} {period} was published")
            if day := known.evaluations.get(period):
                kind = EVALUATION
                await self._refuse_before(session, known, day, forced)
            else:
                known, wanted = await self._asked(session, plan, period)
                kind, day = PERIOD, wanted.last
                await self._refuse_early(session, known, wanted, forced)
            await self._refuse_incomplete(session, plan)
        return await self._wait(plan, period, kind=kind, last_day=day, caller=caller, forced=forced)

    async def correct(
        self,
        plan: str,
        period: str,
        *,
        reason: str,
        submissions: Sequence[str] = (),
        exemptions: Sequence[str] = (),
        zero: Sequence[str] = (),
        appeals: Sequence[str] = (),
        caller: Caller,
    ) -> PublicationRow:
        """Ask for the next version of a published period (assessment 4.13).

        Args:
            plan: its id.
            period: its id.
            reason: why, as the new version says.
            submissions: corrected reports, by id.
            exemptions: exemptions that are to act now, by id.
            zero: tasks of which the data were found false.
            appeals: the appeals of this period that it follows from, by id.
            caller: who drafts.

        Raises:
            Refused: `period_unpublished`, `frozen`, `nothing_named`, `unknown_submission`,
                `unknown_exemption`, `unknown_task`, `unknown_appeal`; `draft_outdated` where
                the correction of an earlier period waits that would make a new version of this one.
        """
        amends = Amends(
            reason=reason,
            submissions=tuple(submissions),
            exemptions=tuple(exemptions),
            zero=tuple(zero),
            appeals=tuple(appeals),
        )
        wanted = await self.correctable(plan, period, amends)
        if not (amends.submissions or amends.exemptions or amends.zero):
            raise Refused(
                "nothing_named", "name a corrected report, an exemption or a task to set to zero"
            )
        return await self._wait(
            plan, period, kind=PERIOD, last_day=wanted.last, caller=caller, amends=amends
        )

    async def correctable(self, plan: str, period: str, amends: Amends) -> Period:
        """The period, if it may be corrected and what the correction names is there.

        Raises:
            Refused: as `correct`, but for `nothing_named`: its report may not be entered yet.
        """
        async with self._db.read() as session:
            known, wanted = await self._asked(session, plan, period)
            if not await versions(session, plan, period):
                raise Refused("period_unpublished", f"{plan} {period} is not published: draft it")
            if await is_frozen(session, plan, wanted.year):
                raise Refused("frozen", f"the year {wanted.year} of {plan} is frozen: it is final")
            await self._refuse_unknown(session, known, period, amends)
            await self._refuse_incomplete(session, plan)
        return wanted

    async def year(self, plan: str, year: int, *, caller: Caller) -> PublicationRow:
        """Ask for the roll-up of a year (assessment 4.14).

        Raises:
            Refused: `unknown_year`, `already_published`, `previous_unpublished`.
        """
        async with self._db.read() as session:
            known = await self._plan(session, plan)
            owed = [one for one in owed_periods(known) if one.year == year]
            if not owed:
                raise Refused("unknown_year", f"no period of {plan} belongs to {year}")
            if await versions(session, plan, year_key(year)):
                raise Refused("already_published", f"the year {year} of {plan} was published")
            out = {row.period for row in await released(session, plan)}
            for one in owed:
                if one.id not in out:
                    raise Refused("previous_unpublished", f"publish {one.id} first")
            await self._refuse_incomplete(session, plan)
        return await self._wait(
            plan, year_key(year), kind=YEAR, last_day=date(year, 12, 31), caller=caller
        )

    async def _wait(
        self,
        plan: str,
        key: str,
        *,
        kind: str,
        last_day: date,
        caller: Caller,
        forced: str | None = None,
        amends: Amends | None = None,
    ) -> PublicationRow:
        """A row that waits for its cut-off, in the place of an earlier draft."""
        cutoff = await self._cutoffs.mark(plan, headers=caller.headers)
        async with self._db.write(plan) as session:
            released_so_far = await versions(session, plan, key)
            row = PublicationRow(
                plan=plan,
                period=key,
                version=len(released_so_far) + 1,
                state="waiting",
                cutoff=cutoff,
                forced=forced,
                drafted_by=caller.holder,
                drafted_at=self._clock.business_now(),
                last_day=last_day,
                correlation=caller.correlation,
                kind=kind,
                amends=amends.model_dump_json() if amends else None,
            )
            if released_so_far and amends is None:
                raise Refused("already_published", f"{plan} {key} was published")
            old = await session.get(PublicationRow, (plan, key, row.version))
            if old is not None and old.follows is not None:
                lead = old.follows.partition("/")[0]
                raise Refused("draft_outdated", f"a correction of {lead} comes first: release it")
            await _drop(session, row)
            session.add(row)
        return row

    async def _plan(self, session: AsyncSession, plan: str) -> KnownPlan:
        known = await self._facts.plan(session, plan)
        if known is None:
            raise Refused("unknown_plan", f"there is no plan {plan}")
        return known

    async def _asked(
        self, session: AsyncSession, plan: str, period: str
    ) -> tuple[KnownPlan, Period]:
        known = await self._plan(session, plan)
        wanted = known.calendar.find(period)
        if wanted is None:
            raise Refused(
                "unknown_period",
                f"no such period of this plan; this one reads {known.calendar.example()}",
            )
        return known, wanted

    async def _refuse_early(
        self, session: AsyncSession, plan: KnownPlan, period: Period, forced: str | None
    ) -> None:
        first = plan.calendar.find(plan.activate_from) if plan.activate_from else None
        if first is None or period.last < first.last:
            begins = f"from {first.id} on" if first else "in no period: name its activate_from"
            raise Refused("before_activation", f"reports of this plan are owed {begins}")
        earlier = await unpublished_before(session, plan, period)
        if earlier is not None:
            raise Refused("previous_unpublished", f"publish {earlier.id} first")
        try:
            closes = plan.calendar.window(period).close_end(plan.calendar.tz)
        except YearNotLoaded as missing:
            raise Refused("year_not_loaded", str(missing)) from missing
        if self._clock.business_now() < closes and forced is None:
            raise Refused(
                "not_closed",
                f"the window of {period.id} closes at {closes.astimezone(plan.calendar.tz)}: "
                "wait, or force it with a reason",
            )

    async def _refuse_before(
        self, session: AsyncSession, plan: KnownPlan, day: date, forced: str | None
    ) -> None:
        """An evaluation comes after the last period that ends by its day (assessment 4.13)."""
        today = self._clock.business_now().astimezone(plan.calendar.tz).date()
        if today <= day and forced is None:
            raise Refused("not_closed", f"{day} is not over: wait, or force it with a reason")
        earlier = await unpublished_until(session, plan, day)
        if earlier is not None:
            raise Refused("previous_unpublished", f"publish {earlier.id} first")

    async def _refuse_incomplete(self, session: AsyncSession, plan: str) -> None:
        dead = await self._dead_letters.open(session, key=plan)
        if dead or await self._inbox.gaps(session, key=plan):
            raise Refused(
                "events_incomplete",
                "an event of this plan is missing or was rejected: settle it first",
            )

    async def _refuse_unknown(
        self, session: AsyncSession, plan: KnownPlan, period: str, amends: Amends
    ) -> None:
        """What a correction names has to be there."""
        tasks = {task.id for _, task in plan.facts.tasks}
        for one in amends.zero:
            if one not in tasks:
                raise Refused("unknown_task", f"there is no task {one}")
        for one in amends.submissions:
            report = await session.get(ReportRow, one)
            if report is None or (report.plan, report.period) != (plan.facts.head.id, period):
                raise Refused(
                    "unknown_submission", f"{one} is no corrected report of {period}, or not yet"
                )
        for one in amends.exemptions:
            row = await session.get(DecisionRow, (plan.facts.head.id, one))
            if row is None or not is_exemption(row):
                raise Refused("unknown_exemption", f"there is no exemption {one}, or not yet")
        for one in amends.appeals:
            appeal = await session.get(AppealRow, one)
            here = appeal is not None and (appeal.plan, appeal.period) == (
                plan.facts.head.id,
                period,
            )
            if appeal is None or not here or appeal.state == REJECTED:
                raise Refused("unknown_appeal", f"{one} is no appeal that stands against {period}")


async def _drop(session: AsyncSession, row: PublicationRow) -> None:
    """Forget the draft in whose place this one comes, and what would have followed from it."""
    await session.execute(
        delete(PublicationRow).where(
            col(PublicationRow.plan) == row.plan,
            col(PublicationRow.state) != PUBLISHED,
            (
                (col(PublicationRow.period) == row.period)
                & (col(PublicationRow.version) == row.version)
            )
            | (col(PublicationRow.follows) == place_of(row)),
        )
    )
