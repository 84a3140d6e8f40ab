"""What a task is measured by on a day: its indicators, milestones, percentage or grade."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Literal

from scoring.domain.amended import task_on
from scoring.domain.attainment import Listed, attain, credit
from scoring.domain.bending import Bent
from scoring.domain.course import View, expectation_of, in_the_score
from scoring.domain.expectation import NOT_YET
from scoring.domain.figures import dated, reported
from scoring.domain.kinds import in_year_only, is_done
from scoring.domain.reached import MILESTONES, PERCENT, RUBRIC, reached_of, word_on
from scoring.domain.reading import Reading
from scoring.domain.task_line import Part
from shared.contracts.decisions import UNAMENDED, Amended
from shared.contracts.plan import Cadence, Indicator, Task
from shared.contracts.rulebook import Rulebook

__all__ = ["MILESTONES", "all_done", "overdue_milestones", "parts_of", "whole_parts_of"]


def parts_of(
    task: Task,
    reading: Reading,
    day: date,
    *,
    rulebook: Rulebook,
    cadence: Cadence,
    amended: Amended = UNAMENDED,
) -> tuple[Part, ...]:
    """A task is measured by what its `measure` names, in an order that the file does not decide.

    What counts in the year only, or weighs nothing, is no part of the period. `task` is as filed;
    `amended` is what decisions have changed of it.
    """
    view = View(filed=task, amended=amended, reading=reading, day=day, rulebook=rulebook)
    named = _named(view.task, cadence)
    return tuple(_part(view, name, weight) for name, weight in named if weight > 0)


def whole_parts_of(
    task: Task, reading: Reading, day: date, *, rulebook: Rulebook, amended: Amended = UNAMENDED
) -> tuple[Part, ...]:
    """A look at the whole counts slower figures and ranks too, and every year of what recurs.

    Of what recurs a is the mean of the yearly a, none above 1, and E that of the yearly E
    (assessment 4.17).
    """
    view = View(filed=task, amended=amended, reading=reading, day=day, rulebook=rulebook)
    recurring = {one.id: one for one in view.task.indicators if one.kind == "recurring"}
    return tuple(
        _over_the_years(view, recurring[name], weight)
        if name in recurring
        else _part(view, name, weight)
        for name, weight in _named(view.task, None)
        if weight > 0
    )


def all_done(
    task: Task,
    reading: Reading,
    day: date,
    *,
    rulebook: Rulebook,
    cadence: Cadence,
    amended: Amended = UNAMENDED,
) -> bool:
    """A task is finished when every part of it is done for good and verified.

    What counts in the year only must be reached too; a grade finishes nothing (assessment 4.4,
    4.17).
    """
    task = task_on(task, amended, day)
    strictly = rulebook.verification == "required"
    if task.measure == "rubric":
        return False
    if task.measure in {"percent", "yes_no"}:
        said = reading.percent()
        if said is None or said[0] < 100 or (strictly and not said[1].verified):  # noqa: PLR2004  # percent
            return False
    if task.measure in {"milestones", "both"} and not all(
        credit(node, word_on(node, reading, rulebook)[0], day) == 1 for node in task.milestones
    ):
        return False
    indicators = task.indicators
    if task.measure not in {"indicators", "both"}:
        indicators = tuple(one for one in indicators if in_year_only(one, cadence))
    return all(_is_done(dated(task, one, day), reading, day, rulebook) for one in indicators)


def overdue_milestones(
    task: Task, reading: Reading, day: date, *, after_days: int, amended: Amended = UNAMENDED
) -> list[str]:
    """The milestones unfinished more than `after_days` calendar days past their due day."""
    return sorted(
        node.id
        for node in task_on(task, amended, day).milestones
        if (day - node.due).days > after_days
        and credit(node, (reading.milestone(node.id) or (None,))[0], day) < 1
    )


def _is_done(indicator: Indicator, reading: Reading, day: date, rulebook: Rulebook) -> bool:
    said = reported(indicator, reading, day)
    if said is None or isinstance(said.figure, Listed):
        return False
    verified = all(report.verified for report in said.reports)
    if rulebook.verification == "required" and not verified:
        return False
    return is_done(indicator, attain(indicator, said.figure, tolerances=rulebook.tolerances).a)


def _named(task: Task, cadence: Cadence | None) -> Iterator[tuple[str, Fraction]]:
    """The parts a task is measured by in a period, with their weights (assessment 4.1, 4.5).

    Without a cadence nothing is left to the year.
    """
    whole = Fraction(1)
    if task.measure in {"percent", "yes_no"}:
        yield PERCENT, whole
    if task.measure == "rubric":
        yield RUBRIC, whole
    if task.measure in {"milestones", "both"}:
        yield MILESTONES, Fraction(task.milestone_weight) if task.measure == "both" else whole
    if task.measure in {"indicators", "both"}:
        for indicator in sorted(task.indicators, key=lambda indicator: indicator.id):
            if cadence is None or not in_year_only(indicator, cadence):
                yield indicator.id, Fraction(indicator.weight)


def _part(view: View, name: str, weight: Fraction) -> Part:
    """One part: what was attained of it against what is expected."""
    course = expectation_of(view, name)
    found = reached_of(
        view.task,
        name,
        view.reading,
        view.day,
        view.rulebook,
        year_of=view.day,
        allowed=course.e,
    )
    expectation = in_the_score(view, name, course)
    if found.nothing_due:
        expectation = Bent(curve=NOT_YET)
    left_out: Literal["no_expectation", "no_data"] | None = "no_data" if found.a is None else None
    return Part(
        id=name,
        formula=found.attained.formula,
        operands=dict(found.attained.operands),
        a=found.a,
        curve=expectation.curve.formula,
        curve_operands=dict(expectation.curve.operands),
        e=expectation.e,
        bends=expectation.bends,
        weight=weight,
        left_out="no_expectation" if expectation.e == 0 else left_out,
        submissions=tuple(sorted({report.submission for report in found.sources})),
    )


def _over_the_years(view: View, indicator: Indicator, weight: Fraction) -> Part:
    """What recurs, over its years so far: one that has no data leaves both means."""
    start, due = indicator.start or view.task.start, indicator.due or view.task.due
    years = range(start.year, min(view.day, due).year + 1)
    yearly = {
        year: _part(replace(view, day=min(view.day, date(year, 12, 31))), indicator.id, weight)
        for year in years
    }
    known = {year: one for year, one in yearly.items() if one.a is not None}
    counted = known or yearly
    operands = {f"a({year})": min(one.a or Fraction(0), Fraction(1)) for year, one in known.items()}
    expected = {f"E({year})": one.e for year, one in counted.items()}
    e = sum(expected.values(), Fraction(0)) / len(expected) if expected else Fraction(0)
    left_out: Literal["no_expectation", "no_data"] | None = None if known else "no_data"
    return Part(
        id=indicator.id,
        formula="attainment.yearly_mean/1",
        operands=operands,
        a=sum(operands.values(), Fraction(0)) / len(known) if known else None,
        curve="expectation.yearly_mean/1",
        curve_operands=expected,
        e=e,
        weight=weight,
        left_out="no_expectation" if e == 0 else left_out,
        submissions=tuple(sorted({name for one in known.values() for name in one.submissions})),
    )
