"""Whether a rulebook agrees with itself; each contradiction with its place and its mend."""

from decimal import Decimal

from intake.domain.findings import Finding, Findings, Found, placed, positive, within
from shared.calendar.periods import PeriodScheme
from shared.contracts.plan import Cadence
from shared.contracts.problem import Locate, Path
from shared.contracts.rulebook import Rulebook, YearSettings

_PERIODS_A_YEAR: dict[Cadence, int] = {
    "monthly": 12,
    "bimonthly": 6,
    "quarterly": 4,
    "half_year": 2,
    "annual": 1,
}
_SPLIT_LEAD, _SPLIT_COOPERATING = Decimal("0.70"), Decimal("0.30")


def check_rulebook(
    rulebook: Rulebook,
    locate: Locate,
    *,
    at: Path = ("rulebook",),
    scheme: PeriodScheme | None = None,
) -> Findings:
    """Every contradiction of a rulebook.

    Args:
        rulebook: as it was read.
        locate: the lines of its document.
        at: where the rulebook stands in its document.
        scheme: the periods of the plan it is for, where that is known: its first period is one
            of them, and a list of weights fits their year.
    """
    found = [
        *_weights(rulebook),
        *_lateness_and_tolerances(rulebook),
        *_lights(rulebook),
        *_shares(rulebook),
        *_grades(rulebook),
        *_caps(rulebook),
        *_first_period(rulebook, scheme),
        *_year(rulebook.year, scheme.cadence if scheme else None),
    ]
    return placed(found, locate, at)


def _first_period(rulebook: Rulebook, scheme: PeriodScheme | None) -> Found:
    """A rulebook that begins with a period its plan can never have would never hold."""
    if scheme is None or rulebook.effective_from is None:
        return
    try:
        scheme.parse(rulebook.effective_from)
    except ValueError as error:
        message, _, mend = str(error).partition(": ")
        yield Finding(path=("effective_from",), code="unknown_period", message=message, mend=mend)


def _sums_to_one(path: Path, what: str, *parts: Decimal) -> Found:
    if sum(parts) != 1:
        yield Finding(
            path=path,
            code="sum_not_one",
            message=f"{what} sum to {sum(parts)}",
            mend="let them sum to 1",
        )


def _order(path: Path, message: str, mend: str) -> Finding:
    return Finding(path=path, code="wrong_order", message=message, mend=mend)


def _weights(rulebook: Rulebook) -> Found:
    """The parts of a task score are shares that make a whole (assessment 4.4)."""
    weights = rulebook.weights
    for name in ("progress", "timeliness", "quality"):
        yield from within(getattr(weights, name), 0, 1, ("weights", name))
    yield from _sums_to_one(
        ("weights",), "the weights", weights.progress, weights.timeliness, weights.quality
    )


def _lateness_and_tolerances(rulebook: Rulebook) -> Found:
    """Lateness costs, and a tolerance allows, never less than nothing (assessment 3.3, 4.1)."""
    late, tolerances = rulebook.lateness, rulebook.tolerances
    yield from within(late.per_day, 0, 100, ("lateness", "per_day"))
    yield from within(late.deduction_per_day, 0, 100, ("lateness", "deduction_per_day"))
    yield from within(tolerances.hold, 0, 1, ("tolerances", "hold"))
    yield from within(tolerances.about, 0, 1, ("tolerances", "about"))
    yield from positive(tolerances.relation, ("tolerances", "relation"))
    yield from within(rulebook.unverified_cap, 0, 1, ("unverified_cap",))


def _lights(rulebook: Rulebook) -> Found:
    """Green asks for more than yellow, in ratio as in points (assessment 4.3)."""
    lights = rulebook.lights
    for name in ("green", "yellow", "hysteresis", "early_floor"):
        yield from within(getattr(lights, name), 0, 1, ("lights", name))
    for name in ("gap_green", "gap_red"):
        yield from within(getattr(lights, name), 0, 100, ("lights", name))
    if lights.green <= lights.yellow:
        message = f"green ({lights.green}) is not above yellow ({lights.yellow})"
        yield _order(("lights", "green"), message, "set green above yellow")
    if lights.gap_green >= lights.gap_red:
        message = f"gap_green ({lights.gap_green}) is not below gap_red ({lights.gap_red})"
        yield _order(("lights", "gap_green"), message, "set gap_green below gap_red")


def _shares(rulebook: Rulebook) -> Found:
    """The parts of a task's score that leads and cooperating units get (assessment 4.6)."""
    shares = rulebook.shares
    for name in ("lead", "cooperating"):
        share = getattr(shares, name)
        if share is not None and not 0 < share <= 1:
            yield Finding(
                path=("shares", name),
                code="out_of_bounds",
                message=f"the share {share} is not above 0 and up to 1",
                mend="write a share above 0 and up to 1",
            )
    if shares.mode == "split":
        lead = _SPLIT_LEAD if shares.lead is None else shares.lead
        rest = _SPLIT_COOPERATING if shares.cooperating is None else shares.cooperating
        yield from _sums_to_one(("shares",), "lead and cooperating", lead, rest)


def _grades(rulebook: Rulebook) -> Found:
    """A better grade begins at a higher score, and its seats are a share (assessment 4.11)."""
    grades = rulebook.grades
    for name in ("excellent", "good", "fair"):
        yield from within(getattr(grades, name), 0, 100, ("grades", name))
    if not grades.excellent > grades.good > grades.fair:
        message = f"{grades.excellent}, {grades.good}, {grades.fair} do not descend"
        yield _order(("grades",), message, "let excellent be above good and good above fair")
    yield from within(rulebook.quota.excellent, 0, 1, ("quota", "excellent"))


def _caps(rulebook: Rulebook) -> Found:
    """Caps, guards and limits are amounts that can be reached (assessment 4.6, 4.8, 4.9)."""
    yield from within(rulebook.coverage_guard, 0, 1, ("coverage_guard",))
    for name in ("bonus_max", "deduction_max", "floor_guard"):
        yield from within(getattr(rulebook.events, name), 0, 100, ("events", name))
    yield from within(rulebook.exemption.limit, 0, 1, ("exemption", "limit"))
    yield from within(rulebook.exemption.floor, 0, 100, ("exemption", "floor"))
    if len(set(rulebook.tie_break)) < len(rulebook.tie_break):
        yield Finding(
            path=("tie_break",),
            code="repeated",
            message="a term stands twice",
            mend="name each term once",
        )


def _year(year: YearSettings, cadence: Cadence | None) -> Found:
    """The parts of a year make a whole, and so do its periods (assessment 4.14)."""
    for name in ("periods", "attainment", "public"):
        yield from within(getattr(year, name), 0, 1, ("year", name))
    yield from _sums_to_one(
        ("year",), "periods, attainment and public", year.periods, year.attainment, year.public
    )
    if year.period_weights != "equal":
        path: Path = ("year", "period_weights")
        for index, weight in enumerate(year.period_weights):
            yield from within(weight, 0, 1, (*path, index))
        yield from _sums_to_one(path, "the weights of the periods", *year.period_weights)
        length = _PERIODS_A_YEAR.get(cadence) if cadence else None
        if cadence == "weekly" or length not in {None, len(year.period_weights)}:
            yield Finding(
                path=path,
                code="wrong_length",
                message=f"a {cadence} plan cannot use a list of {len(year.period_weights)}",
                mend=f"write {length} weights" if length else "write equal",
            )
    if bonus := year.overshoot_bonus:
        yield from positive(bonus.step, ("year", "overshoot_bonus", "step"))
        for name in ("points", "max"):
            yield from within(getattr(bonus, name), 0, 100, ("year", "overshoot_bonus", name))
