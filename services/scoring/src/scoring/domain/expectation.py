"""Expected progress E(t), 序时进度 (assessment 4.2): exact shares of the time or of the nodes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from shared.contracts.plan import Expectation

Nodes = Sequence[tuple[date, Fraction]]
"""Due days with their weights."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """An expectation with its formula's id and the operands put into it."""

    formula: str
    operands: Mapping[str, Fraction]
    e: Fraction


ALWAYS = Expected(formula="expectation.constant/1", operands={}, e=Fraction(1))
NOT_YET = Expected(formula="expectation.constant/1", operands={}, e=Fraction(0))


def months_covered(first: date, last: date) -> Fraction:
    """Months from day to day, both included, each counted by its covered days (assessment 4.2)."""
    months, day = Fraction(0), first
    while day <= last:
        month_end = _month_end(day)
        until = min(month_end, last)
        months += Fraction((until - day).days + 1, month_end.day)
        day = until + timedelta(days=1)
    return months


def linear_by_month(start: date, due: date, day: date) -> Expected:
    """By the calendar, the months gone by are the share that is expected (assessment 4.2)."""
    elapsed, total = months_covered(start, min(day, due)), months_covered(start, due)
    return Expected(
        formula="expectation.linear_month/1",
        operands={"months_elapsed": elapsed, "months_total": total},
        e=elapsed / total,
    )


def linear_by_day(start: date, due: date, day: date) -> Expected:
    """By the calendar, the days gone by are the share that is expected (assessment 4.2)."""
    elapsed = Fraction(max(0, (min(day, due) - start).days + 1))
    total = Fraction((due - start).days + 1)
    return Expected(
        formula="expectation.linear_day/1",
        operands={"days_elapsed": elapsed, "days_total": total},
        e=elapsed / total,
    )


def smooth(linear: Expected) -> Expected:
    """An S-curve expects less at first and more in the middle, 3τ² − 2τ³ (assessment 4.2)."""
    tau = linear.e
    return Expected(
        formula=linear.formula.replace("linear", "smooth"),
        operands=linear.operands,
        e=3 * tau**2 - 2 * tau**3,
    )


def steps(nodes: Nodes, day: date) -> Expected:
    """What was due by now is expected, by its weight among all (assessment 4.2).

    Raises:
        ValueError: the nodes weigh nothing together: mend the plan.
    """
    due = sum((weight for node, weight in nodes if node <= day), Fraction(0))
    total = sum((weight for _, weight in nodes), Fraction(0))
    if total == 0:
        raise ValueError("milestones that weigh nothing cannot be scored: mend the plan")
    return Expected(
        formula="expectation.steps/1",
        operands={"weight_due": due, "weight_total": total},
        e=due / total,
    )


def table(expectation: Expectation, day: date) -> Expected:
    """A custom table expects nothing before its first point and all from its last on (4.2).

    Between two points it rises by days, or keeps the share of the one before.
    """
    points = [(point.by, Fraction(point.share)) for point in expectation.table]
    reached = [share for by, share in points if by <= day]
    if not reached:
        return NOT_YET
    if expectation.between == "linear":
        for (by, share), (until, next_share) in pairwise(points):
            if by <= day < until:
                since, between = Fraction((day - by).days), Fraction((until - by).days)
                return Expected(
                    formula="expectation.table_linear/1",
                    operands={
                        "share_before": share,
                        "share_after": next_share,
                        "days_since": since,
                        "days_between": between,
                    },
                    e=share + (next_share - share) * since / between,
                )
    return Expected(
        formula="expectation.table_step/1", operands={"share": reached[-1]}, e=reached[-1]
    )


def yearly(expectation: Expectation, start: date, due: date, day: date) -> Expected:
    """A yearly plan adds to the years gone by the share of the running one (assessment 4.2).

    The years' cumulative shares are those approved, or equal parts of the years touched.
    """
    year = min(max(day.year, start.year), due.year)
    within = _linear(expectation, max(start, date(year, 1, 1)), min(due, date(year, 12, 31)), day)
    if expectation.inside == "smooth":
        within = smooth(within)
    before, after = (_at_year_end(expectation, start, due, one) for one in (year - 1, year))
    return Expected(
        formula=within.formula.replace("expectation.", "expectation.yearly_"),
        operands={"share_before": before, "share_after": after, **within.operands},
        e=before + (after - before) * within.e,
    )


def expected(
    expectation: Expectation, *, start: date, due: date, day: date, nodes: Nodes
) -> Expected:
    """The curve the plan names, linear where it names none; nothing before the start, all when due.

    So a node outside the dates counts from the nearer of them.

    Raises:
        ValueError: nothing lies between start and due, or the nodes weigh nothing: mend the plan.
    """
    if start > due:
        raise ValueError(f"starts on {start} after it is due on {due}: mend the plan")
    if expectation.curve == "steps":
        within = tuple((min(max(node, start), due), weight) for node, weight in nodes)
        return steps(within or ((due, Fraction(1)),), day)
    if expectation.curve in {"table", "yearly"} and not start <= day < due:
        return ALWAYS if day >= due else NOT_YET
    if expectation.curve == "table":
        return table(expectation, day)
    if expectation.curve == "yearly":
        return yearly(expectation, start, due, day)
    linear = _linear(expectation, start, due, day)
    return smooth(linear) if expectation.curve == "smooth" else linear


def _linear(expectation: Expectation, start: date, due: date, day: date) -> Expected:
    by_basis = linear_by_day if expectation.basis == "day" else linear_by_month
    return by_basis(start, due, day)


def _at_year_end(expectation: Expectation, start: date, due: date, year: int) -> Fraction:
    """The approved share at a year's end: nothing before the first of them, all after the last."""
    if not expectation.yearly:
        return Fraction(year - start.year + 1, due.year - start.year + 1)
    given = {int(one): Fraction(share) for one, share in expectation.yearly.items()}
    return given.get(year, Fraction(0 if year < min(given) else 1))


def _month_end(day: date) -> date:
    next_month = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return next_month - timedelta(days=1)
