"""Publications as stored: their lines, the latest of each period, what they found finished."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from scoring.domain.facts import Previous
from scoring.domain.memory import finished_after, previous_of
from scoring.domain.period_run import PeriodResult
from scoring.service.facts import KnownPlan
from scoring.store.tables import PublicationRow
from shared.calendar.periods import Period

PUBLISHED = "published"


def result_of(row: PublicationRow) -> PeriodResult:
    """Every line of a computed publication.

    Raises:
        ValueError: the publication has not been computed.
    """
    if row.result is None:
        raise ValueError(f"{row.plan} {row.period} v{row.version} is not computed yet")
    return PeriodResult.model_validate_json(row.result)


async def released(
    session: AsyncSession, plan: str, *, before: date | None = None
) -> Sequence[PublicationRow]:
    """The latest released version of each period that ended before a day, in order of periods."""
    query = (
        select(PublicationRow)
        .where(PublicationRow.plan == plan, PublicationRow.state == PUBLISHED)
        .order_by(col(PublicationRow.last_day), col(PublicationRow.version))
    )
    if before is not None:
        query = query.where(col(PublicationRow.last_day) < before)
    latest = {row.period: row for row in (await session.execute(query)).scalars()}
    return list(latest.values())


def previous_in(releases: Sequence[PublicationRow], plan: KnownPlan) -> Previous | None:
    """The last of some releases, as the next run reads it."""
    if not releases:
        return None
    row = releases[-1]
    return previous_of(plan.calendar.period(row.period), result_of(row).tasks)


def finished_in(releases: Sequence[PublicationRow], plan: KnownPlan) -> dict[str, int | None]:
    """The tasks some releases found finished, as `RunFacts` wants them."""
    finished: dict[str, int | None] = {}
    for row in releases:
        period = plan.calendar.period(row.period)
        finished = finished_after(finished, period, result_of(row).tasks)
    return finished


async def unpublished_before(
    session: AsyncSession, plan: KnownPlan, period: Period
) -> Period | None:
    """The first period before this one that must be published and is not."""
    first = plan.calendar.find(plan.activate_from) if plan.activate_from else None
    if first is None:
        return None
    out = {row.period for row in await released(session, plan.facts.head.id)}
    for one in plan.calendar.periods:
        if first.last <= one.last < period.last and one.id not in out:
            return one
    return None


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
