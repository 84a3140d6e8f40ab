"""The verbs of a timeline, what each says, and the decision of the office it stands for."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from notify.domain.routes import Match
from shared.contracts.decisions import (
    Addition,
    Adjustment,
    Award,
    Cancellation,
    Confirmation,
    Decision,
    Exemption,
    Extension,
    Grounds,
    Merger,
    Mode,
    Penalty,
    Rating,
    Suspension,
    UnitSplit,
    Veto,
)
from shared.contracts.notify import AlertKind
from shared.contracts.plan import HolidayYear, Task
from shared.contracts.submission import Submission, Value
from shared.contracts.values import Amount, Contract, Day, Id, Instant, Line, Note, Year

LAST: Final = "last"
_UNSAID: Final = "no reason is given"
_SOMEBODY: Final = "the unit"

Why = Annotated[Note, Field(min_length=1)]


class Reviewed(Contract):
    """Which report is reviewed: its id, or the latest received for a task, unit and period."""

    submission: Id = LAST
    task: Id
    unit: Id
    period: Id


class Verify(Reviewed):
    """The office verifies a report; marks add up."""

    marks: Annotated[Amount, Field(ge=0, le=100)] = Field(default="0", validate_default=True)
    reason: Note | None = None
    rubric: Literal["A", "B", "C", "D"] | None = None
    values: dict[Id, Value] | None = None


class Return(Reviewed):
    """The office sends a report back."""

    reason: Why = _UNSAID


class Publish(Contract):
    """A period is drafted, approved and released in one step."""

    period: Id
    force: Why | None = None


class Correct(Contract):
    """The next version of a published period."""

    period: Id
    reason: Why = _UNSAID
    submit: Submission | None = None
    exemptions: tuple[Id, ...] = ()
    zero: tuple[Id, ...] = ()


class Adjust(Grounds):
    """A target or a date changes; or `confirm`: somebody stands for what was assumed of a task."""

    task: Id | None = None
    indicator: Id | None = None
    target: Amount | None = None
    due: Day | None = None
    year_targets: dict[Year, Amount] | None = None
    effective: Id | None = None
    mode: Mode = "same_curve"
    confirm: Confirmation | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if self.confirm is None and (self.task is None or self.effective is None):
            raise ValueError("name the task, and the period it is effective from")
        return self


class NewTask(Task):
    """A task that joins an action."""

    action: Id


class TaskChange(Grounds):
    """A task rests, ends, or joins the plan."""

    id: Id | None = None
    suspend: Annotated[tuple[Id, ...], Field(min_length=1)] | None = None
    extend: bool = False
    cancel: Literal[True] | None = None
    add: NewTask | None = None

    @model_validator(mode="after")
    def _one_change(self) -> Self:
        if [self.suspend, self.cancel, self.add].count(None) != 2:  # noqa: PLR2004  # of three
            raise ValueError("write one of suspend: [period, …], cancel: true, add: {…}")
        if self.id is None and self.add is None:
            raise ValueError("name the task by its id")
        return self


class WholeYear(Contract):
    """The year that is rolled up, or frozen."""

    year: int = Field(ge=1970, le=2200)


class Appeal(Contract):
    """A unit contests an item of a published period: a task, or its own id for its score."""

    period: Id
    unit: Id
    item: Id
    grounds: Why = _UNSAID


class Decide(Contract):
    """An appeal is decided; upheld, what it names is corrected. `last`: the one filed last."""

    appeal: Id = LAST
    upheld: bool
    reason: Why = _UNSAID
    submit: Submission | None = None
    exemptions: tuple[Id, ...] = ()
    zero: tuple[Id, ...] = ()

    @model_validator(mode="after")
    def _only_what_is_upheld_corrects(self) -> Self:
        if not self.upheld and (self.submit or self.exemptions or self.zero):
            raise ValueError("only an appeal that is upheld corrects: write upheld: true")
        return self


class Cutoff(Contract):
    """A place in the plan's order is marked, as by a draft that came to nothing."""


class Acknowledge(Contract):
    """Somebody answers for the open alert of a task and unit; without `task` that of the unit."""

    task: Id | None = None
    unit: Id
    kind: AlertKind
    by: Line = _SOMEBODY


class SetMute(Contract):
    """Somebody keeps alerts quiet for a while."""

    match: Match
    until: Instant
    reason: Why = _UNSAID
    by: Line = _SOMEBODY


VERBS: Final[Mapping[str, type[Contract]]] = {
    "submit": Submission,
    "verify": Verify,
    "return": Return,
    "publish": Publish,
    "correct": Correct,
    "extend": Extension,
    "exempt": Exemption,
    "adjust": Adjust,
    "confirm": Confirmation,
    "task": TaskChange,
    "award": Award,
    "penalty": Penalty,
    "veto": Veto,
    "rating": Rating,
    "merge": Merger,
    "split": UnitSplit,
    "appeal": Appeal,
    "decide": Decide,
    "year": WholeYear,
    "freeze": WholeYear,
    "cutoff": Cutoff,
    "holidays": HolidayYear,
    "acknowledge": Acknowledge,
    "mute": SetMute,
}
"""What may stand beside `at`, and what it says."""
_DECISIONS: Final = (
    *(Extension, Exemption, Confirmation, Award, Penalty, Veto, Rating),
    *(Merger, UnitSplit),
)


def decision_of(body: Contract) -> Decision:
    """The decision of the office that a body stands for.

    Raises:
        TypeError: it stands for none.
    """
    if isinstance(body, Adjust):
        return body.confirm or Adjustment(**_as(body, Adjustment))
    if isinstance(body, TaskChange):
        return _task_change(body)
    if isinstance(body, _DECISIONS):
        return body
    raise TypeError(f"{type(body).__name__} is no decision")


def _task_change(body: TaskChange) -> Decision:
    grounds = _as(body, Grounds)
    if body.add is not None:
        return Addition(action=body.add.action, task=Task(**_as(body.add, Task)), **grounds)
    if body.suspend is not None:
        return Suspension(task=body.id or "", periods=body.suspend, extend=body.extend, **grounds)
    return Cancellation(task=body.id or "", **grounds)


def _as(body: Contract, model: type[Contract]) -> dict[str, Any]:
    """The fields of a body that a contract has too."""
    known = type(body).model_fields
    return {name: getattr(body, name) for name in model.model_fields if name in known}
