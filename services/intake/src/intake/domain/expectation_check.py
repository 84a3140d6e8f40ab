"""Whether a curve of expected progress can be drawn: it has its points, rises, ends at 1."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

from intake.domain.findings import Finding, Found, within
from shared.contracts.plan import Expectation
from shared.contracts.problem import Path


def check_expectation(
    expectation: Expectation, path: Path, start: date, due: date, *, steps: bool
) -> Found:
    """A curve has what it is drawn from, rises, and ends at 1 (assessment 4.2)."""
    curve = expectation.curve
    for name in ("table", "yearly"):
        if getattr(expectation, name) and curve != name:
            yield Finding(
                path=(*path, "curve"),
                code="curve_mismatch",
                message=f"a {name} is given, the curve is {curve or 'not named'}",
                mend=f"write curve: {name}, or remove the {name}",
            )
    if curve == "steps" and not steps:
        yield Finding(
            path=(*path, "curve"),
            code="no_steps",
            message="steps need milestones",
            mend="list milestones, or name another curve",
        )
    if curve == "table":
        yield from _table(expectation, (*path, "table"))
        yield from _inside(expectation, (*path, "table"), start, due)
    if expectation.yearly:
        yield from _yearly(expectation, (*path, "yearly"), start, due)


def _table(expectation: Expectation, path: Path) -> Found:
    """A custom table rises from day to day and ends at 1 (assessment 4.2)."""
    points = expectation.table
    if not points:
        yield Finding(
            path=path, code="table_required", message="the table is empty", mend="list its points"
        )
        return
    for index, (before, after) in enumerate(pairwise(points), start=1):
        if after.by <= before.by:
            yield Finding(
                path=(*path, index, "by"),
                code="wrong_order",
                message=f"{after.by} does not come after {before.by}",
                mend="list the points in order of their days",
            )
    shares = [((*path, index, "share"), point.share) for index, point in enumerate(points)]
    for at, share in shares:
        yield from within(share, 0, 1, at)
    yield from _rising(shares)


def _inside(expectation: Expectation, path: Path, start: date, due: date) -> Found:
    """Before its start nothing is expected, from its due day on all, whatever a table says."""
    for index, point in enumerate(expectation.table):
        if not start <= point.by <= due:
            yield Finding(
                path=(*path, index, "by"),
                code="outside_task",
                message=f"{point.by} is not between {start} and {due}, where the curve runs",
                mend="see that this is meant",
                notice=True,
            )


def _yearly(expectation: Expectation, path: Path, start: date, due: date) -> Found:
    """Cumulative shares are given for every year of the task, rise and end at 1 (4.2)."""
    years = [str(year) for year in range(start.year, due.year + 1)]
    if sorted(expectation.yearly) != years:
        yield Finding(
            path=path,
            code="years_incomplete",
            message=f"the years are {', '.join(sorted(expectation.yearly))}",
            mend=f"give a cumulative share for {years[0]} to {years[-1]}" if years else "remove it",
        )
    shares = [((*path, year), expectation.yearly[year]) for year in sorted(expectation.yearly)]
    for at, share in shares:
        yield from within(share, 0, 1, at)
    yield from _rising(shares)


def _rising(shares: list[tuple[Path, Decimal]]) -> Found:
    """Expected progress never falls and ends at the whole (assessment 4.2)."""
    for (_, before), (path, after) in pairwise(shares):
        if after < before:
            yield Finding(
                path=path,
                code="falls",
                message=f"{after} is less than {before} before it",
                mend="write cumulative shares, each at least the one before",
            )
    if shares and shares[-1][1] != 1:
        path, last = shares[-1]
        yield Finding(
            path=path, code="end_not_one", message=f"the last share is {last}", mend="end at 1"
        )
