"""The files that commands are given: read whole, and refused in the words of whoever wrote them."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from duban.cli.door import Stop
from shared.contracts.plan import PlanHead
from shared.contracts.problem import Problem
from shared.contracts.rulebook import Rulebook
from shared.kit.documents import JSON_BYTES, DocumentError, read_document

if TYPE_CHECKING:
    from intake.service.files import PlanFile

_MARKS: Final = {"task", "unit", "period"}
_NOT_TEXT: Final = {"not_utf8", "empty"}


def bytes_of(file: Path) -> bytes:
    """What a file holds; of one that is too large only as much as shows it.

    Raises:
        Stop: it cannot be read.
    """
    try:
        with file.open("rb") as stream:
            return stream.read(JSON_BYTES + 1)
    except OSError as error:
        why = error.strerror or str(error)
        raise Stop("unreadable_file", f"{file} cannot be read: {why}", status=2) from None


def media_type(file: Path) -> str:
    """How a plan or a rulebook is announced to intake, by its name."""
    return "application/json" if file.suffix == ".json" else "application/yaml"


def plan_file(file: Path, data: bytes) -> "PlanFile":
    """The plan that a file holds, checked.

    Raises:
        Stop: it has errors, each with its line; or it is no plan file.
    """
    from intake.service.files import read_plan  # noqa: PLC0415  # keeps `duban --help` quick

    try:
        return read_plan(data, name=file.name)
    except DocumentError as error:
        raise _refused(file, data, error, wanted="plan") from None


def routes_file(file: Path, data: bytes) -> dict[str, Any]:
    """The routes that a file holds, checked, as JSON.

    Raises:
        Stop: it has errors, each with its line; or it is no routes file.
    """
    from notify.domain.routes import RoutesDocument  # noqa: PLC0415  # likewise
    from shared.kit.documents import validate  # noqa: PLC0415  # likewise

    try:
        document = read_document(data, name=file.name)
        routes = validate(document, RoutesDocument)
    except DocumentError as error:
        raise _refused(file, data, error, wanted="notify") from None
    told: dict[str, Any] = routes.model_dump(mode="json", by_alias=True, exclude_none=True)
    return told


def rulebook_file(file: Path, data: bytes, plan: PlanHead) -> Rulebook:
    """The rulebook that a file holds, checked, also against its plan.

    Raises:
        Stop: it has errors, each with its line; or it is no rulebook.
    """
    from intake.service.files import read_rulebook  # noqa: PLC0415  # keeps `duban --help` quick

    try:
        return read_rulebook(data, name=file.name, plan=plan)[1]
    except DocumentError as error:
        raise _refused(file, data, error, wanted="rulebook") from None


def reports_of(file: Path) -> dict[str, Any] | list[Any]:
    """One report, or the reports of a batch: a JSON array, or one JSON object a line (.ndjson).

    Raises:
        Stop: the file holds neither.
    """
    data = bytes_of(file)
    try:
        if file.suffix == ".ndjson":
            value: Any = _lines_of(data, file.name)
        else:
            value = read_document(data, name=file.name).value
    except DocumentError as error:
        raise problems_stop(file, error.problems, status=2) from None
    if isinstance(value, list) and value:
        return value
    if isinstance(value, dict) and _MARKS & value.keys():
        return value
    raise Stop("not_a_submission", f"{file} holds no report and no list of reports", status=2)


def _lines_of(data: bytes, name: str) -> list[Any]:
    items = []
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            items.append(read_document(line, name=f"{name}.json").value)
        except DocumentError as error:
            raise DocumentError([replace(one, line=number) for one in error.problems]) from None
    return items


def _refused(file: Path, data: bytes, error: DocumentError, *, wanted: str) -> Stop:
    """A file with errors is refused; one that is something else altogether is misuse."""
    try:
        value = read_document(data, name=file.name).value
    except DocumentError as unread:
        misuse = unread.problems[0].code in _NOT_TEXT
        return problems_stop(file, error.problems, status=2 if misuse else 1)
    if not isinstance(value, dict) or not isinstance(value.get(wanted), dict):
        why = f"{file} is no {wanted} file: nothing in it is called {wanted}"
        return Stop(f"not_a_{wanted}", why, status=2)
    return problems_stop(file, error.problems, status=1)


def problems_stop(file: Path, problems: Sequence[Problem], *, status: Literal[1, 2]) -> Stop:
    """The end of a command whose file has these problems."""
    count = "an error" if len(problems) == 1 else f"{len(problems)} errors"
    return Stop(
        "invalid",
        f"{file} has {count}",
        errors=[{"file": str(file), **asdict(one)} for one in problems],
        lines=[located(file, one) for one in problems],
        status=status,
    )


def located(file: Path, problem: Problem) -> str:
    """A problem in the form that editors jump to."""
    where = ":".join(str(part) for part in (file, problem.line) if part)
    path = f"{problem.path}: " if problem.path else ""
    return f"{where}: {path}{problem.message}; {problem.mend} ({problem.code})"
