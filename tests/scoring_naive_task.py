"""The line of a task written a second time, straight from the rule text (3.3, 4.3 to 4.6).

It shares nothing with the rules it is compared with but the shapes of what goes in. What is left
to other tests: adjustments, rests before the period, a change of holder.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction as F  # noqa: N817  # it stands in every line
from math import floor

from scoring_naive_attainment import nodes_done
from scoring_naive_parts import (
    Part,
    after,
    earned,
    in_year_only,
    late_days,
    local,
    of_figure,
    parts_of,
    said_of,
)

from scoring.domain.facts import Report, RunFacts
from shared.contracts.plan import Task
from shared.contracts.rulebook import Rulebook

LEVELS = ["red", "yellow", "green"]
SILENT_BEFORE = {"cancelled", "not_started", "closed", "suspended", "done"}
INACTIVE = SILENT_BEFORE - {"suspended"} | {"unconfirmed", "year_only"}


def rnd(x: F, places: int, mode: str) -> F:
    """Half away from zero, or half to the even digit."""
    scaled = x * 10**places
    if mode == "half_even":
        return F(round(scaled), 10**places)
    whole = floor(abs(scaled) + F(1, 2))
    return F(whole if x >= 0 else -whole, 10**places)


@dataclass
class Own:
    """What a unit has of a task."""

    score: F | None
    left_out: str | None
    exempt: bool = False


@dataclass
class Line:
    """What is printed of a task, and what the sums above it need."""

    task: Task
    action: str
    unit: str
    light: str = "grey"
    left_out: str | None = None
    a: F | None = None
    e: F | None = None
    r: F | None = None
    gap: F | None = None
    p: F | None = None
    t: F | None = None
    q: F | None = None
    score: F | None = None
    expected: bool = False
    outcome: str = ""
    finished: bool = False
    shares: dict[str, F] = field(default_factory=dict)
    own: dict[str, Own] = field(default_factory=dict)


@dataclass
class Memory:
    """What earlier publications left."""

    last: date | None = None
    lights: dict[str, str] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    scores: dict[str, F | None] = field(default_factory=dict)
    finished: dict[str, int | None] = field(default_factory=dict)


def mean(pairs: Iterable[tuple[F, F | None]]) -> F | None:
    counted = [(w, x) for w, x in pairs if x is not None]
    total = sum((w for w, _ in counted), F(0))
    return sum((w * x for w, x in counted), F(0)) / total if total else None


def progress(line: Line, parts: Sequence[Part], mode: str) -> F:
    """Fills in a, E, R and gap, and gives the exact P."""
    p = mean((part.weight, 100 * earned(part)) for part in parts)
    a = mean((part.weight, part.a) for part in parts)
    e = mean((part.weight, part.e) for part in parts)
    assert p is not None
    assert a is not None
    assert e is not None
    if len(parts) == 1:
        r, gap = a / e, 100 * (e - a)
    else:
        r = p / 100
        lacks = ((x.weight, 100 * (x.e - min(max(x.a or F(0), F(0)), x.e))) for x in parts)
        gap = mean(lacks) or F(0)
    line.a, line.e, line.r = rnd(a, 4, mode), rnd(e, 4, mode), rnd(r, 4, mode)
    line.gap = gap
    return p


def light(
    line: Line, e: F, run: RunFacts, *, open_days: Sequence[int], before: str | None, silences: int
) -> str:
    """The five steps of assessment 4.3; `open_days` of the milestones not done, since their day."""
    rules, t = run.rulebook.lights, run.period.last
    assert line.r is not None
    assert line.gap is not None
    if rules.preset == "ratio":
        level = by_ratio(line.r, run.rulebook)
        if before in LEVELS and level > LEVELS.index(before):
            was, best = LEVELS.index(before), by_ratio(line.r - F(rules.hysteresis), run.rulebook)
            level = max(was, min(was + rules.max_step, best))
        if e < F(rules.early_floor):
            level = max(level, 1)
    elif rules.preset == "gap_pp":
        level = 2 if line.gap < rules.gap_green else 1 if line.gap <= rules.gap_red else 0
    else:
        late = (line.r < 1 and t >= line.task.due) or any(days > 0 for days in open_days)
        level = 0 if late else 2 if line.r >= 1 else 1
    if silences == 1:
        level = min(level, 1)
    if silences > 1 or any(days > rules.overdue_red_days for days in open_days):
        level = 0
    return LEVELS[level]


def by_ratio(r: F, rules: Rulebook) -> int:
    if r >= F(rules.lights.green):
        return 2
    return 1 if r >= F(rules.lights.yellow) else 0


def quality(task: Task, own: Report, t: date) -> F:
    """Q: the filled of the required fields, less the review marks."""
    required = [
        own.tells(one.id)
        for one in task.indicators
        if one.data_from == "unit" and one.cadence is None and (one.start or task.start) <= t
    ]
    if task.measure in {"percent", "yes_no"}:
        required.append(own.percent is not None)
    if task.measure in {"milestones", "both"}:
        required.append(own.milestones is not None)
    if task.evidence == "required":
        required.append(own.has_evidence)
    c = F(sum(required), len(required)) if required else F(1)
    return max(F(0), 100 * c - F(own.marks))


def score(line: Line, p: F, late: int, q: F, rules: Rulebook) -> None:
    """S of a report that came; P, T and Q are printed to 2 places."""
    t = max(F(0), 100 - F(rules.lateness.per_day) * late)
    w_p, w_t, w_q = (
        F(x) for x in (rules.weights.progress, rules.weights.timeliness, rules.weights.quality)
    )
    if rules.lateness.mode == "deduction":
        s = max(F(0), (w_p + w_t) * p + w_q * q - F(rules.lateness.deduction_per_day) * late)
    else:
        s = w_p * p + w_t * t + w_q * q
    put(line, p, t, q, s, rules)


def put(line: Line, p: F, t: F, q: F, s: F, rules: Rulebook) -> None:
    mode = rules.rounding.mode
    line.p, line.t, line.q = rnd(p, 2, mode), rnd(t, 2, mode), rnd(q, 2, mode)
    line.score = rnd(s, rules.rounding.places, mode)


def left_out(  # noqa: PLR0911  # one a condition
    task: Task, parts: Sequence[Part], run: RunFacts, memory: Memory
) -> str | None:
    """The conditions of assessment 4.5 that come before `missing`, but `exempt`."""
    t, amended = run.period.last, run.plan.amended.get(task.id)
    if amended and amended.cancelled_on and amended.cancelled_on <= t:
        return "cancelled"
    if t < task.start:
        return "not_started"
    if t > date(task.due.year, 12, 31):
        return "closed"
    if task.assumed and task.confirmed_by is None:
        return "unconfirmed"
    if amended and any(run.period.id in rest.periods for rest in amended.rests):
        return "suspended"
    found = memory.finished.get(task.id)
    if found is not None and found < t.year:
        return "done"
    if not parts:
        return "year_only"
    return "no_expectation" if all(part.e == 0 for part in parts) else None


def line_of(task: Task, action: str, run: RunFacts, memory: Memory) -> Line:
    """The line of a task before exemptions."""
    rules, t = run.rulebook, run.period.last
    lead = next(one.unit for one in task.assignments if one.role == "lead")
    line = Line(task, action, lead, shares=shares(task, rules))
    more = extended(task, lead, run)
    due, close = after(run.window.due, more), after(run.window.close, more)
    own, said = said_of(task, run, close)
    parts = parts_of(task, said, own, run)
    line.left_out = left_out(task, parts, run, memory)
    known = task.id in memory.finished
    with_data = [part for part in parts if part.e > 0 and part.a is not None]
    slow = [one for one in task.indicators if in_year_only(one)]
    slowly = [of_figure(task, one, said, own, t, rules) for one in slow]
    finishes = bool(parts) and all(part.done for part in [*parts, *slowly])
    line.expected = line.left_out in {"no_expectation", None} and not known
    if line.left_out == "year_only":  # in its own period
        line.expected = any(one.cadence is None or t.month == 12 for one in slow)
    line.outcome = outcome(own, due)
    if line.left_out is None and not known and own is not None and not with_data:
        line.left_out = "no_data"
    if line.left_out is not None:
        line.light = "blue" if line.left_out == "done" else "grey"
        line.finished = known or (line.left_out == "no_expectation" and finishes)
        return line
    told = with_data or [Part(x.weight, F(0), x.e, x.carried, x.done) for x in parts if x.e > 0]
    p = progress(line, told, rules.rounding.mode)
    e = mean((part.weight, part.e) for part in told) or F(0)
    done = nodes_done(task, said, t, strictly=False)  # the office's delay makes nothing overdue
    ages = [(t - one.due).days for one in task.milestones if done[one.id] < 1]
    year = memory.last is not None and memory.last.year == t.year
    before = memory.lights.get(task.id) if year else None
    silences = 0 if own else 2 if year and task.id in memory.silent else 1
    if known:
        line.light, line.finished = "blue", True
        put(line, *(F(100),) * 4, rules)
    elif own is None:
        line.light = light(line, e, run, open_days=ages, before=before, silences=silences)
        missing(line, p, with_data, run, memory)
    else:
        late = late_days(local(own.timely_at), due, rules.lateness.unit)
        score(line, p, late, quality(task, own, t), rules)
        line.finished = finishes and task.id not in run.zeroed
        line.light = light(line, e, run, open_days=ages, before=before, silences=0)
        if line.finished:
            line.light = "blue"
    if task.id in run.zeroed:
        put(line, *(F(0),) * 4, rules)
    return line


def missing(line: Line, p: F, parts: Sequence[Part], run: RunFacts, memory: Memory) -> None:
    """S = 0, or the last value carried once."""
    rules = run.rulebook
    carried = rules.missing == "carry" and line.task.id not in memory.silent
    if not (carried and parts and all(part.carried for part in parts)):
        put(line, F(0), F(0), F(0), F(0), rules)
        return
    weight = F(rules.weights.progress)
    if rules.lateness.mode == "deduction":
        weight += F(rules.weights.timeliness)
    put(line, p, F(0), F(0), weight * p, rules)


def outcome(own: Report | None, due: date) -> str:
    if own is None:
        return "missing"
    return "on_time" if local(own.timely_at) <= due else "late"


def extended(task: Task, lead: str, run: RunFacts) -> int:
    """The working days that the unit's report may come later."""
    amended = run.plan.amended.get(task.id)
    return sum(
        one.working_days
        for one in (amended.later if amended else ())
        if (one.unit, one.period) == (lead, run.period.id)
    )


def shares(task: Task, rules: Rulebook) -> dict[str, F]:
    """Each unit's part of a task (assessment 4.6)."""
    order = ["lead", "joint_lead", "cooperating", "supervising"]
    role: dict[str, tuple[int, F | None]] = {}
    for one in task.assignments:
        place = (order.index(one.role), None if one.share is None else F(one.share))
        if one.unit not in role or place[0] < role[one.unit][0]:
            role[one.unit] = place
    leads = [unit for unit, (place, _) in role.items() if place < 2]
    helpers = [unit for unit, (place, _) in role.items() if place == 2]
    split = rules.shares.mode == "split"
    lead = F(rules.shares.lead) if rules.shares.lead is not None else F(7, 10) if split else F(1)
    given = rules.shares.cooperating
    helper = F(given) if given is not None else F(3, 10) if split else F(1, 2)
    if split and not helpers:
        lead = F(1)
    found = {}
    for unit in leads:
        found[unit] = lead / len(leads) if split else lead
    for unit in helpers:
        found[unit] = helper / len(helpers) if split else helper
    return {
        unit: part if (share := role[unit][1]) is None else share for unit, part in found.items()
    }
