"""The score of a period written a second time, straight from the rule text (3.3, 4.3 to 4.12).

It shares nothing with the rules it is compared with but the shapes of what goes in. What is left
to other tests: verification `required`, adjustments, suspensions before the period, rounding of
what is not printed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction as F  # noqa: N817  # it stands in every line
from math import floor
from zoneinfo import ZoneInfo

from scoring_naive_attainment import curve_at, expected, figure, nodes_done, steps

from scoring.domain.facts import Entered, Report, RunFacts
from shared.contracts.decisions import Exemption
from shared.contracts.plan import Indicator, Task
from shared.contracts.rulebook import Rulebook

CHINA = ZoneInfo("Asia/Shanghai")
REST = {date(2022, 4, 30), *(date(2022, 5, day) for day in (1, 2, 3, 4))}
WORKED = {date(2022, 4, 24), date(2022, 5, 7)}
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
class Part:
    """A measured part of a task; `a` is None without data."""

    weight: F
    a: F | None
    e: F
    carried: bool
    done: bool


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
class Unit:
    """A unit's result."""

    name: str
    group: str
    score: F | None
    counted: F
    left_out: F
    weak: bool
    barred: bool
    terms: tuple[F, ...]
    rank: int | None = None
    grade: str | None = None
    no_seat: bool = False


@dataclass
class Period:
    """The result of a period."""

    lines: list[Line]
    units: dict[str, Unit]
    actions: dict[str, F | None]
    plan: F | None
    rates: tuple[int, int, int, int]


@dataclass
class Memory:
    """What earlier publications left."""

    last: date | None = None
    lights: dict[str, str] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    scores: dict[str, F | None] = field(default_factory=dict)
    finished: dict[str, int | None] = field(default_factory=dict)


# ---- a task ------------------------------------------------------------------------------------


def works(day: date) -> bool:
    return day in WORKED or (day.weekday() < 5 and day not in REST)


def after(day: date, count: int) -> date:
    while count:
        day += timedelta(days=1)
        count -= works(day)
    return day


def late_days(received: date, due: date, unit: str) -> int:
    if received <= due:
        return 0
    if unit == "calendar_day":
        return (received - due).days
    while not works(received):
        received += timedelta(days=1)
    return sum(works(due + timedelta(days=n)) for n in range(1, (received - due).days + 1))


def said_of(task: Task, run: RunFacts, close: date) -> tuple[Report | None, list[Report]]:
    """The report of the period, and all that is read, oldest value first."""
    read: dict[str, Report] = {}
    for report in sorted(run.reports, key=lambda report: report.received_at):
        if report.task != task.id:
            continue
        in_time = local(report.received_at) <= close
        if report.period < run.period.id or (report.period == run.period.id and in_time):
            read[report.period] = report
    own = read.get(run.period.id)
    return own, sorted(read.values(), key=lambda report: (report.as_of, report.received_at))


def local(at: datetime) -> date:
    return at.astimezone(CHINA).date()


def parts_of(task: Task, said: Sequence[Report], own: Report | None, run: RunFacts) -> list[Part]:
    t, rules = run.period.last, run.rulebook
    parts = []
    if task.measure in {"indicators", "both"}:
        figures = [one for one in task.indicators if not in_year_only(one)]
        parts += [of_figure(task, one, said, own, t, rules) for one in figures]
    if task.measure in {"milestones", "both"}:
        weights = {one.id: F(one.weight) for one in task.milestones}
        done = nodes_done(task, said, t)
        a = sum((w * done[name] for name, w in weights.items()), F(0)) / sum(weights.values())
        weight = F(task.milestone_weight) if task.measure == "both" else F(1)
        parts.append(Part(weight, a, milestones_expected(task, t), carried=True, done=a == 1))
    if task.measure in {"percent", "yes_no"}:
        told = [F(report.percent) for report in said if report.percent is not None]
        a = told[-1] / 100 if told else F(0)
        e = F(t >= task.due) if task.measure == "yes_no" else curve_of(task, t)
        parts.append(Part(F(1), a, e, carried=False, done=a >= 1))
    if task.measure == "rubric":
        grades = [report.rubric for report in said if report.rubric is not None]
        credit = {"A": F(1), "B": F(4, 5), "C": F(3, 5), "D": F(0)}
        a_or_none = credit[grades[-1]] if grades else None
        parts.append(Part(F(1), a_or_none, F(1), carried=False, done=False))
    return parts


def milestones_expected(task: Task, t: date) -> F:
    if task.expectation.curve in {None, "steps"}:
        return steps(task.milestones, t)
    return curve_of(task, t)


def curve_of(task: Task, t: date) -> F:
    return curve_at(task.expectation, task.start, task.due, t)


def of_figure(
    task: Task, one: Indicator, said: Sequence[Report], own: Report | None, t: date, rules: Rulebook
) -> Part:
    a, e = figure(task, one, said, t, rules), expected(task, one, t)
    told = any(report.tells(one.id) for report in said)
    if one.kind == "register" and told and a is None:
        e = F(0)
    if own is not None and one.id in own.no_data:
        a = None
    elif a is None and one.data_from == "unit":
        a = F(0)
    return Part(F(one.weight), a, e, carried=one.kind == "cumulative", done=reached(one, a))


def reached(one: Indicator, a: F | None) -> bool:
    """Whether it is done for good: only what can be, and strictly where it is to be passed."""
    rises = one.kind in {"cumulative", "level", "yes_no"}
    turned = one.kind in {"range", "about", "at_most"} and one.baseline is not None
    if one.kind == "at_most" and turned:
        assert one.baseline is not None
        assert one.target is not None
        turned = one.baseline > one.target
    if a is None or not (rises or turned):
        return False
    return a > 1 if one.strict and not one.integer else a >= 1


def earned(part: Part) -> F:
    assert part.a is not None
    return min(max(part.a, F(0)) / part.e, F(1))


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
    close = run.window.close
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
    line.outcome = outcome(own, run)
    if line.left_out is None and not known and own is not None and not with_data:
        line.left_out = "no_data"
    if line.left_out is not None:
        line.light = "blue" if line.left_out == "done" else "grey"
        line.finished = known or (line.left_out == "no_expectation" and finishes)
        return line
    told = with_data or [Part(x.weight, F(0), x.e, x.carried, x.done) for x in parts if x.e > 0]
    p = progress(line, told, rules.rounding.mode)
    e = mean((part.weight, part.e) for part in told) or F(0)
    done = nodes_done(task, said, t)
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
        late = late_days(local(own.timely_at), run.window.due, rules.lateness.unit)
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


def in_year_only(one: Indicator) -> bool:
    """A rank, and what is updated once a year, is in no period."""
    return one.kind == "rank" or one.cadence == "annual"


def outcome(own: Report | None, run: RunFacts) -> str:
    if own is None:
        return "missing"
    return "on_time" if local(own.timely_at) <= run.window.due else "late"


# ---- above the task ----------------------------------------------------------------------------


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


def exempted(line: Line, run: RunFacts) -> None:
    """Exemptions touch the named unit's line of the named task only (assessment 4.9)."""
    rules = run.rulebook
    before = line.left_out in {*SILENT_BEFORE, "unconfirmed"}
    plain, reason = line.score, line.left_out
    for unit in line.shares:
        line.own[unit] = Own(plain, reason)
        given = exemption(run.exemptions, line.task.id, unit, run.period.id)
        if given is None or before:
            continue
        kept = None if given == "E1" else plain
        if given == "E4" and plain is not None:
            kept = max(plain, rnd(F(rules.exemption.floor), rules.rounding.places, "half_up"))
        line.own[unit] = Own(kept, "exempt" if given == "E1" else reason, exempt=True)
        if unit == line.unit:
            line.score = kept
            if given == "E1":
                line.left_out, line.light = "exempt", "grey"
                line.p = line.t = line.q = line.r = None


def exemption(every: Sequence[Exemption], task: str, unit: str, period: str) -> str | None:
    kinds = {x.kind for x in every if (x.task, x.unit) == (task, unit) and period in x.periods}
    return "E1" if "E1" in kinds else "E4" if "E4" in kinds else None


def events(entries: Sequence[Entered], waived: Sequence[Exemption], rules: Rulebook) -> tuple[F, F]:
    """Bonus and deductions of one unit (assessment 4.8)."""
    levels = {"national": F(2), "provincial": F(1), "city": F(1, 2)}
    best: dict[str, F] = {}
    capped = free = F(0)
    for one in entries:
        entry = one.entry
        if entry.type == "award":
            worth = levels[entry.level] if entry.level else F(0)
            worth = worth if entry.points is None else F(entry.points)
            best[entry.matter] = max(best.get(entry.matter, F(0)), worth)
        elif entry.type == "penalty":
            if any(x.kind == "E3" and (x.unit, x.matter) == (entry.unit, entry.matter)
                   for x in waived):  # fmt: skip
                continue
            free += F(entry.points) if entry.uncapped else 0
            capped += 0 if entry.uncapped else F(entry.points)
    bonus = min(sum(best.values(), F(0)), F(rules.events.bonus_max))
    return bonus, min(capped, F(rules.events.deduction_max)) + free


def with_events(u: F, bonus: F, deductions: F, rules: Rulebook) -> F:
    guard = F(rules.events.floor_guard)
    if u < guard:
        bonus = min(bonus, guard - u)
    return min(max(u + bonus - deductions, F(0)), F(100))


def unit_of(name: str, group: str, lines: Sequence[Line], run: RunFacts, last: F | None) -> Unit:
    """U, the weights, and what breaks a tie."""
    rules = run.rulebook
    held = [(F(x.task.weight) * x.shares[name], x) for x in lines if x.shares.get(name)]
    counted = sum((w for w, x in held if x.own[name].left_out is None), F(0))
    in_force = [(w, x.own[name]) for w, x in held if x.own[name].left_out not in INACTIVE]
    active = sum((w for w, _ in in_force), F(0))
    exempt = sum((w for w, own in in_force if own.exempt), F(0))
    u = mean((w, x.own[name].score) for w, x in held)
    if u is not None and rules.events.level == "period":
        mine = [one for one in run.entries if one.entry.unit == name]
        now = [one for one in mine if run.period.first <= one.on <= run.period.last]
        u = with_events(u, *events(now, run.exemptions, rules), rules)
    owed = [x for x in lines if x.unit == name and x.expected]
    parts = mean((w, x.p) for w, x in held if x.own[name].left_out is None)
    terms = {
        "fewer_red": F(-sum(x.light == "red" for _, x in held)),
        "progress": parts or F(0),
        "on_time_rate": F(sum(x.outcome == "on_time" for x in owed), len(owed) or 1),
        "last_period": F(-1) if last is None else last,
    }
    return Unit(
        name=name,
        group=group,
        score=None if u is None else rnd(u, rules.rounding.places, rules.rounding.mode),
        counted=counted,
        left_out=active - counted,
        weak=active - counted > F(rules.coverage_guard) * active,
        barred=exempt > F(rules.exemption.limit) * active,
        terms=tuple(terms[name] for name in rules.tie_break),
    )


def ahead(one: Unit, other: Unit) -> bool:
    """Whether `one` stands strictly before `other` when every tie is broken, at last by the id."""
    mine, theirs = (one.score, *one.terms), (other.score, *other.terms)
    return mine > theirs or (mine == theirs and one.name < other.name)


def place(one: Unit, among: Sequence[Unit], how: str) -> int:
    assert one.score is not None
    scores = [other.score for other in among if other.score is not None]
    better = [x for x in scores if x > one.score]
    if how == "competition":
        return 1 + len(better)
    if how == "dense":
        return 1 + len(set(better))
    if how == "modified":
        return len([x for x in scores if x >= one.score])
    return 1 + sum(ahead(other, one) for other in among)


def seats(sizes: Mapping[str, int], rules: Rulebook) -> dict[str, int]:
    q = F(rules.quota.excellent)
    sizes = {group: n for group, n in sizes.items() if n > 1}
    found = {group: floor(q * n) for group, n in sizes.items()}
    if rules.quota.small_groups == "pool":
        rest = floor(q * sum(sizes.values())) - sum(found.values())
        for group in sorted(sizes, key=lambda g: (found[g] - q * sizes[g], -sizes[g], g))[:rest]:
            found[group] += 1
    return found


def rank(units: Iterable[Unit], rules: Rulebook) -> None:
    """Ranks and grades within each group (assessment 4.10, 4.11)."""
    groups: dict[str, list[Unit]] = {}
    for one in units:
        if one.score is not None and not one.weak:
            groups.setdefault(one.group, []).append(one)
    free = seats({group: len(every) for group, every in groups.items()}, rules)
    at_the_last = {"exclude_all": "modified", "include_all": "competition", "tie_break": "ordinal"}
    for group, every in groups.items():
        able = [one for one in every if not one.barred]
        for one in every:
            if len(every) > 1:
                one.rank = place(one, every, rules.ranking)
            one.grade = band(one.score, rules)
            if one.grade == "excellent" and one.barred:
                one.grade = "good"
            elif one.grade == "excellent" and len(every) > 1:
                seated = place(one, able, at_the_last[rules.quota.ties]) <= free[group]
                one.grade, one.no_seat = ("excellent", False) if seated else ("good", True)


def band(score: F | None, rules: Rulebook) -> str:
    assert score is not None
    bands = rules.grades
    if score >= F(bands.excellent):
        return "excellent"
    if score >= F(bands.good):
        return "good"
    return "fair" if score >= F(bands.fair) else "poor"


def run_naively(run: RunFacts, memory: Memory) -> Period:
    """A period; `memory` is what the publications before left, and is changed to what it leaves."""
    rules, adjacent = run.rulebook, memory.last == run.period.first - timedelta(days=1)
    if not adjacent:
        memory.lights, memory.silent, memory.scores = {}, set(), {}
    lines = [line_of(task, action, run, memory) for action, task in run.plan.tasks]
    for line in lines:
        exempted(line, run)
        if line.left_out == "no_data":
            line.expected = True
    units = {
        one.id: unit_of(one.id, one.group, lines, run, memory.scores.get(one.id))
        for one in run.plan.units
    }
    rank(units.values(), rules)
    acts = {}
    for head in run.plan.actions:
        mine = mean((F(x.task.weight), x.score) for x in lines if x.action == head.id)
        acts[head.id] = None if mine is None else rnd(mine, rules.rounding.places,
                                                      rules.rounding.mode)  # fmt: skip
    whole = mean((F(head.weight), acts[head.id]) for head in run.plan.actions)
    owed = [x.outcome for x in lines if x.expected]
    remember(memory, run, lines, units)
    return Period(
        lines=lines,
        units=units,
        actions=acts,
        plan=None if whole is None else rnd(whole, rules.rounding.places, rules.rounding.mode),
        rates=(len(owed), *(owed.count(way) for way in ("on_time", "late", "missing"))),  # type: ignore[arg-type]
    )


def remember(
    memory: Memory, run: RunFacts, lines: Sequence[Line], units: Mapping[str, Unit]
) -> None:
    memory.last = run.period.last
    memory.lights = {line.task.id: line.light for line in lines}
    memory.silent = {x.task.id for x in lines if x.expected and x.outcome == "missing"}
    memory.scores = {name: unit.score for name, unit in units.items()}
    for line in lines:
        known = memory.finished.get(line.task.id)
        if not line.finished:
            memory.finished.pop(line.task.id, None)
        elif known is None:
            memory.finished[line.task.id] = run.period.last.year if line.light == "blue" else None
