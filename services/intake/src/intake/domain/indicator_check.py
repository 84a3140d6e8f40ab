"""Whether one indicator can be computed: what its kind needs, and what contradicts it."""

from datetime import date
from decimal import Decimal

from intake.domain.expectation_check import check_expectation
from intake.domain.findings import Finding, Found, positive, within
from intake.domain.plan_normal import lacks_baseline
from shared.calendar.periods import is_slower
from shared.contracts.plan import Cadence, Indicator
from shared.contracts.problem import Path
from shared.contracts.rulebook import Tolerances

_WITHOUT_TARGET = frozenset({"relation", "register"})
_ABOVE_ZERO = frozenset({"cumulative", "recurring", "growth", "rank", "about"})
_LEVELS = frozenset({"level", "range", "about"})
_NO_LOSS = -100
_ABOUT = Tolerances().about


def check_indicator(
    indicator: Indicator,
    path: Path,
    *,
    start: date,
    due: date,
    cadence: Cadence,
    steps: bool = False,
) -> Found:
    """All that is wrong with an indicator by itself.

    Args:
        indicator: of a task, an action or the plan.
        path: where it stands.
        start: where it names none, the first day of what it belongs to.
        due: likewise the day that is due.
        cadence: the plan's.
        steps: whether there are milestones whose steps its curve can follow.
    """
    begins, ends = indicator.start or start, indicator.due or due
    yield from _dates(begins, ends, path)
    yield from positive(indicator.weight, (*path, "weight"))
    yield from _target(indicator, path)
    yield from _baseline(indicator, path)
    yield from _whole(indicator, path)
    yield from _year_targets(indicator, path, begins, ends)
    yield from _tolerance(indicator, (*path, "tolerance"))
    if indicator.expectation is not None:
        yield from check_expectation(
            indicator.expectation,
            (*path, "expectation"),
            begins,
            ends,
            steps=steps or indicator.kind == "yes_no",
        )
    if indicator.cadence and is_slower(cadence, than=indicator.cadence):
        yield _wrong(
            (*path, "cadence"),
            "finer_cadence",
            f"{indicator.cadence} comes more often than the plan's periods ({cadence})",
            "leave it out, or name a slower one",
        )


def _wrong(path: Path, code: str, message: str, mend: str) -> Finding:
    return Finding(path=path, code=code, message=message, mend=mend)


def _dates(start: date, due: date, path: Path) -> Found:
    """A start after the due day is an error of configuration (assessment 4.2)."""
    if start > due:
        yield _wrong(
            (*path, "due"),
            "dates_reversed",
            f"it starts on {start}, after it is due on {due}",
            "let it start on or before the day it is due",
        )


def _target(indicator: Indicator, path: Path) -> Found:
    """Every kind but a relation and a register has a target that can be missed (assessment 4.1)."""
    kind, target, at = indicator.kind, indicator.target, (*path, "target")
    if kind in _WITHOUT_TARGET:
        if target is not None:
            yield _wrong(at, "no_target", f"a {kind} has no target", "remove it")
    elif target is None:
        if kind != "yes_no":
            yield _wrong(at, "target_required", f"a {kind} needs a target", "write the target")
    elif target <= 0 and (kind in _ABOVE_ZERO or (kind == "level" and indicator.ratio)):
        mend = "use maintain with a tolerance" if kind == "growth" else "write an amount above 0"
        yield _wrong(at, "not_positive", f"the target {target} is not above 0", mend)
    elif kind == "ceiling" and target < 0:
        yield _wrong(at, "not_positive", f"the target {target} is below 0", "write 0 or more")
    elif kind == "rank" and indicator.strict and indicator.integer and target <= 1:
        yield _wrong(at, "no_way_to_go", "no rank is before the first", "remove strict")
    elif kind == "compound" and (target == 0 or target <= _NO_LOSS):
        yield _wrong(at, "bad_rate", f"a rate of {target} % has no way to go", "write another rate")
    yield from _target_high(indicator, path)


def _target_high(indicator: Indicator, path: Path) -> Found:
    """A range has two ends, in order; nothing else has (assessment 4.1)."""
    high, low, at = indicator.target_high, indicator.target, (*path, "target_high")
    if indicator.kind != "range":
        if high is not None:
            yield _wrong(at, "no_range", f"a {indicator.kind} has one target", "remove it")
    elif high is None:
        yield _wrong(at, "target_required", "a range needs its upper end", "write target_high")
    elif low is not None and high <= low:
        yield _wrong(at, "wrong_order", f"{high} is not above {low}", "write the higher end")


def _baseline(indicator: Indicator, path: Path) -> Found:
    """A level counts from where it began, which must leave a way to go (assessment 4.1, 4.17)."""
    base, target, at = indicator.baseline, indicator.target, (*path, "baseline")
    if indicator.ratio and (indicator.kind != "level" or base is not None):
        yield _wrong(
            (*path, "ratio"),
            "no_ratio",
            "ratio is for a level without baseline",
            "remove ratio, or the baseline",
        )
    if lacks_baseline(indicator):
        confirmed = indicator.confirmed_by is not None
        yield Finding(
            path=at,
            code="baseline_required",
            message="a level without baseline cannot be activated: its task stays grey"
            if not confirmed
            else "a level was confirmed that has no baseline to count from",
            mend="write the baseline, or choose ratio: true",
            notice=not confirmed,
        )
    if base is None or target is None or indicator.kind not in _LEVELS:
        return
    if indicator.kind == "about":
        below = _ABOUT if indicator.tolerance is None else indicator.tolerance
        target = target * (1 - below)
    if base >= target:
        mend = "use kind: maintain" if indicator.kind == "level" else "remove the baseline"
        yield _wrong(
            at, "no_way_to_go", f"the baseline {base} is not below the target {target}", mend
        )


def _tolerance(indicator: Indicator, path: Path) -> Found:
    """A tolerance is an amount, about a target and of a ceiling a share, of a relation points."""
    if indicator.tolerance is None:
        return
    if indicator.kind in {"about", "ceiling"}:
        yield from within(indicator.tolerance, 0, 1, path)
    elif indicator.kind == "relation":
        yield from positive(indicator.tolerance, path)
    elif indicator.tolerance < 0:
        yield _wrong(path, "not_positive", "a tolerance below 0", "write 0 or more")


def _whole(indicator: Indicator, path: Path) -> Found:
    """What is counted in whole numbers has whole targets (assessment 4.1)."""
    if not indicator.integer:
        return
    for name in ("target", "target_high"):
        amount: Decimal | None = getattr(indicator, name)
        if amount is not None and amount != int(amount):
            yield _wrong(
                (*path, name),
                "not_whole",
                f"{amount} is no whole number",
                "round it, or remove integer",
            )


def _year_targets(indicator: Indicator, path: Path, start: date, due: date) -> Found:
    """Yearly targets lie in the years of the figure and add up to its target (assessment 4.14)."""
    at, targets = (*path, "year_targets"), indicator.year_targets
    years = {str(year) for year in range(start.year, due.year + 1)}
    for year, amount in targets.items():
        if year not in years:
            yield _wrong(
                (*at, year),
                "year_outside",
                f"{year} is not between {start} and {due}",
                "remove the year, or move the dates",
            )
        nothing = amount == 0 and indicator.kind == "compound"
        if nothing or (amount <= 0 and indicator.kind in _ABOVE_ZERO):
            yield _wrong(
                (*at, year), "not_positive", f"{amount} is not above 0", "leave the year out"
            )
    total, target = sum(targets.values(), Decimal(0)), indicator.target
    complete = bool(targets) and years <= set(targets)
    if indicator.kind == "cumulative" and complete and target not in {None, total}:
        yield _wrong(
            at,
            "year_targets_sum",
            f"the years sum to {total}, the target is {target}",
            "let the years sum to the target",
        )
