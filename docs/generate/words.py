"""The types of fields in words, and the objects that fields hold."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from shared.contracts import plan, values

Hint = Any

_NAMED: Final[tuple[tuple[str, Hint], ...]] = (
    ("id", values.Id),
    ("amount", values.Amount),
    ("amount", values.TextAmount),
    ("figure", values.Figure),
    ("day", values.Day),
    ("instant", values.Instant),
    ("note", values.Note),
    ("line", values.Line),
    ("year", values.Year),
    ("email", plan.Email),
)
_PLAIN: Final = {
    str: "text",
    int: "whole number",
    bool: "true or false",
    NoneType: "null",
    date: "day",
    datetime: "instant",
}


def type_of(model: type[BaseModel], field: str) -> str:
    """The type of a field, as a reader of the document knows it."""
    return _told(get_type_hints(model, include_extras=True)[field])


def objects_in(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The models a model holds, each before those it holds itself; one may come twice."""
    for hint in get_type_hints(model).values():
        for inner in _models(hint):
            yield inner
            yield from objects_in(inner)


def _told(hint: Hint) -> str:
    for word, named in _NAMED:
        if _is(hint, named):
            return word
    origin: Any = get_origin(hint)
    if origin in _COMPOSED:
        return _COMPOSED[origin](get_args(hint))
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    return _PLAIN[hint]


def _either(parts: tuple[Hint, ...]) -> str:
    return " or ".join(_told(part) for part in parts)


_COMPOSED: Final[Mapping[Any, Callable[[tuple[Hint, ...]], str]]] = {
    Annotated: lambda inner: _told(inner[0]),
    Union: _either,
    UnionType: _either,
    Literal: lambda inner: ", ".join(f"`{value}`" for value in inner),
    tuple: lambda inner: f"list of {_told(inner[0])}",
    dict: lambda inner: f"{{{_told(inner[0])}: {_told(inner[1])}}}",
}


def _is(hint: Hint, named: Hint) -> bool:
    """Whether a hint is that type, or that type with more said about it."""
    origin: Any = get_origin(hint)
    if origin is not Annotated:
        return False
    held, wanted = hint.__metadata__, named.__metadata__
    return hint.__origin__ is named.__origin__ and held[: len(wanted)] == wanted


def _models(hint: Hint) -> Iterator[type[BaseModel]]:
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        yield hint
    for inner in get_args(hint):
        yield from _models(inner)
