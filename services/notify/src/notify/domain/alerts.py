"""When somebody is warned: an episode begins, gets worse and ends; what happened is told once.

Assessment 4.15. Each decision carries its reason, to be stored, shown and counted.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal
from uuid import UUID, uuid5

from notify.domain.facts import Light, LightChange, OpenAlert, PublishedLine, StandingChange
from notify.domain.kinds import Kind, Level

Effect = Literal["raise", "update", "resolve", "withdraw", "nothing"]
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
    "corrected_away",
    "opened",
    "due_soon",
    "not_reported",
    "closing",
    "closed",
    "already_raised",
    "not_overdue",
    "report_arrived",
    "superseded",
    "not_owed",
    "handed_over",
    "no_answer",
    "yellow_twice",
    "ladder_ended",
    "red_twice",
    "red_ended",
    "milestone_month",
    "milestone_passed",
    "milestone_settled",
    "lag_ended",
    "published",
    "corrected",
    "rank_changed",
    "grade_changed",
    "appeal_upheld",
    "appeal_rejected",
    "returned",
    "verified",
]

_NAMESPACE: Final = UUID("5a3d8c1e-6c0f-5d55-9b0e-2f1c7a90d381")
_LEFT: Final[dict[Light, Reason]] = {
    "green": "on_schedule",
    "blue": "done",
    "grey": "not_counted",
}


@dataclass(frozen=True, slots=True)
class Addressee:
    """A role at a unit, an action (`group`) or a plan (`office`); printed `role@id`."""

    role: str
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


def alert_id(*, kind: Kind, plan: str, task: str | None, unit: str, episode: str) -> str:
    """The identity of an alert (assessment 4.15): the same facts give the same id everywhere.

    The episode of a lag is the event that began it, that of an overdue report its period.
    """
    return str(uuid5(_NAMESPACE, f"{kind}/{plan}/{task or ''}/{unit}/{episode}"))


_TOLD: Final[dict[Kind, tuple[str, ...]]] = {
    "due_soon": ("reporter",),
    "early": ("reporter",),
    "verified": ("reporter",),
    "interview": ("head", "group", "office"),
    "escalation": (),
}
"""The roles of kinds that do not tell reporter and head of the unit."""


def audience(
    *, kind: Kind, level: Level | None, unit: str, action: str | None, plan: str = ""
) -> tuple[Addressee, ...]:
    """Whom a kind concerns (assessment 4.15): the unit, by its reporter and head in most.

    A live lag goes to the unit's reporter; at a published red the action's contacts hear too. An
    interview concerns the head, the action's contacts and the office; a step of the ladder names
    its own role.
    """
    roles = _TOLD.get(kind, ("reporter", "head"))
    if kind == "lag" and level == "red":
        roles = (*roles, "group")
    told = (addressee(role, unit=unit, action=action, plan=plan) for role in roles)
    return tuple(one for one in told if one is not None)


def addressee(role: str, *, unit: str, action: str | None, plan: str) -> Addressee | None:
    """Where a role stands: `group` at the action, `office` at the plan, every other at the unit.

    None: what the alert is about belongs to no action.
    """
    if role == "group":
        return Addressee(role, action) if action else None
    return Addressee(role, plan if role == "office" else unit)


def decide_early(change: StandingChange, alert: OpenAlert | None) -> Decision:
    """The unit is warned once when its live standing enters yellow or red (assessment 4.15).

    `alert` is the open early alert of this task and unit, if any.
    """
    return _decide("early", change, alert)


def decide_lag(
    line: PublishedLine, alert: OpenAlert | None, newest: date | None = None
) -> Decision:
    """The unit is warned once when its published light enters yellow or red (assessment 4.15).

    It is told again when yellow turns red; a version that changes nothing sends nothing; one that
    corrects the period in which the level was entered takes the alert back.
    `alert` is the open lag alert of this task and unit, if any; `newest` the last day of the
    newest period published for the task before this line: an older one moves no alert.
    """
    if newest is not None and line.as_of < newest:
        return Decision(effect="nothing", reason="older_period")
    decision = _decide("lag", line, alert)
    if alert is not None and decision.effect == "resolve" and line.undoes(alert):
        return _leave("corrected_away", alert, effect="withdraw")
    return decision


def decide_once(  # the identity of an alert, and its reason
    *,
    kind: Kind,
    reason: Reason,
    plan: str,
    task: str | None,
    unit: str,
    episode: str,
    raised: bool,
    tell: tuple[Addressee, ...] | None = None,
    action: str | None = None,
    level: Level | None = None,
) -> Decision:
    """What has happened is told once to whom its kind concerns, or `tell` (assessment 4.15).

    `raised`: an alert of this identity exists already, open or not.
    """
    if raised:
        return Decision(effect="nothing", reason="already_raised")
    told = audience(kind=kind, level=level, unit=unit, action=action, plan=plan)
    return Decision(
        effect="raise",
        reason=reason,
        alert_id=alert_id(kind=kind, plan=plan, task=task, unit=unit, episode=episode),
        episode=episode,
        level=level,
        tell=told if tell is None else tell,
    )


def is_red_twice(line: PublishedLine) -> bool:
    """Red in two periods running: an interview (约谈, assessment 4.15)."""
    return line.before == line.after == "red"


def is_yellow_twice(line: PublishedLine) -> bool:
    """Yellow in two periods running: the next step of the ladder (assessment 4.15)."""
    return line.before == line.after == "yellow"


def decide_red_ended(line: PublishedLine, alert: OpenAlert) -> Decision:
    """An interview is over once the published light is red twice no more.

    A correction of the period that it was called for takes it back.
    """
    if line.undoes(alert):
        return _leave("corrected_away", alert, effect="withdraw")
    return _leave("red_ended", alert)


def decide_end(reason: Reason, alert: OpenAlert) -> Decision:
    """What an alert was about is over, for this reason."""
    return _leave(reason, alert)


def decide_withdrawal(alert: OpenAlert) -> Decision:
    """A correction has undone what an alert was about."""
    return _leave("corrected_away", alert, effect="withdraw")


def decide_handover(alert: OpenAlert) -> Decision:
    """A unit that no longer leads the task is not warned of it any more (assessment 4.6)."""
    return _leave("handed_over", alert)


def _decide(kind: Literal["early", "lag"], fact: LightChange, alert: OpenAlert | None) -> Decision:
    if fact.after != "yellow" and fact.after != "red":  # noqa: PLR1714  # narrows the type
        return _leave(_LEFT[fact.after], alert)
    if alert is None:
        return _enter(kind, fact, fact.after)
    return _stay(kind, fact, fact.after, alert)


def _leave(
    reason: Reason,
    alert: OpenAlert | None,
    *,
    effect: Literal["resolve", "withdraw"] = "resolve",
) -> Decision:
    if alert is None:
        return Decision(effect="nothing", reason=reason)
    return Decision(
        effect=effect, reason=reason, alert_id=alert.id, episode=alert.episode, level=alert.level
    )


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
        tell=audience(kind=kind, level=level, unit=fact.unit, action=fact.action, plan=fact.plan),
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
        tell=audience(kind=kind, level=level, unit=fact.unit, action=fact.action, plan=fact.plan)
        if worse
        else (),
    )
