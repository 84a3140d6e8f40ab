"""The pages of scoring: the board, the bulletin (通报), a unit's page."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from scoring.api.door import is_office, problem_of
from scoring.api.words import words
from scoring.domain.exact import write_weight
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
        plans = {row.plan: await explanations.plan_of(row.plan) for row in rows}
        return pages.render(
            request,
            "home.html",
            w=words(language_of(request)),
            publications=rows,
            title=_titles(request, {of: known.facts.head.title for of, known in plans.items()}),
            day=lambda row: plans[row.plan].calendar.day_of(row.released_at),
        )

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
        every = await standings.board(
            plan=None,
            unit=reader.unit,
            light=None,
            hidden=is_office(reader) or reader.unit is not None,
        )
        asked = {"plan": plan or "", "unit": unit or "", "light": light or ""}
        rows = [row for row in every if _fits(row, asked)]
        plans = {row.plan: await explanations.plan_of(row.plan) for row in every}
        titles = {one: _titles(request, titles_of(known)) for one, known in plans.items()}
        return pages.render(
            request,
            "board.html",
            w=words(language_of(request)),
            rows=sorted(rows, key=_urgency),
            lights=Counter(row.light for row in rows),
            title=lambda row, of: titles[row.plan](of),
            day=lambda row: plans[row.plan].calendar.day_of(row.reported_at),
            plans={one: known.facts.head.title for one, known in sorted(plans.items())},
            units={row.unit: titles[row.plan](row.unit) for row in every},
            asked=asked,
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
            period=known.calendar.find(period),
            released=known.calendar.day_of(row.released_at) if row.released_at else None,
            result=result,
            groups={group: units for group, units in grouped.items() if units},
            behind=sorted(
                (line for line in lines if line.light in {"red", "yellow"}), key=_severity
            ),
            missing=[line for line in lines if line.missing],
            left_out=[line for line in lines if line.left_out],
            lights=Counter(line.light for line in lines),
            title=_titles(request, titles_of(known)),
            weight=write_weight,
        )

    @router.get("/bulletin/{plan}/{period}/units/{unit}")
    async def unit_page(request: Request, plan: str, period: str, unit: str) -> Response:
        reader = await pages.reader(request)
        if reader is None and not public_bulletin:
            return pages.to_sign_in(request)
        row = await _find(plan, period, reader)
        language, office = language_of(request), is_office(reader)
        try:
            told = await explanations.of(
                row, language=language, unit=unit, task=None, hidden=office
            )
        except Refused as refused:
            raise problem_of(refused) from refused
        known, result = await explanations.plan_of(plan), result_of(row)
        mine = next(one for one in result.units if one.unit == unit)
        made_of = _made_of(result.tasks, unit)
        shown = [part for part in made_of if part.line.public or office]
        return pages.render(
            request,
            "unit.html",
            w=words(language),
            row=row,
            unit=mine,
            ranked=sum(one.group == mine.group and one.rank is not None for one in result.units),
            told=sorted(told, key=lambda pair: _severity(pair[0])),
            made_of=sorted(shown, key=lambda part: _severity(part.line)),
            total=sum((part.weighed or Fraction(0) for part in made_of), Fraction(0)),
            hidden=len(made_of) - len(shown),
            title=_titles(request, titles_of(known)),
            weight=write_weight,
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


@dataclass(frozen=True, kw_only=True)
class _UnitPart:
    """A line's part of a unit's score: weight × share, and that times the published score."""

    line: TaskLine
    weight: Fraction
    weighed: Fraction | None


def _made_of(lines: Sequence[TaskLine], unit: str) -> list[_UnitPart]:
    parts = []
    for line in lines:
        if line.shares.get(unit):
            weight = line.weight * line.shares[unit]
            weighed = None if line.score is None else weight * Fraction(line.score)
            parts.append(_UnitPart(line=line, weight=weight, weighed=weighed))
    return parts


def _fits(row: StandingRow, asked: Mapping[str, str]) -> bool:
    return all(getattr(row, name) == wanted for name, wanted in asked.items() if wanted)


def _severity(line: TaskLine) -> tuple[int, Any, str]:
    return _ORDER[line.light], line.r if line.r is not None else 0, line.task


def _urgency(row: StandingRow) -> tuple[int, float, str]:
    return _ORDER[row.light], -float(row.gap or 0), row.task
