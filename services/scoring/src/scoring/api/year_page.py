"""The page of a year: the ranking of each group with what it is made of, and the figures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scoring.domain.year_result import YearResult, YearUnit
from shared.contracts.plan import Group


@dataclass(frozen=True, kw_only=True)
class Table:
    """The ranking of a group, the best first; those without a rank stand last."""

    group: str
    units: tuple[YearUnit, ...]


@dataclass(frozen=True, kw_only=True)
class YearView:
    """All that the page shows; `told` holds for each unit how its year came about."""

    result: YearResult
    tables: tuple[Table, ...]
    told: Mapping[str, Sequence[str]]


def year_view(
    result: YearResult, *, groups: Iterable[Group], told: Mapping[str, Sequence[str]]
) -> YearView:
    """A year by groups, in the order of the plan."""
    best = sorted(result.units, key=lambda one: (one.rank is None, one.rank or 0, one.unit))
    tables = (
        Table(group=group.id, units=tuple(one for one in best if one.group == group.id))
        for group in groups
    )
    return YearView(
        result=result, tables=tuple(table for table in tables if table.units), told=told
    )
