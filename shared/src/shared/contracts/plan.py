"""The plan file: actions → tasks → milestones and indicators, units, calendar.

One shape serves the file, the event and the reader. The file is read with unknown keys refused,
an event with unknown keys ignored. What fields must mean together is checked by intake.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.contracts.values import Amount, Contract, Day, Id, Labels, Line, Note, Text, Year

Cadence = Literal["weekly", "monthly", "bimonthly", "quarterly", "half_year", "annual"]
Role = Literal["lead", "joint_lead", "cooperating", "supervising"]
Measure = Literal["indicators", "milestones", "both", "percent", "yes_no", "rubric"]
Curve = Literal["linear", "smooth", "steps", "table", "yearly"]
Kind = Literal[
    "cumulative",
    "level",
    "at_most",
    "ceiling",
    "hold",
    "maintain",
    "yes_no",
    "rank",
    "growth",
    "compound",
    "recurring",
    "relation",
    "range",
    "about",
    "register",
]
Language = Literal["zh-CN", "en"]
Email = Annotated[str, StringConstraints(min_length=3, max_length=254)]


class Source(Contract):
    """Where a text says it."""

    document: Line
    clause: Line | None = None


class Documented(Contract):
    """What every object of a plan may carry beside its own fields."""

    source: Source | None = None
    note: Note | None = None
    labels: Labels = Field(default_factory=dict)
    assumed: tuple[Line, ...] = ()
    """The fields that the source does not state and somebody chose."""
    confirmed_by: Line | None = None
    """Who stands for the assumed fields; until then the task they touch is grey."""


class Named(Documented):
    """What has an id, unique in its plan, and a title."""

    id: Id
    title: Text


class Validity(Contract):
    """From a day to a day, both included; an open end is null."""

    from_: Day | None = Field(default=None, alias="from")
    to: Day | None = None


class Contact(Contract):
    """A person behind a role. A seed for the notify service, never stored with the plan."""

    role: Id
    name: Line | None = None
    email: Email
    language: Language = "zh-CN"


class HolidayYear(Contract):
    """Days off that are not weekends, and weekend days that are worked, in one year."""

    year: int = Field(ge=1970, le=2200)
    rest: tuple[Day, ...] = ()
    work: tuple[Day, ...] = ()


class CalendarSettings(Contract):
    """How often the plan is assessed, and how long a unit has to report (working days)."""

    cadence: Cadence = "bimonthly"
    anchor_month: int = Field(default=1, ge=1, le=12)
    due_working_days: int = Field(default=5, ge=1, le=250)
    close_working_days: int = Field(default=5, ge=0, le=250)
    open_working_days: int = Field(default=3, ge=0, le=250)
    holidays: tuple[HolidayYear, ...] = ()


class TablePoint(Contract):
    """A point of an expectation table: by this day, this cumulative share (0 to 1)."""

    by: Day
    share: Amount


class Expectation(Contract):
    """The curve of expected progress E(t); none means linear, or steps for milestones."""

    curve: Curve | None = None
    basis: Literal["month", "day"] = "month"
    table: tuple[TablePoint, ...] = ()
    between: Literal["linear", "step"] = "linear"
    yearly: dict[Year, Amount] = Field(default_factory=dict)
    inside: Literal["linear", "smooth"] = "linear"


class Milestone(Named):
    """A dated node of a task."""

    due: Day
    weight: Amount = Field(default="1", validate_default=True)
    partial: bool = False
    unit: Id | None = None


class Indicator(Named):
    """A figure with a target."""

    kind: Kind
    target: Amount | None = None
    target_high: Amount | None = None
    baseline: Amount | None = None
    ratio: bool = False
    split: dict[Id, Amount] | tuple[Id, ...] | None = None
    unit: Text | None = None
    integer: bool = False
    strict: bool = False
    tolerance: Amount | None = None
    years: int | None = Field(default=None, ge=1, le=100)
    start: Day | None = None
    due: Day | None = None
    expectation: Expectation | None = None
    weight: Amount = Field(default="1", validate_default=True)
    cadence: Cadence | None = None
    data_from: Literal["unit", "statistics", "third_party"] = "unit"
    commitment: Literal["ensure", "strive"] | None = None
    deadline_basis: Literal["explicit", "plan_period", "report_year", "parent_goal", "none"] = (
        "explicit"
    )
    year_targets: dict[Year, Amount] = Field(default_factory=dict)


class ReportedIndicator(Indicator):
    """A figure of an action or of the whole plan: shown in the year, in no score."""

    reporter: Id


class Assignment(Contract):
    """Who answers for a task, in which role, from when to when."""

    unit: Id
    role: Role
    share: Amount | None = None
    valid: Validity = Validity()


class Task(Named):
    """A promise of the plan."""

    weight: Amount
    start: Day
    due: Day
    publish: bool = True
    assignments: tuple[Assignment, ...]
    measure: Measure | None = None
    milestone_weight: Amount = Field(default="1", validate_default=True)
    expectation: Expectation = Expectation()
    milestones: tuple[Milestone, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    funnel: tuple[Id, ...] = ()
    evidence: Literal["required", "optional", "none"] = "optional"
    derived_from: tuple[Id, ...] = ()


class ActionHead(Named):
    """A special action without its tasks: how it travels in an event."""

    weight: Amount = Field(default="1", validate_default=True)
    contacts: tuple[Contact, ...] = ()
    indicators: tuple[ReportedIndicator, ...] = ()


class Action(ActionHead):
    """A special action with its tasks."""

    tasks: tuple[Task, ...] = ()


class Group(Named):
    """Units that are ranked among themselves."""


class Unit(Named):
    """A responsible unit."""

    group: Id
    valid: Validity = Validity()
    contacts: tuple[Contact, ...] = ()


class Evaluation(Contract):
    """A dated look at the whole plan beside its periods."""

    id: Id
    as_of: Day


class PlanHead(Named):
    """What holds for the whole plan."""

    timezone: str = Field(default="Asia/Shanghai", max_length=64)
    start: Day
    end: Day
    activate_from: Id | None = None
    parent: Id | None = None
    calendar: CalendarSettings = CalendarSettings()
    evaluations: tuple[Evaluation, ...] = ()
    indicators: tuple[ReportedIndicator, ...] = ()
    contacts: tuple[Contact, ...] = ()


class LadderStep(Contract):
    """One step of the escalation ladder."""

    after_working_days: int = Field(ge=0, le=250)
    role: Id


class Escalation(Contract):
    """Who is told next when nobody answers."""

    ladder: tuple[LadderStep, ...] = ()


class PlanDocument(Contract):
    """One plan file."""

    plan: PlanHead
    groups: tuple[Group, ...] = ()
    units: tuple[Unit, ...] = ()
    actions: tuple[Action, ...] = ()
    escalation: Escalation = Escalation()
