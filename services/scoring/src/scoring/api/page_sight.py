"""What a reader of a page may see, in which order, and under which titles."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from scoring.api.door import is_office
from scoring.domain.period_run import PeriodResult
from scoring.domain.task_line import TaskLine
from scoring.service.explanations import titles_of
from scoring.service.known_plan import KnownPlan
from scoring.service.releases import PERIOD, PUBLISHED, result_of
from scoring.store.tables import PublicationRow
from shared.calendar.periods import Period
from shared.contracts.plan import Language
from shared.kit.auth import Principal

LIGHTS: Final = ("red", "yellow", "green", "blue", "grey")
"""The worst first."""

Title = Callable[[str], str]
"""From an id of the plan to what people call it."""


@dataclass(frozen=True, kw_only=True)
class Issue:
    """A released period, as its latest version tells it."""

    period: Period
    version: int
    result: PeriodResult


def sees(reader: Principal | None, line: TaskLine) -> bool:
    """A line not for publication is the office's to see, and that of the units it counts for."""
    mine = reader is not None and reader.unit in {line.unit, *line.shares}
    return line.public or mine or is_office(reader)


def shown(lines: Iterable[TaskLine], reader: Principal | None) -> tuple[TaskLine, ...]:
    """The lines a reader sees, the worst first."""
    return tuple(sorted((line for line in lines if sees(reader, line)), key=severity))


def severity(line: TaskLine) -> tuple[int, bool, Decimal, str]:
    """What comes first is what needs help most: by light, then silence, then by index."""
    index = Decimal(0) if line.r is None else line.r
    return LIGHTS.index(line.light), not line.missing, index, line.task


def title_in(plan: KnownPlan, language: Language) -> Title:
    """The titles of a plan in a language; an id that has none stands for itself."""
    titles = titles_of(plan)
    return lambda of: titles[of].in_language(language) if of in titles else of


def issues(rows: Sequence[PublicationRow], plan: KnownPlan) -> tuple[Issue, ...]:
    """The latest released version of each period of a plan, oldest first."""
    latest = {row.period: row for row in sorted(rows, key=lambda row: row.version)}
    told = (
        Issue(period=plan.calendar.period(row.period), version=row.version, result=result_of(row))
        for row in latest.values()
        if row.state == PUBLISHED and row.kind == PERIOD
    )
    return tuple(sorted(told, key=lambda issue: issue.period.last))
