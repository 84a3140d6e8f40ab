"""Runs: a draft is a job that one replica claims; it reads what was known at its cut-off."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import delete, or_
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from scoring.domain.documents import canonical
from scoring.service.drafting import Drafted, Drafting
from scoring.store.tables import LeafRow, MarkRow, PublicationRow
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.dead_letters import DeadLetters
from shared.kit.engines import is_passing

log = structlog.get_logger(__name__)

_CLAIM = timedelta(minutes=1)
"""After this a run is another's to claim: whoever had it has died. Computing twice is harmless."""
_POLL_SECONDS = 1.0
_REST_SECONDS = 0.1


class Runs:
    """Computes drafts whose cut-off mark has come."""

    def __init__(
        self, *, db: Database, drafting: Drafting, dead_letters: DeadLetters, clock: Clock
    ) -> None:
        self._db = db
        self._drafting = drafting
        self._dead_letters = dead_letters
        self._clock = clock
        self._written = db.written.listener()

    async def run(self) -> None:
        """Compute drafts until cancelled."""
        while True:
            if not await self.compute_next():
                await asyncio.sleep(_REST_SECONDS)  # many commits a second need not as many looks
                await self._written.wait(at_most=_POLL_SECONDS)

    async def compute_next(self) -> bool:
        """Compute one draft; False when none waits."""
        claimed = await self._claim()
        if claimed is None:
            return False
        row, mark = claimed
        try:
            async with self._db.read() as session:
                await self._refuse_rejected(session, row.plan)
                job = await self._drafting.read(session, row, mark)
            # A long computation must not hold up the loop the other services answer on.
            drafted = await asyncio.to_thread(job.compute)
        except Exception as error:
            if is_passing(error) or isinstance(error, SQLAlchemyError):
                raise  # the database's trouble, not the draft's: the claim runs out, another tries
            await self._fail(row, str(error) or type(error).__name__)  # nobody waits for it
            return True
        await self._store(row, drafted)
        return True

    async def _refuse_rejected(self, session: AsyncSession, plan: str) -> None:
        if await self._dead_letters.open(session, key=plan):
            raise ValueError("events_incomplete: an event before the cut-off was rejected")

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

    async def _fail(self, row: PublicationRow, why: str) -> None:
        log.error("a draft could not be computed", plan=row.plan, period=row.period, why=why)
        async with self._db.write(row.plan) as session:
            current = await session.get(PublicationRow, (row.plan, row.period, row.version))
            if current is not None and _awaits(current, row):
                current.state, current.failure = "failed", why
                session.add(current)

    async def _store(self, row: PublicationRow, drafted: Sequence[Drafted]) -> None:
        """The draft, and those of the publications that follow from it."""
        async with self._db.write(row.plan) as session:
            current = await session.get(PublicationRow, (row.plan, row.period, row.version))
            if current is None or not _awaits(current, row):
                return  # a newer draft, or another replica's result, has taken its place meanwhile
            for one in drafted:
                place = (one.row.plan, one.row.period, one.row.version)
                await _drop_draft(session, one.row)
                target = await session.get(PublicationRow, place)
                if target is None:
                    target = one.row
                    session.add(target)
                _fill(target, one)
                await session.flush()
                session.add_all(_leaves(one))


async def _drop_draft(session: AsyncSession, row: PublicationRow) -> None:
    await session.execute(
        delete(LeafRow).where(
            col(LeafRow.plan) == row.plan,
            col(LeafRow.period) == row.period,
            col(LeafRow.version) == row.version,
        )
    )


def _fill(target: PublicationRow, drafted: Drafted) -> None:
    target.state = "draft"
    target.digest = drafted.publication.digest
    target.previous_digest = drafted.previous_digest
    target.manifest = canonical(drafted.publication.manifest).decode()
    target.result = drafted.result.model_dump_json()


def _leaves(drafted: Drafted) -> list[LeafRow]:
    row = drafted.row
    return [
        LeafRow(
            plan=row.plan,
            period=row.period,
            version=row.version,
            unit=unit,
            digest=drafted.publication.manifest["leaves"][unit],
            document=canonical(leaf).decode(),
        )
        for unit, leaf in drafted.publication.leaves.items()
    ]


def _awaits(current: PublicationRow, claimed: PublicationRow) -> bool:
    """Whether this is still the draft that was claimed, without a result."""
    return current.cutoff == claimed.cutoff and current.state == "waiting"
