"""One YAML 1.2 or JSON document that a person wrote, with its lines; it has no meaning here."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from shared.contracts.problem import Path, Problem
from shared.kit.readers import DocumentError, Place, read_json, read_yaml, refuse
from shared.kit.validation import problems_of

__all__ = ["Document", "DocumentError", "Path", "Problem", "read_document", "validate"]

YAML_BYTES: Final = 4 << 20
JSON_BYTES: Final = 64 << 20
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CONSTANT: Final = re.compile(r"[\[,:]\s*-?(?:NaN|Infinity)\b")
_ESCAPE: Final = re.compile(r"\\[uU]")

M = TypeVar("M", bound=BaseModel)


class Document:
    """What a file says: texts, whole numbers, booleans, null, lists, mappings with text keys.

    An unquoted fraction is a float, so that an amount can refuse it.
    """

    def __init__(
        self,
        *,
        name: str,
        value: Any,  # noqa: ANN401  # whatever the file holds
        places: Callable[[], Place | None],
    ) -> None:
        self.name = name
        self.value = value
        self._places = places

    def line_of(self, path: Path) -> int | None:
        """The line of a place, or of what is nearest above it; None in a JSON file above 4 MB."""
        place = self._places()
        for part in path:
            if place is None or part not in place.inside:
                break
            place = place.inside[part]
        return place.line if place else None

    def part(self, *path: str | int, value: object = None) -> "Document":
        """What stands at a place, or `value` in its stead, with the lines of the file."""
        inside = self.value
        if value is None:
            for part in path:
                inside = inside[part]

        def places() -> Place | None:
            place = self._places()
            for part in path:
                place = place and place.inside.get(part)
            return place

        return Document(name=self.name, value=inside if value is None else value, places=places)

    def under(self, key: str, *, value: object) -> "Document":
        """`value`, in which this document stands under a key, with the lines of the file."""

        def places() -> Place | None:
            place = self._places()
            return place and Place(place.line, {key: place})

        return Document(name=self.name, value=value, places=places)


def read_document(data: bytes, *, name: str) -> Document:
    """Read a file's bytes; it is JSON by its name, or where it reads as JSON. A BOM is accepted.

    Raises:
        DocumentError: above 4 MB (JSON 64 MB), not UTF-8, empty, not one document, or readable in
            two ways: a key that stands twice, a tag, a key that is no text, aliases that blow it
            up, nesting above 64.
    """
    if len(data) > JSON_BYTES:
        refuse("too_large", "the file has more than 64 MB", "split it")
    small = len(data) <= YAML_BYTES
    text = _decoded(data)
    if name.endswith(".json") or text.lstrip().startswith(("{", "[")):
        try:
            value = _json_value(text, small=small)
        except json.JSONDecodeError as error:
            if name.endswith(".json"):
                refuse("not_json", f"it is not JSON: {error.msg}", "mend it", line=error.lineno)
        else:
            _check_characters(value, text)
            places = cache(lambda: _json_places(text) if small else None)
            return Document(name=name, value=value, places=places)
    if not small:
        refuse("too_large", "the file has more than 4 MB", "write a plan of this size as JSON")
    value, root = read_yaml(text)
    _check_characters(value, text)
    return Document(name=name, value=value, places=lambda: root)


def validate(document: Document, model: type[M]) -> M:
    """What the document says as `model`; a key the model does not know is an error.

    Raises:
        DocumentError: every place that does not fit, with its line and a way to mend it.
    """
    written = json.dumps(document.value, ensure_ascii=False, allow_nan=False)
    try:
        return model.model_validate_json(written, extra="forbid")
    except ValidationError as error:
        problems = problems_of(error, document.value, model, document.line_of)
        raise DocumentError(problems) from None


def _decoded(data: bytes) -> str:
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\x00" in {data[:1], data[1:2]}:
        refuse("not_utf8", "the file is in UTF-16 or UTF-32", "save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        refuse("not_utf8", "the file is not in UTF-8", "save it as UTF-8", line=line)
    if not text.strip():
        refuse("empty", "the file is empty", "write the document into it")
    if found := _CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        refuse("control_character", f"{found[0]!r} stands in the text", "remove it", line=line)
    return text


def _json_value(text: str, *, small: bool) -> Any:  # noqa: ANN401  # whatever the file holds
    try:
        return read_json(text)
    except DocumentError as error:
        if small:
            read_yaml(text)  # it names every duplicate, with both lines, and the line of a number
        if found := _CONSTANT.search(text):  # no number of YAML either, but a text of it
            line = text.count("\n", 0, found.end()) + 1
            raise DocumentError([replace(one, line=line) for one in error.problems]) from None
        raise


def _json_places(text: str) -> Place | None:
    """JSON is YAML, so the reader that counts lines reads it too; where it cannot, none is told."""
    try:
        return read_yaml(text)[1]
    except DocumentError:
        return None


def _check_characters(value: object, text: str) -> None:
    """Half a surrogate pair comes from an escape only, and no database takes it."""
    if not _ESCAPE.search(text):
        return
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        refuse("half_character", "an escape is half a character", "write the character itself")
