"""What a release tells the others: a period unit by unit and the event that closes it; a year."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from scoring.domain.task_line import TaskLine
from scoring.service.releases import EVALUATION, YEAR, released, result_of, versions
from scoring.store.tables import LeafRow, PublicationRow
from shared.contracts.envelope import Event
from shared.contracts.scoring import (
    EvaluationReleased,
    Light,
    PublicationReleased,
    PublishedLine,
    UnitPublished,
    YearReleased,
)


async def release_events(
    session: AsyncSession, row: PublicationRow, *, released_at: datetime
) -> Sequence[Event]:
    """For a period one event for each unit and the one that closes the set; for a year one."""
    cutoff = (await versions(session, row.plan, row.period))[0].cutoff
    if row.kind == YEAR:
        return [_year(row, cutoff, released_at)]
    if row.kind == EVALUATION:
        return [_evaluation(row, cutoff, released_at)]
    result = result_of(row)
    before = await _lights_before(session, row)
    query = select(LeafRow).where(
        LeafRow.plan == row.plan, LeafRow.period == row.period, LeafRow.version == row.version
    )
    digests = {leaf.unit: leaf.digest for leaf in (await session.execute(query)).scalars()}
    units = [
        UnitPublished(
            plan=row.plan,
            period=row.period,
            version=row.version,
            unit=unit.unit,
            score=unit.score,
            rank=unit.rank,
            grade=unit.grade,
            digest=digests[unit.unit],
            lines=tuple(
                _published(line, before) for line in result.tasks if line.unit == unit.unit
            ),
        )
        for unit in result.units
    ]
    closing = PublicationReleased(
        plan=row.plan,
        period=row.period,
        version=row.version,
        released_at=released_at,
        last_day=row.last_day,
        units=len(units),
        digest=row.digest or "",
        previous_digest=row.previous_digest,
        cutoff=cutoff,
        finished=tuple(line.task for line in result.tasks if line.finished),
    )
    return [*units, closing]


def _year(row: PublicationRow, cutoff: str, released_at: datetime) -> YearReleased:
    return YearReleased(
        plan=row.plan,
        year=row.last_day.year,
        version=row.version,
        released_at=released_at,
        digest=row.digest or "",
        previous_digest=row.previous_digest,
        cutoff=cutoff,
        frozen=row.frozen_at is not None,
    )


def _evaluation(row: PublicationRow, cutoff: str, released_at: datetime) -> EvaluationReleased:
    return EvaluationReleased(
        plan=row.plan,
        evaluation=row.period,
        version=row.version,
        as_of=row.last_day,
        released_at=released_at,
        digest=row.digest or "",
        previous_digest=row.previous_digest,
        cutoff=cutoff,
    )


async def _lights_before(session: AsyncSession, row: PublicationRow) -> dict[str, Light]:
    releases = await released(session, row.plan, before=row.last_day)
    return {line.task: line.light for line in result_of(releases[-1]).tasks} if releases else {}


def _published(line: TaskLine, before: dict[str, Light]) -> PublishedLine:
    return PublishedLine(
        task=line.task,
        action=line.action,
        light=line.light,
        was=before.get(line.task),
        score=_decimal(line.score),
        a=_decimal(line.a),
        e=_decimal(line.e),
        r=_decimal(line.r),
        gap=_decimal(line.gap),
        left_out=line.left_out,
    )


def _decimal(printed: object) -> Decimal | None:
    return None if printed is None else Decimal(str(printed))
