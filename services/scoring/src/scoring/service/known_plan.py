"""A version of a plan as the service asks it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from scoring.domain.facts import PlanFacts
from shared.calendar.periods import Period
from shared.calendar.plan import PlanCalendar
from shared.contracts.plan import ActionHead, Unit


@dataclass(frozen=True, kw_only=True)
class KnownPlan:
    """A version of a plan, with its calendar and where reporting begins."""

    facts: PlanFacts
    calendar: PlanCalendar
    activate_from: str | None

    @cached_property
    def actions(self) -> Mapping[str, ActionHead]:
        """Its special actions by id."""
        return {action.id: action for action in self.facts.actions}

    @cached_property
    def evaluations(self) -> Mapping[str, date]:
        """The days of its evaluations by id: those of its own, its middle and its end (3.1)."""
        head = self.facts.head
        years = head.end.year - head.start.year + 1
        middle = date(head.start.year + (years + 1) // 2 - 1, 12, 31)
        own = {one.id: one.as_of for one in head.evaluations}
        return {"plan-mid": min(middle, head.end), "plan": head.end, **own}

    def span(self, name: str) -> Period:
        """A period of the plan, or what an evaluation looks at: from its first day to the date.

        Raises:
            ValueError: it is neither.
        """
        day = self.evaluations.get(name)
        if day is None:
            return self.calendar.period(name)
        return Period(id=name, first=self.facts.head.start, last=day)

    @cached_property
    def units(self) -> Mapping[str, Unit]:
        """Its units by id."""
        return {unit.id: unit for unit in self.facts.units}
