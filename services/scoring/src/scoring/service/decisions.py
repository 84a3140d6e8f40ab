"""Decisions of the office that bear on a result: kept as they came, read as they were known."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from scoring.domain.facts import Entered
from scoring.domain.successions import Passing
from scoring.service.known_plan import KnownPlan
from scoring.store.tables import DecisionRow
from shared.contracts.decisions import Decision, Entry, Exemption, Merger, UnitSplit
from shared.contracts.intake import DecisionMade
from shared.kit.bus.loop import Received

_DECISION: TypeAdapter[Decision] = TypeAdapter(Decision)


@dataclass(frozen=True, kw_only=True)
class Known:
    """Decisions that a run reads, in the order in which they were made."""

    rows: tuple[tuple[DecisionRow, Decision], ...]
    plan: KnownPlan

    @cached_property
    def exemptions(self) -> tuple[Exemption, ...]:
        """Who was excused of what."""
        return tuple(one for _, one in self.rows if isinstance(one, Exemption))

    @cached_property
    def entries(self) -> tuple[Entered, ...]:
        """Awards, penalties, vetoes and ratings, each with the local day of its decision."""
        return tuple(
            Entered(decision=row.decision, entry=one, on=self.plan.calendar.day_of(row.made_at))
            for row, one in self.rows
            if isinstance(one, Entry)
        )

    @cached_property
    def passings(self) -> tuple[Passing, ...]:
        """What passed from unit to unit, in the order in which it took effect."""
        found = []
        for _, one in self.rows:
            if isinstance(one, Merger):
                first = self.plan.calendar.period(one.effective).first
                found += [Passing(first=first, of=unit, into=one.into) for unit in one.units]
            elif isinstance(one, UnitSplit):
                first = self.plan.calendar.period(one.effective).first
                taken: dict[str, set[str]] = {}
                for task, into in one.tasks.items():
                    taken.setdefault(into, set()).add(task)
                found += [
                    Passing(first=first, of=one.unit, into=into, tasks=frozenset(tasks))
                    for into, tasks in sorted(taken.items())
                ]
        return tuple(sorted(found, key=lambda one: one.first))


async def on_decision(session: AsyncSession, received: Received[DecisionMade]) -> None:
    """Keep a decision."""
    event = received.event
    session.add(
        DecisionRow(
            plan=event.plan,
            decision=event.decision,
            position=received.sequence,
            made_at=event.made_at,
            decided=event.decided.model_dump_json(by_alias=True),
        )
    )


def is_exemption(row: DecisionRow) -> bool:
    """Whether a decision excuses a unit: no other acts by a correction that names it."""
    return isinstance(_DECISION.validate_json(row.decided), Exemption)


async def known_decisions(
    session: AsyncSession,
    plan: KnownPlan,
    *,
    before: int | None = None,
    besides: Collection[str] = (),
) -> Known:
    """Those made before a place in the plan's order, and those named."""
    query = select(DecisionRow).where(DecisionRow.plan == plan.facts.head.id)
    if before is not None:
        named = col(DecisionRow.decision).in_(besides)
        query = query.where((col(DecisionRow.position) < before) | named)
    rows = (await session.execute(query.order_by(col(DecisionRow.position)))).scalars()
    return Known(rows=tuple((row, _DECISION.validate_json(row.decided)) for row in rows), plan=plan)
