"""The rulebook (考核办法): the settings of the assessment; each default is the rule text's."""

from typing import Literal

from pydantic import Field

from shared.contracts.values import Amount, Contract, Id


def _default(amount: str) -> Amount:
    """An amount as a field's default, read like one from a file."""
    return Field(default=amount, validate_default=True)  # type: ignore[no-any-return]


class Weights(Contract):
    """Parts of a task score; they sum to 1."""

    progress: Amount = _default("0.8")
    timeliness: Amount = _default("0.1")
    quality: Amount = _default("0.1")


class Lateness(Contract):
    """What a late day costs: points off T per day, or a deduction off the score."""

    per_day: Amount = _default("10")
    unit: Literal["working_day", "calendar_day"] = "working_day"
    mode: Literal["component", "deduction"] = "component"
    deduction_per_day: Amount = _default("0.5")


class Tolerances(Contract):
    """Defaults where an indicator names none: shares of |T|, points for a relation."""

    hold: Amount = _default("0.20")
    about: Amount = _default("0.05")
    relation: Amount = _default("0.5")


class Lights(Contract):
    """Thresholds of the progress lights."""

    preset: Literal["ratio", "gap_pp", "overdue_only"] = "ratio"
    green: Amount = _default("0.95")
    yellow: Amount = _default("0.80")
    hysteresis: Amount = _default("0.02")
    max_step: int = Field(default=1, ge=1, le=2)
    early_floor: Amount = _default("0.10")
    overdue_red_days: int = Field(default=30, ge=0, le=3660)
    gap_green: Amount = _default("10")
    gap_red: Amount = _default("30")


class Shares(Contract):
    """How a task's score counts for its lead and its cooperating units."""

    mode: Literal["split", "coefficient"] = "split"
    lead: Amount | None = None
    cooperating: Amount | None = None


class Events(Contract):
    """Caps of bonus and deductions."""

    level: Literal["year", "period"] = "year"
    bonus_max: Amount = _default("5")
    deduction_max: Amount = _default("10")
    floor_guard: Amount = _default("60")


class Exemption(Contract):
    """Bounds of the tolerance rule (容错)."""

    limit: Amount = _default("0.30")
    floor: Amount = _default("60")


class Grades(Contract):
    """Lower bounds of the grades."""

    excellent: Amount = _default("90")
    good: Amount = _default("80")
    fair: Amount = _default("60")


class Quota(Contract):
    """How many units of a group may be excellent."""

    excellent: Amount = _default("0.30")
    ties: Literal["exclude_all", "include_all", "tie_break"] = "exclude_all"
    small_groups: Literal["floor", "pool"] = "floor"


class Rounding(Contract):
    """Places and mode of every published score."""

    places: int = Field(default=2, ge=0, le=6)
    mode: Literal["half_up", "half_even"] = "half_up"


class OvershootBonus(Contract):
    """Points for each step over the target, at the year end."""

    step: Amount = _default("0.10")
    points: Amount = _default("1")
    max: Amount = _default("5")


class YearSettings(Contract):
    """How the year is rolled up."""

    periods: Amount = _default("0.6")
    attainment: Amount = _default("0.4")
    public: Amount = _default("0")
    period_weights: Literal["equal"] | tuple[Amount, ...] = "equal"
    order: Literal["period_first", "task_first"] = "period_first"
    min_periods: int = Field(default=3, ge=1, le=53)
    overshoot_bonus: OvershootBonus | None = OvershootBonus()


class Appeal(Contract):
    """Working days to file and to decide."""

    file_working_days: int = Field(default=5, ge=1, le=250)
    decide_working_days: int = Field(default=10, ge=1, le=250)


TieBreak = Literal["fewer_red", "progress", "on_time_rate", "last_period"]


class Rulebook(Contract):
    """All settings of one version of the assessment."""

    id: Id
    version: int = Field(ge=0, le=1_000_000)
    effective_from: Id | None = None
    verification: Literal["on_publish", "required"] = "on_publish"
    unverified_cap: Amount = _default("0.95")
    separation: Literal["on", "off"] = "on"
    weights: Weights = Weights()
    lateness: Lateness = Lateness()
    missing: Literal["zero", "carry"] = "zero"
    tolerances: Tolerances = Tolerances()
    lights: Lights = Lights()
    shares: Shares = Shares()
    coverage_guard: Amount = _default("0.50")
    events: Events = Events()
    exemption: Exemption = Exemption()
    ranking: Literal["competition", "dense", "modified", "ordinal"] = "competition"
    tie_break: tuple[TieBreak, ...] = ("fewer_red", "progress", "on_time_rate", "last_period")
    grades: Grades = Grades()
    quota: Quota = Quota()
    rounding: Rounding = Rounding()
    year: YearSettings = YearSettings()
    appeal: Appeal = Appeal()


class RulebookDocument(Contract):
    """One rulebook file."""

    rulebook: Rulebook


DEFAULT_RULEBOOK = Rulebook(id="duban-default", version=0)
"""What holds for a plan to which no rulebook was given."""
