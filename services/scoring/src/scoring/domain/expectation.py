"""Expected progress E(t), 序时进度 (assessment 4.2): exact shares of the time or of the nodes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

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
    return _share_of_time(
        "month",
        months_covered(start, min(day, due)),
        months_covered(start, due),
    )


def linear_by_day(start: date, due: date, day: date) -> Expected:
    """By the calendar, the days gone by are the share that is expected (assessment 4.2)."""
    return _share_of_time(
        "day",
        Fraction(max(0, (min(day, due) - start).days + 1)),
        Fraction((due - start).days + 1),
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


def expected(
    expectation: Expectation, *, start: date, due: date, day: date, nodes: Nodes
) -> Expected:
    """The curve the plan names, linear where it names none; nothing before the start, all when due.

    So a node outside the dates counts from the nearer of them.

    Raises:
        ValueError: the curve is not offered, or nothing lies between start and due.
    """
    if start > due:
        raise ValueError(f"starts on {start} after it is due on {due}: mend the plan")
    if expectation.curve == "steps":
        within = tuple((min(max(node, start), due), weight) for node, weight in nodes)
        return steps(within or ((due, Fraction(1)),), day)
    if expectation.curve not in {None, "linear"}:
        raise ValueError(f"curve {expectation.curve} is not supported: name linear or steps")
    by_basis = linear_by_day if expectation.basis == "day" else linear_by_month
    return by_basis(start, due, day)


def _share_of_time(basis: str, elapsed: Fraction, total: Fraction) -> Expected:
    return Expected(
        formula=f"expectation.linear_{basis}/1",
        operands={f"{basis}s_elapsed": elapsed, f"{basis}s_total": total},
        e=elapsed / total,
    )


def _month_end(day: date) -> date:
    next_month = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return next_month - timedelta(days=1)
