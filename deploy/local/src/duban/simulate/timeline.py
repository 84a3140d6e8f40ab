"""The scenario's own keys: what stands under each, and its timeline in order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from duban.simulate.verbs import VERBS
from intake.domain.calendar_check import check_holidays
from shared.contracts.plan import HolidayYear
from shared.contracts.problem import Path as Place
from shared.contracts.problem import Problem, path_text
from shared.contracts.values import Contract, parse_instant
from shared.kit.documents import JSON_BYTES, Document, DocumentError, read_document, validate

_KEYS: Final = ("plan", "rulebook", "notify", "holidays", "start", "timeline", "until")
_NUMBERS: Final = frozenset({"working_days", "year", "years", "parts"})
"""Keys of a timeline under which a whole number is one; elsewhere it stands for its text."""


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
class Part:
    """What a key of the scenario holds, or the file it names; `at` is its place in the former."""

    document: Document
    file: Path | None
    at: Place

    @classmethod
    def named(cls, scenario: Document, key: str, file: Path) -> "Part":
        """What stands under a key.

        Raises:
            DocumentError: the file it names is not there.
            Refused: what it holds is no document.
        """
        value = scenario.value[key]
        if isinstance(value, dict):
            return cls(document=scenario.part(key), file=None, at=(key,))
        named = file.parent / value
        data = _beside(named) if not Path(value).is_absolute() else None
        if data is None:
            why = f"{value!r} cannot be read"
            mend = "name a file that stands beside the scenario"
            raise DocumentError([problem_at(scenario, (key,), "unreadable_file", why, mend)])
        try:
            return cls(document=read_document(data, name=named.name), file=named, at=())
        except DocumentError as error:
            raise Refused(error.problems, file=named) from None

    def refused(self, error: DocumentError) -> Refused:
        """The same errors, told of where they stand."""
        prefix = path_text(self.at)
        problems = [
            replace(one, path=".".join(part for part in (prefix, one.path) if part))
            for one in error.problems
        ]
        return Refused(problems, file=self.file)


class Timeline:
    """The scenario's own keys: its entries in order of their instants, and every error in them."""

    def __init__(self, document: Document, *, plan: str) -> None:
        self.problems: list[Problem] = []
        self._document = document
        self._plan = plan
        self._appealed: dict[str, Any] = {}  # by the appeal written last: what it contests
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
        body = _filled(verb, written, self._plan)
        if verb == "appeal":
            self._appealed = {"task": body.get("item"), **_named(body, "unit", "period")}
        if verb == "decide" and isinstance(body.get("submit"), dict):
            body["submit"] = {"plan": self._plan, **self._appealed, **body["submit"]}
        return self._validated(at, body, VERBS[verb])

    def _holidays(self) -> list[HolidayYear]:
        written = self._document.value.get("holidays") or ()
        found = [
            self._validated(("holidays", index), one, HolidayYear)
            for index, one in enumerate(written)
        ]
        years = [one for one in found if isinstance(one, HolidayYear)]
        wrong = check_holidays(years, ("holidays",)) if len(years) == len(found) else ()
        for one in wrong:
            if one.path[-1] != "year":  # a year that stands twice here adds both
                self._wrong(one.path, one.code, one.message, one.mend)
        return years

    def _validated(self, at: Place, value: object, model: type[Contract]) -> Contract | None:
        part = Part(document=self._document.part(*at, value=value), file=None, at=at)
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
        self.problems.append(problem_at(self._document, at, code, message, mend))


def misshapen(document: Document) -> Iterator[Problem]:
    """What keeps a document from being a scenario at all."""
    value = document.value
    if not isinstance(value, dict):
        yield problem_at(
            document, (), "wrong_type", "it is no mapping", "write {plan: …, timeline: …}"
        )
        return
    for key in value:
        if key not in _KEYS:
            mend = f"remove it, or write one of {', '.join(_KEYS)}"
            message = f"the key {key[:60]!r} is not known here"
            yield problem_at(document, (key,), "unknown_key", message, mend)
    if "plan" not in value:
        yield problem_at(document, (), "missing_key", "the key 'plan' is missing", "add it")
    for key in ("plan", "rulebook", "notify"):
        if key in value and not isinstance(value[key], dict | str):
            mend = "write the document here, or the name of its file"
            yield problem_at(document, (key,), "wrong_type", f"{key} is no document", mend)
    for key in ("timeline", "holidays"):
        if not isinstance(value.get(key), list | None):
            yield problem_at(document, (key,), "wrong_type", f"{key} is no list", "write [item, …]")


def problem_at(document: Document, at: Place, code: str, message: str, mend: str) -> Problem:
    """A problem with the line of its place."""
    return Problem(
        line=document.line_of(at), path=path_text(at), code=code, message=message, mend=mend
    )


def _beside(named: Path) -> bytes | None:
    """What a file holds, or nothing where it is none that can be read."""
    try:
        if not named.is_file():
            return None
        with named.open("rb") as stream:
            return stream.read(JSON_BYTES + 1)
    except (OSError, ValueError):
        return None


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


def _named(body: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: body.get(name) for name in names}


def _texts(value: Any, key: str = "") -> Any:  # noqa: ANN401  # whatever the file holds
    if isinstance(value, dict):
        return {name: _texts(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_texts(one, key) for one in value]
    number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if number and key not in _NUMBERS else value
