"""What has been attained of a part of a task on a day, and which reports say so."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from scoring.domain.attainment import CREDITS, NOTHING, Attained, Listed, attain, computed, credit
from scoring.domain.facts import MilestoneReport, Report
from scoring.domain.figures import dated, reported
from scoring.domain.reading import Reading
from shared.contracts.plan import Indicator, Milestone, Task
from shared.contracts.rulebook import Rulebook

MILESTONES: Final = "milestones"
"""The id of the part that a task's milestones are."""
PERCENT: Final = "percent"
"""The id of the part that a task's percentage is."""
RUBRIC: Final = "rubric"
"""The id of the part that a task's grade is."""


@dataclass(frozen=True, kw_only=True)
class Reached:
    """What was attained; `a` is None without data, and where nothing of a register is due yet."""

    attained: Attained
    a: Fraction | None
    sources: tuple[Report, ...]
    nothing_due: bool = False


def word_on(
    milestone: Milestone, reading: Reading, rulebook: Rulebook
) -> tuple[MilestoneReport | None, Report | None]:
    """The newest word on a milestone that counts, with its report ("Verified")."""
    strictly = rulebook.verification == "required"
    return reading.milestone(milestone.id, verified_only=strictly) or (None, None)


def reached_of(
    task: Task,
    name: str,
    reading: Reading,
    day: date,
    rulebook: Rulebook,
    *,
    year_of: date,
    allowed: Fraction = Fraction(1),
) -> Reached:
    """What was attained of a part by `day`, under the targets of `task`.

    `year_of` lies in the year of what recurs; `allowed` is the E of a ceiling's curve.
    """
    if name == PERCENT:
        return _percent(task, reading, rulebook)
    if name == RUBRIC:
        return _rubric(reading)
    if name == MILESTONES:
        return _milestones(task, reading, day, rulebook)
    indicator = dated(task, indicator_of(task, name), year_of)
    return _figure(indicator, reading, day, rulebook, allowed)


def indicator_of(task: Task, name: str) -> Indicator:
    """The indicator of a task that a part is."""
    return next(one for one in task.indicators if one.id == name)


def _percent(task: Task, reading: Reading, rulebook: Rulebook) -> Reached:
    """A percentage counts up to the cap until it is verified ("Verified")."""
    said = reading.percent()
    form = "yes_no_percent" if task.measure == "yes_no" else "percent"
    operands = {"value": Fraction(said[0]) if said else Fraction(0)}
    if said and rulebook.verification == "required" and not said[1].verified:
        form, operands["cap"] = "unverified", Fraction(rulebook.unverified_cap)
    attained = computed(f"attainment.{form}/1", operands)
    return Reached(attained=attained, a=attained.a, sources=(said[1],) if said else ())


def _rubric(reading: Reading) -> Reached:
    """A task that nobody has graded has no data (assessment 4.1)."""
    said = reading.rubric()
    if said is None:
        return Reached(attained=NOTHING, a=None, sources=())
    attained = computed("attainment.rubric/1", {"credit": CREDITS[said[0]]})
    return Reached(attained=attained, a=attained.a, sources=(said[1],))


def _milestones(task: Task, reading: Reading, day: date, rulebook: Rulebook) -> Reached:
    """Milestones count by their weight once they are done by the day (assessment 4.1)."""
    operands: dict[str, Fraction] = {}
    weighted = weights = Fraction(0)
    sources: list[Report] = []
    for node in sorted(task.milestones, key=lambda node: node.id):
        said, report = word_on(node, reading, rulebook)
        share, weight = credit(node, said, day), Fraction(node.weight)
        operands |= {f"weight({node.id})": weight, f"done({node.id})": share}
        weighted += weight * share
        weights += weight
        if report is not None:
            sources.append(report)
    if weights == 0:
        raise ValueError("milestones that weigh nothing cannot be scored: mend the plan")
    a = weighted / weights
    attained = Attained(formula="attainment.milestones/1", operands=operands, a=a)
    return Reached(attained=attained, a=a, sources=tuple(sources))


def _figure(
    indicator: Indicator, reading: Reading, day: date, rulebook: Rulebook, allowed: Fraction
) -> Reached:
    """A unit's own figure that was never reported counts as nothing; another has no data (4.5)."""
    said = reported(indicator, reading, day)
    if reading.own is not None and indicator.id in reading.own.no_data:
        said = None
    if said is None:
        a = Fraction(0) if indicator.data_from == "unit" else None
        return Reached(attained=NOTHING, a=a, sources=())
    if isinstance(said.figure, Listed) and said.figure.nothing_due:
        return Reached(attained=NOTHING, a=None, sources=said.reports, nothing_due=True)
    attained = attain(indicator, said.figure, tolerances=rulebook.tolerances, allowed=allowed)
    return Reached(attained=attained, a=attained.a, sources=said.reports)
