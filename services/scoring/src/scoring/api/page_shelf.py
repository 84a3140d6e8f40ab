"""Publications and their explanations, as the pages take them from the services."""

from collections.abc import Sequence

from fastapi import Request

from scoring.api import task_page
from scoring.api.door import is_office, problem_of
from scoring.service.caller import Refused
from scoring.service.explanations import Explanations
from scoring.service.known_plan import KnownPlan
from scoring.service.publications import Publications
from scoring.service.releases import YEAR, year_key
from scoring.store.tables import PublicationRow
from shared.kit.auth import Principal
from shared.kit.pages import language_of


class Shelf:
    """Publications and their explanations, as the pages ask for them."""

    def __init__(self, publications: Publications, explanations: Explanations) -> None:
        self._publications = publications
        self._explanations = explanations

    async def find(
        self, plan: str, period: str, version: int | None, reader: Principal | None
    ) -> PublicationRow:
        """One version of a publication; 404 where there is none for this reader."""
        try:
            return await self._publications.find(
                plan, period, version=version, drafts=is_office(reader)
            )
        except Refused as refused:
            raise problem_of(refused) from refused

    async def year(
        self, plan: str, year: int, version: int | None, reader: Principal | None
    ) -> PublicationRow:
        """One version of a year; 404 where there is none for this reader."""
        try:
            return await self._publications.find(
                plan, year_key(year), version=version, drafts=is_office(reader), kinds=(YEAR,)
            )
        except Refused as refused:
            raise problem_of(refused) from refused

    async def has_year(self, plan: str, year: int, reader: Principal | None) -> bool:
        """Whether the year has a page for this reader."""
        every = await self._publications.all(plan=plan, drafts=is_office(reader), kind=YEAR)
        return any(row.period == year_key(year) and row.result is not None for row in every)

    async def years_told(
        self, request: Request, row: PublicationRow, reader: Principal | None
    ) -> dict[str, tuple[str, ...]]:
        """How each unit's year came about; nothing of a unit with tasks this reader may not see."""
        told = await self._explanations.of_year(
            row,
            language=language_of(request),
            hidden=is_office(reader),
            own=reader.unit if reader else None,
        )
        return {unit: text for unit, (_, text) in told.items()}

    async def of(
        self, plan: str, reader: Principal | None
    ) -> tuple[KnownPlan, Sequence[PublicationRow]]:
        """The plan and every version of its publications that this reader may see."""
        try:
            known = await self._explanations.plan_of(plan)
        except Refused as refused:
            raise problem_of(refused) from refused
        rows = await self._publications.all(plan=plan, drafts=is_office(reader), kind=None)
        return known, [row for row in rows if row.kind != YEAR]

    async def told(
        self,
        request: Request,
        row: PublicationRow,
        *,
        unit: str | None = None,
        task: str | None = None,
    ) -> dict[str, tuple[str, ...]]:
        """The explanation of each line by task; who may see a line is asked where it is shown."""
        try:
            lines = await self._explanations.of(
                row, language=language_of(request), unit=unit, task=task, hidden=True
            )
        except Refused as refused:
            raise problem_of(refused) from refused
        return {line.task: text for line, text in lines}

    async def newest_told(
        self, request: Request, rows: Sequence[PublicationRow], view: task_page.TaskView
    ) -> tuple[str, ...]:
        """The explanation of the line that was published last."""
        if view.newest is None:
            return ()
        place = (view.newest.period.id, view.newest.version)
        row = next(row for row in rows if (row.period, row.version) == place)
        return (await self.told(request, row, task=view.task.id))[view.task.id]
