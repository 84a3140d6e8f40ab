"""Publications: drafted at a cut-off, approved by another holder, released in order, for good."""

from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from scoring.metrics import ScoringMetrics
from scoring.service.caller import Caller, Refused
from scoring.service.drafting import place_of
from scoring.service.facts import Facts
from scoring.service.release_events import release_events
from scoring.service.releases import EVALUATION, PERIOD, PUBLISHED, is_frozen, last_release
from scoring.service.signatures import KEYS, Signatures
from scoring.store.tables import LeafRow, MarkRow, PublicationRow
from shared.contracts.intake import CutoffMarked
from shared.kit.bus.loop import Received
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.journal import Journal

FIRST_VERSION = 1


class Publications:
    """Takes what was drafted of a period or a year to its release."""

    def __init__(
        self,
        *,
        db: Database,
        facts: Facts,
        journal: Journal,
        clock: Clock,
        signatures: Signatures,
        metrics: ScoringMetrics,
    ) -> None:
        self._db = db
        self._facts = facts
        self._journal = journal
        self._clock = clock
        self._signatures = signatures
        self._count = metrics.releases

    async def on_cutoff(self, session: AsyncSession, received: Received[CutoffMarked]) -> None:
        """The mark has come through: all before it has been taken in."""
        event = received.event
        session.add(
            MarkRow(
                cutoff=event.cutoff, plan=event.plan, position=received.sequence, at=event.marked_at
            )
        )

    async def approve(self, plan: str, period: str, *, caller: Caller) -> PublicationRow:
        """Stand for a draft, as somebody else than its drafter.

        Raises:
            Refused: `not_drafted`, `same_holder`, `already_published`.
        """
        async with self._db.write(plan) as session:
            row = await self._row(session, plan, period)
            if row.state != "draft":
                raise _not_in(row, "draft")
            await self._separate(session, row, caller.holder, row.drafted_by)
            row.state = "approved"
            row.approved_by, row.approved_at = caller.holder, self._clock.business_now()
            session.add(row)
        return row

    async def send_back(
        self, plan: str, period: str, *, reason: str, caller: Caller
    ) -> PublicationRow:
        """Return a draft that is not released: it is to be drafted anew.

        Raises:
            Refused: `not_drafted`, `same_holder`, `already_published`.
        """
        async with self._db.write(plan) as session:
            row = await self._row(session, plan, period)
            if row.state not in {"draft", "approved"}:
                raise _not_in(row, "draft")
            await self._separate(session, row, caller.holder, row.drafted_by)
            row.state, row.failure = "returned", reason
            row.approved_by = row.approved_at = None
            session.add(row)
            for follower in await _followers(session, row):
                await session.delete(follower)
        return row

    async def release(self, plan: str, period: str, *, caller: Caller) -> PublicationRow:
        """Publish an approved draft, and tell it unit by unit in the same transaction.

        What follows from a correction is published with it, in one step (assessment 4.13).

        Raises:
            Refused: `not_approved`, `same_holder`, `already_published`, `draft_outdated`; `frozen`
                where the year became final after the draft.
        """
        async with self._db.write(plan, KEYS) as session:
            now = self._clock.business_now()
            row = await self._row(session, plan, period)
            if row.state != "approved":
                raise _not_in(row, "approved")
            await self._separate(session, row, caller.holder, row.approved_by)
            if row.kind == PERIOD and await is_frozen(session, plan, row.last_day.year):
                raise Refused("frozen", f"the year {row.last_day.year} of {plan} is frozen")
            number, digest = await last_release(session, plan)
            if digest != row.previous_digest:
                raise Refused("draft_outdated", "another publication came between: draft it anew")
            together = [row, *await _followers(session, row)]
            for place, one in enumerate(together, start=1):
                one.state, one.release_number = PUBLISHED, number + place
                one.approved_by, one.approved_at = row.approved_by, row.approved_at
                one.released_by, one.released_at = caller.holder, now
                session.add(one)
                await self._signatures.sign(session, one)
                events = await release_events(session, one, released_at=now)
                await self._journal.record(session, *events, at=now, correlation=caller.correlation)
        self._count.labels(plan).inc(len(together))
        return row

    async def find(
        self,
        plan: str,
        period: str,
        *,
        version: int | None = None,
        drafts: bool,
        kinds: Collection[str] = (PERIOD, EVALUATION),
    ) -> PublicationRow:
        """One publication, by default its latest version; drafts only where `drafts`.

        Raises:
            Refused: `period_unpublished`.
        """
        query = select(PublicationRow).where(
            PublicationRow.plan == plan,
            PublicationRow.period == period,
            col(PublicationRow.kind).in_(kinds),
        )
        if version is not None:
            query = query.where(PublicationRow.version == version)
        if not drafts:
            query = query.where(PublicationRow.state == PUBLISHED)
        query = query.order_by(col(PublicationRow.version).desc()).limit(1)
        async with self._db.read() as session:
            row = (await session.execute(query)).scalars().first()
        if row is None:
            raise Refused("period_unpublished", f"there is no publication of {plan} {period}")
        return row

    async def all(
        self, *, plan: str | None, drafts: bool, kind: str | None = PERIOD
    ) -> Sequence[PublicationRow]:
        """Every publication, the newest first: of periods, unless `kind` is another, or None."""
        query = select(PublicationRow)
        if kind is not None:
            query = query.where(PublicationRow.kind == kind)
        if plan is not None:
            query = query.where(PublicationRow.plan == plan)
        if not drafts:
            query = query.where(PublicationRow.state == PUBLISHED)
        async with self._db.read() as session:
            rows = (await session.execute(query)).scalars().all()
        # Text is put into order here, never by a query: each database has an order of its own.
        return sorted(rows, key=lambda row: (-row.last_day.toordinal(), row.plan, row.version))

    async def leaf(self, row: PublicationRow, unit: str) -> LeafRow:
        """One unit's document.

        Raises:
            Refused: `unknown_unit`.
        """
        async with self._db.read() as session:
            leaf = await session.get(LeafRow, (row.plan, row.period, row.version, unit))
        if leaf is None:
            raise Refused("unknown_unit", f"{unit} is not in this publication")
        return leaf

    async def leaves(self, row: PublicationRow) -> Sequence[LeafRow]:
        """Every unit's document; none before the publication is computed."""
        query = select(LeafRow).where(
            LeafRow.plan == row.plan, LeafRow.period == row.period, LeafRow.version == row.version
        )
        async with self._db.read() as session:
            return (await session.execute(query)).scalars().all()

    async def _row(self, session: AsyncSession, plan: str, period: str) -> PublicationRow:
        """The newest version, which is not published yet."""
        query = (
            select(PublicationRow)
            .where(PublicationRow.plan == plan, PublicationRow.period == period)
            .order_by(col(PublicationRow.version).desc())
            .limit(1)
        )
        row = (await session.execute(query)).scalars().first()
        if row is None:
            raise Refused("not_drafted", f"{plan} {period} has no draft")
        if row.state == PUBLISHED:
            raise Refused("already_published", f"{plan} {period} was published")
        if row.follows is not None:
            lead = row.follows.partition("/")[0]
            raise Refused("not_drafted", f"{period} follows the correction of {lead}: see to that")
        return row

    async def _separate(
        self, session: AsyncSession, row: PublicationRow, holder: str, other: str | None
    ) -> None:
        """One holder may not do two steps in a row, unless the rulebook says separation: off."""
        known = await self._facts.plan(session, row.plan)
        if known is None:
            raise Refused("unknown_plan", f"there is no plan {row.plan}")
        rulebook = await self._facts.rulebook(session, known, row.last_day)
        if rulebook.separation == "on" and holder == other:
            raise Refused("same_holder", "this step is for another holder than the step before")


async def _followers(session: AsyncSession, lead: PublicationRow) -> Sequence[PublicationRow]:
    """What is approved and released with a draft, periods first and in their order."""
    query = select(PublicationRow).where(
        PublicationRow.plan == lead.plan,
        PublicationRow.follows == place_of(lead),
        PublicationRow.state != PUBLISHED,
    )
    rows = (await session.execute(query)).scalars()
    return sorted(rows, key=lambda row: (row.kind, row.last_day))


def _not_in(row: PublicationRow, wanted: str) -> Refused:
    code = "not_drafted" if wanted == "draft" else "not_approved"
    why = f": {row.failure}" if row.failure else ""
    return Refused(code, f"{row.plan} {row.period} is {row.state}, not {wanted}{why}")
