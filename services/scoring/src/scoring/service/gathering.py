"""Gathering: all that a run reads, as it was known at the cut-off of its first version."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from scoring.domain.corrections import NOTHING, Amends
from scoring.domain.evaluation_run import EvaluationFacts
from scoring.domain.facts import RunFacts
from scoring.domain.period_run import PeriodResult
from scoring.domain.year_facts import YearFacts
from scoring.service.decisions import known_decisions
from scoring.service.facts import Facts
from scoring.service.known_plan import KnownPlan
from scoring.service.releases import (
    finished_in,
    owed_periods,
    previous_in,
    released,
    results_of,
    versions,
)
from scoring.store.tables import AppealRow, MarkRow, PublicationRow


class Gathering:
    """Reads what runs need."""

    def __init__(self, *, facts: Facts) -> None:
        self._facts = facts

    async def first_mark(
        self, session: AsyncSession, row: PublicationRow, own: MarkRow | None = None
    ) -> MarkRow:
        """The cut-off of version 1, which every later version keeps (assessment 4.13).

        `own` is the row's own mark, if it is at hand.
        """
        earlier = await versions(session, row.plan, row.period)
        if not earlier and own is not None:
            return own
        cutoff = earlier[0].cutoff if earlier else row.cutoff
        query = select(MarkRow).where(MarkRow.cutoff == cutoff)
        return (await session.execute(query)).scalars().one()

    async def amends(self, session: AsyncSession, row: PublicationRow) -> Amends:
        """All that this version and those before it name."""
        together = NOTHING
        for one in (*await versions(session, row.plan, row.period), row):
            if one.amends is not None and one.version <= row.version:
                together = Amends.model_validate_json(one.amends).after(together)
        return together

    async def appellants(self, session: AsyncSession, row: PublicationRow) -> tuple[str, ...]:
        """The units whose appeals a correction follows from; none where it found fraud."""
        amends = Amends.model_validate_json(row.amends) if row.amends else NOTHING
        if amends.zero or not amends.appeals:
            return ()
        query = select(AppealRow.unit).where(col(AppealRow.id).in_(amends.appeals))
        return tuple(sorted((await session.execute(query)).scalars()))

    async def plan_at(self, session: AsyncSession, plan: str, mark: MarkRow) -> KnownPlan:
        """The plan as it was in force at a mark.

        Raises:
            ValueError: there was none.
        """
        known = await self._facts.plan(session, plan, before=mark.position)
        if known is None:
            raise ValueError(f"there is no plan {plan} before the cut-off")
        return known

    async def period(
        self,
        session: AsyncSession,
        row: PublicationRow,
        mark: MarkRow,
        *,
        instead: Mapping[str, PeriodResult] | None = None,
    ) -> RunFacts:
        """What the run of a period reads.

        Args:
            session: to read from.
            row: the version to compute.
            mark: the cut-off of its first version.
            instead: results that a correction is about to put in the place of released ones.

        Raises:
            ValueError: there is no plan before the cut-off.
            YearNotLoaded: a window needs a year whose holidays are unknown.
        """
        plan = await self.plan_at(session, row.plan, mark)
        period = plan.calendar.period(row.period)
        amends = await self.amends(session, row)
        decisions = await known_decisions(
            session, plan, before=mark.position, besides=amends.exemptions
        )
        before = results_of(await released(session, row.plan, before=period.first), plan, instead)
        return RunFacts(
            plan=plan.facts,
            rulebook=await self._facts.rulebook(session, plan, period.last, before=mark.position),
            period=period,
            window=plan.calendar.window(period),
            tz=plan.calendar.tz,
            workdays=plan.calendar.workdays,
            reports=await self._facts.reports(
                session, plan, before=mark.position, besides=amends.submissions
            ),
            previous=previous_in(before),
            finished=finished_in(before),
            exemptions=decisions.exemptions,
            entries=decisions.entries,
            zeroed=frozenset(amends.zero),
        )

    async def year(self, session: AsyncSession, row: PublicationRow, mark: MarkRow) -> YearFacts:
        """What the roll-up of a year reads; arguments and errors as of `period`."""
        plan = await self.plan_at(session, row.plan, mark)
        year = row.last_day.year
        owed = [one for one in owed_periods(plan) if one.year == year]
        amends = await self.amends(session, row)
        decisions = await known_decisions(
            session, plan, before=mark.position, besides=amends.exemptions
        )
        mine = {one.id for one in owed}
        rows = [one for one in await released(session, row.plan) if one.period in mine]
        zeroed = [(await self.amends(session, one)).zero for one in rows]
        return YearFacts(
            plan=plan.facts,
            rulebook=await self._facts.rulebook(session, plan, row.last_day, before=mark.position),
            year=year,
            tz=plan.calendar.tz,
            periods=tuple(results_of(rows, plan)),
            owed=len(owed),
            reports=await self._facts.reports(
                session, plan, before=mark.position, besides=amends.submissions
            ),
            entries=decisions.entries,
            exemptions=decisions.exemptions,
            zeroed=frozenset(task for tasks in (*zeroed, amends.zero) for task in tasks),
            passings=tuple(one for one in decisions.passings if one.first <= row.last_day),
        )

    async def evaluation(
        self, session: AsyncSession, row: PublicationRow, mark: MarkRow
    ) -> EvaluationFacts:
        """What an evaluation reads; arguments and errors as of `period`."""
        plan = await self.plan_at(session, row.plan, mark)
        return EvaluationFacts(
            plan=plan.facts,
            rulebook=await self._facts.rulebook(session, plan, row.last_day, before=mark.position),
            id=row.period,
            day=row.last_day,
            reports=await self._facts.reports(session, plan, before=mark.position),
        )

    async def later(self, session: AsyncSession, row: PublicationRow) -> Sequence[PublicationRow]:
        """The latest versions of the periods published after this one, in order."""
        return [one for one in await released(session, row.plan) if one.last_day > row.last_day]
