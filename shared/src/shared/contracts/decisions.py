"""Decisions of the office: what it grants, changes and enters (product.md, assessment 4.7 to 4.9).

One typed union: `type` tells them apart. What a decision means is written where it is applied.
"""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.plan import Task
from shared.contracts.submission import Submission
from shared.contracts.values import Amount, Contract, Day, Id, Line, Note, Year

ExemptionKind = Literal["E1", "E2", "E3", "E4", "E5"]
AwardLevel = Literal["national", "provincial", "city"]
Reason = Annotated[Note, Field(min_length=1)]
Points = Annotated[Amount, Field(gt=0)]
Mode = Literal["same_curve", "rebase"]


class Grounds(Contract):
    """What a decision rests on."""

    reason: Reason | None = None
    """Why it was taken."""
    approver: Line | None = None
    """Who approved it."""
    document: Line | None = None
    """The paper it stands in."""


class Extension(Grounds):
    """One report may come later: due and close move together (assessment 3.2)."""

    type: Literal["extend"] = "extend"
    task: Id
    unit: Id
    """The unit that owes the report."""
    period: Id
    working_days: int = Field(ge=1, le=250)
    """By how many working days."""


class Exemption(Grounds):
    """A unit is excused for its part of one task (容错, assessment 4.9)."""

    type: Literal["exempt"] = "exempt"
    id: Id
    """Its name; a correction names it so."""
    task: Id
    unit: Id
    kind: ExemptionKind
    """E1 no score, E2 changed target, E3 a penalty waived, E4 a floor, E5 kept off the list."""
    periods: tuple[Id, ...] = Field(default=(), max_length=100)
    """The periods it holds for."""
    matter: Line | None = None
    """E3: the matter whose penalty is waived; otherwise what it is about."""
    applicant: Line | None = None
    """Who applied for it: somebody else grants it."""


class Adjustment(Grounds):
    """A target or a date changes from a period on that is not published (assessment 4.7)."""

    type: Literal["adjust"] = "adjust"
    task: Id
    indicator: Id | None = None
    """The indicator whose target or day moves; null: the task's own day."""
    target: Amount | None = None
    """The new target."""
    due: Day | None = None
    """The new last day, of the indicator if one is named, else of the task."""
    year_targets: dict[Year, Amount] | None = None
    """New targets by year; null leaves them as they are."""
    effective: Id
    """The first period it holds for."""
    mode: Mode = "same_curve"
    """Whether the curve stays, or begins anew at what was reached."""


class Confirmation(Grounds):
    """Somebody stands for all that was assumed of a task (assessment 4.5)."""

    type: Literal["confirm"] = "confirm"
    task: Id
    by: Line
    """Who stands for it."""


class Suspension(Grounds):
    """A task rests for the periods named (assessment 4.7)."""

    type: Literal["suspend"] = "suspend"
    task: Id
    periods: tuple[Id, ...] = Field(min_length=1, max_length=100)
    """Periods that follow one another."""
    extend: bool = False
    """Whether its last day moves by the days it rests."""


class Cancellation(Grounds):
    """A task ends without being finished (assessment 4.7)."""

    type: Literal["cancel"] = "cancel"
    task: Id


class Addition(Grounds):
    """A task joins the plan while it runs (assessment 4.7)."""

    type: Literal["add"] = "add"
    action: Id
    """The action it belongs to."""
    task: Task


class Award(Grounds):
    """A bonus; of one matter the highest counts (assessment 4.8)."""

    type: Literal["award"] = "award"
    unit: Id
    level: AwardLevel | None = None
    """What was won: national 2, provincial 1, city 0.5 points, where no points are named."""
    points: Points | None = None
    """Its points; they win over a level."""
    matter: Line
    """What it is for."""


class Penalty(Grounds):
    """A deduction, written positive; all count (assessment 4.8)."""

    type: Literal["penalty"] = "penalty"
    unit: Id
    points: Points
    """What is deducted."""
    matter: Line
    """What it is for; an exemption of the kind E3 names it so."""
    uncapped: bool = False
    """Whether it stands outside the cap: false data, a major accident."""


class Veto(Grounds):
    """The year's grade is capped (一票否决, assessment 4.8)."""

    type: Literal["veto"] = "veto"
    unit: Id
    matter: Line
    """What it is for."""
    cap: Literal["fair", "poor"]
    """The best grade that is left."""


class Rating(Grounds):
    """The public's rating of a unit in a year, 0 to 100 (assessment 4.14)."""

    type: Literal["rating"] = "rating"
    unit: Id
    year: int = Field(ge=1970, le=2200)
    """The calendar year."""
    score: Annotated[Amount, Field(ge=0, le=100)]
    """0 to 100; a later rating of the same year replaces it."""


class Merger(Grounds):
    """Units become part of another: what they answer for passes to it (assessment 4.14)."""

    type: Literal["merge"] = "merge"
    units: tuple[Id, ...] = Field(min_length=1, max_length=100)
    """Those that end."""
    into: Id
    """The unit, declared in the plan, that they become part of."""
    effective: Id
    """The first period in which it answers."""


class UnitSplit(Grounds):
    """Tasks of a unit pass to others (assessment 4.14)."""

    type: Literal["split"] = "split"
    unit: Id
    """The unit that held them."""
    tasks: dict[Id, Id] = Field(min_length=1, max_length=1_000)
    """By task the unit, declared in the plan, that takes it."""
    effective: Id
    """The first period in which the successors answer."""


class CorrectedReport(Grounds):
    """What the report of a published period should have said (assessment 4.13).

    It keeps the first one's instant and marks, and every field it does not name.
    """

    type: Literal["correct"] = "correct"
    submission: Submission
    """The report as it should have been."""


Decision = Annotated[
    Extension
    | Exemption
    | Adjustment
    | Confirmation
    | Suspension
    | Cancellation
    | Addition
    | Award
    | Penalty
    | Veto
    | Rating
    | Merger
    | UnitSplit
    | CorrectedReport,
    Field(discriminator="type"),
]
"""Any decision of the office."""

Entry = Award | Penalty | Veto | Rating
"""What is entered for a unit."""


class Rest(Contract):
    """A suspension as it is in force: the days of its periods, both included."""

    periods: tuple[Id, ...]
    """Its periods, in their order."""
    first: Day
    """The first day of the first."""
    last: Day
    """The last day of the last."""
    extend: bool
    """Whether the task's last day moves by the days it rests."""


class Change(Contract):
    """An adjustment as it is in force; `first` is the first day of the period it begins with."""

    decision: Id
    """The decision's id."""
    effective: Id
    """The first period it holds for."""
    first: Day
    """The first day of that period."""
    indicator: Id | None
    """The indicator whose target or day moves; null: the task's own day."""
    target: Amount | None
    """The new target; null leaves it as it is."""
    due: Day | None
    """The new last day; null leaves it as it is."""
    year_targets: dict[Year, Amount] | None
    """The new targets by year; null leaves them as they are."""
    mode: Mode
    """Whether the curve stays, or begins anew at what was reached."""


class Later(Contract):
    """An extension as it is in force."""

    unit: Id
    period: Id
    working_days: int
    """All that were granted, together."""


class Amended(Contract):
    """What decisions have changed of a task since its plan file; each in the order of decisions."""

    rests: tuple[Rest, ...] = ()
    """Its suspensions."""
    changes: tuple[Change, ...] = ()
    """Its adjustments, each on top of those before it."""
    later: tuple[Later, ...] = ()
    """Its extensions, one for each report that was extended."""
    cancelled_on: Day | None = None
    """The day of the decision, local to the plan."""

    def working_days_more(self, unit: str, period: str) -> int:
        """By how many working days a unit's report for a period may come later."""
        found = (one.working_days for one in self.later if (one.unit, one.period) == (unit, period))
        return sum(found)


UNAMENDED = Amended()
