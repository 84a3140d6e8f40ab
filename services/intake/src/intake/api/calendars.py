"""PUT and read the holiday table of a year."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from intake.api.door import caller_of, problem_of
from intake.service.calendars import Calendars
from intake.service.caller import Refused
from shared.contracts.plan import HolidayYear
from shared.contracts.values import Contract, Day
from shared.kit.auth import Authenticate, Principal
from shared.kit.bodies import describe_body, json_body
from shared.kit.refusals import refusals


class HolidayDays(Contract):
    """Days off that are not weekends, and weekend days that are worked (调休), in one year."""

    rest: tuple[Day, ...]
    """Days off."""
    work: tuple[Day, ...]
    """Make-up days."""


class CalendarYear(HolidayDays):
    """The table in force in a year."""

    calendar: str
    year: int


class LoadedYear(CalendarYear):
    """The table in force in a year that was loaded."""

    plans: dict[str, int]
    """By plan the version that it made; none where it changed nothing."""


Year = Annotated[int, Path(ge=1970, le=2200)]


def calendars_router(*, calendars: Calendars, gate: Authenticate) -> APIRouter:
    """Routes of holiday tables."""
    router = APIRouter(prefix="/v1", tags=["plans"])
    asking = Annotated[Principal, Depends(gate)]

    @router.put(
        "/calendars/{calendar}/{year}",
        summary="Load the official holidays of a year, for every plan",
        description="In place of what was loaded for the year; it adds to the table that ships. A "
        "plan's own word on a day wins. Plans whose days it changes get a new version.",
        responses=refusals(403, 404, reads_body=True),
        openapi_extra=describe_body(HolidayDays),
    )
    async def put_calendar(
        calendar: str,
        year: Year,
        request: Request,
        principal: asking,
        days: Annotated[HolidayDays, Depends(json_body(HolidayDays))],
    ) -> LoadedYear:
        principal.require("office", "operator")
        table = HolidayYear(year=year, rest=days.rest, work=days.work)
        try:
            now, plans = await calendars.load(calendar, table, caller=caller_of(request, principal))
        except Refused as refused:
            raise problem_of(refused) from refused
        return LoadedYear(calendar=calendar, plans=plans, **now.model_dump())

    @router.get(
        "/calendars/{calendar}/{year}",
        summary="The holidays and make-up days in force in a year",
        responses=refusals(404),
    )
    async def get_calendar(calendar: str, year: Year, _principal: asking) -> CalendarYear:
        try:
            table = await calendars.of_year(calendar, year)
        except Refused as refused:
            raise problem_of(refused) from refused
        return CalendarYear(calendar=calendar, **table.model_dump())

    return router
