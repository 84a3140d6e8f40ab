"""YAML 1.2 and JSON text into plain values; what two readers could read differently is refused.

Of unquoted YAML only null, true, false, whole numbers and decimal fractions are more than text:
a day stays text, and so do `no`, `on`, `08` and `.inf`. A fraction becomes a float, which no
amount accepts: it has to be quoted.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, NoReturn

import yaml

from shared.contracts.problem import Path, Problem, path_text

DEPTH: Final = 64
_EXPANDED: Final = 64 << 20
"""What a YAML document may grow to with its aliases; a node counts 16 and its length."""
_NODE: Final = 16
_WHOLE_DIGITS: Final = 18

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WHOLE: Final = re.compile(r"-?(0|[1-9][0-9]*)", re.ASCII)
_FRACTION: Final = re.compile(
    r"-?(0|[1-9][0-9]*)(\.[0-9]*([eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)", re.ASCII
)
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class DocumentError(Exception):
    """The file cannot be taken: its author mends what each of `problems` names."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def refuse(code: str, message: str, mend: str, *, line: int | None = None) -> NoReturn:
    """Refuse the whole document for one reason."""
    raise DocumentError([Problem(line=line, path="", code=code, message=message, mend=mend)])


@dataclass(slots=True)
class Place:
    """The line a node stands on, and the places of those inside it."""

    line: int
    inside: dict[str | int, "Place"] = field(default_factory=dict)


def read_json(text: str) -> Any:  # noqa: ANN401  # whatever the file holds
    """The value of a JSON text.

    Raises:
        json.JSONDecodeError: it is not JSON.
        DocumentError: a key stands twice, a number is NaN or too large, nesting is above 64.
    """
    try:
        value = _decoder().decode(text)
    except RecursionError:
        _refuse_depth()
    level = [value]
    for _ in range(DEPTH + 1):
        containers = [one for one in level if isinstance(one, dict | list)]
        if not containers:
            return value
        level = [
            inner
            for one in containers
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return _refuse_depth()


def read_yaml(text: str) -> tuple[Any, Place]:
    """The value of a YAML text, and where its parts stand.

    Raises:
        DocumentError: it is not one plain YAML document; all keys that stand twice are named.
    """
    tree = _Tree()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            tree.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "it cannot be read"
        line = mark.line + 1 if mark else None
        refuse("not_yaml", f"this is not YAML: {what}", "mend it here or just above", line=line)
    if tree.duplicates:
        raise DocumentError(tree.duplicates)
    if tree.root is None or tree.root.value is None:
        refuse("empty", "the file is empty", "write the document into it")
    return tree.root.value, tree.root.place


@dataclass(slots=True)
class _Node:
    """A node under construction; `size` is what it would grow to without aliases."""

    value: Any
    place: Place
    anchor: str | None
    size: int = _NODE
    key: str | None = None
    """Of a mapping: the key whose value comes next."""


class _Tree:
    """Builds a value from the parser's events, without recursion and without constructors."""

    def __init__(self) -> None:
        self.root: _Node | None = None
        self.duplicates: list[Problem] = []
        self._open: list[_Node] = []
        self._anchors: dict[str, _Node] = {}

    def take(self, event: yaml.Event) -> None:
        """One event; what is not listed here carries nothing."""
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag:
            refuse("tag", f"the tag {event.tag[:60]} is not read", "remove it", line=line)
        if isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            refuse("many_documents", "a second document begins", "keep one in a file", line=line)
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event.anchor or "", line)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._add(self._open.pop(), line)

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        if self._awaits_key():
            self._key(event.value, line)
            return
        value = _plain(event.value, line) if event.implicit[0] else event.value
        size = _NODE + len(event.value)
        self._add(_Node(value=value, place=Place(line), anchor=event.anchor, size=size), line)

    def _alias(self, anchor: str, line: int) -> None:
        node = self._anchors.get(anchor)
        if node is None or self._awaits_key():
            refuse(
                "alias",
                f"the alias *{anchor[:60]} stands for nothing whole, or for a key",
                "write out what it stands for",
                line=line,
            )
        self._add(_Node(value=node.value, place=node.place, anchor=None, size=node.size), line)

    def _begin(self, value: Any, anchor: str | None, line: int) -> None:  # noqa: ANN401  # dict or list
        if self._awaits_key():
            refuse("key_not_text", "a list or mapping stands as a key", "use a text", line=line)
        if len(self._open) >= DEPTH:
            _refuse_depth(line)
        self._open.append(_Node(value=value, place=Place(line), anchor=anchor))

    def _awaits_key(self) -> bool:
        top = self._open[-1] if self._open else None
        return top is not None and isinstance(top.value, dict) and top.key is None

    def _key(self, key: str, line: int) -> None:
        top = self._open[-1]
        if key in top.value:
            path: Path = (*(_way(node) for node in self._open[:-1]), key)
            first = top.place.inside[key].line
            self.duplicates.append(
                Problem(
                    line=line,
                    path=path_text(path),
                    code="duplicate_key",
                    message=f"the key {key[:60]!r} stands twice, first on line {first}",
                    mend="remove one of the two",
                )
            )
        top.key = key
        top.value[key] = None
        top.place.inside[key] = Place(line)

    def _add(self, node: _Node, line: int) -> None:
        if node.anchor is not None:
            self._anchors[node.anchor] = node
        if not self._open:
            self.root = node
            return
        top = self._open[-1]
        top.size += node.size
        if top.size > _EXPANDED:
            refuse("alias_bomb", "the aliases blow the file up", "write fewer of them", line=line)
        if isinstance(top.value, list):
            top.place.inside[len(top.value)] = node.place
            top.value.append(node.value)
        elif top.key is not None:
            # The line of the key, for its value may begin further down.
            node_line = top.place.inside[top.key].line
            top.place.inside[top.key] = Place(node_line, node.place.inside)
            top.value[top.key] = node.value
            top.key = None


def _way(node: _Node) -> str | int:
    return len(node.value) if isinstance(node.value, list) else node.key or ""


def _plain(text: str, line: int) -> Any:  # noqa: ANN401  # text, number, boolean or null
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return _whole(text, line)
    return _fraction(text, line) if _FRACTION.fullmatch(text) else text


def _whole(text: str, line: int | None = None) -> int:
    if not text.lstrip("-").isdecimal() or len(text) > _WHOLE_DIGITS:
        refuse("number", f"{text[:30]} is no usual number", "write it in quotes", line=line)
    return int(text)


def _fraction(text: str, line: int | None = None) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        refuse("number", f"{text[:30]} is no usual number", "write it in quotes", line=line)
    return number


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        refuse("duplicate_key", f"the key {twice[:60]!r} stands twice", "remove one of the two")
    return members


@cache
def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_members, parse_int=_whole, parse_float=_fraction, parse_constant=_whole
    )


def _refuse_depth(line: int | None = None) -> NoReturn:
    refuse("too_deep", f"it is nested more than {DEPTH} deep", "make it flatter", line=line)
