"""What pydantic finds wrong with a document, said to the person who wrote it."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shared.contracts.problem import Locate, Path, Problem, path_text

_MOST: Final = 1000
_SHOWN: Final = 60

Wording = tuple[str, str, str]
"""A code, what is wrong, how to mend it."""


def problems_of(
    error: ValidationError, value: object, model: type[BaseModel], locate: Locate
) -> list[Problem]:
    """Every error in the order of the file's lines, one for a place; at most 1,000."""
    found: dict[Path, Problem] = {}
    unions: list[Path] = []
    details = error.errors(include_url=False)
    for item in details[:_MOST]:
        path, whole = _path_in(item, value)
        if not whole:
            unions.append(path)
        if path not in found:
            code, message, mend = _worded(item, path, model)
            found[path] = Problem(
                line=locate(path), path=path_text(path), code=code, message=message, mend=mend
            )
    # Of the ways a place may be written, the one that came furthest tells the most.
    for path in unions:
        if any(len(other) > len(path) and other[: len(path)] == path for other in found):
            found.pop(path, None)
    problems = sorted(found.values(), key=lambda problem: problem.line or 0)
    if len(details) > _MOST:
        left = f"there are {len(details) - _MOST} errors more"
        mend = "mend these first, then check again"
        problems.append(Problem(line=None, path="", code="more", message=left, mend=mend))
    return problems


def _path_in(item: ErrorDetails, value: object) -> tuple[Path, bool]:
    """Pydantic's location without the names of union members, and whether it had none."""
    path: list[str | int] = []
    whole = True
    last = len(item["loc"]) - 1
    for index, part in enumerate(item["loc"]):
        if _holds(value, part):
            value = value[part]  # type: ignore[index]  # it holds the part
        elif not (item["type"] == "missing" and index == last):
            whole = False
            continue
        path.append(part)
    return tuple(path), whole


def _holds(value: object, part: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, dict) and part in value


def _worded(item: ErrorDetails, path: Path, model: type[BaseModel]) -> Wording:
    kind, given, context = item["type"], item["input"], item.get("ctx", {})
    wording = "out_of_bounds", f"{_shown(given)} does not fit", _bounded(item)
    if kind == "extra_forbidden":
        wording = _unknown_key(str(path[-1]), _keys_at(model, path[:-1]))
    elif kind == "missing":
        wording = "missing_key", f"the key {path[-1]!r} is missing", "add it"
    elif isinstance(given, float) and kind in {"value_error", "string_type"}:
        plain = format(Decimal(repr(given)), "f")[:_SHOWN]
        wording = "unquoted_number", f"{plain} is not in quotes", f'write "{plain}"'
    elif kind == "literal_error":
        wording = "wrong_choice", f"{_shown(given)} is no choice", f"write {context['expected']}"
    elif kind == "value_error":
        wording = "bad_value", f"{_shown(given)} cannot be read", str(context["error"])
    elif kind == "string_pattern_mismatch":
        wording = _bad_pattern(given, context["pattern"])
    elif kind in _WRONG_TYPE:
        expected, mend = _WRONG_TYPE[kind]
        if kind == "string_type" and isinstance(given, int):
            mend = f'put it in quotes: "{str(given).lower()}"'
        wording = "wrong_type", f"{_shown(given)} stands where {expected} belongs", mend
    return wording


def _bounded(item: ErrorDetails) -> str:
    """How to stay within a bound, in the words of who writes a file."""
    context = item.get("ctx", {})
    for name, wording in _BOUNDS.items():
        if name in context:
            return wording.format(context[name])
    return item["msg"]


_BOUNDS: Final = {
    "ge": "write {} or more",
    "gt": "write more than {}",
    "le": "write {} or less",
    "lt": "write less than {}",
    "min_length": "let it be at least {} long",
    "max_length": "let it be at most {} long",
}


_WRONG_TYPE: Final = {
    "string_type": ("a text", "write a text"),
    "int_type": ("a whole number", "write a whole number without quotes"),
    "int_from_float": ("a whole number", "write a whole number without a point"),
    "bool_type": ("true or false", "write true or false, without quotes"),
    "model_type": ("a mapping", "write {key: value, …}; a text alone needs quotes"),
    "dict_type": ("a mapping", "write {key: value, …}"),
    "list_type": ("a list", "write [item, …]"),
    "tuple_type": ("a list", "write [item, …]"),
}


def _bad_pattern(given: object, pattern: str) -> Wording:
    if pattern.startswith("^[A-Za-z0-9]"):
        mend = "use 1 to 64 letters and digits of ASCII, with . _ - after the first"
        return "bad_id", f"{_shown(given)} is no id", mend
    mend = "write a year such as 2021" if pattern.startswith("^(19") else f"write it like {pattern}"
    return "bad_value", f"{_shown(given)} cannot be read", mend


def _unknown_key(key: str, keys: Sequence[str]) -> Wording:
    if key in keys:  # of another way to write the same place
        return "unknown_key", f"the key {_shown(key)} does not go with the others", "keep one form"
    near = get_close_matches(key, keys, n=1)
    known = f"remove it, or write one of {', '.join(keys)}" if keys else "remove it"
    mend = f"did you mean {near[0]!r}?" if near else known
    return "unknown_key", f"the key {_shown(key)} is not known here", mend


def _keys_at(model: type[BaseModel], path: Path) -> Sequence[str]:
    """The keys a model knows at a place, as files write them."""
    at: Sequence[object] = [model]
    for part in path:
        at = [inner for outer in at for inner in _inside(outer, part)]
    return [name.alias or key for one in _models(at) for key, name in one.model_fields.items()]


def _inside(annotation: object, part: str | int) -> Iterator[object]:
    for one in _models([annotation]):
        for key, name in one.model_fields.items():
            if part in {key, name.alias}:
                yield name.annotation
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        yield from get_args(annotation)


def _models(annotations: Sequence[object]) -> Iterator[type[BaseModel]]:
    """The models among annotations and in the unions and containers they name."""
    for one in annotations:
        if isinstance(one, type) and issubclass(one, BaseModel):
            yield one
        else:
            yield from _models(get_args(one))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
