"""The pages of scoring: the board, the bulletin (通报), a unit's page."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from scoring.api.door import is_office, problem_of
from scoring.api.words import words
from scoring.domain.task_line import TaskLine
from scoring.service.caller import Refused
from scoring.service.explanations import Explanations, titles_of
from scoring.service.publications import Publications
from scoring.service.releases import result_of
from scoring.service.standings import Standings
from scoring.store.tables import PublicationRow, StandingRow
from shared.kit.auth import Principal
from shared.kit.pages import Pages, language_of

_ORDER = {"red": 0, "yellow": 1, "green": 2, "blue": 3, "grey": 4}


def pages_router(
    *,
    pages: Pages,
    standings: Standings,
    publications: Publications,
    explanations: Explanations,
    public_bulletin: bool,
) -> APIRouter:
    """What a person reads; a reader without a token is asked to sign in."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def home(request: Request) -> Response:
        reader = await pages.reader(request)
        if reader is None and not public_bulletin:
            return pages.to_sign_in(request)
        rows = await publications.all(plan=None, drafts=is_office(reader))
        return pages.render(request, "home.html", w=words(language_of(request)), publications=rows)

    @router.get("/board")
    async def board(
        request: Request,
        plan: str | None = None,
        unit: str | None = None,
        light: str | None = None,
    ) -> Response:
        reader = await pages.reader(request)
        if reader is None:
            return pages.to_sign_in(request)
        rows = await standings.board(
            plan=plan or None,
            unit=reader.unit or unit or None,
            light=light or None,
            hidden=is_office(reader) or reader.unit is not None,
        )
        titles: dict[str, Any] = {}
        for one in {row.plan for row in rows}:
            titles |= titles_of(await explanations.plan_of(one))
        return pages.render(
            request,
            "board.html",
            w=words(language_of(request)),
            rows=sorted(rows, key=_urgency),
            lights=Counter(row.light for row in rows),
            title=_titles(request, titles),
            asked={"plan": plan or "", "unit": unit or "", "light": light or ""},
        )

    @router.get("/bulletin/{plan}/{period}")
    async def bulletin(request: Request, plan: str, period: str) -> Response:
        reader = await pages.reader(request)
        if reader is None and not public_bulletin:
            return pages.to_sign_in(request)
        row = await _find(plan, period, reader)
        if row.result is None:
            return RedirectResponse("/", 303)
        known = await explanations.plan_of(plan)
        result = result_of(row)
        lines = _shown(result.tasks, reader)
        grouped = {group.id: [] for group in known.facts.groups}  # type: dict[str, list[Any]]
        for one in sorted(result.units, key=lambda unit: (unit.rank is None, unit.rank)):
            grouped.setdefault(one.group, []).append(one)
        return pages.render(
            request,
            "bulletin.html",
            w=words(language_of(request)),
            row=row,
            plan=known.facts.head,
            result=result,
            groups={group: units for group, units in grouped.items() if units},
            behind=sorted(
                (line for line in lines if line.light in {"red", "yellow"}), key=_severity
            ),
            missing=[line for line in lines if line.missing],
            left_out=[line for line in lines if line.left_out],
            lights=Counter(line.light for line in lines),
            title=_titles(request, titles_of(known)),
        )

    @router.get("/bulletin/{plan}/{period}/units/{unit}")
    async def unit_page(request: Request, plan: str, period: str, unit: str) -> Response:
        reader = await pages.reader(request)
        if reader is None and not public_bulletin:
            return pages.to_sign_in(request)
        row = await _find(plan, period, reader)
        language = language_of(request)
        try:
            told = await explanations.of(
                row, language=language, unit=unit, task=None, hidden=is_office(reader)
            )
        except Refused as refused:
            raise problem_of(refused) from refused
        known = await explanations.plan_of(plan)
        return pages.render(
            request,
            "unit.html",
            w=words(language),
            row=row,
            unit=next((one for one in result_of(row).units if one.unit == unit), None),
            unit_id=unit,
            told=sorted(told, key=lambda pair: _severity(pair[0])),
            title=_titles(request, titles_of(known)),
        )

    async def _find(plan: str, period: str, reader: Principal | None) -> PublicationRow:
        try:
            return await publications.find(plan, period, drafts=is_office(reader))
        except Refused as refused:
            raise problem_of(refused) from refused

    return router


def _shown(lines: Sequence[TaskLine], reader: Principal | None) -> list[TaskLine]:
    return [line for line in lines if line.public or is_office(reader)]


def _titles(request: Request, titles: dict[str, Any]) -> Any:  # noqa: ANN401  # a template's helper
    language = language_of(request)
    return lambda of: titles[of].in_language(language) if of in titles else of


def _severity(line: TaskLine) -> tuple[int, Any, str]:
    return _ORDER[line.light], line.r if line.r is not None else 0, line.task


def _urgency(row: StandingRow) -> tuple[int, float, str]:
    return _ORDER[row.light], -float(row.gap or 0), row.task
