"""The pages of notify on alerts: the newest, and one with all that was decided and sent."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, get_args

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from notify.api.door import OFFICE, answering_unit, own_unit, problem_of
from notify.api.words import words_in
from notify.domain.kinds import NEWS, Kind
from notify.service.acknowledging import Acknowledging
from notify.service.caller import Refused
from notify.service.episodes import OPEN
from notify.service.looking import Looking
from notify.service.plans import KnownPlan, Plans
from notify.store.tables import Alert, DecisionRow
from shared.kit.app import correlation_of
from shared.kit.db import Database
from shared.kit.pages import Language, Pages, language_of

_LISTED: Final = 100
"""Alerts on one page."""


def pages_router(
    *,
    db: Database,
    pages: Pages,
    looking: Looking,
    plans: Plans,
    acknowledging: Acknowledging,
) -> APIRouter:
    """What an official reads; a reader without a token is asked to sign in."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def home() -> Response:
        return RedirectResponse("/alerts", 303)

    @router.get("/alerts")
    async def newest(
        request: Request, show: str = "open", kind: str | None = None, after: str | None = None
    ) -> Response:
        reader = await pages.reader(request)
        if reader is None:
            return pages.to_sign_in(request)
        try:
            alerts = await looking.alerts(
                unit=own_unit(reader),
                standing=show != "all",
                kind=kind or None,
                after=after,
                limit=_LISTED,
            )
        except Refused as refused:
            raise problem_of(refused) from refused
        known = {plan: await _plan(plan) for plan in {alert.plan for alert in alerts}}
        return pages.render(
            request,
            "alerts.html",
            w=words_in(language_of(request)),
            alerts=alerts,
            show=show,
            kind=kind,
            kinds=[one for one in get_args(Kind) if show == "all" or one not in NEWS],
            following=alerts[-1].id if len(alerts) == _LISTED else None,
            titles={plan: Titles(one, language_of(request)) for plan, one in known.items()},
        )

    @router.get("/alerts/{alert}")
    async def alert_page(alert: str, request: Request) -> Response:
        reader = await pages.reader(request)
        if reader is None:
            return pages.to_sign_in(request)
        try:
            whole = await looking.alert(alert, unit=own_unit(reader))
        except Refused as refused:
            raise problem_of(refused) from refused
        known = await _plan(whole.alert.plan)
        may = not reader.roles.isdisjoint({"submit", *OFFICE} if reader.unit else OFFICE)
        return pages.render(
            request,
            "alert.html",
            w=words_in(language_of(request)),
            alert=whole.alert,
            asks=may and asks([whole.alert]),
            decisions=[(one, operands_of(one, known)) for one in whole.decisions],
            notices=whole.notices,
            deliveries=whole.deliveries,
            titles=Titles(known, language_of(request)),
            when=when_of(known),
        )

    @router.post("/alerts/{alert}/acknowledge")
    async def acknowledge(alert: str, request: Request) -> Response:
        reader = await pages.reader(request)
        if reader is None:
            return pages.to_sign_in(request)
        unit = answering_unit(reader)
        try:
            await acknowledging.acknowledge(
                alert, by=reader.holder, unit=unit, correlation=correlation_of(request)
            )
        except Refused as refused:
            raise problem_of(refused) from refused
        return RedirectResponse(f"/alerts/{alert}", 303)

    async def _plan(plan: str) -> KnownPlan:
        async with db.read() as session:
            return await plans.known(session, plan)  # every alert's plan is known

    return router


@dataclass(frozen=True)
class Titles:
    """The titles of one plan in one language."""

    plan: KnownPlan
    language: Language

    def task(self, task: str) -> str:
        """The title of a task."""
        return self.plan.task_title(task).in_language(self.language)

    def unit(self, unit: str) -> str:
        """The title of a unit."""
        return self.plan.unit_title(unit).in_language(self.language)


def asks(alerts: Sequence[Alert]) -> bool:
    """Whether any of these can be answered for."""
    return any(one.state in OPEN and one.kind not in NEWS for one in alerts)


def operands_of(decision: DecisionRow, plan: KnownPlan) -> Mapping[str, str | None]:
    """What a decision rests on, instants as they read where the plan is; null where it does not."""
    found: dict[str, str | None] = dict.fromkeys(("by", "why", "until", "cap"))
    found |= json.loads(decision.operands)
    if found["until"] and "T" in found["until"]:
        found["until"] = when_of(plan)(datetime.fromisoformat(found["until"]))
    return found


def when_of(plan: KnownPlan) -> Callable[[datetime], str]:
    """How an instant reads where the plan is."""
    return lambda at: f"{at.astimezone(plan.calendar.tz):%Y-%m-%d %H:%M}"
