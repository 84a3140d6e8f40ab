"""Drafting: what a draft reads is gathered in one view, then computed without the database.

A correction drafts what follows from it too: later periods whose lights change, and the year.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.domain.corrections import Amends, relit
from scoring.domain.documents import Publication
from scoring.domain.facts import RunFacts
from scoring.domain.memory import previous_of
from scoring.domain.period_run import PeriodResult, run_period
from scoring.domain.publication import Correction, Cutoff, build
from scoring.service.gathering import Gathering
from scoring.service.releases import last_release, result_of, versions
from scoring.store.tables import MarkRow, PublicationRow


@dataclass(frozen=True, kw_only=True)
class Drafted:
    """A computed draft: its row, its result, its documents."""

    row: PublicationRow
    result: PeriodResult
    publication: Publication
    previous_digest: str | None


class Job(Protocol):
    """What is left to do once everything was read."""

    def compute(self) -> Sequence[Drafted]:
        """The draft asked for, and after it those that follow from it, in order of release."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of a period to be computed."""

    row: PublicationRow
    mark: MarkRow
    facts: RunFacts
    published: PeriodResult | None
    """The version before, if there is one."""
    amends: Amends


@dataclass(frozen=True, kw_only=True)
class PeriodJob:
    """A period, and the later ones whose lights may follow from its correction."""

    lead: Version
    later: Sequence[Version]
    last_digest: str | None
    salt_key: bytes

    def compute(self) -> Sequence[Drafted]:
        """See `Job`."""
        first = run_period(self.lead.facts)
        drafted = [_drafted(self.lead, first, self.last_digest, self.salt_key)]
        result = drafted[0].result
        for version in self.later:
            previous = previous_of(self.lead.facts.period, result.tasks)
            if len(drafted) > 1:
                previous = previous_of(self.later[len(drafted) - 2].facts.period, result.tasks)
            assert version.published is not None  # noqa: S101  # only published ones follow
            again = run_period(replace(version.facts, previous=previous))
            result = relit(version.published, again)
            if result == version.published:
                break  # lights are passed on from period to period: nothing further changes
            digest = drafted[-1].publication.digest
            drafted.append(_drafted(version, result, digest, self.salt_key))
        return drafted


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
        lead = await self._version(session, row, mark)
        published_later = await self._gathering.later(session, row) if lead.published else ()
        later = [await self._following(session, one, row) for one in published_later]
        return PeriodJob(lead=lead, later=later, last_digest=digest, salt_key=self._salt_key)

    async def _version(
        self, session: AsyncSession, row: PublicationRow, own: MarkRow | None
    ) -> Version:
        mark = await self._gathering.first_mark(session, row, own)
        earlier = await versions(session, row.plan, row.period)
        return Version(
            row=row,
            mark=mark,
            facts=await self._gathering.period(session, row, mark),
            published=result_of(earlier[-1]) if earlier else None,
            amends=await self._gathering.amends(session, row),
        )

    async def _following(
        self, session: AsyncSession, latest: PublicationRow, lead: PublicationRow
    ) -> Version:
        """The next version of a later period, should the correction change its lights."""
        row = PublicationRow(
            plan=latest.plan,
            period=latest.period,
            version=latest.version + 1,
            state="draft",
            cutoff=lead.cutoff,
            drafted_by=lead.drafted_by,
            drafted_at=lead.drafted_at,
            last_day=latest.last_day,
            correlation=lead.correlation,
            amends=Amends(reason=reason_of(lead)).model_dump_json(),
            follows=place_of(lead),
        )
        return await self._version(session, row, None)


def place_of(row: PublicationRow) -> str:
    """A version of a period or year, as those that follow it name it."""
    return f"{row.period}/{row.version}"


def reason_of(row: PublicationRow) -> str:
    """Why a version was made; empty for the first."""
    return Amends.model_validate_json(row.amends).reason if row.amends else ""


def _drafted(
    version: Version, result: PeriodResult, previous_digest: str | None, salt_key: bytes
) -> Drafted:
    row, mark, facts = version.row, version.mark, version.facts
    publication = build(
        result,
        plan=row.plan,
        plan_version=facts.plan.version,
        rulebook=facts.rulebook,
        period=row.period,
        version=row.version,
        cutoff=Cutoff(position=mark.position, at=mark.at),
        previous_digest=previous_digest,
        actions=facts.plan.actions,
        corrects=_correction(version),
        salt_key=salt_key,
    )
    return Drafted(row=row, result=result, publication=publication, previous_digest=previous_digest)


def _correction(version: Version) -> Correction | None:
    """What a version names beside the one before; None for the first."""
    if version.published is None:
        return None
    return Correction(amends=version.amends, before=version.published.tasks)
