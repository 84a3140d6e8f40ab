"""What scoring works on in one transaction: read once, judged in memory, written at the end.

The outcome is that of taking events one after another, each in a transaction of its own. What is no
report settles the page first, so that it finds and leaves everything in the tables.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

from sqlalchemy import Table, delete, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from scoring.domain.facts import Report
from scoring.service.decisions import known_decisions
from scoring.service.facts import Facts
from scoring.service.known_plan import KnownPlan
from scoring.service.releases import finished_in, released, results_of
from scoring.service.reports import accepted_in, report_of
from scoring.store.tables import LateMilestoneRow, ReportRow, ReviewRow, StandingRow
from shared.calendar.periods import Period
from shared.contracts.decisions import Exemption
from shared.contracts.envelope import Event
from shared.contracts.intake import SubmissionAccepted
from shared.contracts.rulebook import Rulebook
from shared.kit.bulk import insert_rows
from shared.kit.bus.loop import Received
from shared.kit.journal import Entry, Journal, id_of

_REPORTS: Final[Table] = ReportRow.__table__  # type: ignore[attr-defined]  # SQLModel's
_STANDINGS: Final[Table] = StandingRow.__table__  # type: ignore[attr-defined]  # likewise

Place = tuple[str, str]
"""A plan and one of its tasks."""
Newest = dict[tuple[str, str], Report]
"""The newest report of each unit and period, of one task."""
StandingMembers = dict[str, Any]
"""A row of the board, by column: a model for each of many judgements would cost more than they."""


class Ground(NamedTuple):
    """What a plan's tasks are judged by in a period."""

    rulebook: Rulebook
    finished: Mapping[str, int | None]
    exemptions: Sequence[Exemption]


class Page:
    """Events that are taken in together."""

    def __init__(self, *, session: AsyncSession, facts: Facts, journal: Journal) -> None:
        self.session = session
        self._facts = facts
        self._journal = journal
        self._rows: list[dict[str, Any]] = []
        self._moved: dict[Place, StandingMembers] = {}
        self._entries: list[Entry] = []
        self._forget()

    async def plan(self, plan: str) -> KnownPlan | None:
        """The newest version of a plan."""
        if plan not in self._plans:
            self._plans[plan] = await self._facts.plan(self.session, plan)
        return self._plans[plan]

    async def ground(self, plan: KnownPlan, period: Period) -> Ground:
        """What its tasks are judged by in this period."""
        place = (plan.facts.head.id, period.id)
        if place not in self._grounds:
            releases = await released(self.session, place[0], before=period.first)
            decisions = await known_decisions(self.session, plan)
            self._grounds[place] = Ground(
                await self._facts.rulebook(self.session, plan, period.last),
                finished_in(results_of(releases, plan)),
                decisions.exemptions,
            )
        return self._grounds[place]

    async def newest(self, plan: str, tasks: Sequence[str]) -> Mapping[str, Collection[Report]]:
        """Of each task the newest report of every unit and period, in their order."""
        await self._read_reports(plan, [one for one in tasks if (plan, one) not in self._newest])
        return {
            task: sorted(self._newest[plan, task].values(), key=lambda report: report.position)
            for task in tasks
        }

    async def lights(self, plan: str) -> Mapping[str, str]:
        """Where the tasks of a plan stood before; one that is missing stood nowhere."""
        if plan not in self._lights:
            query = select(StandingRow.task, StandingRow.light).where(StandingRow.plan == plan)
            rows = await self.session.execute(query)
            self._lights[plan] = {row.task: row.light for row in rows}
        return self._lights[plan]

    async def late(self, plan: str) -> dict[tuple[str, str], LateMilestoneRow]:
        """The milestones of a plan that were told late, by task and milestone; kept up by who asks.

        Read once for all the events of a page.
        """
        if plan not in self._late:
            query = select(LateMilestoneRow).where(LateMilestoneRow.plan == plan)
            rows = (await self.session.execute(query)).scalars()
            self._late[plan] = {(row.task, row.milestone): row for row in rows}
        return self._late[plan]

    async def add(self, received: Received[SubmissionAccepted]) -> None:
        """Take a report in."""
        event = received.event
        if (event.plan, event.task) not in self._newest:
            await self._read_reports(event.plan, await self._likely(event))
        report = report_of(event, received.sequence, ())
        self._newest[event.plan, event.task][event.unit, event.period] = report
        self._rows.append(
            {
                "submission": event.submission,
                "plan": event.plan,
                "task": event.task,
                "unit": event.unit,
                "period": event.period,
                "position": received.sequence,
                "accepted": event.model_dump_json(),
            }
        )

    def stand(self, row: StandingMembers) -> None:
        """Let a task stand where it was judged to; its plan's lights have been asked for."""
        self._moved[row["plan"], row["task"]] = row
        self._lights[row["plan"]][row["task"]] = row["light"]

    def tell(self, event: Event, received: Received[Any]) -> None:
        """Tell what follows from an event that came."""
        event_id = id_of(event, received.id)
        self._entries.append(Entry(event, received.time, received.correlation, event_id))

    async def settle(self) -> None:
        """Write what was decided, and forget what was read."""
        await insert_rows(self.session, _REPORTS, self._rows)
        for plan in {plan for plan, _ in self._moved}:
            await self._write_standings(plan)
        if self._entries:
            await self._journal.record_all(self.session, self._entries)
        self._rows, self._moved, self._entries = [], {}, []
        self._forget()

    def _forget(self) -> None:
        self._plans: dict[str, KnownPlan | None] = {}
        self._grounds: dict[tuple[str, str], Ground] = {}
        self._newest: dict[Place, Newest] = {}
        self._lights: dict[str, dict[str, str]] = {}
        self._late: dict[str, dict[tuple[str, str], LateMilestoneRow]] = {}

    async def _likely(self, event: SubmissionAccepted) -> Sequence[str]:
        """The task of a report; with the second one of a plan, the plan's others too."""
        known = await self.plan(event.plan)
        if known is None or all(plan != event.plan for plan, _ in self._newest):
            return [event.task]
        unread = {
            task.id for _, task in known.facts.tasks if (event.plan, task.id) not in self._newest
        }
        return sorted({event.task, *unread})

    async def _read_reports(self, plan: str, tasks: Sequence[str]) -> None:
        if not tasks:
            return
        self._newest |= {(plan, task): {} for task in tasks}
        columns = _REPORTS.c
        mine = (columns.plan == plan) & columns.task.in_(tasks)
        newest = select(func.max(columns.position)).where(mine)
        newest = newest.group_by(columns.task, columns.unit, columns.period)
        query = _REPORTS.select().where(mine, columns.position.in_(newest))
        rows = await self.session.execute(query)
        found = {row.submission: row for row in rows}
        reviewed = select(ReviewRow).where(col(ReviewRow.submission).in_(found))
        reviews: dict[str, list[ReviewRow]] = {}
        for review in (await self.session.execute(reviewed)).scalars():
            reviews.setdefault(review.submission, []).append(review)
        for row in found.values():
            accepted = accepted_in(row.accepted)
            report = report_of(accepted, row.position, reviews.get(row.submission, ()))
            self._newest[plan, row.task][row.unit, row.period] = report

    async def _write_standings(self, plan: str) -> None:
        rows = [row for (of, _), row in self._moved.items() if of == plan]
        tasks = [row["task"] for row in rows]
        await self.session.execute(
            delete(_STANDINGS).where(_STANDINGS.c.plan == plan, _STANDINGS.c.task.in_(tasks))
        )
        await insert_rows(self.session, _STANDINGS, rows)


class Pages:
    """Opens pages."""

    def __init__(self, *, facts: Facts, journal: Journal) -> None:
        self._facts = facts
        self._journal = journal

    @asynccontextmanager
    async def open(self, session: AsyncSession) -> AsyncIterator[Page]:
        """A page on a transaction, written at the end of the block."""
        page = Page(session=session, facts=self._facts, journal=self._journal)
        yield page
        await page.settle()
