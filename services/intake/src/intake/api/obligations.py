"""Read what is owed."""

from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends
from pydantic import Field

from intake.api.door import problem_of
from intake.domain.obligations import Obligation
from intake.service.caller import Refused
from intake.service.duties import Duties
from intake.service.owed import Owed, OwedState
from shared.contracts.values import Contract, Day, Id, Text
from shared.kit.auth import Authenticate, Principal
from shared.kit.refusals import refusals


class OwedIndicator(Contract):
    """A figure of the task."""

    title: Text
    unit: Text | None
    """What it is counted in."""


class OwedMilestone(Contract):
    """A milestone of the task."""

    title: Text
    due: Day


class ReportTemplate(Contract):
    """A report to complete and send; what is not asked for is absent."""

    plan: Id
    task: Id
    unit: Id
    period: Id
    values: dict[Id, str] = Field(default_factory=dict)
    """By indicator, to be filled."""
    milestones: dict[Id, str] = Field(default_factory=dict)
    """Name those that were done."""
    percent: str = ""
    """To be filled."""


class OwedReport(Contract):
    """One report that is owed, and where it stands."""

    plan: Id
    task: Id
    title: Text
    unit: Id
    """The unit that owes it."""
    period: Id
    open: Day
    """The first day on which it is taken."""
    due: Day
    """The last day on time."""
    close: Day
    """The last day on which it is taken."""
    state: OwedState
    """Nothing usable came: owed until `due`, overdue until `close`, then missing."""
    submission: Id | None
    """What answers it."""
    indicators: dict[Id, OwedIndicator]
    milestones: dict[Id, OwedMilestone]
    template: ReportTemplate

    @classmethod
    def of(cls, owed: Owed) -> Self:
        """With a prefilled report to complete."""
        duty, task = owed.obligation, owed.obligation.task
        indicators = {
            one.id: OwedIndicator(title=one.title, unit=one.unit) for one in task.indicators
        }
        milestones = {
            one.id: OwedMilestone(title=one.title, due=one.due) for one in task.milestones
        }
        return cls(
            plan=duty.plan,
            task=task.id,
            title=task.title,
            unit=duty.unit,
            period=duty.period.id,
            open=owed.window.open,
            due=owed.window.due,
            close=owed.window.close,
            state=owed.state,
            submission=owed.submission,
            indicators=indicators,
            milestones=milestones,
            template=_template(duty),
        )


class OwedReports(Contract):
    """What is owed."""

    items: tuple[OwedReport, ...]


def obligations_router(*, duties: Duties, gate: Authenticate) -> APIRouter:
    """The route of what is owed."""
    router = APIRouter(prefix="/v1", tags=["submissions"])
    asking = Annotated[Principal, Depends(gate)]

    @router.get(
        "/obligations",
        summary="What is owed, by when, with a prefilled report",
        response_model_exclude_unset=True,
        responses=refusals(404),
    )
    async def obligations(
        principal: asking, plan: str, unit: str | None = None, period: str | None = None
    ) -> OwedReports:
        try:
            owed = await duties.owed(plan, unit=principal.unit or unit, period=period)
        except Refused as refused:
            raise problem_of(refused) from refused
        return OwedReports(items=tuple(map(OwedReport.of, owed)))

    return router


def _template(duty: Obligation) -> ReportTemplate:
    asked: dict[str, Any] = {}
    if duty.figures:
        asked["values"] = dict.fromkeys(duty.figures, "")
    if duty.task.measure in {"milestones", "both"}:
        asked["milestones"] = {}
    if duty.task.measure in {"percent", "yes_no"}:
        asked["percent"] = ""
    return ReportTemplate(
        plan=duty.plan, task=duty.task.id, unit=duty.unit, period=duty.period.id, **asked
    )
