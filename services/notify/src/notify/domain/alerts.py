"""When somebody is warned: an episode of lag begins, gets worse and ends; a report is overdue.

Assessment 4.15. Each decision carries its reason, to be stored, shown and counted.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal
from uuid import UUID, uuid5

Kind = Literal["early", "lag", "overdue"]
Light = Literal["green", "yellow", "red", "blue", "grey"]
Level = Literal["yellow", "red"]
Effect = Literal["raise", "update", "resolve", "nothing"]
Reason = Literal[
    "entered",
    "got_worse",
    "got_better",
    "figures_changed",
    "unchanged",
    "stays",
    "on_schedule",
    "done",
    "not_counted",
    "older_period",
    "not_reported",
    "already_raised",
    "not_overdue",
    "report_arrived",
    "handed_over",
]

_NAMESPACE: Final = UUID("5a3d8c1e-6c0f-5d55-9b0e-2f1c7a90d381")
_LEFT: Final[dict[Light, Reason]] = {
    "green": "on_schedule",
    "blue": "done",
    "grey": "not_counted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a light was made from, as printed: a, e, r to 4 places, gap in percentage points."""

    a: str | None
    e: str | None
    r: str | None
    gap: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LightChange:
    """A task's light and figures were judged anew; `before` is None when it had no light."""

    plan: str
    task: str
    unit: str
    """The lead."""
    action: str
    period: str
    before: Light | None
    after: Light
    figures: Figures
    as_of: date
    event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingChange(LightChange):
    """The live standing of a task moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedLine(LightChange):
    """A task's line in a publication; `as_of` is the last day of its period."""

    version: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueObligation:
    """A report that is owed did not arrive by its due date."""

    plan: str
    task: str
    unit: str
    period: str
    due: date
    close: date
    event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAlert:
    """An alert whose episode has not ended, as it stands."""

    id: str
    kind: Kind
    level: Level | None
    episode: str
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class Addressee:
    """A role at a unit, or the contacts (`group`) of an action; printed `role@id`."""

    role: Literal["reporter", "head", "group"]
    at: str

    def __str__(self) -> str:
        return f"{self.role}@{self.at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is done about an alert and why; `tell` is empty when nobody gets a message."""

    effect: Effect
    reason: Reason
    alert_id: str | None = None
    episode: str | None = None
    level: Level | None = None
    tell: tuple[Addressee, ...] = ()


def alert_id(*, kind: Kind, plan: str, task: str, unit: str, episode: str) -> str:
    """The identity of an alert (assessment 4.15): the same facts give the same id everywhere.

    The episode of a lag is the event that began it, that of an overdue report its period.
    """
    return str(uuid5(_NAMESPACE, f"{kind}/{plan}/{task}/{unit}/{episode}"))


def audience(*, kind: Kind, level: Level | None, unit: str, action: str) -> tuple[Addressee, ...]:
    """The lead unit is told, at a published red the action's contacts too (assessment 4.15).

    A live lag goes to the unit's reporter, a published one and an overdue report also to its head.
    """
    reporter = (Addressee("reporter", unit),)
    if kind == "early":
        return reporter
    both = (*reporter, Addressee("head", unit))
    return (*both, Addressee("group", action)) if kind == "lag" and level == "red" else both


def decide_early(change: StandingChange, alert: OpenAlert | None) -> Decision:
    """The unit is warned once when its live standing enters yellow or red (assessment 4.15).

    `alert` is the open early alert of this task and unit, if any.
    """
    return _decide("early", change, alert)


def decide_lag(
    line: PublishedLine, alert: OpenAlert | None, newest: date | None = None
) -> Decision:
    """The unit is warned once when its published light enters yellow or red (assessment 4.15).

    It is told again when yellow turns red; a version that changes nothing sends nothing.
    `alert` is the open lag alert of this task and unit, if any; `newest` the last day of the
    newest period published for the task before this line: an older one moves no alert.
    """
    if newest is not None and line.as_of < newest:
        return Decision(effect="nothing", reason="older_period")
    return _decide("lag", line, alert)


def decide_overdue(obligation: OverdueObligation, *, raised: bool) -> Decision:
    """An overdue report is told once to reporter and head of its unit (assessment 4.15).

    `raised`: an alert for this report exists already, open or resolved.
    """
    if raised:
        return Decision(effect="nothing", reason="already_raised")
    return Decision(
        effect="raise",
        reason="not_reported",
        alert_id=alert_id(
            kind="overdue",
            plan=obligation.plan,
            task=obligation.task,
            unit=obligation.unit,
            episode=obligation.period,
        ),
        episode=obligation.period,
        tell=audience(kind="overdue", level=None, unit=obligation.unit, action=""),
    )


def decide_arrival(alert: OpenAlert | None) -> Decision:
    """An overdue alert is resolved when its report arrives (assessment 4.15)."""
    if alert is None:
        return Decision(effect="nothing", reason="not_overdue")
    return _leave("report_arrived", alert)


def decide_handover(alert: OpenAlert) -> Decision:
    """A unit that no longer leads the task is not warned of it any more (assessment 4.6)."""
    return _leave("handed_over", alert)


def _decide(kind: Literal["early", "lag"], fact: LightChange, alert: OpenAlert | None) -> Decision:
    if fact.after != "yellow" and fact.after != "red":  # noqa: PLR1714  # narrows the type
        return _leave(_LEFT[fact.after], alert)
    if alert is None:
        return _enter(kind, fact, fact.after)
    return _stay(kind, fact, fact.after, alert)


def _leave(reason: Reason, alert: OpenAlert | None) -> Decision:
    if alert is None:
        return Decision(effect="nothing", reason=reason)
    return Decision(effect="resolve", reason=reason, alert_id=alert.id, episode=alert.episode)


def _enter(kind: Literal["early", "lag"], fact: LightChange, level: Level) -> Decision:
    if fact.before in {"red", level}:
        return Decision(effect="nothing", reason="stays", level=level)
    return Decision(
        effect="raise",
        reason="entered",
        alert_id=alert_id(
            kind=kind, plan=fact.plan, task=fact.task, unit=fact.unit, episode=fact.event_id
        ),
        episode=fact.event_id,
        level=level,
        tell=audience(kind=kind, level=level, unit=fact.unit, action=fact.action),
    )


def _stay(
    kind: Literal["early", "lag"],
    fact: LightChange,
    level: Level,
    alert: OpenAlert,
) -> Decision:
    reason: Reason = "unchanged" if fact.figures == alert.figures else "figures_changed"
    if level != alert.level:
        reason = "got_worse" if level == "red" else "got_better"
    worse = kind == "lag" and reason == "got_worse"
    return Decision(
        effect="nothing" if reason == "unchanged" else "update",
        reason=reason,
        alert_id=alert.id,
        episode=alert.episode,
        level=level,
        tell=audience(kind=kind, level=level, unit=fact.unit, action=fact.action) if worse else (),
    )
