"""What a changed JSON Schema breaks between one who writes and one who reads."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Schema = Mapping[str, Any]

_LOWER: Final = ("minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties")
_UPPER: Final = ("maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties")
_EXACT: Final = ("pattern", "format", "contentEncoding")
_INNER: Final = ("items", "additionalProperties", "propertyNames")
_Names = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Comparison:
    """Two documents, and who writes: the new one (it answers) or the old one (it is sent).

    What may be written must be what is read, and what the old one had must still be there.
    """

    old: Mapping[str, Any]
    new: Mapping[str, Any]
    new_writes: bool = field(kw_only=True)

    def of(self, old: Schema, new: Schema, at: str, inside: _Names = frozenset()) -> list[str]:
        """What breaks between two schemas; `inside` are the pairs of names that hold this one."""
        pair = (old.get("$ref", ""), new.get("$ref", ""))
        if pair in inside:
            return []
        inside = inside | {pair} if all(pair) else inside
        old, new = _resolved(self.old, old), _resolved(self.new, new)
        olds, news = _alternatives(self.old, old), _alternatives(self.new, new)
        found: list[str] = []
        if self.new_writes:
            tries = [[(was, now) for was in olds] for now in news]
        else:
            tries = [[(was, now) for now in news] for was in olds]
        for pairs in tries:
            found += self._nearest(pairs, at, inside)
        if not _still(old.get("default"), new.get("default")):
            found.append(f"{at}: left out it meant {old.get('default')!r}")
        return found

    def _nearest(
        self, pairs: Sequence[tuple[Schema, Schema]], at: str, inside: _Names
    ) -> list[str]:
        """One of these pairs of old and new must fit; else what breaks in the nearest."""
        tried = [list(self._plain(old, new, at, inside)) for old, new in pairs if _fit(old, new)]
        if not tried and self.new_writes:
            return [f"{at}: may be of type {_kind(pairs[0][1])} now"]
        if not tried:
            return [f"{at}: the type {_kind(pairs[0][0])} is no longer taken"]
        return min(tried, key=len)

    def _plain(self, old: Schema, new: Schema, at: str, inside: _Names) -> Iterator[str]:
        written, read = (new, old) if self.new_writes else (old, new)
        if not _covers(_kind(read), _kind(written)):
            yield f"{at}: the type was {_kind(old)}, is {_kind(new)}"
        for value in _surplus(written, read):
            yield f"{at}: {value!r} is {'new' if self.new_writes else 'no longer taken'}"
        for name in (*_LOWER, *_UPPER, *_EXACT):
            if name in read and not _within(name, written.get(name), read[name]):
                yield f"{at}: {name} was {old.get(name)}, is {new.get(name)}"
        yield from self._fields(old, new, at, inside)
        yield from self._entries(old, new, at, inside)

    def _fields(self, old: Schema, new: Schema, at: str, inside: _Names) -> Iterator[str]:
        had, has = old.get("properties", {}), new.get("properties", {})
        for name in had:
            if name not in has:
                yield f"{at}.{name}: the field is gone"
            else:
                yield from self.of(had[name], has[name], f"{at}.{name}", inside)
        written, read = (new, old) if self.new_writes else (old, new)
        for name in read.get("required", ()):
            if name not in written.get("required", ()) and name in has:
                yield f"{at}.{name}: {'may be absent' if self.new_writes else 'is required'} now"

    def _entries(self, old: Schema, new: Schema, at: str, inside: _Names) -> Iterator[str]:
        """What breaks in the items of a list and in the values of a mapping."""
        had, has = old.get("patternProperties", {}), new.get("patternProperties", {})
        if had.keys() != has.keys():
            yield f"{at}: its names follow another pattern"
        inner = [(had[name], has[name]) for name in had.keys() & has.keys()]
        read = old if self.new_writes else new
        for name in _INNER:
            if isinstance(read.get(name), Mapping):
                inner.append((_schema(old.get(name)), _schema(new.get(name))))
            elif read.get(name) is False and old.get(name) is not False and not self.new_writes:
                yield f"{at}: unknown fields are no longer taken"
        for was, now in inner:
            yield from self.of(was, now, f"{at}[]", inside)


def _resolved(document: Mapping[str, Any], schema: Schema) -> Schema:
    """The schema a reference names, with what stands beside the reference."""
    while "$ref" in schema:
        found: Any = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        schema = {**found, **{name: schema[name] for name in schema if name != "$ref"}}
    return schema


def _alternatives(document: Mapping[str, Any], schema: Schema) -> Sequence[Schema]:
    """What a value may be, each by itself; mostly it is one thing."""
    several = schema.get("anyOf") or schema.get("oneOf")
    if several is None:
        return [schema]
    return [one for part in several for one in _alternatives(document, _resolved(document, part))]


def _schema(value: object) -> Schema:
    return value if isinstance(value, Mapping) else {}


def _kind(schema: Schema) -> str:
    return str(schema.get("type", "anything"))


def _fit(old: Schema, new: Schema) -> bool:
    """Whether two alternatives are worth comparing field by field."""
    return _covers(_kind(old), _kind(new)) or _covers(_kind(new), _kind(old))


def _covers(read: str, written: str) -> bool:
    return read in {"anything", written} or (read, written) == ("number", "integer")


def _surplus(written: Schema, read: Schema) -> list[Any]:
    """Values that may be written and are not known; a list of values may be declared open."""
    known, said = _listed(read), _listed(written)
    if known is None or read.get("x-open"):
        return []
    return ["any value"] if said is None else [value for value in said if value not in known]


def _listed(schema: Schema) -> Sequence[Any] | None:
    listed: Sequence[Any] | None = [schema["const"]] if "const" in schema else schema.get("enum")
    return listed


def _still(old: Any, new: Any) -> bool:  # noqa: ANN401  # any JSON
    """Whether a default means what it meant; an object may have grown."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return all(name in new and _still(old[name], new[name]) for name in old)
    return bool(old == new)


def _within(name: str, written: Any, read: Any) -> bool:  # noqa: ANN401  # what a keyword may hold
    if written is None:
        return False
    if name in _EXACT:
        return bool(written == read)
    return bool(written >= read if name in _LOWER else written <= read)
