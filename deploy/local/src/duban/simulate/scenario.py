"""A scenario file, read whole: its plan, its rulebook, and its timeline in order."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from duban.simulate.timeline import Entry, Part, Timeline, misshapen, problem_at
from intake.service.files import PlanFile, check_document, check_rulebook_document
from notify.domain.routes import RoutesDocument
from notify.service.directory import Person
from shared.contracts.plan import HolidayYear, PlanHead
from shared.kit.documents import Document, DocumentError, read_document, validate


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A plan and a rulebook in JSON, in force at `start`, and what happens until `until` (UTC)."""

    plan: str
    document: bytes
    rulebook: tuple[str, bytes] | None
    routes: RoutesDocument | None
    contacts: tuple[Person, ...]
    timezone: str
    start: datetime
    until: datetime
    entries: tuple[Entry, ...]


def read_scenario(file: Path, data: bytes) -> Scenario:
    """The scenario that a file holds; files it names are looked for beside it.

    Raises:
        DocumentError: it is no scenario; every error, with its line, field and mend.
        Refused: its plan, rulebook or routes are refused.
    """
    document = read_document(data, name=file.name)
    if problems := list(misshapen(document)):
        raise DocumentError(problems)
    plan = Part.named(document, "plan", file)
    timeline = Timeline(document, plan=_plan_id(plan.document.value))
    if timeline.problems:
        raise DocumentError(timeline.problems)
    checked = _checked_plan(plan, timeline.holidays)
    head = checked.plan.plan
    start = timeline.start or datetime.combine(head.start, time(), UTC)
    until = timeline.until or start
    return Scenario(
        plan=head.id,
        document=_json(checked.document.value),
        rulebook=_rulebook(document, file, checked.plan.plan)
        if "rulebook" in document.value
        else None,
        routes=_routes(Part.named(document, "notify", file))
        if "notify" in document.value
        else None,
        contacts=tuple(
            Person(scope=one.scope, subject=one.id, **one.contact.model_dump())
            for one in checked.contacts
        ),
        timezone=head.timezone,
        start=min(start, until),
        until=until,
        entries=tuple(one for one in timeline.entries if one.instant <= until),
    )


def _plan_id(value: object) -> str:
    """The id a plan document gives itself; where it has none it will be refused for that."""
    head = value.get("plan") if isinstance(value, dict) else None
    found = head.get("id") if isinstance(head, dict) else None
    return found if isinstance(found, str) else "plan"


def _checked_plan(part: Part, holidays: Sequence[HolidayYear]) -> PlanFile:
    """The plan with the scenario's holidays, checked.

    Raises:
        Refused: it has errors.
    """
    value = _with_holidays(part.document.value, holidays)
    try:
        return check_document(part.document.part(value=value))
    except DocumentError as error:
        raise part.refused(error) from None


def _with_holidays(plan: Any, holidays: Sequence[HolidayYear]) -> Any:  # noqa: ANN401  # likewise
    """The plan, whose years of holidays each stand once, as a plan file has them."""
    if not holidays:
        return plan
    try:
        head = plan["plan"]
        calendar = head.get("calendar") or {}
        own = [HolidayYear.model_validate_json(_json(one)) for one in calendar.get("holidays", ())]
    except (TypeError, KeyError, AttributeError, ValidationError):
        return plan  # it has errors, which its check will name
    years: dict[int, HolidayYear] = {}
    for one in (*own, *holidays):
        known = years.get(one.year, HolidayYear(year=one.year))
        rest = tuple(dict.fromkeys((*known.rest, *one.rest)))
        work = tuple(dict.fromkeys((*known.work, *one.work)))
        years[one.year] = HolidayYear(year=one.year, rest=rest, work=work)
    joined = [one.model_dump(mode="json") for one in years.values()]
    return {**plan, "plan": {**head, "calendar": {**calendar, "holidays": joined}}}


def _rulebook(scenario: Document, file: Path, plan: PlanHead) -> tuple[str, bytes]:
    """The rulebook's id and document, from its body, of which nothing is required.

    Raises:
        Refused: it has errors.
    """
    part = replace(Part.named(scenario, "rulebook", file), at=())
    body = part.document.value
    if isinstance(body, dict) and body.keys() == {"rulebook"}:
        part, body = replace(part, document=part.document.part("rulebook")), body["rulebook"]
    if not isinstance(body, dict):
        problem = problem_at(part.document, (), "wrong_type", "it is no rulebook", "write {…}")
        raise part.refused(DocumentError([problem]))
    whole = {"rulebook": {"id": "scenario", "version": 1, **body}}
    try:
        rulebook = check_rulebook_document(part.document.under("rulebook", value=whole), plan)
    except DocumentError as error:
        raise part.refused(error) from None
    return rulebook.id, _json(whole)


def _routes(part: Part) -> RoutesDocument:
    """The routes of a scenario.

    Raises:
        Refused: they have errors.
    """
    part = replace(part, at=())
    body = part.document.value
    if isinstance(body, dict) and body.keys() == {"notify"}:
        part, body = replace(part, document=part.document.part("notify")), body["notify"]
    try:
        document = part.document.under("notify", value={"notify": body})
        return validate(document, RoutesDocument)
    except DocumentError as error:
        raise part.refused(error) from None


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
