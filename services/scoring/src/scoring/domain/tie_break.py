"""What breaks a tie between two units of the same published score (assessment 4.10, 4.17)."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from scoring.domain.ranking import Terms
from scoring.domain.task_line import TaskLine
from shared.contracts.rulebook import TieBreak


def terms_of(
    unit: str, lines: Sequence[TaskLine], last: Decimal | None, order: Sequence[TieBreak]
) -> Terms:
    """Fewer red tasks, more progress, more reports on time, a better period before: as ordered.

    `lines` are those of the period, `last` is the unit's published score of the period before. All
    of it is published, so anyone can break the tie again.
    """
    held = [line for line in lines if line.shares.get(unit)]
    terms = {
        "fewer_red": -Fraction(sum(line.light == "red" for line in held)),
        "progress": _progress(unit, held),
        "on_time_rate": _on_time(unit, lines),
        "last_period": Fraction(-1) if last is None else Fraction(last),
    }
    return tuple(terms[name] for name in order)


def _progress(unit: str, held: Sequence[TaskLine]) -> Fraction:
    """The mean of the published progress parts of the tasks that count for the unit."""
    counted = [
        (line.weight * line.shares[unit], Fraction(line.p))
        for line in held
        if line.p is not None and line.of(unit).left_out is None
    ]
    weights = sum((weight for weight, _ in counted), Fraction(0))
    return sum((w * p for w, p in counted), Fraction(0)) / weights if weights else Fraction(0)


def _on_time(unit: str, lines: Sequence[TaskLine]) -> Fraction:
    """Of the reports that the unit owed, those that came on time; 0 where it owed none."""
    owed = [line.timeliness for line in lines if line.unit == unit and line.timeliness is not None]
    on_time = sum(one.outcome == "on_time" for one in owed)
    return Fraction(on_time, len(owed)) if owed else Fraction(0)
