"""Years: the roll-up goes the way of a publication, and is frozen at its end (assessment 4.14)."""

from scoring.service.caller import Caller, Refused
from scoring.service.drafts import Drafts
from scoring.service.publications import Publications
from scoring.service.release_events import release_events
from scoring.service.releases import YEAR, versions, year_key
from scoring.store.tables import PublicationRow
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.journal import Journal


class Years:
    """Takes a year from its draft to its freezing."""

    def __init__(
        self,
        *,
        db: Database,
        drafts: Drafts,
        publications: Publications,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._db = db
        self._drafts = drafts
        self._publications = publications
        self._journal = journal
        self._clock = clock

    async def draft(self, plan: str, year: int, *, caller: Caller) -> PublicationRow:
        """As `Drafts.year`."""
        return await self._drafts.year(plan, year, caller=caller)

    async def approve(self, plan: str, year: int, *, caller: Caller) -> PublicationRow:
        """As `Publications.approve`."""
        return await self._publications.approve(plan, year_key(year), caller=caller)

    async def release(self, plan: str, year: int, *, caller: Caller) -> PublicationRow:
        """As `Publications.release`."""
        return await self._publications.release(plan, year_key(year), caller=caller)

    async def find(
        self, plan: str, year: int, *, version: int | None = None, drafts: bool
    ) -> PublicationRow:
        """As `Publications.find`."""
        return await self._publications.find(
            plan, year_key(year), version=version, drafts=drafts, kinds=(YEAR,)
        )

    async def freeze(self, plan: str, year: int, *, caller: Caller) -> PublicationRow:
        """From now on no period of the year is corrected; once is enough.

        Raises:
            Refused: `period_unpublished`, the year is not published.
        """
        async with self._db.write(plan) as session:
            out = await versions(session, plan, year_key(year))
            if not out:
                raise Refused("period_unpublished", f"the year {year} of {plan} is not published")
            row = out[-1]
            if row.frozen_at is None:
                now = self._clock.business_now()
                row.frozen_at, row.frozen_by = now, caller.holder
                session.add(row)
                events = await release_events(session, row, released_at=row.released_at or now)
                await self._journal.record(session, *events, at=now, correlation=caller.correlation)
        return row
