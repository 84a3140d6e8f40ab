"""A scenario file, read whole: its plan, its rulebook, and its timeline in order."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from duban.simulate.verbs import LATER, VERBS, Unsupported
from intake.service.files import PlanFile, check_document, check_rulebook_document
from notify.domain.routes import RoutesDocument, unsupported
from shared.contracts.plan import HolidayYear
from shared.contracts.problem import Path as Place
from shared.contracts.problem import Problem, path_text
from shared.contracts.values import Contract, parse_instant
from shared.kit.documents import JSON_BYTES, Document, DocumentError, read_document, validate

_KEYS: Final = ("plan", "rulebook", "notify", "holidays", "start", "timeline", "until")
_NUMBERS: Final = frozenset({"working_days", "year", "years"})
"""Keys of a timeline under which a whole number is one; elsewhere it stands for its text."""
_LATER_MEND: Final = "leave it out: it comes with a later release"


class Refused(Exception):  # noqa: N818  # it tells what to do: mend what it names
    """The plan, rulebook or routes are refused; `file` holds them, where it is not the scenario."""

    def __init__(self, problems: Sequence[Problem], *, file: Path | None) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
        self.file = file


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of the timeline; `at` as it is written, `instant` in UTC."""

    at: str
    instant: datetime
    verb: str
    body: Contract


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A plan and a rulebook in JSON, in force at `start`, and what happens until `until` (UTC)."""

    plan: str
    document: bytes
    rulebook: tuple[str, bytes] | None
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
    if problems := list(_misshapen(document)):
        raise DocumentError(problems)
    plan = _Part.named(document, "plan", file)
    timeline = _Timeline(document, plan=_plan_id(plan.document.value))
    if timeline.problems:
        raise DocumentError(timeline.problems)
    if "notify" in document.value:
        _refuse_routes(_Part.named(document, "notify", file))
    checked = _checked_plan(plan, timeline.holidays)
    start = timeline.start or datetime.combine(checked.plan.plan.start, time(), UTC)
    until = timeline.until or start
    return Scenario(
        plan=checked.plan.plan.id,
        document=_json(checked.document.value),
        rulebook=_rulebook(document, file) if "rulebook" in document.value else None,
        timezone=checked.plan.plan.timezone,
        start=min(start, until),
        until=until,
        entries=tuple(one for one in timeline.entries if one.instant <= until),
    )


@dataclass(frozen=True, kw_only=True)
class _Part:
    """What a key of the scenario holds, or the file it names; `at` is its place in the former."""

    document: Document
    file: Path | None
    at: Place

    @classmethod
    def named(cls, scenario: Document, key: str, file: Path) -> "_Part":
        """What stands under a key.

        Raises:
            DocumentError: the file it names cannot be read.
        """
        value = scenario.value[key]
        if isinstance(value, dict):
            return cls(document=scenario.part(key), file=None, at=(key,))
        named = file.parent / value
        data = _beside(named) if not Path(value).is_absolute() else None
        if data is None:
            why = f"{value!r} cannot be read"
            mend = "name a file that stands beside the scenario"
            raise DocumentError([_problem(scenario, (key,), "unreadable_file", why, mend)])
        return cls(document=read_document(data, name=named.name), file=named, at=())

    def refused(self, error: DocumentError) -> Refused:
        """The same errors, told of where they stand."""
        prefix = path_text(self.at)
        problems = [
            replace(one, path=".".join(part for part in (prefix, one.path) if part))
            for one in error.problems
        ]
        return Refused(problems, file=self.file)


class _Timeline:
    """The scenario's own keys: its entries in order of their instants, and every error in them."""

    def __init__(self, document: Document, *, plan: str) -> None:
        self.problems: list[Problem] = []
        self._document = document
        self._plan = plan
        entries = [self._entry(index) for index in range(len(document.value.get("timeline") or ()))]
        self.entries = sorted(
            (one for one in entries if one is not None), key=lambda entry: entry.instant
        )
        self.holidays = self._holidays()
        until, start = self._instant("until"), self._instant("start")
        self.until = until or (self.entries[-1].instant if self.entries else start)
        self.start = start or (self.entries[0].instant if self.entries else until)

    def _entry(self, index: int) -> Entry | None:
        at: Place = ("timeline", index)
        written = self._document.value["timeline"][index]
        if not isinstance(written, dict):
            self._wrong(at, "wrong_type", "an entry is no mapping", "write {at: …, verb: {…}}")
            return None
        instant = self._instant(*at, "at")
        verbs = [key for key in written if key != "at"]
        if instant is None or len(verbs) != 1 or verbs[0] not in VERBS:
            self._wrong_keys(at, verbs, timed="at" in written)
            return None
        body = self._body((*at, verbs[0]), verbs[0], written[verbs[0]])
        if body is None:
            return None
        return Entry(at=written["at"], instant=instant, verb=verbs[0], body=body)

    def _wrong_keys(self, at: Place, verbs: Sequence[str], *, timed: bool) -> None:
        if not timed:
            self._wrong(at, "missing_key", "the key 'at' is missing", "say when it happens")
        known = ", ".join(VERBS)
        for verb in verbs:
            if verb not in VERBS:
                mend = f"write one of {known}"
                self._wrong((*at, verb), "unknown_key", f"{verb[:60]!r} is no verb", mend)
        if not verbs:
            self._wrong(at, "missing_key", "nothing happens", f"write one of {known}")
        elif len(verbs) > 1 and all(verb in VERBS for verb in verbs):
            mend = "give each an entry of its own"
            self._wrong(at, "many_verbs", f"{' and '.join(verbs)} stand together", mend)

    def _body(self, at: Place, verb: str, written: object) -> Contract | None:
        if not isinstance(written, dict):
            self._wrong(at, "wrong_type", f"{verb} says nothing", f"write {verb}: {{…}}")
            return None
        if verb in LATER:
            return Unsupported()
        return self._validated(at, _filled(verb, written, self._plan), VERBS[verb])

    def _holidays(self) -> list[HolidayYear]:
        written = self._document.value.get("holidays") or ()
        found = [
            self._validated(("holidays", index), one, HolidayYear)
            for index, one in enumerate(written)
        ]
        return [one for one in found if isinstance(one, HolidayYear)]

    def _validated(self, at: Place, value: object, model: type[Contract]) -> Contract | None:
        part = _Part(document=self._document.part(*at, value=value), file=None, at=at)
        try:
            return validate(part.document, model)
        except DocumentError as error:
            self.problems += part.refused(error).problems
            return None

    def _instant(self, *at: str | int) -> datetime | None:
        value = self._document.value
        for part in at[:-1]:
            value = value[part]
        if at[-1] not in value:
            return None
        try:
            return parse_instant(value[at[-1]])
        except ValueError as error:
            self._wrong(at, "bad_value", f"{value[at[-1]]!r} cannot be read", str(error))
            return None

    def _wrong(self, at: Place, code: str, message: str, mend: str) -> None:
        self.problems.append(_problem(self._document, at, code, message, mend))


def _beside(named: Path) -> bytes | None:
    """What a file holds, or nothing where it is none that can be read."""
    try:
        if not named.is_file():
            return None
        with named.open("rb") as stream:
            return stream.read(JSON_BYTES + 1)
    except (OSError, ValueError):
        return None


def _misshapen(document: Document) -> Iterator[Problem]:
    """What keeps a document from being a scenario at all."""
    value = document.value
    if not isinstance(value, dict):
        yield _problem(
            document, (), "wrong_type", "it is no mapping", "write {plan: …, timeline: …}"
        )
        return
    for key in value:
        if key not in _KEYS:
            mend = f"remove it, or write one of {', '.join(_KEYS)}"
            message = f"the key {key[:60]!r} is not known here"
            yield _problem(document, (key,), "unknown_key", message, mend)
    if "plan" not in value:
        yield _problem(document, (), "missing_key", "the key 'plan' is missing", "add it")
    for key in ("plan", "rulebook", "notify"):
        if key in value and not isinstance(value[key], dict | str):
            mend = "write the document here, or the name of its file"
            yield _problem(document, (key,), "wrong_type", f"{key} is no document", mend)
    for key in ("timeline", "holidays"):
        if not isinstance(value.get(key), list | None):
            yield _problem(document, (key,), "wrong_type", f"{key} is no list", "write [item, …]")


def _problem(document: Document, at: Place, code: str, message: str, mend: str) -> Problem:
    return Problem(
        line=document.line_of(at), path=path_text(at), code=code, message=message, mend=mend
    )


def _plan_id(value: object) -> str:
    """The id a plan document gives itself; where it has none it will be refused for that."""
    head = value.get("plan") if isinstance(value, dict) else None
    found = head.get("id") if isinstance(head, dict) else None
    return found if isinstance(found, str) else "plan"


def _filled(verb: str, written: Mapping[str, Any], plan: str) -> dict[str, Any]:
    """A body with what the scenario leaves to be understood, and whole numbers as texts."""
    body: dict[str, Any] = _texts(written)
    if verb == "submit":
        return {"plan": plan, **body}
    if verb == "correct" and isinstance(body.get("submit"), dict):
        body["submit"] = {"plan": plan, "period": body.get("period"), **body["submit"]}
    if verb == "task" and isinstance(body.get("add"), dict) and "id" in body:
        body["add"] = {"id": body["id"], **body["add"]}
    return body


def _texts(value: Any, key: str = "") -> Any:  # noqa: ANN401  # whatever the file holds
    if isinstance(value, dict):
        return {name: _texts(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_texts(one, key) for one in value]
    number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if number and key not in _NUMBERS else value


def _checked_plan(part: _Part, holidays: Sequence[HolidayYear]) -> PlanFile:
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


def _rulebook(scenario: Document, file: Path) -> tuple[str, bytes]:
    """The rulebook's id and document, from its body, of which nothing is required.

    Raises:
        Refused: it has errors.
    """
    part = replace(_Part.named(scenario, "rulebook", file), at=())
    body = part.document.value
    if isinstance(body, dict) and body.keys() == {"rulebook"}:
        part, body = replace(part, document=part.document.part("rulebook")), body["rulebook"]
    if not isinstance(body, dict):
        problem = _problem(part.document, (), "wrong_type", "it is no rulebook", "write {…}")
        raise part.refused(DocumentError([problem]))
    whole = {"rulebook": {"id": "scenario", "version": 1, **body}}
    try:
        rulebook = check_rulebook_document(part.document.under("rulebook", value=whole))
    except DocumentError as error:
        raise part.refused(error) from None
    return rulebook.id, _json(whole)


def _refuse_routes(part: _Part) -> None:
    """Routes that ask for more than this release carries out are refused.

    Raises:
        Refused: they do, or have errors.
    """
    part = replace(part, at=())
    body = part.document.value
    if isinstance(body, dict) and body.keys() == {"notify"}:
        part, body = replace(part, document=part.document.part("notify")), body["notify"]
    try:
        document = part.document.under("notify", value={"notify": body})
        routes = validate(document, RoutesDocument).notify
    except DocumentError as error:
        raise part.refused(error) from None
    if asked := unsupported(routes):
        problems = [
            Problem(
                line=None,
                path=path,
                code="not_supported",
                message=f"{path} is not carried out yet",
                mend=_LATER_MEND,
            )
            for path in asked
        ]
        raise Refused(problems, file=part.file)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
