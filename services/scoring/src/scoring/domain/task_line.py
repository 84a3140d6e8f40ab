"""The line of one task as published: every number with what it was computed from."""

from typing import Final, Literal

from scoring.domain.exact import Exact, Printed
from shared.contracts.scoring import Light
from shared.contracts.values import Contract, Day, Instant

LeftOut = Literal[
    "cancelled",
    "not_started",
    "closed",
    "unconfirmed",
    "suspended",
    "done",
    "exempt",
    "year_only",
    "no_expectation",
    "no_data",
]
Flag = Literal["provisional", "source_pending", "carried", "corrected"]
UNDER_REVIEW: Final = "under_review"
"""A flag beside what is published, never in it: contested by an open appeal (4.13)."""
Basis = Literal[
    "score.component/1",
    "score.deduction/1",
    "score.missing/1",
    "score.carried/1",
    "score.progress/1",
    "score.finished/1",
    "score.zeroed/1",
]

ZEROED: Final[Basis] = "score.zeroed/1"
"""Nothing, for false data (assessment 4.4)."""
INACTIVE: frozenset[LeftOut] = frozenset(
    {"cancelled", "not_started", "closed", "unconfirmed", "done", "year_only"}
)
"""Reasons that take a line out of the active weight too (assessment 4.6)."""


class Bend(Contract):
    """One step from the curve's E to that of a task that rested or was given new targets.

    Its operand "expected" is the E it begins with, `e` the one it ends with.
    """

    formula: str
    operands: dict[str, Exact]
    e: Exact


class Part(Contract):
    """One thing a task is measured by: an indicator, its "milestones", "percent" or "rubric".

    `a` and `e` are exact, `a` is None without data. `operands` are what the formulas were fed;
    `bends` lead from the curve's E to `e`, where that is another one.
    """

    id: str
    formula: str
    operands: dict[str, Exact]
    a: Exact | None
    curve: str
    curve_operands: dict[str, Exact]
    e: Exact
    bends: tuple[Bend, ...] = ()
    weight: Exact
    left_out: Literal["no_expectation", "no_data"] | None
    submissions: tuple[str, ...]


class Punctuality(Contract):
    """When the period's report came, against its window; late days in the rulebook's unit."""

    received_at: Instant | None
    timely_at: Instant | None
    due: Day
    close: Day
    late_days: int
    outcome: Literal["on_time", "late", "missing"]


class Completeness(Contract):
    """Required fields filled, those that were not, and the review marks in points."""

    filled: int
    required: int
    missing_fields: tuple[str, ...]
    marks: Exact


class Charges(Contract):
    """The settings of the rulebook by which a line was scored."""

    progress: Exact
    timeliness: Exact
    quality: Exact
    per_day: Exact
    deduction_per_day: Exact


class OwnLine(Contract):
    """A unit's own score of a task and why it has none; the exemption that acts on it, if one does.

    E1 leaves the unit out, E4 lifts its score to the floor (assessment 4.9).
    """

    unit: str
    score: Printed | None
    left_out: LeftOut | None
    exemption: str | None = None
    kind: Literal["E1", "E4"] | None = None


class TaskRow(Contract):
    """What the bulletin prints of a task: a, e and r to 4 places, p, t and q to 2."""

    task: str
    unit: str
    a: Printed | None
    e: Printed | None
    r: Printed | None
    light: Light
    p: Printed | None
    t: Printed | None
    q: Printed | None
    score: Printed | None
    left_out: LeftOut | None
    flags: tuple[Flag, ...]


class TaskLine(TaskRow):
    """A row with all that explains it (assessment 4.18).

    `gap` is in percentage points, to 4 places. `light_steps` are the reason codes of the light in
    the order of assessment 4.3. `expected` tells whether a report was owed, `finished` whether
    nothing is left to do. `weight` is the task's, `shares` the units' parts of it. `own` holds
    every unit with an exemption here, and every one whose score is not the line's; `earned` is the
    score before an exemption of the lead, None where it has none.
    """

    action: str
    period: str
    public: bool
    gap: Printed | None
    light_steps: tuple[str, ...]
    basis: Basis | None
    charges: Charges | None
    parts: tuple[Part, ...]
    timeliness: Punctuality | None
    completeness: Completeness | None
    submission: str | None
    expected: bool
    finished: bool
    weight: Exact
    shares: dict[str, Exact]
    share_formula: str
    rulebook: str
    rulebook_version: int
    own: tuple[OwnLine, ...] = ()
    earned: Printed | None = None

    def of(self, unit: str) -> OwnLine:
        """The score that counts for a unit: its own, else the line's."""
        plain = OwnLine(unit=unit, score=self.score, left_out=self.left_out)
        return next((one for one in self.own if one.unit == unit), plain)

    @property
    def missing(self) -> bool:
        """Whether a report was owed and none came."""
        return self.timeliness is not None and self.timeliness.outcome == "missing"
