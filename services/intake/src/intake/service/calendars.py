"""Holiday tables: loaded a year at a time, for every plan whose days they are."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from intake.domain.calendar_check import check_holidays
from intake.domain.holidays import in_force, with_tables
from intake.domain.reported import Refusal
from intake.service.caller import Caller, Refused, refuse
from intake.service.holidays import holiday_tables
from intake.service.in_force import PlanInForce
from intake.service.plans import Plans
from intake.service.rulebooks import HOUSE
from intake.store.tables import HolidayTable
from shared.calendar.workdays import YearNotLoaded
from shared.contracts.plan import HolidayYear
from shared.contracts.problem import path_text
from shared.kit.clock import Clock
from shared.kit.db import Database

OFFICIAL: Final = "cn"
"""The State Council's table: the only calendar there is."""


class Calendars:
    """Keeps what was loaded beside the official table that ships."""

    def __init__(self, *, db: Database, plans: Plans, clock: Clock) -> None:
        self._db = db
        self._plans = plans
        self._clock = clock

    async def load(
        self, calendar: str, table: HolidayYear, *, caller: Caller
    ) -> tuple[HolidayYear, dict[str, int]]:
        """Load a year, in place of what was loaded for it; the same again changes nothing.

        Every plan whose days it changes gets a new version, as by a decision.

        Returns:
            The table now in force, and by plan the version that it made.

        Raises:
            Refused: `unknown_calendar`, `bad_holiday`.
        """
        _known(calendar)
        if found := list(check_holidays([table], ())):
            raise Refused(
                [
                    Refusal(
                        code=one.code,
                        path=path_text(one.path[1:]),  # its place among years: there is one
                        message=f"{one.message}: {one.mend}",
                    )
                    for one in found
                ]
            )
        table = HolidayYear(
            year=table.year, rest=tuple(sorted(table.rest)), work=tuple(sorted(table.work))
        )
        subjects = {HOUSE}
        while True:
            async with self._db.write(*subjects) as session:
                plans = await self._plans.all(session)
                names = {one.document.plan.id for one in plans}
                if subjects.issuperset(names):
                    return in_force(table, table.year), await self._load(
                        session, table, plans, caller
                    )
            subjects.update(names)  # known only now; they are written about, so they are locked

    async def of_year(self, calendar: str, year: int) -> HolidayYear:
        """The days off and the days made up for that are in force in a year.

        Raises:
            Refused: `unknown_calendar`; `not_loaded`, with the mend.
        """
        _known(calendar)
        async with self._db.read() as session:
            row = await session.get(HolidayTable, (calendar, year))
        loaded = HolidayYear.model_validate_json(row.days) if row else None
        try:
            return in_force(loaded, year)
        except YearNotLoaded as missing:
            raise refuse("not_loaded", str(missing), path="year") from missing

    async def _load(
        self, session: AsyncSession, table: HolidayYear, plans: list[PlanInForce], caller: Caller
    ) -> dict[str, int]:
        now = self._clock.business_now()
        days = table.model_dump_json()
        old = await session.get(HolidayTable, (OFFICIAL, table.year))
        if old is None or old.days != days:  # who loaded it first is kept
            row = HolidayTable(
                calendar=OFFICIAL,
                year=table.year,
                days=days,
                loaded_at=now,
                loaded_by=caller.holder,
            )
            await session.merge(row)
            await session.flush()
        tables = await holiday_tables(session)
        made = {}
        for plan in plans:
            new = with_tables(plan.document, plan.own_holidays, tables)
            version = await self._plans.follow(
                session, plan, (new, plan.amended), now=now, caller=caller
            )
            if version is not None:
                made[plan.document.plan.id] = version
        return made


def _known(calendar: str) -> None:
    if calendar != OFFICIAL:
        message = f"there is no calendar {calendar}: the official table is called {OFFICIAL}"
        raise refuse("unknown_calendar", message, path="calendar")
