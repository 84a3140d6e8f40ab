"""The pages of scoring: the board, the bulletin (通报), a unit's page, a task's page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from scoring.api import board_page, bulletin_page, task_page, unit_page, versions_page, year_page
from scoring.api.charts import TREND, evenly
from scoring.api.door import is_office
from scoring.api.page_shelf import Shelf
from scoring.api.page_sight import issues, shown, title_in
from scoring.api.releasing import Year
from scoring.api.routes import Version
from scoring.api.words import words
from scoring.domain.corrections import Amends
from scoring.domain.exact import write_weight
from scoring.service.appeals import Appeals
from scoring.service.explanations import Explanations
from scoring.service.known_plan import KnownPlan
from scoring.service.publications import Publications
from scoring.service.releases import PERIOD, YEAR, result_of, year_of
from scoring.service.signatures import Signatures
from scoring.service.standings import Standings
from scoring.store.tables import AppealRow, PublicationRow, StandingRow
from shared.calendar.workdays import YearNotLoaded
from shared.kit.auth import Principal
from shared.kit.pages import Pages, language_of
from shared.kit.problems import Problem

_ON_A_TREND = 12


def pages_router(
    *,
    pages: Pages,
    standings: Standings,
    publications: Publications,
    explanations: Explanations,
    appeals: Appeals,
    signatures: Signatures,
    public_bulletin: bool,
) -> APIRouter:
    """What a person reads; a reader without a token is asked to sign in."""
    router = APIRouter(include_in_schema=False)
    shelf = Shelf(publications, explanations)

    @router.get("/")
    async def home(request: Request) -> Response:
        reader = await pages.reader(request)
        if reader is None and not public_bulletin:
            return pages.to_sign_in(request)
        rows = await publications.all(plan=None, drafts=is_office(reader), kind=None)
        plans = {row.plan: await explanations.plan_of(row.plan) for row in rows}
        newest = {(row.plan, row.period): row.version for row in rows}
        return pages.render(
            request,
            "home.html",
            w=words(language_of(request)),
            publications=rows,
            plans={one: known.facts.head for one, known in plans.items()},
            day=lambda row: plans[row.plan].calendar.day_of(row.released_at),
            place=lambda row: _place(row, newest=newest[row.plan, row.period]),
            called=lambda row: row.last_day.year if row.kind == YEAR else row.period,
        )

    @router.get("/board")
    async def board(request: Request, asked: Annotated[board_page.Asked, Query()]) -> Response:
        reader = await pages.reader(request)
        if reader is None:
            return pages.to_sign_in(request)
        every = await _standing(standings, reader)
        plans = {one: await explanations.plan_of(one) for one in sorted({r.plan for r in every})}
        language = language_of(request)
        titles = {one: title_in(known, language) for one, known in plans.items()}
        tasks = {(one, task.id): task for one in plans for _, task in plans[one].facts.tasks}
        return pages.render(
            request,
            "board.html",
            w=words(language),
            board=board_page.board(every, tasks=tasks, asked=asked),
            title=lambda plan, of: titles[plan](of),
            moment=lambda row: _moment(plans[row.plan], row.reported_at),
            plans={one: known.facts.head.title for one, known in plans.items()},
        )

    @router.get("/bulletin/{plan}/{period}")
    async def bulletin(
        request: Request, plan: str, period: str, version: Version = None
    ) -> Response:
        reader = await pages.reader(request)
        if reader is None and not public_bulletin:
            return pages.to_sign_in(request)
        row = await shelf.find(plan, period, version, reader)
        if row.result is None:
            return RedirectResponse("/", 303)
        known, rows = await shelf.of(plan, reader)
        view = bulletin_page.bulletin(
            result_of(row),
            history=[one for one in issues(rows, known) if one.period.last < row.last_day],
            groups=known.facts.groups,
            actions=known.facts.actions,
            reader=reader,
        )
        versions = versions_page.versions(_versions(rows, period), reader=reader)
        return pages.render(
            request,
            "bulletin.html",
            **_head(request, known, row),
            view=view,
            versions=versions,
            this=next(one for one in versions if one.row.version == row.version),
            action_weights={one.id: one.weight for one in known.facts.actions},
            year_out=await shelf.has_year(plan, row.last_day.year, reader),
            contested=_contested(await appeals.under_review(row), row, reader),
            keys=[key.id for _, key in await signatures.of(row)],
            signed_reader=reader is not None,
        )

    @router.get("/bulletin/{plan}/years/{year}")
    async def year(request: Request, plan: str, year: Year, version: Version = None) -> Response:
        reader = await pages.reader(request)
        if reader is None and not public_bulletin:
            return pages.to_sign_in(request)
        row = await shelf.year(plan, year, version, reader)
        if row.result is None:
            return RedirectResponse("/", 303)
        known, _ = await shelf.of(plan, reader)
        view = year_page.year_view(
            year_of(row),
            groups=known.facts.groups,
            told=await shelf.years_told(request, row, reader),
        )
        return pages.render(
            request,
            "year.html",
            w=words(language_of(request)),
            row=row,
            plan=known.facts.head,
            view=view,
            title=title_in(known, language_of(request)),
            moment=lambda instant: _moment(known, instant),
            newest=(await shelf.year(plan, year, None, reader)).version,
            reason=Amends.model_validate_json(row.amends).reason if row.amends else None,
            keys=[key.id for _, key in await signatures.of(row)],
            signed_reader=reader is not None,
        )

    @router.get("/bulletin/{plan}/{period}/units/{unit}")
    async def unit(
        request: Request, plan: str, period: str, unit: str, version: Version = None
    ) -> Response:
        reader = await pages.reader(request)
        if reader is None and not public_bulletin:
            return pages.to_sign_in(request)
        row = await shelf.find(plan, period, version, reader)
        told = await shelf.told(request, row, unit=unit)
        known, rows = await shelf.of(plan, reader)
        result = result_of(row)
        view = unit_page.unit_view(
            result,
            unit,
            day=row.last_day,
            issues=[one for one in issues(rows, known) if one.period.last <= row.last_day],
            tasks={task.id: task for _, task in known.facts.tasks},
            reader=reader,
        )
        trend = view.trend[-_ON_A_TREND:]
        return pages.render(
            request,
            "unit.html",
            **_head(request, known, row),
            view=view,
            told=told,
            newest=max(one.version for one in _versions(rows, period)),
            contested=[
                one
                for one in _contested(await appeals.under_review(row), row, reader)
                if one.unit == unit
            ],
            trend=evenly(
                TREND,
                [(None if one.score is None else one.score / 100, one.period) for one in trend],
            ),
            places={one.period: one for one in trend},
            next_due=_next_due(known, row),
        )

    @router.get("/tasks/{plan}/{task}")
    async def task(request: Request, plan: str, task: str) -> Response:
        reader = await pages.reader(request)
        if reader is None and not public_bulletin:
            return pages.to_sign_in(request)
        known, rows = await shelf.of(plan, reader)
        language = language_of(request)
        title = title_in(known, language)
        found = next((one for _, one in known.facts.tasks if one.id == task), None)
        mine = found and reader and reader.unit in {one.unit for one in found.assignments}
        if found is None or not (found.publish or mine or is_office(reader)):
            raise Problem(404, "unknown_task", f"there is no task {task} in {plan}")
        view = task_page.task_view(
            known.facts,
            task,
            issues=issues(rows, known),
            periods=known.calendar.periods,
            title=title,
        )
        return pages.render(
            request,
            "task.html",
            w=words(language),
            plan=known.facts.head,
            view=view,
            live=await _live(standings, reader, plan, task),
            told=await shelf.newest_told(request, rows, view),
            title=title,
            moment=lambda instant: _moment(known, instant),
        )

    return router


def _head(request: Request, known: KnownPlan, row: PublicationRow) -> dict[str, Any]:
    """What every page of a publication shows on top."""
    language = language_of(request)
    return {
        "w": words(language),
        "row": row,
        "plan": known.facts.head,
        "period": known.span(row.period),
        "title": title_in(known, language),
        "weight": write_weight,
        "moment": lambda instant: _moment(known, instant),
    }


def _place(row: PublicationRow, *, newest: int) -> str:
    """Where the page of a publication is; the newest version is at the address without one."""
    of = f"years/{row.last_day.year}" if row.kind == YEAR else row.period
    pinned = "" if row.version == newest else f"?version={row.version}"
    return f"/bulletin/{row.plan}/{of}{pinned}"


def _contested(
    open_: Sequence[AppealRow], row: PublicationRow, reader: Principal | None
) -> list[AppealRow]:
    """The open appeals that a reader may be told of: not those about what is hidden from it."""
    tasks = {line.task for line in shown(result_of(row).tasks, reader)} if open_ else set()
    return [one for one in open_ if one.item == one.unit or one.item in tasks]


def _versions(rows: Sequence[PublicationRow], period: str) -> list[PublicationRow]:
    return [row for row in rows if row.period == period]


async def _standing(standings: Standings, reader: Principal) -> Sequence[StandingRow]:
    return await standings.board(
        plan=None,
        unit=reader.unit,
        light=None,
        hidden=is_office(reader) or reader.unit is not None,
    )


async def _live(
    standings: Standings, reader: Principal | None, plan: str, task: str
) -> StandingRow | None:
    """Where the task stands now, for whoever may see it on the board."""
    rows = await _standing(standings, reader) if reader else ()
    return next((row for row in rows if (row.plan, row.task) == (plan, task)), None)


def _next_due(known: KnownPlan, row: PublicationRow) -> tuple[str, Any] | None:
    """The period after and the last day on which its reports are on time, where that is known."""
    if row.kind != PERIOD:
        return None
    following = known.calendar.scheme.following(known.calendar.period(row.period))
    if known.calendar.find(following.id) is None:
        return None
    try:
        return following.id, known.calendar.window(following).due
    except YearNotLoaded:
        return None


def _moment(known: KnownPlan, instant: datetime) -> str:
    """An instant where the plan is, to the minute."""
    return f"{instant.astimezone(known.calendar.tz):%Y-%m-%d %H:%M}"
