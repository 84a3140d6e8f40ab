"""An alert's way through the routes: which of them take it, who hears of it, what silences it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from notify.domain.kinds import Kind, Level
from notify.domain.routes import (
    Default,
    Inhibition,
    Label,
    Match,
    Route,
    Routes,
    Timing,
    To,
)

_DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a route can tell an alert by; `roles` are those its kind concerns (assessment 4.15)."""

    kind: Kind
    level: Level | None
    plan: str
    action: str | None
    task: str | None
    unit: str
    roles: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A route that takes the alert: its place in the document, and what holds there."""

    path: str
    to: To
    group_by: tuple[Label, ...] = ("unit",)
    group_wait: timedelta = timedelta(seconds=30)
    group_interval: timedelta = timedelta(hours=4)
    repeat_working_days: tuple[int, ...] = ()


def taken_by(routes: Routes, subject: Subject) -> Sequence[Taken]:
    """The first route that matches takes the alert, and more where it says `continue`.

    In a route its first child that matches takes it, else itself; where none matches the default.
    """
    root = _timed(Taken(path=_DEFAULT, to=routes.default.to), routes.default)
    found = tuple(_among(routes.routes, subject, root, "routes"))
    return found or (root,)


def matches(match: Match, subject: Subject) -> bool:
    """Each field that is given holds."""
    wanted = (
        (match.kind, subject.kind),
        (match.level, subject.level),
        (match.plan, subject.plan),
        (match.action, subject.action),
        (match.task, subject.task),
        (match.unit, subject.unit),
    )
    return (
        all(values is None or found in values for values, found in wanted)
        and (match.role is None or not subject.roles.isdisjoint(match.role))
        and all(subject.labels.get(name) in values for name, values in match.labels.items())
    )


def group_key(taken: Taken, subject: Subject) -> str:
    """What alerts of one message have in common on this route."""
    return ", ".join(f"{label}={getattr(subject, label)}" for label in taken.group_by)


def silences(rule: Inhibition, loud: Subject, quiet: Subject) -> bool:
    """While the one is open the other waits, if the rule means both and they agree in `same`."""
    return (
        loud.plan == quiet.plan
        and matches(rule.when, loud)
        and matches(rule.silence, quiet)
        and all(getattr(loud, label) == getattr(quiet, label) for label in rule.same)
    )


def _among(routes: Sequence[Route], subject: Subject, above: Taken, path: str) -> Iterator[Taken]:
    for index, route in enumerate(routes):
        if not matches(route.match, subject):
            continue
        here = f"{path}[{index}]"
        mine = _timed(
            replace(above, path=here, to=above.to if route.to is None else route.to), route
        )
        children = tuple(_among(route.routes, subject, mine, f"{here}.routes"))
        yield from children or (mine,)
        if not route.continue_:
            return


def _timed(taken: Taken, timing: Timing | Default) -> Taken:
    names = ("group_by", "group_wait", "group_interval", "repeat_working_days")
    given = {name: getattr(timing, name) for name in names if getattr(timing, name) is not None}
    return replace(taken, **given)
