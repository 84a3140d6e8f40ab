"""The score of a period written a second time, straight from the rule text (4.6 to 4.12).

It shares nothing with the rules it is compared with but the shapes of what goes in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction as F  # noqa: N817  # it stands in every line
from math import floor

from scoring_naive_task import INACTIVE, SILENT_BEFORE, Line, Memory, Own, line_of, mean, rnd

from scoring.domain.facts import Entered, RunFacts
from shared.contracts.decisions import Exemption
from shared.contracts.rulebook import Rulebook


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
