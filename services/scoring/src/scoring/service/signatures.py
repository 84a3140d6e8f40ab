"""Signatures of what is released, and the keys they can be checked with."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from scoring.domain.signing import SigningKey, written
from scoring.store.tables import KeyRow, PublicationRow, SignatureRow
from shared.kit.clock import Clock
from shared.kit.db import Database

KEYS: Final = "duban/keys"
"""The subject of whoever signs: two plans may be released with a new key at once. No plan's id."""


class Signatures:
    """Signs in the transaction of a release; without a key what is released is unsigned."""

    def __init__(self, *, db: Database, clock: Clock, key: SigningKey | None) -> None:
        self._db = db
        self._clock = clock
        self._key = key

    async def sign(self, session: AsyncSession, row: PublicationRow) -> None:
        """Sign a publication that is being released, writing about `KEYS`; its key is noted."""
        if self._key is None or row.digest is None:
            return
        now = self._clock.business_now()
        await self._publish(session, self._key)
        session.add(
            SignatureRow(
                plan=row.plan,
                period=row.period,
                version=row.version,
                key=self._key.name,
                signature=written(self._key.sign(row.digest)),
                signed_at=now,
            )
        )

    async def of(self, row: PublicationRow) -> Sequence[tuple[SignatureRow, KeyRow]]:
        """The signatures of a publication, each with its key."""
        query = (
            select(SignatureRow, KeyRow)
            .join(KeyRow, col(KeyRow.id) == col(SignatureRow.key))
            .where(
                SignatureRow.plan == row.plan,
                SignatureRow.period == row.period,
                SignatureRow.version == row.version,
            )
        )
        async with self._db.read() as session:
            rows = [(one, key) for one, key in (await session.execute(query)).all()]
        return sorted(rows, key=lambda pair: (pair[0].signed_at, pair[1].id))

    async def keys(self) -> Sequence[KeyRow]:
        """Every key that ever signed, the oldest first."""
        async with self._db.read() as session:
            rows = (await session.execute(select(KeyRow))).scalars().all()
        return sorted(rows, key=lambda one: (one.since, one.id))

    async def _publish(self, session: AsyncSession, key: SigningKey) -> None:
        """The first signature of a key ends the time of the one before."""
        now = self._clock.business_now()
        known = await session.get(KeyRow, key.name)
        if known is not None and known.until is None:
            return
        for old in (
            await session.execute(select(KeyRow).where(col(KeyRow.until).is_(None)))
        ).scalars():
            old.until = now
            session.add(old)
        if known is None:
            session.add(KeyRow(id=key.name, public=written(key.public), since=now))
        else:
            known.until = None
            session.add(known)
        await session.flush()
