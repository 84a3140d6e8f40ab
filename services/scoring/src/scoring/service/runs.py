"""Runs: a draft is a job that one replica claims; it reads what was known at its cut-off."""

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy import delete, or_
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from scoring.domain.documents import Publication, canonical
from scoring.domain.facts import RunFacts
from scoring.domain.period_run import PeriodResult, run_period
from scoring.domain.publication import Cutoff, build
from scoring.service.facts import Facts
from scoring.service.releases import finished_in, last_release, previous_in, released
from scoring.store.tables import LeafRow, MarkRow, PublicationRow
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.dead_letters import DeadLetters
from shared.kit.engines import is_passing

log = structlog.get_logger(__name__)

_CLAIM = timedelta(minutes=1)
"""After this a run is another's to claim: whoever had it has died. Computing twice is harmless."""
_POLL_SECONDS = 1.0


class Runs:
    """Computes drafts whose cut-off mark has come."""

    def __init__(
        self,
        *,
        db: Database,
        facts: Facts,
        dead_letters: DeadLetters,
        clock: Clock,
        salt_key: bytes,
    ) -> None:
        """`salt_key` is a secret of the office, for the salts of hidden lines (ADR 18)."""
        self._db = db
        self._facts = facts
        self._dead_letters = dead_letters
        self._clock = clock
        self._salt_key = salt_key
        self._written = db.written.listener()

    async def run(self) -> None:
        """Compute drafts until cancelled."""
        while True:
            if not await self.compute_next():
                await self._written.wait(at_most=_POLL_SECONDS)

    async def compute_next(self) -> bool:
        """Compute one draft; False when none waits."""
        claimed = await self._claim()
        if claimed is None:
            return False
        row, mark = claimed
        try:
            async with self._db.read() as session:
                facts = await self._facts_at(session, row, mark)
                _, previous_digest = await last_release(session, row.plan)
            # A long computation must not hold up the loop the other services answer on.
            result, publication = await asyncio.to_thread(
                _compute, facts, row, mark, previous_digest, self._salt_key
            )
        except Exception as error:
            if is_passing(error) or isinstance(error, SQLAlchemyError):
                raise  # the database's trouble, not the draft's: the claim runs out, another tries
            await self._fail(row, str(error) or type(error).__name__)  # nobody waits for it
            return True
        await self._store(row, result, publication, previous_digest)
        return True

    async def _claim(self) -> tuple[PublicationRow, MarkRow] | None:
        now = self._clock.wall_now()
        query = (
            select(PublicationRow, MarkRow)
            .join(MarkRow, col(MarkRow.cutoff) == col(PublicationRow.cutoff))
            .where(PublicationRow.state == "waiting")
            .where(
                or_(
                    col(PublicationRow.claimed_at).is_(None),
                    col(PublicationRow.claimed_at) < now - _CLAIM,
                )
            )
            .limit(1)
        )
        async with self._db.read() as session:
            if (await session.execute(query)).first() is None:
                return None
        claim = query.with_for_update(skip_locked=True, of=PublicationRow)
        async with self._db.write() as session:  # it decides nothing about the plan: no subject
            found = (await session.execute(claim)).first()
            if found is None:
                return None
            row, mark = found
            row.claimed_at = now
            session.add(row)
        return row, mark

    async def _facts_at(
        self, session: AsyncSession, row: PublicationRow, mark: MarkRow
    ) -> RunFacts:
        if await self._dead_letters.open(session, key=row.plan):
            raise ValueError("events_incomplete: an event before the cut-off was rejected")
        plan = await self._facts.plan(session, row.plan, before=mark.position)
        if plan is None:
            raise ValueError(f"there is no plan {row.plan} before the cut-off")
        period = plan.calendar.period(row.period)
        releases = await released(session, row.plan, before=period.first)
        return RunFacts(
            plan=plan.facts,
            rulebook=await self._facts.rulebook(session, plan, period, before=mark.position),
            period=period,
            window=plan.calendar.window(period),
            tz=plan.calendar.tz,
            workdays=plan.calendar.workdays,
            reports=await self._facts.reports(session, plan, before=mark.position),
            previous=previous_in(releases, plan),
            finished=finished_in(releases, plan),
        )

    async def _fail(self, row: PublicationRow, why: str) -> None:
        log.error("a draft could not be computed", plan=row.plan, period=row.period, why=why)
        async with self._db.write(row.plan) as session:
            current = await session.get(PublicationRow, (row.plan, row.period, row.version))
            if current is not None and _awaits(current, row):
                current.state, current.failure = "failed", why
                session.add(current)

    async def _store(
        self,
        row: PublicationRow,
        result: PeriodResult,
        publication: Publication,
        previous_digest: str | None,
    ) -> None:
        async with self._db.write(row.plan) as session:
            current = await session.get(PublicationRow, (row.plan, row.period, row.version))
            if current is None or not _awaits(current, row):
                return  # a newer draft, or another replica's result, has taken its place meanwhile
            current.state = "draft"
            current.digest, current.previous_digest = publication.digest, previous_digest
            current.manifest = canonical(publication.manifest).decode()
            current.result = result.model_dump_json()
            session.add(current)
            await session.execute(
                delete(LeafRow).where(
                    col(LeafRow.plan) == row.plan,
                    col(LeafRow.period) == row.period,
                    col(LeafRow.version) == row.version,
                )
            )
            for unit, leaf in publication.leaves.items():
                session.add(
                    LeafRow(
                        plan=row.plan,
                        period=row.period,
                        version=row.version,
                        unit=unit,
                        digest=publication.manifest["leaves"][unit],
                        document=canonical(leaf).decode(),
                    )
                )


def _compute(
    facts: RunFacts,
    row: PublicationRow,
    mark: MarkRow,
    previous_digest: str | None,
    salt_key: bytes,
) -> tuple[PeriodResult, Publication]:
    result = run_period(facts)
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
        salt_key=salt_key,
    )
    return result, publication


def _awaits(current: PublicationRow, claimed: PublicationRow) -> bool:
    """Whether this is still the draft that was claimed, without a result."""
    return current.cutoff == claimed.cutoff and current.state == "waiting"
