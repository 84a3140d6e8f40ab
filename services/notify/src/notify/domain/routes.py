"""Routes: who hears of an alert beside those whom its kind concerns, when, and how often.

Plan-file, "Routes". The document is read here; `routing` takes an alert through it.
"""

import re
from collections.abc import Mapping
from datetime import time, timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from notify.domain.kinds import Kind
from shared.contracts.plan import Language
from shared.contracts.values import Contract, Id, Line

Format = Literal["standard", "wecom", "dingtalk", "feishu"]
"""How a receiver wants its messages: as Standard Webhooks, or as a group robot."""

_SPAN: Final = re.compile(r"([0-9]{1,4})([smhd])", re.ASCII)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST: Final = timedelta(days=7)
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])", re.ASCII)
_MIDNIGHT: Final = 24 * 60


def _span(text: object) -> object:
    """A span of time written as 30s, 10m, 4h or 1d; two may stand together, as in 1h30m."""
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not re.fullmatch(f"({_SPAN.pattern})+", text, re.ASCII):
        raise ValueError(f"write a span of time as 30s, 10m, 4h or 1d, not {text!r}")
    span = timedelta(seconds=sum(int(n) * _SECONDS[unit] for n, unit in _SPAN.findall(text)))
    if span > _LONGEST:
        raise ValueError("a span of time is at most 7d")
    return span


def _written(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for unit in ("d", "h", "m"):
        if seconds and seconds % _SECONDS[unit] == 0:
            return f"{seconds // _SECONDS[unit]}{unit}"
    return f"{seconds}s"


def _minutes(text: object) -> object:
    """A time of day, HH:MM up to 24:00."""
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if found is not None and int(found[1]) * 60 + int(found[2]) <= _MIDNIGHT:
        return text
    raise ValueError(f'write a time of day in quotes as "08:30", up to "24:00", not {text!r}')


Span = Annotated[timedelta, BeforeValidator(_span), PlainSerializer(_written, return_type=str)]
TimeOfDay = Annotated[str, BeforeValidator(_minutes)]
Workdays = Annotated[int, Field(ge=1, le=250)]
Label = Literal["plan", "action", "task", "unit", "kind", "level"]
"""What alerts can be grouped and compared by."""


def _listed(value: object) -> object:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _each_once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))


Ids = Annotated[tuple[Id, ...], BeforeValidator(_listed), Field(min_length=1)]
Kinds = Annotated[tuple[Kind, ...], BeforeValidator(_listed), Field(min_length=1)]
Levels = Annotated[
    tuple[Literal["yellow", "red"], ...], BeforeValidator(_listed), Field(min_length=1)
]
Names = Annotated[tuple[Line, ...], BeforeValidator(_listed), Field(min_length=1)]


class Match(Contract):
    """What an alert must be: each field that is given names what it may be; all must hold."""

    kind: Kinds | None = None
    level: Levels | None = None
    plan: Ids | None = None
    action: Ids | None = None
    task: Ids | None = None
    unit: Ids | None = None
    role: Ids | None = None
    """Its kind tells somebody in one of these roles (assessment 4.15)."""
    labels: dict[Line, Names] = Field(default_factory=dict)
    """Labels of its task in the plan."""


class ToEndpoint(Contract):
    """To a webhook endpoint."""

    endpoint: Id


class ToRole(Contract):
    """By mail, to a role of the unit, action or plan concerned."""

    role: Id


To = tuple[ToEndpoint | ToRole, ...]


class Timing(Contract):
    """How messages are put together and repeated; what is not given is as in the route above."""

    group_by: Annotated[tuple[Label, ...], AfterValidator(_each_once)] | None = None
    """Alerts that agree in these go into one message."""
    group_wait: Span | None = None
    """So long after the first alert of a group its message goes out."""
    group_interval: Span | None = None
    """At least so long after a message of a group comes its next."""
    repeat_working_days: tuple[Workdays, ...] | None = Field(default=None, max_length=20)
    """An alert that nobody answers is told again after so many working days, then so many more."""


class Default(Timing):
    """The root of the tree: what no route takes; its timing holds where a route gives none."""

    to: To = (ToRole(role="reporter"),)


class Route(Timing):
    """One route: the first of its children that matches takes the alert, else itself."""

    match: Match = Match()
    to: To | None = None
    """Who hears of it; as in the route above where it is not given."""
    continue_: bool = Field(default=False, alias="continue")
    """Whether the routes behind this one are tried too."""
    routes: "tuple[Route, ...]" = ()


class EndpointSpec(Contract):
    """A webhook endpoint, or a group robot, as the routes name it."""

    id: Id
    url: Annotated[str, Field(min_length=1, max_length=2000)]
    format: Format = "standard"
    language: Language = "zh-CN"
    """What a robot is spoken to in; a standard webhook has every text in both."""
    secret_env: Annotated[str, Field(pattern=r"^NOTIFY_SECRET_[A-Z0-9_]{1,100}$")] | None = None
    """The environment variable that holds its secret; for a standard webhook one is made."""


class Hours(Contract):
    """When messages go out; outside they wait for the next opening."""

    from_: TimeOfDay = Field(default="08:30", alias="from")
    to: TimeOfDay = "17:30"
    working_days_only: bool = True

    @model_validator(mode="after")
    def _forward(self) -> "Hours":
        if self.from_ >= self.to:
            raise ValueError(f"the hours end at {self.to}, before they begin at {self.from_}")
        return self

    @property
    def opens(self) -> time:
        """When the first message of a day goes out."""
        return time.fromisoformat(self.from_)

    @property
    def closes(self) -> time | None:
        """From when on messages wait; None: at the end of the day."""
        return None if self.to == "24:00" else time.fromisoformat(self.to)


class Inhibition(Contract):
    """While an alert of the first sort is open, those of the second that agree in `same` wait."""

    when: Match
    silence: Match
    same: Annotated[tuple[Label, ...], AfterValidator(_each_once), Field(min_length=1)]


OVERDUE_EXPLAINS_LAG: Final = Inhibition(
    when=Match(kind=("missing", "overdue")),
    silence=Match(kind=("early", "lag")),
    same=("task", "unit"),
)


class Routes(Contract):
    """The routes document."""

    endpoints: tuple[EndpointSpec, ...] = ()
    routes: tuple[Route, ...] = ()
    default: Default = Default()
    inhibit: tuple[Inhibition, ...] = (OVERDUE_EXPLAINS_LAG,)
    hours: Hours = Hours()
    daily_cap: int = Field(default=5, ge=1, le=1000)
    """Messages to one person on one day; the rest goes into one digest."""
    acknowledge_expires_working_days: int = Field(default=3, ge=1, le=250)

    def hooks(self) -> Mapping[str, str]:
        """The endpoints that any route names, each with the first place that names it."""
        named: dict[str, str] = {}
        waiting: list[tuple[str, Default | Route]] = [("notify.default", self.default)]
        waiting += [(f"notify.routes[{n}]", one) for n, one in enumerate(self.routes)]
        while waiting:
            path, node = waiting.pop(0)
            for one in node.to or ():
                if isinstance(one, ToEndpoint):
                    named.setdefault(one.endpoint, f"{path}.to")
            if isinstance(node, Route):
                waiting += [(f"{path}.routes[{n}]", one) for n, one in enumerate(node.routes)]
        return named


class RoutesDocument(Contract):
    """One routes file."""

    notify: Routes


NO_ROUTES: Final = Routes()
"""What holds where nothing was set: the reporter by mail."""
