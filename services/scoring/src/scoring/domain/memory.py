"""What a released publication leaves for the periods after it (assessment 4.3, 4.4)."""

from collections.abc import Iterable, Mapping

from scoring.domain.facts import Previous, PreviousLine
from scoring.domain.rollup import UnitResult
from scoring.domain.task_line import TaskLine
from shared.calendar.periods import Period


def previous_of(
    period: Period, lines: Iterable[TaskLine], units: Iterable[UnitResult] = ()
) -> Previous:
    """The next period remembers each task's light, a missing report, and each unit's score.

    `lines` and `units` are those of the latest released version of `period`.
    """
    return Previous(
        period=period,
        lines={
            line.task: PreviousLine(unit=line.unit, light=line.light, missing=line.missing)
            for line in lines
        },
        scores={one.unit: one.score for one in units},
    )


def finished_after(
    finished: Mapping[str, int | None], period: Period, lines: Iterable[TaskLine]
) -> dict[str, int | None]:
    """A task stays finished from the publication that found it so, until one reopens it.

    Its year is that of its first blue light, None until there is one. `finished` is what the
    publications before left; fold it over the latest versions, oldest first.
    """
    known = dict(finished)
    for line in lines:
        if not line.finished:
            known.pop(line.task, None)
        elif known.get(line.task) is None:
            known[line.task] = period.year if line.light == "blue" else None
    return known
