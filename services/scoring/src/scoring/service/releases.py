"""Publications as stored: their lines, the latest of each period, what they found finished."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from scoring.domain.evaluation_run import EvaluationResult
from scoring.domain.facts import Previous
from scoring.domain.memory import finished_after, previous_of
from scoring.domain.period_run import PeriodResult
from scoring.domain.year_result import YearResult, stored_year
from scoring.service.known_plan import KnownPlan
from scoring.store.tables import PublicationRow
from shared.calendar.periods import Period
from shared.contracts.rulebook import Rulebook

PUBLISHED: Final = "published"
PERIOD: Final = "period"
YEAR: Final = "year"
EVALUATION: Final = "evaluation"

Results = Sequence[tuple[Period, PeriodResult]]
"""Published periods in their order, each with its latest version."""


def result_of(row: PublicationRow) -> PeriodResult:
    """Every line of a computed publication of a period or an evaluation.

    Raises:
        ValueError: the publication has not been computed.
    """
    if row.result is None:
        raise ValueError(f"{row.plan} {row.period} v{row.version} is not computed yet")
    return _parsed(row.result, row.kind)


def year_of(row: PublicationRow) -> YearResult:
    """A computed year.

    Raises:
        ValueError: it has not been computed.
    """
    if row.result is None:
        raise ValueError(f"{row.plan} {row.period} v{row.version} is not computed yet")
    return stored_year(row.result)


def rulebook_of(row: PublicationRow) -> Rulebook:
    """The rulebook that a computed publication was made by.

    Raises:
        ValueError: it has not been computed.
    """
    if row.manifest is None:
        raise ValueError(f"{row.plan} {row.period} v{row.version} is not computed yet")
    return Rulebook.model_validate_json(json.dumps(json.loads(row.manifest)["rulebook"]))


@lru_cache(maxsize=64)
def _parsed(result: str, kind: str) -> PeriodResult:
    """Each working day looks at what was published, and it never changes: it is read once."""
    form = EvaluationResult if kind == EVALUATION else PeriodResult
    return form.model_validate_json(result)


def year_key(year: int) -> str:
    """Where the publications of a year stand beside those of the periods."""
    return f"{year}-year"


async def is_frozen(session: AsyncSession, plan: str, year: int) -> bool:
    """Whether the year is final: no period of it is corrected any more (assessment 4.13)."""
    out = await versions(session, plan, year_key(year))
    return bool(out) and out[-1].frozen_at is not None


async def released(
    session: AsyncSession, plan: str, *, before: date | None = None
) -> Sequence[PublicationRow]:
    """The latest released version of each period that ended before a day, in order of periods."""
    query = (
        select(PublicationRow)
        .where(
            PublicationRow.plan == plan,
            PublicationRow.state == PUBLISHED,
            PublicationRow.kind == PERIOD,
        )
        .order_by(col(PublicationRow.last_day), col(PublicationRow.version))
    )
    if before is not None:
        query = query.where(col(PublicationRow.last_day) < before)
    latest = {row.period: row for row in (await session.execute(query)).scalars()}
    return list(latest.values())


async def versions(session: AsyncSession, plan: str, period: str) -> Sequence[PublicationRow]:
    """Every released version of a period or a year, the first one first."""
    query = (
        select(PublicationRow)
        .where(
            PublicationRow.plan == plan,
            PublicationRow.period == period,
            PublicationRow.state == PUBLISHED,
        )
        .order_by(col(PublicationRow.version))
    )
    return list((await session.execute(query)).scalars())


def results_of(
    releases: Sequence[PublicationRow],
    plan: KnownPlan,
    instead: Mapping[str, PeriodResult] | None = None,
) -> Results:
    """Some releases as results; `instead` holds those that a correction is about to replace."""
    instead = instead or {}
    return [
        (plan.calendar.period(row.period), instead.get(row.period) or result_of(row))
        for row in releases
    ]


def previous_in(results: Results) -> Previous | None:
    """The last of some results, as the next run reads it."""
    if not results:
        return None
    period, result = results[-1]
    return previous_of(period, result.tasks, result.units)


def finished_in(results: Results) -> dict[str, int | None]:
    """The tasks some results found finished, as `RunFacts` wants them."""
    finished: dict[str, int | None] = {}
    for period, result in results:
        finished = finished_after(finished, period, result.tasks)
    return finished


def owed_periods(plan: KnownPlan) -> Sequence[Period]:
    """The periods that are to be published: from the activation on."""
    first = plan.calendar.find(plan.activate_from) if plan.activate_from else None
    if first is None:
        return []
    return [one for one in plan.calendar.periods if one.last >= first.last]


async def unpublished_before(
    session: AsyncSession, plan: KnownPlan, period: Period
) -> Period | None:
    """The first period before this one that must be published and is not."""
    out = {row.period for row in await released(session, plan.facts.head.id)}
    for one in owed_periods(plan):
        if one.last < period.last and one.id not in out:
            return one
    return None


async def unpublished_until(session: AsyncSession, plan: KnownPlan, day: date) -> Period | None:
    """The first period ending by a day that must be published and is not."""
    out = {row.period for row in await released(session, plan.facts.head.id)}
    return next((one for one in owed_periods(plan) if one.last <= day and one.id not in out), None)


async def last_release(session: AsyncSession, plan: str) -> tuple[int, str | None]:
    """The number and digest of the plan's last release; 0 and None before the first."""
    query = (
        select(PublicationRow.release_number, PublicationRow.digest)
        .where(PublicationRow.plan == plan, PublicationRow.state == PUBLISHED)
        .order_by(col(PublicationRow.release_number).desc())
        .limit(1)
    )
    row = (await session.execute(query)).first()
    return (row[0] or 0, row[1]) if row else (0, None)
