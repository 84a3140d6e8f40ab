"""What alerts are about: the kinds of assessment 4.15, and what each tells beside its light."""

from typing import Annotated, Final, Literal

from pydantic import Field

from shared.contracts import notify as contract
from shared.contracts.values import Contract, Day, Id, Line, Note, Text

Kind = contract.AlertKind
Level = contract.Level

NEWS: Final[frozenset[Kind]] = frozenset(
    {"published", "corrected", "ranking", "appeal", "returned", "verified"}
)
"""Kinds that tell what has happened and ask for no answer: told once, never repeated."""

Change = Literal["raised", "got_worse", "repeated", "withdrawn"]
"""What a message says of its alert: it began, it got worse, it still stands, it is taken back."""


class Reminder(Contract):
    """due_soon, overdue, closing, missing: a report that is owed and has not come."""

    about: Literal["reminder"] = "reminder"
    stage: Literal["opened", "due_soon", "overdue", "closing", "missed"]
    working_days: int
    """Left until the due day (opened, due_soon) or the close (closing); else 0."""
    due: Day
    close: Day


class LateMilestone(Contract):
    """milestone_overdue: a milestone has passed its date unfinished."""

    about: Literal["milestone"] = "milestone"
    milestone: Id
    title: Text
    due: Day
    unit: Id
    """Whose it is: the lead, where it names nobody else."""
    days: int
    """Calendar days since its date."""


class Step(Contract):
    """escalation: the next step of the ladder is told of a lag."""

    about: Literal["step"] = "step"
    why: Literal["no_answer", "yellow_twice"]
    working_days: int
    """So many without an answer; 0 where two publications running were yellow."""
    role: Id
    """Who is told now."""
    lag: str
    """The id of the lag alert it follows from."""


class Summons(Contract):
    """interview (约谈): red two periods running, or a milestone more than 30 days late."""

    about: Literal["summons"] = "summons"
    why: Literal["red_twice", "milestone"]
    milestone: LateMilestone | None = None


class UnitResult(Contract):
    """published, corrected, ranking: what a unit got, and what it had before.

    Of a first version `was_…` is the period before, of a correction the version before.
    """

    about: Literal["result"] = "result"
    version: int
    score: Line | None
    rank: int | None
    grade: Line | None
    was_score: Line | None
    was_rank: int | None
    was_grade: Line | None
    behind: tuple[Id, ...] = ()
    """The tasks it leads whose published light is yellow or red."""


class Reviewed(Contract):
    """returned, verified: what the office did with a report."""

    about: Literal["review"] = "review"
    submission: Id
    reason: Note | None
    marks: Line | None = None
    """Points taken off, of a verified report; null where none are."""


class AppealOutcome(Contract):
    """appeal: it is decided."""

    about: Literal["appeal"] = "appeal"
    appeal: Id
    item: Id
    """A task, or the unit itself."""
    upheld: bool
    reason: Note


Details = Annotated[
    Reminder | LateMilestone | Step | Summons | UnitResult | Reviewed | AppealOutcome,
    Field(discriminator="about"),
]
"""What an alert tells beside task, level and figures; early and lag have none."""
