"""Explanations: what was published told in words, with the titles of the plan."""

from scoring.domain.explanation import explain
from scoring.domain.period_run import PeriodResult
from scoring.domain.sums import Teller
from scoring.domain.task_line import TaskLine
from scoring.domain.year_explanation import YearTeller
from scoring.domain.year_result import YearUnit, shown_without
from scoring.service.caller import Refused
from scoring.service.facts import Facts
from scoring.service.known_plan import KnownPlan
from scoring.service.releases import result_of, rulebook_of, year_of
from scoring.store.tables import PublicationRow
from shared.contracts.plan import Language, Named
from shared.contracts.values import Text
from shared.kit.db import Database


class Explanations:
    """Tells how a line came about."""

    def __init__(self, *, db: Database, facts: Facts) -> None:
        self._db = db
        self._facts = facts

    async def plan_of(self, plan: str) -> KnownPlan:
        """The plan, for its titles.

        Raises:
            Refused: `unknown_plan`.
        """
        async with self._db.read() as session:
            known = await self._facts.plan(session, plan)
        if known is None:
            raise Refused("unknown_plan", f"there is no plan {plan}")
        return known

    async def of(
        self,
        row: PublicationRow,
        *,
        language: Language,
        unit: str | None,
        task: str | None,
        hidden: bool,
    ) -> list[tuple[TaskLine, tuple[str, ...]]]:
        """The lines of a unit or of a task, each with its explanation.

        Raises:
            Refused: `unknown_task`, `unknown_unit`, `not_computed`; a hidden line is unknown to
                the public, a unit that has none but hidden ones is not.
        """
        result = _computed(row)
        known = await self.plan_of(row.plan)
        lines = [
            line
            for line in result.tasks
            if (line.public or hidden)
            and (task is None or line.task == task)
            and (unit is None or unit == line.unit or line.shares.get(unit))
        ]
        if task is not None and not lines:
            raise Refused("unknown_task", f"{task} has no line in {row.plan} {row.period}")
        if unit is not None and unit not in {one.unit for one in result.units}:
            raise Refused("unknown_unit", f"{unit} is not in {row.plan} {row.period}")
        titles = titles_of(known)
        return [
            (line, explain(line, language=language, titles=titles, tz=known.calendar.tz))
            for line in lines
        ]

    async def of_unit(
        self, row: PublicationRow, unit: str, *, language: Language, hidden: bool
    ) -> tuple[str, ...]:
        """How a unit's score, rank and grade follow from its lines.

        A reader who may not see one of its lines is told none of them.

        Raises:
            Refused: `unknown_unit`, `not_computed`.
        """
        result = _computed(row)
        found = next((one for one in result.units if one.unit == unit), None)
        if found is None:
            raise Refused("unknown_unit", f"{unit} is not in {row.plan} {row.period}")
        known = await self.plan_of(row.plan)
        lines = [line for line in result.tasks if line.shares.get(unit)]
        if not hidden and not all(line.public for line in lines):
            return ()
        teller = Teller(language=language, titles=titles_of(known), rulebook=rulebook_of(row))
        return teller.unit(found, result)

    async def sealed(self, plan: str) -> frozenset[str]:
        """The tasks of a plan that are not for everybody.

        Raises:
            Refused: `unknown_plan`.
        """
        known = await self.plan_of(plan)
        return frozenset(task.id for _, task in known.facts.tasks if not task.publish)

    async def of_year(
        self, row: PublicationRow, *, language: Language, hidden: bool, own: str | None = None
    ) -> dict[str, tuple[YearUnit, tuple[str, ...]]]:
        """Each unit's year, and how it came about.

        A reader who may not see one of a unit's tasks is not told how; with `hidden` every task is
        seen, and of the unit `own`.

        Raises:
            Refused: `not_computed`.
        """
        if row.result is None or row.manifest is None:
            raise Refused("not_computed", f"{row.plan} {row.period} has no result yet")
        result, known = year_of(row), await self.plan_of(row.plan)
        sealed = {task.id for _, task in known.facts.tasks if not task.publish}
        teller = YearTeller(language=language, titles=titles_of(known), rulebook=rulebook_of(row))
        told: dict[str, tuple[YearUnit, tuple[str, ...]]] = {}
        for unit in result.units:
            shown = unit if hidden or unit.unit == own else shown_without(unit, sealed)
            whole = len(shown.target_terms) == len(unit.target_terms)
            told[unit.unit] = (shown, teller.unit(shown, result) if whole else ())
        return told

    async def of_plan(
        self, row: PublicationRow, *, language: Language, hidden: bool
    ) -> tuple[str, ...]:
        """How each action's score and the plan's follow from the lines under them.

        Raises:
            Refused: `not_computed`.
        """
        result = _computed(row)
        known = await self.plan_of(row.plan)
        if not hidden and not all(line.public for line in result.tasks):
            return ()
        teller = Teller(language=language, titles=titles_of(known), rulebook=rulebook_of(row))
        return teller.plan(result, known.facts.actions)


def _computed(row: PublicationRow) -> PeriodResult:
    if row.result is None:
        raise Refused("not_computed", f"{row.plan} {row.period} has no result yet")
    return result_of(row)


def titles_of(plan: KnownPlan) -> dict[str, Text]:
    """The titles of a plan's units, actions, tasks, milestones and indicators, by id."""
    named: list[Named] = [*plan.facts.units, *plan.facts.groups, *plan.facts.actions]
    named += plan.facts.head.indicators
    for action in plan.facts.actions:
        named += action.indicators
    for _, task in plan.facts.tasks:
        named += [task, *task.milestones, *task.indicators]
    return {one.id: one.title for one in named}
