"""What a run sees: the plan in force, the reports before its cut-off, and what was published."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Literal

from shared.calendar.periods import Period, PeriodScheme
from shared.calendar.windows import Window
from shared.calendar.workdays import WorkingDays
from shared.contracts.decisions import Amended, Entry, Exemption
from shared.contracts.plan import (
    ActionHead,
    Assignment,
    Documented,
    Group,
    PlanHead,
    Task,
    Unit,
    Validity,
)
from shared.contracts.rulebook import Rulebook
from shared.contracts.scoring import Light

Rubric = Literal["A", "B", "C", "D"]
"""A reviewer's grade of a task (assessment 4.1)."""


@dataclass(frozen=True, kw_only=True)
class MilestoneReport:
    """What is said of a milestone: the day it was done, or the share (0 to 1) done so far.

    Neither means that it was taken back.
    """

    completed_on: date | None = None
    share: Decimal | None = None

    @property
    def taken_back(self) -> bool:
        """Whether it says that the milestone is not done after all."""
        return self.completed_on is None and self.share is None


@dataclass(frozen=True, kw_only=True)
class Report:
    """One report of a task for a period.

    `position` is its place in the plan's order of events, `timely_at` the instant by which its
    timeliness is charged; both instants are UTC. `milestones` is None where the map was left out.
    `marks` are the review marks so far, in points.
    """

    submission: str
    task: str
    unit: str
    period: str
    position: int
    received_at: datetime
    timely_at: datetime
    as_of: date
    values: Mapping[str, Decimal] = field(default_factory=dict)
    milestones: Mapping[str, MilestoneReport] | None = None
    percent: Decimal | None = None
    no_data: frozenset[str] = frozenset()
    has_evidence: bool = False
    correction: bool = False
    returned_at: datetime | None = None
    verified: bool = False
    marks: Decimal = Decimal(0)
    relations: Mapping[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    """By indicator of the kind relation: the unit's own rate and the other, in percent."""
    rubric: Rubric | None = None
    """The reviewer's newest grade."""
    corrected: bool = False
    """Whether it corrects a published period; then `timely_at` and `marks` are the first one's."""

    def tells(self, indicator: str) -> bool:
        """Whether it says anything of an indicator."""
        return indicator in self.values or indicator in self.relations


@dataclass(frozen=True, kw_only=True)
class Entered:
    """An award, penalty, veto or rating, and the local day of its decision."""

    decision: str
    entry: Entry
    on: date


@dataclass(frozen=True, kw_only=True)
class PlanFacts:
    """One version of a plan. Tasks arrive normalised: `measure` is set, and so is the curve.

    `amended` tells by task what decisions have changed of it; a task that is absent is as filed.
    """

    head: PlanHead
    version: int
    groups: tuple[Group, ...]
    units: tuple[Unit, ...]
    actions: tuple[ActionHead, ...]
    tasks: tuple[tuple[str, Task], ...]
    """Pairs of the action's id and the task."""
    amended: Mapping[str, Amended] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PreviousLine:
    """How a task stood in the latest version of the publication before."""

    unit: str
    light: Light
    missing: bool


@dataclass(frozen=True, kw_only=True)
class Previous:
    """The latest version of the publication of an earlier period; its lines by task."""

    period: Period
    lines: Mapping[str, PreviousLine]

    def followed_by(self, period: Period) -> bool:
        """Whether a light or a silence of then still bears on `period`: the next of one year."""
        return (period.first - self.period.last).days == 1 and period.year == self.period.year


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """All that the run of one period reads; every report lies before the cut-off.

    `finished` names the tasks found finished in released publications, with the year of the first
    blue light, or None where no light was due yet (E = 0). `exemptions` and `entries` are those
    decided before the cut-off and, in a correction, those it names; `zeroed` are the tasks of which
    a correction found the data false.
    """

    plan: PlanFacts
    rulebook: Rulebook
    period: Period
    window: Window
    tz: tzinfo
    workdays: WorkingDays
    reports: tuple[Report, ...]
    previous: Previous | None = None
    finished: Mapping[str, int | None] = field(default_factory=dict)
    exemptions: tuple[Exemption, ...] = ()
    entries: tuple[Entered, ...] = ()
    zeroed: frozenset[str] = frozenset()

    @property
    def scheme(self) -> PeriodScheme:
        """How the plan cuts time into periods."""
        calendar = self.plan.head.calendar
        return PeriodScheme(cadence=calendar.cadence, anchor_month=calendar.anchor_month)


def holds(validity: Validity, day: date) -> bool:
    """Whether `day` lies in the validity, both ends included."""
    begun = validity.from_ is None or validity.from_ <= day
    return begun and (validity.to is None or day <= validity.to)


def assigned_on(task: Task, units: Mapping[str, Unit], day: date) -> tuple[Assignment, ...]:
    """Only an assignment that is valid on the period's last day, of a unit that is, answers."""
    return tuple(
        assignment
        for assignment in task.assignments
        if holds(assignment.valid, day) and holds(units[assignment.unit].valid, day)
    )


def is_unconfirmed(task: Task, action: ActionHead) -> bool:
    """Nothing that rests on an assumption nobody stands for is scored (assessment 4.5)."""
    parts: tuple[Documented, ...] = (task, action, *task.milestones, *task.indicators)
    return any(part.assumed and part.confirmed_by is None for part in parts)
