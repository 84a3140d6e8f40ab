"""A plan in its normal form: what the file leaves to a default is written out, contacts are out."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar

from intake.domain.splitting import split
from shared.contracts.plan import (
    Action,
    ActionHead,
    Contact,
    Documented,
    Expectation,
    Indicator,
    Measure,
    PlanDocument,
    Task,
)

D = TypeVar("D", bound=Documented)
I = TypeVar("I", bound=Indicator)  # noqa: E741  # a kind of indicator


@dataclass(frozen=True, kw_only=True)
class ContactSeed:
    """A person the plan file names, and what for: the plan, an action or a unit, by its id."""

    scope: Literal["plan", "action", "unit"]
    id: str
    contact: Contact


def contacts_of(plan: PlanDocument) -> tuple[ContactSeed, ...]:
    """The people a plan file names, in its order: a seed for the notify service."""
    head = [("plan", plan.plan.id, plan.plan.contacts)]
    units = [("unit", unit.id, unit.contacts) for unit in plan.units]
    actions = [("action", action.id, action.contacts) for action in plan.actions]
    return tuple(
        ContactSeed(scope=scope, id=id_, contact=contact)  # type: ignore[arg-type]  # one of three
        for scope, id_, contacts in (*head, *units, *actions)
        for contact in contacts
    )


def normalise(plan: PlanDocument) -> PlanDocument:
    """A checked plan without contacts, its splits, measure, curves and dates written out.

    `assumed` then also names what nobody assumed aloud but somebody must confirm. Normalising
    again changes nothing.
    """
    head = plan.plan
    return plan.model_copy(
        update={
            "plan": head.model_copy(
                update={
                    "contacts": (),
                    "indicators": _figures(head.indicators, head.start, head.end),
                }
            ),
            "units": tuple(unit.model_copy(update={"contacts": ()}) for unit in plan.units),
            "actions": tuple(_action(action, head.start, head.end) for action in plan.actions),
        }
    )


def measure_of(task: Task) -> Measure | None:
    """A task is measured by what it lists; where it lists both or nothing it has to say so."""
    if task.measure is not None:
        return task.measure
    if task.indicators and not task.milestones:
        return "indicators"
    return "milestones" if task.milestones and not task.indicators else None


def to_confirm(part: Documented) -> tuple[str, ...]:
    """The fields somebody has to stand for before the task is scored (assessment 4.1, 4.5)."""
    if part.confirmed_by is not None:
        return ()
    fields = dict.fromkeys(part.assumed)
    if isinstance(part, Indicator):
        if part.deadline_basis != "explicit":
            fields["deadline_basis"] = None
        if lacks_baseline(part):
            fields["baseline"] = None
    return tuple(fields)


def lacks_baseline(indicator: Indicator) -> bool:
    """A level without its baseline cannot be activated, but by explicit choice (assessment 4.1)."""
    return indicator.kind == "level" and indicator.baseline is None and not indicator.ratio


def unconfirmed(task: Task, action: ActionHead) -> bool:
    """A task stays grey while it, a part of it or its action waits for somebody's word (4.5)."""
    return any(to_confirm(part) for part in (task, action, *task.milestones, *task.indicators))


def _action(action: Action, start: date, end: date) -> Action:
    return action.model_copy(
        update={
            "contacts": (),
            "indicators": _figures(action.indicators, start, end),
            "tasks": tuple(_task(part) for task in action.tasks for part in split(task)),
        }
    )


def _task(task: Task) -> Task:
    measure = measure_of(task)
    named = task.expectation
    own = named.curve or ("steps" if measure in {"milestones", "both", "yes_no"} else "linear")
    inherited = named if named.curve else Expectation(curve="linear", basis=named.basis)
    return task.model_copy(
        update={
            "measure": measure,
            "expectation": named.model_copy(update={"curve": own}),
            "milestones": tuple(_spoken(milestone) for milestone in task.milestones),
            "indicators": tuple(
                _indicator(indicator, inherited, task.start, task.due)
                for indicator in task.indicators
            ),
        }
    )


def _figures(figures: tuple[I, ...], start: date, end: date) -> tuple[I, ...]:
    linear = Expectation(curve="linear")
    return tuple(_indicator(figure, linear, start, end) for figure in figures)


def _indicator(indicator: I, inherited: Expectation, start: date, due: date) -> I:
    """Its own curve, else that of a yes or no: one step when it is due; else the task's (4.2)."""
    own = indicator.expectation
    if own is None or own.curve is None:
        basis = inherited.basis if own is None else own.basis
        own = inherited.model_copy(update={"basis": basis})
        if indicator.kind == "yes_no":
            own = Expectation(curve="steps")
    return _spoken(
        indicator.model_copy(
            update={
                "start": indicator.start or start,
                "due": indicator.due or due,
                "expectation": own,
            }
        )
    )


def _spoken(part: D) -> D:
    """What waits for confirmation stands in `assumed`, where every reader looks."""
    fields = to_confirm(part)
    return part.model_copy(update={"assumed": fields}) if fields else part
