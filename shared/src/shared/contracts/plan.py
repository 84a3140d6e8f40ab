"""The plan file: actions → tasks → milestones and indicators, units, calendar.

One shape serves the file, the event and the reader. The file is read with unknown keys refused,
an event with unknown keys ignored. What fields must mean together is checked by intake.
"""

from fractions import Fraction
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
    """The document's name."""
    clause: Line | None = None
    """The place in it."""


class Documented(Contract):
    """What every object of a plan may carry beside its own fields."""

    source: Source | None = None
    """Where the text says it."""
    note: Note | None = None
    """A remark."""
    labels: Labels = Field(default_factory=dict)
    """Names and values the board filters by."""
    assumed: tuple[Line, ...] = ()
    """The fields that the source does not state and somebody chose."""
    confirmed_by: Line | None = None
    """Who stands for the assumed fields; until then the task they touch is grey."""


class Named(Documented):
    """What has an id, unique in its plan, and a title."""

    id: Id
    """Unique in its plan."""
    title: Text
    """What people call it."""


class Validity(Contract):
    """From a day to a day, both included; an open end is null."""

    from_: Day | None = Field(default=None, alias="from")
    """The first day; null: from the start."""
    to: Day | None = None
    """The last day; null: to the end."""


class Contact(Contract):
    """A person behind a role. A seed for the notify service, never stored with the plan."""

    role: Id
    """The role: reporter, head, office …"""
    name: Line | None = None
    """How to address them."""
    email: Email
    """Where mail reaches them."""
    language: Language = "zh-CN"
    """The language they read."""


class HolidayYear(Contract):
    """Days off that are not weekends, and weekend days that are worked, in one year."""

    year: int = Field(ge=1970, le=2200)
    """The calendar year."""
    rest: tuple[Day, ...] = ()
    """Days off that are not weekends."""
    work: tuple[Day, ...] = ()
    """Weekend days that are worked."""


class CalendarSettings(Contract):
    """How often the plan is assessed, and how long a unit has to report (working days)."""

    cadence: Cadence = "bimonthly"
    """How long a period is (assessment 3.1)."""
    anchor_month: int = Field(default=1, ge=1, le=12)
    """The month in which the first period of two months begins."""
    due_working_days: int = Field(default=5, ge=1, le=250)
    """From the period's end to the last day on time (assessment 3.2)."""
    close_working_days: int = Field(default=5, ge=0, le=250)
    """From then to the last day that counts."""
    open_working_days: int = Field(default=3, ge=0, le=250)
    """How long before the period's end reporters are reminded."""
    holidays: tuple[HolidayYear, ...] = ()
    """Days that differ from the official table."""


class TablePoint(Contract):
    """A point of an expectation table: by this day, this cumulative share (0 to 1)."""

    by: Day
    """The day."""
    share: Amount
    """0 to 1."""


class Expectation(Contract):
    """The curve of expected progress E(t); none means linear, or steps for milestones."""

    curve: Curve | None = None
    """The form (assessment 4.2)."""
    basis: Literal["month", "day"] = "month"
    """Whether time is counted in months or days."""
    table: tuple[TablePoint, ...] = ()
    """The points of a table."""
    between: Literal["linear", "step"] = "linear"
    """What holds between two points."""
    yearly: dict[Year, Amount] = Field(default_factory=dict)
    """By year: the cumulative share at its end, the last 1."""
    inside: Literal["linear", "smooth"] = "linear"
    """The form inside a year."""


class Milestone(Named):
    """A dated node of a task."""

    due: Day
    """The day it is to be done by."""
    weight: Amount = Field(default="1", validate_default=True)
    """Inside the task."""
    partial: bool = False
    """Whether a share of it counts."""
    unit: Id | None = None
    """Who answers for it, where that is not the task's lead."""


class Divided(Contract):
    """A unit's part of a divided target, both in the unit of the figure."""

    part: Amount
    """Of this unit."""
    whole: Amount
    """Of all together."""


class Indicator(Named):
    """A figure with a target."""

    kind: Kind
    """How attainment is computed (assessment 4.1)."""
    target: Amount | None = None
    """What is to be reached, in its unit; null where the kind has none."""
    target_high: Amount | None = None
    """The upper end of a range."""
    baseline: Amount | None = None
    """Where it began."""
    ratio: bool = False
    """Whether a level without baseline counts as value over target, by explicit choice."""
    split: dict[Id, Amount] | tuple[Id, ...] | None = None
    """The part of each unit, or the units that must each reach the whole (assessment 4.1)."""
    unit: Text | None = None
    """What it is counted in."""
    integer: bool = False
    """Whether only whole numbers occur."""
    strict: bool = False
    """Whether the target must be exceeded."""
    tolerance: Amount | None = None
    """How far it may miss before nothing counts (assessment 4.1); null: the rulebook's."""
    years: int | None = Field(default=None, ge=1, le=100)
    """The number of years of a compound rate."""
    start: Day | None = None
    """Its own first day; null: the task's."""
    due: Day | None = None
    """Its own last day; null: the task's."""
    expectation: Expectation | None = None
    """Its own curve; null: the task's."""
    weight: Amount = Field(default="1", validate_default=True)
    """Inside the task."""
    cadence: Cadence | None = None
    """How often it is updated; null: as the plan."""
    data_from: Literal["unit", "statistics", "third_party"] = "unit"
    """Who publishes the value."""
    commitment: Literal["ensure", "strive"] | None = None
    """How firmly it was promised; it does not change the score."""
    deadline_basis: Literal["explicit", "plan_period", "report_year", "parent_goal", "none"] = (
        "explicit"
    )
    """Where its last day comes from."""
    year_targets: dict[Year, Amount] = Field(default_factory=dict)
    """By year: what that year is to bring (assessment 4.14)."""
    divided: Divided | None = None
    """Written out for a split: of the targets of its years, which are the whole's, the unit's part
    is in this ratio."""


class ReportedIndicator(Indicator):
    """A figure of an action or of the whole plan: shown in the year, in no score."""

    reporter: Id
    """The unit that reports it."""


class Assignment(Contract):
    """Who answers for a task, in which role, from when to when."""

    unit: Id
    """The responsible unit."""
    role: Role
    """What it answers for."""
    share: Amount | None = None
    """Its share in the task's score; null: the rulebook's."""
    valid: Validity = Validity()
    """From when to when."""


class Task(Named):
    """A promise of the plan."""

    weight: Amount
    """In points; also inside its action."""
    start: Day
    """Its first day."""
    due: Day
    """The day it is to be finished by."""
    publish: bool = True
    """Whether the public sees it."""
    assignments: tuple[Assignment, ...]
    """Who answers for it; exactly one leads."""
    measure: Measure | None = None
    """What scores a period; null: what the task lists."""
    milestone_weight: Amount = Field(default="1", validate_default=True)
    """That of the milestones as one part beside the indicators, where both are measured."""
    expectation: Expectation = Expectation()
    """How progress is expected over time."""
    milestones: tuple[Milestone, ...] = ()
    """Its dated nodes."""
    indicators: tuple[Indicator, ...] = ()
    """Its figures."""
    funnel: tuple[Id, ...] = ()
    """Indicators of which each value is at most the one before."""
    evidence: Literal["required", "optional", "none"] = "optional"
    """Whether a report needs proof."""
    derived_from: tuple[Id, ...] = ()
    """The tasks it came from by a split or merger."""
    part_of: Id | None = None
    """Written out for a split: the task of the file."""
    parts: int = Field(default=1, ge=1, le=1000)
    """Written out for a split: how many tasks share the weight equally."""

    @property
    def own_weight(self) -> Fraction:
        """What it weighs, exact: a part of a split has its share of the weight."""
        return Fraction(self.weight) / self.parts


class ActionHead(Named):
    """A special action without its tasks: how it travels in an event."""

    weight: Amount = Field(default="1", validate_default=True)
    """Inside the plan."""
    contacts: tuple[Contact, ...] = ()
    """Always empty in an event."""
    indicators: tuple[ReportedIndicator, ...] = ()
    """Figures of the action, in no period's score."""


class Action(ActionHead):
    """A special action with its tasks."""

    tasks: tuple[Task, ...] = ()
    """The promises."""


class Group(Named):
    """Units that are ranked among themselves."""


class Unit(Named):
    """A responsible unit."""

    group: Id
    """The group it is ranked in."""
    valid: Validity = Validity()
    """From when to when it exists."""
    contacts: tuple[Contact, ...] = ()
    """Always empty in an event."""


class Evaluation(Contract):
    """A dated look at the whole plan beside its periods."""

    id: Id
    """Its name."""
    as_of: Day
    """The day it looks at."""


class PlanHead(Named):
    """What holds for the whole plan."""

    timezone: str = Field(default="Asia/Shanghai", max_length=64)
    """Its days are those of this zone (IANA)."""
    start: Day
    """Its first day."""
    end: Day
    """Its last day."""
    activate_from: Id | None = None
    """The first period for which reports are owed, where the file names it."""
    parent: Id | None = None
    """The plan this one serves."""
    calendar: CalendarSettings = CalendarSettings()
    """Its periods and windows."""
    evaluations: tuple[Evaluation, ...] = ()
    """Looks at the whole beside the periods."""
    indicators: tuple[ReportedIndicator, ...] = ()
    """Figures of the whole plan, in no period's score."""
    contacts: tuple[Contact, ...] = ()
    """Always empty in an event."""


class LadderStep(Contract):
    """One step of the escalation ladder."""

    after_working_days: int = Field(ge=0, le=250)
    """Without an answer."""
    role: Id
    """Who is told then."""


class Escalation(Contract):
    """Who is told next when nobody answers."""

    ladder: tuple[LadderStep, ...] = ()
    """Its steps, in order."""


class PlanDocument(Contract):
    """One plan file."""

    plan: PlanHead
    groups: tuple[Group, ...] = ()
    units: tuple[Unit, ...] = ()
    actions: tuple[Action, ...] = ()
    escalation: Escalation = Escalation()
