"""The rulebook (考核办法): the settings of the assessment; each default is the rule text's."""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from shared.contracts.values import Amount, Contract, Id


def _default(amount: str) -> Amount:
    """An amount as a field's default, read like one from a file."""
    return Field(default=Decimal(amount), validate_default=True)  # type: ignore[no-any-return]


class Weights(Contract):
    """Parts of a task score; they sum to 1."""

    progress: Amount = _default("0.8")
    """Of the progress part P."""
    timeliness: Amount = _default("0.1")
    """Of the timeliness part T."""
    quality: Amount = _default("0.1")
    """Of the quality part Q."""


class Lateness(Contract):
    """What a late day costs: points off T per day, or a deduction off the score."""

    per_day: Amount = _default("10")
    """Points off T for each late day."""
    unit: Literal["working_day", "calendar_day"] = "working_day"
    """Which days count."""
    mode: Literal["component", "deduction"] = "component"
    """Whether lateness is a part of the score or taken off it."""
    deduction_per_day: Amount = _default("0.5")
    """Points off the score for each late day, as a deduction."""


class Tolerances(Contract):
    """Defaults where an indicator names none: shares of |T|, points for a relation."""

    hold: Amount = _default("0.20")
    """For hold and maintain."""
    about: Amount = _default("0.05")
    """For about."""
    relation: Amount = _default("0.5")
    """For relation."""


class Lights(Contract):
    """Thresholds of the progress lights."""

    preset: Literal["ratio", "gap_pp", "overdue_only"] = "ratio"
    """What the light is read from."""
    green: Amount = _default("0.95")
    """The least R that is green."""
    yellow: Amount = _default("0.80")
    """The least R that is yellow."""
    hysteresis: Amount = _default("0.02")
    """How far above a threshold R must be to get better."""
    max_step: int = Field(default=1, ge=1, le=2)
    """How many steps a light may get better in a period."""
    early_floor: Amount = _default("0.10")
    """Below this E the ratio gives no red."""
    overdue_red_days: int = Field(default=30, ge=0, le=3660)
    """Calendar days after which an overdue milestone is red."""
    gap_green: Amount = _default("10")
    """Below this gap it is green, by gap_pp."""
    gap_red: Amount = _default("30")
    """Above this gap it is red, by gap_pp."""


class Shares(Contract):
    """How a task's score counts for its lead and its cooperating units."""

    mode: Literal["split", "coefficient"] = "split"
    """Whether the shares of a task sum to 1."""
    lead: Amount | None = None
    """Of the leads together; by coefficient of each; null: the mode's own."""
    cooperating: Amount | None = None
    """Of the cooperating units, likewise."""


class Events(Contract):
    """Caps of bonus and deductions."""

    level: Literal["year", "period"] = "year"
    """Where they count."""
    bonus_max: Amount = _default("5")
    """The most a unit may gain."""
    deduction_max: Amount = _default("10")
    """The most it may lose."""
    floor_guard: Amount = _default("60")
    """The score up to which a bonus counts for a unit below it."""


class ExemptionBounds(Contract):
    """Bounds of the tolerance rule (容错)."""

    limit: Amount = _default("0.30")
    """The exempt weight above which a unit is not excellent."""
    floor: Amount = _default("60")
    """The score an E4 exemption guarantees."""


class Grades(Contract):
    """Lower bounds of the grades."""

    excellent: Amount = _default("90")
    """From this score on."""
    good: Amount = _default("80")
    """From this score on."""
    fair: Amount = _default("60")
    """From this score on; below it poor."""


class Quota(Contract):
    """How many units of a group may be excellent."""

    excellent: Amount = _default("0.30")
    """The share of the ranked units."""
    ties: Literal["exclude_all", "include_all", "tie_break"] = "exclude_all"
    """What happens at the last seat."""
    small_groups: Literal["floor", "pool"] = "floor"
    """What happens where a group is too small for a seat."""


class Rounding(Contract):
    """Places and mode of every published score."""

    places: int = Field(default=2, ge=0, le=6)
    """Decimals."""
    mode: Literal["half_up", "half_even"] = "half_up"
    """What happens to a tie."""


class OvershootBonus(Contract):
    """Points for each step over the target, at the year end."""

    step: Amount = _default("0.10")
    """A step, as a share of the target."""
    points: Amount = _default("1")
    """What a step earns."""
    max: Amount = _default("5")
    """The most an indicator earns."""


class YearSettings(Contract):
    """How the year is rolled up."""

    periods: Amount = _default("0.6")
    """Weight of the periods' mean A."""
    attainment: Amount = _default("0.4")
    """Weight of the year targets B."""
    public: Amount = _default("0")
    """Weight of the public rating C."""
    period_weights: Literal["equal"] | tuple[Amount, ...] = "equal"
    """Of the periods, in order; or equal."""
    order: Literal["period_first", "task_first"] = "period_first"
    """What is averaged first."""
    min_periods: int = Field(default=3, ge=1, le=53)
    """With fewer a unit is not ranked."""
    overshoot_bonus: OvershootBonus | None = OvershootBonus()
    """null: overshoot earns nothing."""


class Appeal(Contract):
    """Working days to file and to decide."""

    file_working_days: int = Field(default=5, ge=1, le=250)
    """From the publication."""
    decide_working_days: int = Field(default=10, ge=1, le=250)
    """From the filing."""


TieBreak = Literal["fewer_red", "progress", "on_time_rate", "last_period"]


class Rulebook(Contract):
    """All settings of one version of the assessment."""

    id: Id
    """Its name."""
    version: int = Field(ge=0, le=1_000_000)
    """1 for the first; 0 for the defaults where none was given."""
    effective_from: Id | None = None
    """The first period it holds for; null: every one."""
    verification: Literal["on_publish", "required"] = "on_publish"
    """Whether a publication verifies what it counts."""
    unverified_cap: Amount = _default("0.95")
    """The most an unverified share counts, where verification is required."""
    separation: Literal["on", "off"] = "on"
    """Whether one holder may not do two steps in a row."""
    weights: Weights = Weights()
    """The parts of a task score (assessment 4.4)."""
    lateness: Lateness = Lateness()
    """What a late day costs (assessment 3.3, 4.4)."""
    missing: Literal["zero", "carry"] = "zero"
    """What a missing report scores (assessment 4.5)."""
    tolerances: Tolerances = Tolerances()
    """Where an indicator names none (assessment 4.1)."""
    lights: Lights = Lights()
    """Thresholds (assessment 4.3)."""
    shares: Shares = Shares()
    """Of lead and cooperating units (assessment 4.6)."""
    coverage_guard: Amount = _default("0.50")
    """Left-out weight above this share: no rank, no grade (assessment 4.6)."""
    events: Events = Events()
    """Bonus and deductions (assessment 4.8)."""
    exemption: ExemptionBounds = ExemptionBounds()
    """Bounds of the tolerance rule (assessment 4.9)."""
    ranking: Literal["competition", "dense", "modified", "ordinal"] = "competition"
    """How ties are ranked (assessment 4.10)."""
    tie_break: tuple[TieBreak, ...] = ("fewer_red", "progress", "on_time_rate", "last_period")
    """What breaks a tie, in order."""
    grades: Grades = Grades()
    """Bands (assessment 4.11)."""
    quota: Quota = Quota()
    """Of excellent (assessment 4.11)."""
    rounding: Rounding = Rounding()
    """Of published scores (assessment 4.12)."""
    year: YearSettings = YearSettings()
    """The year (assessment 4.14)."""
    appeal: Appeal = Appeal()
    """Its times (assessment 4.13)."""


class RulebookDocument(Contract):
    """One rulebook file."""

    rulebook: Rulebook


DEFAULT_RULEBOOK = Rulebook(id="duban-default", version=0)
"""What holds for a plan to which no rulebook was given."""
