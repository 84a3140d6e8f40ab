"""Drafting: what a draft reads is gathered in one view, then computed without the database.

A correction drafts what follows from it too: later periods whose lights change, and the year.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.domain.corrections import Amends, refuse_worse, relit
from scoring.domain.documents import Publication
from scoring.domain.evaluation_run import EvaluationFacts, run_evaluation
from scoring.domain.facts import RunFacts
from scoring.domain.memory import previous_of
from scoring.domain.period_run import PeriodResult, run_period
from scoring.domain.publication import Correction, Cutoff, build
from scoring.domain.year_facts import YearFacts
from scoring.domain.year_publication import build_year
from scoring.domain.year_result import YearResult
from scoring.domain.year_run import run_year
from scoring.service.gathering import Gathering
from scoring.service.releases import (
    EVALUATION,
    PERIOD,
    YEAR,
    last_release,
    result_of,
    versions,
    year_key,
)
from scoring.store.tables import MarkRow, PublicationRow

FactsRead = TypeVar("FactsRead", RunFacts, YearFacts, EvaluationFacts)


@dataclass(frozen=True, kw_only=True)
class Drafted:
    """A computed draft: its row, its result, its documents."""

    row: PublicationRow
    result: PeriodResult | YearResult
    publication: Publication
    previous_digest: str | None


class Job(Protocol):
    """What is left to do once everything was read."""

    def compute(self) -> Sequence[Drafted]:
        """The draft asked for, and after it those that follow from it, in order of release."""


@dataclass(frozen=True, kw_only=True)
class Version(Generic[FactsRead]):
    """One version of a period or a year to be computed."""

    row: PublicationRow
    mark: MarkRow
    facts: FactsRead
    published: PeriodResult | None
    """Of a period the version before, if there is one."""
    amends: Amends | None
    """What the version names, with those before it; None for the first."""
    salt_key: bytes
    appellants: tuple[str, ...] = ()
    """The units whose appeals it follows from."""

    @property
    def cutoff(self) -> Cutoff:
        """Where it stops reading."""
        return Cutoff(position=self.mark.position, at=self.mark.at)


@dataclass(frozen=True, kw_only=True)
class PeriodJob:
    """A period; where it corrects, the later ones whose lights may follow, and the year."""

    lead: Version[RunFacts]
    later: Sequence[Version[RunFacts]]
    year: Version[YearFacts] | None
    last_digest: str | None

    def compute(self) -> Sequence[Drafted]:
        """See `Job`."""
        result = run_period(self.lead.facts)
        if self.lead.published is not None:
            refuse_worse(self.lead.appellants, self.lead.published, result)
        drafted = [_period(self.lead, result, self.last_digest)]
        new = {self.lead.row.period: result}
        before = self.lead.facts.period
        for version in self.later:
            previous = previous_of(before, new[before.id].tasks, new[before.id].units)
            again = run_period(replace(version.facts, previous=previous))
            result = relit(_published(version), again)
            if result == version.published:
                break  # lights are passed on from period to period: nothing further changes
            before, new[version.row.period] = version.facts.period, result
            drafted.append(_period(version, result, drafted[-1].publication.digest))
        if self.year is not None:
            year = replace(self.year, facts=_with(self.year.facts, new, self.lead))
            drafted.append(_year(year, drafted[-1].publication.digest))
        return drafted


@dataclass(frozen=True, kw_only=True)
class YearJob:
    """A year."""

    lead: Version[YearFacts]
    last_digest: str | None

    def compute(self) -> Sequence[Drafted]:
        """See `Job`."""
        return [_year(self.lead, self.last_digest)]


@dataclass(frozen=True, kw_only=True)
class EvaluationJob:
    """An evaluation."""

    lead: Version[EvaluationFacts]
    last_digest: str | None

    def compute(self) -> Sequence[Drafted]:
        """See `Job`."""
        row, facts = self.lead.row, self.lead.facts
        result = run_evaluation(facts)
        publication = build(
            result,
            kind=EVALUATION,
            plan=row.plan,
            plan_version=facts.plan.version,
            rulebook=facts.rulebook,
            period=row.period,
            version=row.version,
            cutoff=self.lead.cutoff,
            previous_digest=self.last_digest,
            actions=facts.plan.actions,
            salt_key=self.lead.salt_key,
        )
        return [
            Drafted(
                row=row, result=result, publication=publication, previous_digest=self.last_digest
            )
        ]


class Drafting:
    """Reads what drafts are computed from."""

    def __init__(self, *, gathering: Gathering, salt_key: bytes) -> None:
        """`salt_key` is a secret of the office, for the salts of hidden lines (ADR 18)."""
        self._gathering = gathering
        self._salt_key = salt_key

    async def read(self, session: AsyncSession, row: PublicationRow, mark: MarkRow) -> Job:
        """All that the draft needs.

        Raises:
            ValueError: there is no plan before the cut-off.
            YearNotLoaded: a window needs a year whose holidays are unknown.
        """
        _, digest = await last_release(session, row.plan)
        if row.kind == EVALUATION:
            looked = await self._of_evaluation(session, row, mark)
            return EvaluationJob(lead=looked, last_digest=digest)
        if row.kind == YEAR:
            return YearJob(lead=await self._of_year(session, row, mark), last_digest=digest)
        lead = await self._of_period(session, row, mark)
        if lead.published is None:
            return PeriodJob(lead=lead, later=(), year=None, last_digest=digest)
        later = [
            await self._of_period(session, _following(one, row), None)
            for one in await self._gathering.later(session, row)
        ]
        out = await versions(session, row.plan, year_key(lead.facts.period.year))
        year = await self._of_year(session, _following(out[-1], row), None) if out else None
        return PeriodJob(lead=lead, later=later, year=year, last_digest=digest)

    async def _of_period(
        self, session: AsyncSession, row: PublicationRow, own: MarkRow | None
    ) -> Version[RunFacts]:
        mark = await self._gathering.first_mark(session, row, own)
        earlier = await versions(session, row.plan, row.period)
        return Version(
            row=row,
            mark=mark,
            facts=await self._gathering.period(session, row, mark),
            published=result_of(earlier[-1]) if earlier else None,
            amends=await self._gathering.amends(session, row) if earlier else None,
            salt_key=self._salt_key,
            appellants=await self._gathering.appellants(session, row),
        )

    async def _of_year(
        self, session: AsyncSession, row: PublicationRow, own: MarkRow | None
    ) -> Version[YearFacts]:
        mark = await self._gathering.first_mark(session, row, own)
        return Version(
            row=row,
            mark=mark,
            facts=await self._gathering.year(session, row, mark),
            published=None,
            amends=await self._gathering.amends(session, row) if row.version > 1 else None,
            salt_key=self._salt_key,
        )

    async def _of_evaluation(
        self, session: AsyncSession, row: PublicationRow, mark: MarkRow
    ) -> Version[EvaluationFacts]:
        return Version(
            row=row,
            mark=mark,
            facts=await self._gathering.evaluation(session, row, mark),
            published=None,
            amends=None,
            salt_key=self._salt_key,
        )


def place_of(row: PublicationRow) -> str:
    """A version of a period or year, as those that follow it name it."""
    return f"{row.period}/{row.version}"


def _following(latest: PublicationRow, lead: PublicationRow) -> PublicationRow:
    """The next version of what may follow from a correction.

    Of a later period only the lights follow, from the reason; a year reads what is corrected.
    """
    amends = Amends.model_validate_json(lead.amends or "{}")
    if latest.kind == PERIOD:
        amends = Amends(reason=amends.reason)
    return PublicationRow(
        plan=latest.plan,
        period=latest.period,
        version=latest.version + 1,
        state="draft",
        cutoff=lead.cutoff,
        drafted_by=lead.drafted_by,
        drafted_at=lead.drafted_at,
        last_day=latest.last_day,
        correlation=lead.correlation,
        kind=latest.kind,
        amends=amends.model_dump_json(),
        follows=place_of(lead),
    )


def _published(version: Version[RunFacts]) -> PeriodResult:
    if version.published is None:
        raise ValueError(f"{version.row.period} is not published: it follows from nothing")
    return version.published


def _with(facts: YearFacts, new: Mapping[str, PeriodResult], lead: Version[RunFacts]) -> YearFacts:
    """The year's facts with the results of a correction in the place of those published."""
    periods = tuple((period, new.get(period.id, result)) for period, result in facts.periods)
    return replace(facts, periods=periods, zeroed=facts.zeroed | lead.facts.zeroed)


def _period(
    version: Version[RunFacts], result: PeriodResult, previous_digest: str | None
) -> Drafted:
    row, facts, corrects = version.row, version.facts, None
    if version.published is not None and version.amends is not None:
        corrects = Correction(amends=version.amends, before=version.published.tasks)
    publication = build(
        result,
        plan=row.plan,
        plan_version=facts.plan.version,
        rulebook=facts.rulebook,
        period=row.period,
        version=row.version,
        cutoff=version.cutoff,
        previous_digest=previous_digest,
        actions=facts.plan.actions,
        corrects=corrects,
        salt_key=version.salt_key,
    )
    return Drafted(row=row, result=result, publication=publication, previous_digest=previous_digest)


def _year(version: Version[YearFacts], previous_digest: str | None) -> Drafted:
    row, facts = version.row, version.facts
    result = run_year(facts)
    publication = build_year(
        result,
        plan=row.plan,
        plan_version=facts.plan.version,
        rulebook=facts.rulebook,
        version=row.version,
        cutoff=version.cutoff,
        previous_digest=previous_digest,
        actions=facts.plan.actions,
        public={task.id: task.publish for _, task in facts.plan.tasks},
        amends=version.amends,
        salt_key=version.salt_key,
    )
    return Drafted(row=row, result=result, publication=publication, previous_digest=previous_digest)
