"""What happened, as a scenario: played again, it releases publications with the same digests."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final
from zoneinfo import ZoneInfo

from intake.domain.holidays import joined
from intake.service.receipt import digest_of
from shared.contracts.decisions import Grounds
from shared.contracts.plan import HolidayYear
from shared.contracts.submission import Submission

_YEAR: Final = "-year"
_NAMED: Final = ("submissions", "exemptions", "zero")
_SAID: Final = tuple(name for name in Submission.model_fields if name not in {"plan", "as_of"})
_OF_REVIEW: Final = ("submission", "task", "unit", "period")
_CHANGES_TASK: Final = frozenset({"suspend", "cancel", "add"})

Document = Mapping[str, Any]


class NotExportable(Exception):  # noqa: N818  # it tells what to do: see what it names
    """Something happened that no entry of a timeline stands for."""


@dataclass(frozen=True)
class _Event:
    """A line of intake's journal."""

    line: Document

    @property
    def number(self) -> int:
        return int(self.line["number"])

    @property
    def kind(self) -> str:
        """Its type without the producer and the version, as `task.defined`."""
        return ".".join(str(self.line["type"]).split(".")[2:4])

    @cached_property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.line["time"])

    @property
    def data(self) -> Document:
        data: Document = self.line["data"]
        return data


@dataclass(frozen=True)
class _Entry:
    """An entry in the place of an event."""

    event: _Event
    verb: str
    body: Document


def scenario_of(events: Sequence[Document], publications: Sequence[Document]) -> dict[str, Any]:
    """A plan's history as a scenario.

    Args:
        events: of one plan, as the lines of intake's journal have them, in order.
        publications: what was released of it, each with its manifest, as scoring answers it.

    Raises:
        NotExportable: something happened that no timeline knows: the plan was applied or a rulebook
            adopted anew while it ran, or a correction named several corrected reports.
    """
    told = [_Event(line) for line in events]
    first = next((one for one in told if one.kind == "plan.versioned"), None)
    if first is None:
        raise NotExportable("intake knows no such plan")
    entries = [*_inputs(told), *_releases(told, publications)]
    entries.sort(key=lambda entry: entry.event.number)
    rulebook = _rulebook(told, entries)
    zone = ZoneInfo(first.data["head"]["timezone"])
    return {
        "plan": _plan(told, first.data),
        **({} if rulebook is None else {"rulebook": rulebook}),
        "start": _written(first.at, zone),
        "timeline": [
            {"at": _written(entry.event.at, zone), entry.verb: dict(entry.body)}
            for entry in entries
        ],
        "until": _written(max(one.at for one in told), zone),
    }


def _plan(told: Sequence[_Event], closing: Document) -> dict[str, Any]:
    """The plan as it was first applied."""
    tasks: dict[str, list[Document]] = {}
    for one in told:
        if one.kind == "task.defined" and one.data["version"] == closing["version"]:
            tasks.setdefault(one.data["action"], []).append(one.data["task"])
    return {
        "plan": {**closing["head"], "activate_from": closing["activate_from"]},
        "groups": closing["groups"],
        "units": closing["units"],
        "actions": [
            {**action, "tasks": tasks.get(action["id"], [])} for action in closing["actions"]
        ],
        "escalation": closing["escalation"],
    }


def _rulebook(told: Sequence[_Event], entries: Sequence[_Entry]) -> Document | None:
    """The rulebook that governed from the beginning on."""
    adopted = [one for one in told if one.kind == "rulebook.adopted"]
    if not adopted:
        return None
    if len(adopted) > 1 or (entries and adopted[0].number > entries[0].event.number):
        raise NotExportable("a rulebook was adopted while the plan ran")
    rulebook: Document = adopted[0].data["rulebook"]
    return rulebook


def _inputs(told: Sequence[_Event]) -> Iterator[_Entry]:
    """What departments and the office entered; corrected reports come with their publication."""
    decided = None
    loaded: dict[int, HolidayYear] = {}
    for one in told:
        data = one.data
        if one.kind == "submission.accepted" and not data.get("corrected"):
            yield _Entry(one, "submit", _report(data))
        elif one.kind == "submission.verified":
            body = _kept(data, _OF_REVIEW, "marks", "reason", "rubric", "values")
            yield _Entry(one, "verify", body)
        elif one.kind == "submission.returned":
            yield _Entry(one, "return", _kept(data, _OF_REVIEW, "reason"))
        elif one.kind == "decision.made":
            decided = one
            if data["decided"]["type"] != "correct":
                yield _Entry(one, *_decision(data["decided"]))
        elif one.kind == "plan.versioned" and data["version"] > 1:
            year = _loaded(told, data, loaded)
            if year is None:
                _refuse_file(one, decided)
            else:
                loaded[year.year] = year
                yield _Entry(one, "holidays", year.model_dump(mode="json"))


def _loaded(
    told: Sequence[_Event], closing: Document, before: Mapping[int, HolidayYear]
) -> HolidayYear | None:
    """The year of holidays that made a version, where nothing else of the plan changed.

    `before` has those loaded since the plan was first applied.
    """
    closings = {one.data["version"]: one.data for one in told if one.kind == "plan.versioned"}
    first, was, now = (
        _holidays(closings[number]) for number in (1, closing["version"] - 1, closing["version"])
    )
    changed = [year for year in {*was, *now} if was.get(year) != now.get(year)]
    plans = [_plan(told, closings[closing["version"] - back]) for back in (0, 1)] if changed else []
    for plan in plans:
        plan["plan"].pop("calendar", None)
    if len(changed) != 1 or plans[0] != plans[1]:
        return None
    own = first.get(changed[0], HolidayYear(year=changed[0]))
    found = now.get(changed[0], HolidayYear(year=changed[0]))
    table = HolidayYear(
        year=changed[0],
        rest=tuple(day for day in found.rest if day not in own.rest),
        work=tuple(day for day in found.work if day not in own.work),
    )
    tables = {**before, table.year: table}
    again = joined(tuple(first.values()), tables.values())
    return table if {one.year: one for one in again} == now else None


def _holidays(closing: Document) -> dict[int, HolidayYear]:
    years = closing["head"].get("calendar", {}).get("holidays", ())
    found = (HolidayYear.model_validate_json(json.dumps(one)) for one in years)
    return {one.year: one for one in found}


def _refuse_file(version: _Event, decided: _Event | None) -> None:
    """A version that no decision made was applied as a file, which no entry says."""
    if decided is None or decided.at != version.at:
        number = version.data["version"]
        raise NotExportable(f"version {number} of the plan was applied as a file while it ran")


def _kept(data: Document, whole: Iterable[str], *where_said: str) -> dict[str, Any]:
    said = {name: data.get(name) for name in where_said}
    return {name: data[name] for name in whole} | {
        name: value for name, value in said.items() if value not in (None, {}, [])
    }


def _report(data: Document) -> dict[str, Any]:
    """A report as it was sent: its digest tells whether it named the day its values hold for."""
    report = {name: data[name] for name in _SAID if data[name] not in (None, {}, [])}
    if data["milestones"] == {}:
        report["milestones"] = {}
    sent = Submission.model_validate_json(json.dumps({"plan": data["plan"], **report}))
    return report if digest_of(sent) == data["digest"] else {**report, "as_of": data["as_of"]}


def _decision(decided: Document) -> tuple[str, dict[str, Any]]:
    """The verb and the body of a decision."""
    kind = decided["type"]
    body = {str(name): one for name, one in decided.items() if name != "type" and one is not None}
    if kind not in _CHANGES_TASK:
        return kind, body
    grounds = {name: body.pop(name) for name in Grounds.model_fields if name in body}
    if kind == "add":
        return "task", {"add": {"action": body["action"], **body["task"]}, **grounds}
    if kind == "cancel":
        return "task", {"id": body["task"], "cancel": True, **grounds}
    rest = {"suspend": body["periods"], "extend": body["extend"]}
    return "task", {"id": body["task"], **rest, **grounds}


def _releases(told: Sequence[_Event], publications: Sequence[Document]) -> Iterator[_Entry]:
    """What was published, in the place of its cut-off mark; a mark that led to nothing too."""
    marks = [one for one in told if one.kind == "cutoff.marked"]
    out = [one for one in publications if one["state"] == "published"]
    for one in out:
        if one["version"] == 1:
            cutoff = datetime.fromisoformat(one["manifest"]["cutoff"]["at"])
            mark = next(mark for mark in marks if mark.at == cutoff)
            marks.remove(mark)
            yield _Entry(mark, *_first_version(one))
    before: dict[str, Document] = {}
    for one in sorted(out, key=lambda one: int(one["version"])):
        named = _newly_named(one, before.get(one["period"]))
        before[one["period"]] = one
        if one["version"] > 1 and any(named.values()):
            until = datetime.fromisoformat(one["released_at"])
            mark = [mark for mark in marks if mark.at <= until][-1]
            marks.remove(mark)
            yield _correction(told, one, named, mark)
    for mark in marks:
        yield _Entry(mark, "cutoff", {})


def _first_version(publication: Document) -> tuple[str, dict[str, Any]]:
    period = publication["period"]
    if period.endswith(_YEAR):
        return "year", {"year": int(period.removesuffix(_YEAR))}
    force = publication.get("forced")
    return "publish", {"period": period, **({} if force is None else {"force": force})}


def _newly_named(publication: Document, before: Document | None) -> dict[str, list[str]]:
    """What a version names that the one before did not; one that only follows names nothing."""
    names: Document = publication["manifest"].get("corrects") or {}
    old: Document = (before or {"manifest": {}})["manifest"].get("corrects") or {}
    return {
        key: [one for one in names.get(key, ()) if one not in old.get(key, ())] for key in _NAMED
    }


def _correction(
    told: Sequence[_Event], publication: Document, named: Mapping[str, list[str]], mark: _Event
) -> _Entry:
    """A correction; it stands where its report was corrected, for the report's id rests on that."""
    body: dict[str, Any] = {
        "period": publication["period"],
        "reason": publication["manifest"]["corrects"]["reason"],
        **{name: named[name] for name in ("exemptions", "zero") if named[name]},
    }
    if not named["submissions"]:
        return _Entry(mark, "correct", body)
    if len(named["submissions"]) > 1:
        raise NotExportable(f"a correction of {body['period']} names several corrected reports")
    decision = _correcting(told, named["submissions"][0])
    report = {
        name: value
        for name, value in decision.data["decided"]["submission"].items()
        if name != "plan"
    }
    return _Entry(decision, "correct", {**body, "submit": report})


def _correcting(told: Sequence[_Event], submission: str) -> _Event:
    """The decision that entered a corrected report: the last before it."""
    decision = None
    for one in told:
        if one.kind == "decision.made":
            decision = one
        if one.kind == "submission.accepted" and one.data["submission"] == submission:
            break
    if decision is None:
        raise NotExportable(f"no decision entered the corrected report {submission}")
    return decision


def _written(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat()
