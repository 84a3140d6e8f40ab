"""Mutes: somebody keeps alerts quiet for a while, and says why."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from notify.domain.notices import Muted
from notify.domain.routes import Match
from notify.domain.routing import Subject, matches
from notify.service.caller import refuse
from notify.service.notices import Notices
from notify.store.tables import Mute, Notice
from shared.kit.clock import Clock
from shared.kit.db import Database


class Mutes:
    """Sets, lists and ends mutes. What is muted waits, and goes out if it still stands then."""

    def __init__(self, *, db: Database, notices: Notices, clock: Clock) -> None:
        self._db = db
        self._notices = notices
        self._clock = clock

    async def add(self, match: Match, *, until: datetime, reason: str, by: str) -> Mute:
        """Keep quiet what matches, until an instant.

        Raises:
            Refused: `matches_everything`, `over_already`.
        """
        now = self._clock.business_now()
        if match == Match():
            message = "name what is to be quiet: a plan, an action, a task, a unit or a kind"
            raise refuse("matches_everything", message, path="match")
        if until <= now:
            raise refuse(
                "over_already", f"until lies behind: it is {now.isoformat()}", path="until"
            )
        mute = Mute(
            id=f"mute-{uuid4().hex}",
            match=match.model_dump_json(),
            reason=reason,
            by=by,
            created_at=now,
            until=until,
        )
        async with self._db.write() as session:
            session.add(mute)
        return mute

    async def every(self, *, over: bool) -> Sequence[Mute]:
        """The mutes that hold; those that are over, too, where asked. Newest first."""
        query = select(Mute).order_by(col(Mute.created_at).desc(), col(Mute.id))
        if not over:
            query = query.where(col(Mute.until) > self._clock.business_now())
        async with self._db.read() as session:
            return (await session.execute(query)).scalars().all()

    async def end(self, mute_id: str) -> Mute:
        """End a mute now: what it kept quiet goes out, if it still stands.

        Raises:
            Refused: `unknown_mute`.
        """
        async with self._db.read() as session:
            if await session.get(Mute, mute_id) is None:
                raise refuse("unknown_mute", "there is no such mute")
            held = select(Notice.plan).where(Notice.held_by == mute_id).distinct()
            plans = sorted((await session.execute(held)).scalars().all())
        now = self._clock.business_now()
        async with self._db.write(*plans) as session:
            mute = await session.get_one(Mute, mute_id)
            mute.until = min(mute.until, now)
            await session.flush()
            for plan in plans:
                await self._notices.wake(session, mute_id, plan=plan, now=now)
        return mute


async def mutes_that_hold(session: AsyncSession, now: datetime) -> Sequence[tuple[Match, Muted]]:
    """What is quiet now; of several that fit the longest counts, so the longest come first."""
    query = select(Mute).where(col(Mute.until) > now)
    rows = (await session.execute(query)).scalars().all()
    return [
        (
            Match.model_validate_json(row.match),
            Muted(mute=row.id, by=row.by, until=row.until, reason=row.reason),
        )
        for row in sorted(rows, key=lambda row: (row.until, row.id), reverse=True)
    ]


def muted(mutes: Sequence[tuple[Match, Muted]], subject: Subject) -> Muted | None:
    """The mute that holds for an alert."""
    return next((mute for match, mute in mutes if matches(match, subject)), None)
