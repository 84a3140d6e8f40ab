"""Holidays as they are stored: the loaded tables, and what a plan's own file names."""

from collections.abc import Sequence
from typing import Final

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from intake.store.tables import HolidayTable, PlanVersion
from shared.contracts.plan import HolidayYear, PlanDocument

_HOLIDAYS: Final = TypeAdapter(tuple[HolidayYear, ...])


async def holiday_tables(session: AsyncSession) -> list[HolidayYear]:
    """The tables that were loaded for every plan, by year."""
    query = select(HolidayTable.days).order_by(col(HolidayTable.year))
    return [
        HolidayYear.model_validate_json(days) for days in (await session.execute(query)).scalars()
    ]


def own_holidays_of(row: PlanVersion, document: PlanDocument) -> Sequence[HolidayYear]:
    """The holidays that the file of a stored version names."""
    if row.own_holidays is None:
        return document.plan.calendar.holidays
    return _HOLIDAYS.validate_json(row.own_holidays)


def own_json(own: Sequence[HolidayYear], document: PlanDocument) -> str | None:
    """What the file names, where the document says more: the column is empty otherwise."""
    own = tuple(own)
    return None if own == document.plan.calendar.holidays else _HOLIDAYS.dump_json(own).decode()
