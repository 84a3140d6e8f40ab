"""Attainment and expectation written a second time, straight from the rule text (4.1, 4.2).

It shares nothing with the rules it is compared with but the shapes of a plan and of a report.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction as F  # noqa: N817  # it stands in every line

from scoring.domain.facts import Item, Report
from shared.contracts.plan import Expectation, Indicator, Milestone, Task
from shared.contracts.rulebook import Rulebook

Measured = tuple[F, F, F, bool]
"""Weight, a, E, and whether data are there."""
ALWAYS = {"hold", "maintain", "ceiling", "growth", "rank", "relation", "register"}
ENDS = {"cumulative", "level", "yes_no"}


def months(first: date, last: date) -> F:
    """M: over the months, the covered days by the days of the month."""
    total, day = F(0), first
    while day <= last:
        total += F(1, monthrange(day.year, day.month)[1])
        day += timedelta(days=1)
    return total


def linear(s: date, d: date, t: date, basis: str) -> F:
    if t < s:
        return F(0)
    if t >= d:
        return F(1)
    if basis == "day":
        return F((t - s).days + 1, (d - s).days + 1)
    return months(s, t) / months(s, d)


def smooth(tau: F) -> F:
    return 3 * tau**2 - 2 * tau**3


def table(curve: Expectation, s: date, d: date, t: date) -> F:
    points = [(point.by, F(point.share)) for point in curve.table]
    if t < s:
        return F(0)
    if t >= d:
        return F(1)
    reached = [point for point in points if point[0] <= t]
    if not reached:
        return F(0)
    day, share = reached[-1]
    after = [point for point in points if point[0] > t]
    if curve.between == "step" or not after:
        return share
    return share + (after[0][1] - share) * F((t - day).days, (after[0][0] - day).days)


def yearly(curve: Expectation, s: date, d: date, t: date) -> F:
    if t < s:
        return F(0)
    if t >= d:
        return F(1)
    n = d.year - s.year + 1

    def c(year: int) -> F:
        if year < s.year:
            return F(0)
        if curve.yearly:
            return F(curve.yearly[str(year)])
        return F(year - s.year + 1, n)

    first, last = max(s, date(t.year, 1, 1)), min(d, date(t.year, 12, 31))
    e = linear(first, last, t, curve.basis)
    if curve.inside == "smooth":
        e = smooth(e)
    return c(t.year - 1) + (c(t.year) - c(t.year - 1)) * e


def steps(milestones: Sequence[Milestone], t: date) -> F:
    every = sum(F(one.weight) for one in milestones)
    return F(sum(F(one.weight) for one in milestones if one.due <= t)) / every


def curve_at(curve: Expectation, s: date, d: date, t: date) -> F:
    if curve.curve == "table":
        return table(curve, s, d, t)
    if curve.curve == "yearly":
        return yearly(curve, s, d, t)
    tau = linear(s, d, t, curve.basis)
    return smooth(tau) if curve.curve == "smooth" else tau


def expected(task: Task, one: Indicator, t: date) -> F:
    """E of a figure on a day."""
    s, d = one.start or task.start, one.due or task.due
    if t < s:
        return F(0)
    if one.kind in ALWAYS or (one.kind == "at_most" and not falls(one)):
        return F(1)
    if one.kind in {"range", "about"} and one.baseline is None:
        return F(1)
    if one.kind == "yes_no":
        return F(t >= d)
    if one.kind == "recurring":
        s, d = max(s, date(t.year, 1, 1)), min(d, date(t.year, 12, 31))
    return curve_at(one.expectation or task.expectation, s, d, t)


def falls(one: Indicator) -> bool:
    """An at-most figure whose baseline lies above its target."""
    return one.baseline is not None and one.target is not None and one.baseline > one.target


def kept(short: F, goal: F, one: Indicator, rules: Rulebook) -> F:
    """Hold and maintain: how far it misses the goal, by the tolerance."""
    if short <= 0:
        return F(1)
    given = one.tolerance if one.kind in {"hold", "maintain", "at_most"} else None
    if goal == 0 and given is None:
        return F(0)
    tol = abs(goal) * F(rules.tolerances.hold) if given is None else F(given)
    return max(F(0), 1 - short / tol)


def risen(x: F, goal: F, one: Indicator, rules: Rulebook) -> F:
    """As a level from its baseline, else to be maintained: range and about."""
    if one.baseline is not None:
        return (x - F(one.baseline)) / (goal - F(one.baseline))
    return kept(goal - x, goal, one, rules)


def attained(one: Indicator, x: F, e: F, rules: Rulebook) -> F:  # noqa: PLR0911  # one a kind
    """a of a figure from its value."""
    assert one.target is not None or one.kind == "yes_no"
    goal = F(1) if one.target is None else F(one.target)
    if one.strict and one.integer:
        goal += 1
    if one.kind == "yes_no":
        return x
    if one.kind in {"cumulative", "growth", "recurring"}:
        return max(F(0), x / goal) if one.kind == "growth" else x / goal
    if one.kind == "level":
        base = F(0) if one.baseline is None else F(one.baseline)
        return (x - base) / (goal - base)
    if one.kind == "at_most" and falls(one):
        assert one.baseline is not None
        return (F(one.baseline) - x) / (F(one.baseline) - goal)
    if one.kind in {"at_most", "hold"}:
        return kept(x - goal, goal, one, rules)
    if one.kind == "maintain":
        return kept(goal - x, goal, one, rules)
    if one.kind == "ceiling":
        return under(x, e * goal, one, rules)
    if one.kind == "rank":
        return F(1) if x <= goal else max(F(0), 1 - (x - goal) / goal)
    share = F(rules.tolerances.about if one.tolerance is None else one.tolerance)
    return risen(x, goal * (1 - share) if one.kind == "about" else goal, one, rules)


def under(x: F, allowance: F, one: Indicator, rules: Rulebook) -> F:
    """A ceiling: what was used of the allowance of the day."""
    if x <= allowance:
        return F(1)
    if allowance == 0:
        return F(0)
    tol = allowance * F(rules.tolerances.hold if one.tolerance is None else one.tolerance)
    return max(F(0), 1 - (x - allowance) / tol)


def in_step(own: F, other: F, one: Indicator, rules: Rulebook) -> F:
    delta = F(rules.tolerances.relation if one.tolerance is None else one.tolerance)
    return F(1) if own >= other - delta else max(F(0), 1 - (other - delta - own) / delta)


def compounded(rates: Mapping[int, F], one: Indicator) -> F:
    """The product over the years that have a figure, by logarithms."""
    with localcontext() as context:
        context.prec = 60
        grown = Decimal(1)
        for rate in rates.values():
            grown *= 1 + Decimal(rate.numerator) / Decimal(rate.denominator) / 100
        assert one.target is not None
        assert one.years is not None
        return F(grown.ln()) / F((1 + Decimal(one.target) / 100).ln() * one.years)


def allowance_share(task: Task, one: Indicator, t: date) -> F:
    """What the curve gives a ceiling on a day, though the score expects 1 of it."""
    curve = one.expectation or task.expectation
    return curve_at(curve, one.start or task.start, one.due or task.due, t)


def figure(
    task: Task, one: Indicator, said: Sequence[Report], t: date, rules: Rulebook
) -> F | None:
    """a of a figure from all that was said of it, oldest first; None where nothing was.

    A register of which nothing is due has no a either.
    """
    if one.kind == "relation":
        pairs = [report.relations[one.id] for report in said if one.id in report.relations]
        return in_step(F(pairs[-1][0]), F(pairs[-1][1]), one, rules) if pairs else None
    if one.kind == "register":
        return struck_off(one, said, t)
    told = [(report.as_of, F(report.values[one.id])) for report in said if one.id in report.values]
    if one.kind == "recurring":
        told = [(day, x) for day, x in told if day.year == t.year]
    if not told:
        return None
    if one.kind == "compound":
        return compounded({day.year: rate for day, rate in told}, one)
    return attained(one, told[-1][1], allowance_share(task, one, t), rules)


def struck_off(one: Indicator, said: Sequence[Report], t: date) -> F | None:
    """A register: closed items by those due by the day or closed."""
    items: dict[str, Item] = {}
    for report in said:
        items.update(report.registers.get(one.id, {}))
    live = [item for item in items.values() if not item.void]
    closed = [item for item in live if item.closed is not None and item.closed <= t]
    owed = [item for item in live if item not in closed and item.due <= t]
    return F(len(closed), len(closed) + len(owed)) if closed or owed else None


def nodes_done(task: Task, said: Sequence[Report], t: date, *, strictly: bool) -> dict[str, F]:
    """c of each milestone from the newest word on it; `strictly` a claim waits to be verified."""
    done = {}
    for one in task.milestones:
        words = [
            report.milestones[one.id]
            for report in said
            if report.milestones is not None
            and one.id in report.milestones
            and (report.verified or not strictly or report.milestones[one.id].taken_back)
        ]
        c = F(0)
        if words and words[-1].completed_on is not None:
            c = F(words[-1].completed_on <= t)
        elif words and words[-1].share is not None and one.partial:
            c = F(words[-1].share)
        done[one.id] = c
    return done
