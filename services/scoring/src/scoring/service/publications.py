"""Publications: drafted at a cut-off, approved by another holder, released in order, for good."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from scoring.metrics import ScoringMetrics
from scoring.service.caller import Caller, Refused
from scoring.service.facts import Facts, KnownPlan
from scoring.service.intake_client import CutoffSource
from scoring.service.release_events import release_events
from scoring.service.releases import PUBLISHED, last_release, unpublished_before
from scoring.store.tables import LeafRow, MarkRow, PublicationRow
from shared.calendar.periods import Period
from shared.calendar.workdays import YearNotLoaded
from shared.contracts.intake import CutoffMarked
from shared.kit.bus.loop import Received
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.dead_letters import DeadLetters
from shared.kit.inbox import Inbox
from shared.kit.journal import Journal

FIRST_VERSION = 1


class Publications:
    """Takes a period from the request for a draft to its release."""

    def __init__(
        self,
        *,
        db: Database,
        facts: Facts,
        journal: Journal,
        inbox: Inbox,
        dead_letters: DeadLetters,
        cutoffs: CutoffSource,
        clock: Clock,
        metrics: ScoringMetrics,
    ) -> None:
        self._db = db
        self._facts = facts
        self._journal = journal
        self._inbox = inbox
        self._dead_letters = dead_letters
        self._cutoffs = cutoffs
        self._clock = clock
        self._count = metrics.releases

    async def draft(
        self, plan: str, period: str, *, forced: str | None, caller: Caller
    ) -> PublicationRow:
        """Ask for a draft; it is computed once its cut-off mark has come through the events.

        Args:
            plan: its id.
            period: its id.
            forced: the reason for publishing before the window closes, or None.
            caller: who drafts.

        Raises:
            Refused: see the codes of assessment 4.17.
        """
        async with self._db.read() as session:
            known, wanted = await self._asked(session, plan, period)
            await self._refuse_draft(session, known, wanted, forced)
        cutoff = await self._cutoffs.mark(plan, headers=caller.headers)
        row = PublicationRow(
            plan=plan,
            period=period,
            version=FIRST_VERSION,
            state="waiting",
            cutoff=cutoff,
            forced=forced,
            drafted_by=caller.holder,
            drafted_at=self._clock.business_now(),
            last_day=wanted.last,
            correlation=caller.correlation,
        )
        async with self._db.write(plan) as session:
            old = await session.get(PublicationRow, (plan, period, FIRST_VERSION))
            if old is not None:
                _refuse_published(old)
                await session.delete(old)
                await session.flush()
            session.add(row)
        return row

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

    async def release(self, plan: str, period: str, *, caller: Caller) -> PublicationRow:
        """Publish an approved draft, and tell it unit by unit in the same transaction.

        Raises:
            Refused: `not_approved`, `same_holder`, `already_published`, `draft_outdated`.
        """
        async with self._db.write(plan) as session:
            now = self._clock.business_now()
            row = await self._row(session, plan, period)
            if row.state != "approved":
                raise _not_in(row, "approved")
            await self._separate(session, row, caller.holder, row.approved_by)
            number, digest = await last_release(session, plan)
            if digest != row.previous_digest:
                raise Refused("draft_outdated", "another publication came between: draft it anew")
            row.state, row.release_number = PUBLISHED, number + 1
            row.released_by, row.released_at = caller.holder, now
            session.add(row)
            units, closing = await release_events(session, row, released_at=now)
            await self._journal.record(
                session, *units, closing, at=now, correlation=caller.correlation
            )
        self._count.labels(plan).inc()
        return row

    async def find(
        self, plan: str, period: str, *, version: int | None = None, drafts: bool
    ) -> PublicationRow:
        """One publication, by default its latest version; drafts only where `drafts`.

        Raises:
            Refused: `period_unpublished`.
        """
        query = select(PublicationRow).where(
            PublicationRow.plan == plan, PublicationRow.period == period
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

    async def all(self, *, plan: str | None, drafts: bool) -> Sequence[PublicationRow]:
        """Every publication, the newest period first."""
        query = select(PublicationRow)
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

    async def _asked(
        self, session: AsyncSession, plan: str, period: str
    ) -> tuple[KnownPlan, Period]:
        known = await self._facts.plan(session, plan)
        if known is None:
            raise Refused("unknown_plan", f"there is no plan {plan}")
        wanted = known.calendar.find(period)
        if wanted is None:
            raise Refused(
                "unknown_period",
                f"no such period of this plan; this one reads {known.calendar.example()}",
            )
        return known, wanted

    async def _refuse_draft(
        self, session: AsyncSession, plan: KnownPlan, period: Period, forced: str | None
    ) -> None:
        plan_id = plan.facts.head.id
        row = await session.get(PublicationRow, (plan_id, period.id, FIRST_VERSION))
        if row is not None:
            _refuse_published(row)
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
        if await self._dead_letters.open(session, key=plan_id) or await self._inbox.gaps(
            session, key=plan_id
        ):
            raise Refused(
                "events_incomplete",
                "an event of this plan is missing or was rejected: settle it first",
            )

    async def _row(self, session: AsyncSession, plan: str, period: str) -> PublicationRow:
        row = await session.get(PublicationRow, (plan, period, FIRST_VERSION))
        if row is None:
            raise Refused("not_drafted", f"{plan} {period} has no draft")
        _refuse_published(row)
        return row

    async def _separate(
        self, session: AsyncSession, row: PublicationRow, holder: str, other: str | None
    ) -> None:
        """One holder may not do two steps in a row, unless the rulebook says separation: off."""
        known, period = await self._asked(session, row.plan, row.period)
        rulebook = await self._facts.rulebook(session, known, period)
        if rulebook.separation == "on" and holder == other:
            raise Refused("same_holder", "this step is for another holder than the step before")


def _refuse_published(row: PublicationRow) -> None:
    if row.state == PUBLISHED:
        raise Refused("already_published", f"{row.plan} {row.period} was published")


def _not_in(row: PublicationRow, wanted: str) -> Refused:
    code = "not_drafted" if wanted == "draft" else "not_approved"
    why = f": {row.failure}" if row.failure else ""
    return Refused(code, f"{row.plan} {row.period} is {row.state}, not {wanted}{why}")
