"""Whether units can be merged or split so: all are there, hold something, and it comes in time."""

from collections.abc import Iterator

from intake.domain.amending import Basis, amend
from intake.domain.assignment_check import holds
from intake.domain.change_check import news, of_problem, published_refusals, refusal
from intake.domain.reported import Refusal
from intake.domain.successions import held_from
from shared.calendar.periods import Period
from shared.contracts.decisions import Merger, UnitSplit


def unknown_in_succession(decision: Merger | UnitSplit, basis: Basis) -> Iterator[Refusal]:
    """Every unit and task named is one of the plan in force."""
    units = {unit.id for unit in basis.document.units}
    named = _units(decision)
    if isinstance(decision, UnitSplit):
        for task in decision.tasks:
            if task not in basis.tasks:
                yield refusal("unknown_task", f"tasks.{task}", f"the plan has no task {task}")
    for path, unit in named:
        if unit not in units:
            message = f"the plan has no unit {unit}: declare it under units first"
            yield refusal("unknown_unit", path, message)


def succession_refusals(decision: Merger | UnitSplit, basis: Basis) -> Iterator[Refusal]:
    """A unit passes on what it holds, to another that exists, from an unpublished period on."""
    effective = basis.calendar.period(decision.effective)
    yield from published_refusals(effective, "effective", basis)
    found = list(_between_units(decision, effective, basis))
    yield from found
    if found:
        return
    after, _ = amend(decision, basis)
    for problem in news(basis.document, after):
        yield of_problem(problem, "into" if isinstance(decision, Merger) else "tasks")


def _between_units(
    decision: Merger | UnitSplit, effective: Period, basis: Basis
) -> Iterator[Refusal]:
    units = {unit.id: unit for unit in basis.document.units}
    if isinstance(decision, Merger):
        receiving = [("into", decision.into)]
        for place, unit in enumerate(decision.units):
            path = f"units[{place}]"
            if unit == decision.into or unit in decision.units[:place]:
                message = f"{unit} is named twice: name each unit once"
                yield refusal("wrong_value", path, message)
            elif not holds(units[unit].valid, effective.first):
                message = f"{unit} does not exist on {effective.first}: leave it out"
                yield refusal("unit_not_valid", path, message)
    else:
        receiving = [(f"tasks.{task}", into) for task, into in decision.tasks.items()]
        for task, into in decision.tasks.items():
            if into == decision.unit:
                message = f"{into} has it already: name its successor"
                yield refusal("wrong_value", f"tasks.{task}", message)
            elif not held_from(basis.tasks[task], {decision.unit}, effective.first):
                message = f"{decision.unit} does not answer for {task} from {effective.first} on"
                yield refusal("no_share", f"tasks.{task}", f"{message}: leave it out")
    for path, unit in receiving:
        if not holds(units[unit].valid, effective.first):
            message = f"{unit} does not exist on {effective.first}: name a unit that does"
            yield refusal("unit_not_valid", path, message)


def _units(decision: Merger | UnitSplit) -> Iterator[tuple[str, str]]:
    if isinstance(decision, Merger):
        yield from ((f"units[{place}]", unit) for place, unit in enumerate(decision.units))
        yield "into", decision.into
    else:
        yield from ((f"tasks.{task}", into) for task, into in decision.tasks.items())
