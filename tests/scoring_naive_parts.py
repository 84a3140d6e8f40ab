"""What is read of a task and what its parts are, written a second time from the rule text.

When reports come (3.3), which of them are read, and a, E and data of each part (4.1, 4.2, 4.5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction as F  # noqa: N817  # it stands in every line
from zoneinfo import ZoneInfo

from scoring_naive_attainment import curve_at, expected, figure, nodes_done, steps

from scoring.domain.facts import Report, RunFacts
from shared.contracts.plan import Indicator, Task
from shared.contracts.rulebook import Rulebook

CHINA = ZoneInfo("Asia/Shanghai")
REST = {date(2022, 4, 30), *(date(2022, 5, day) for day in (1, 2, 3, 4)), date(2022, 6, 3)}
WORKED = {date(2022, 4, 24), date(2022, 5, 7)}


@dataclass
class Part:
    """A measured part of a task; `a` is None without data."""

    weight: F
    a: F | None
    e: F
    carried: bool
    done: bool


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
        in_time = local(report.timely_at) <= close
        if report.period < run.period.id or (report.period == run.period.id and in_time):
            read[report.period] = report
    standing = [report for report in read.values() if report.returned_at is None]
    own = next((report for report in standing if report.period == run.period.id), None)
    return own, sorted(standing, key=lambda report: (report.as_of, report.received_at))


def local(at: datetime) -> date:
    return at.astimezone(CHINA).date()


def parts_of(task: Task, said: Sequence[Report], own: Report | None, run: RunFacts) -> list[Part]:
    t, rules = run.period.last, run.rulebook
    strictly = rules.verification == "required"
    parts = []
    if task.measure in {"indicators", "both"}:
        figures = [one for one in task.indicators if not in_year_only(one)]
        parts += [of_figure(task, one, said, own, t, rules) for one in figures]
    if task.measure in {"milestones", "both"}:
        weights = {one.id: F(one.weight) for one in task.milestones}
        done = nodes_done(task, said, t, strictly=strictly)
        a = sum((w * done[name] for name, w in weights.items()), F(0)) / sum(weights.values())
        weight = F(task.milestone_weight) if task.measure == "both" else F(1)
        parts.append(Part(weight, a, milestones_expected(task, t), carried=True, done=a == 1))
    if task.measure in {"percent", "yes_no"}:
        told = [
            min(F(report.percent) / 100, F(rules.unverified_cap))
            if strictly and not report.verified
            else F(report.percent) / 100
            for report in said
            if report.percent is not None
        ]
        a = told[-1] if told else F(0)
        e = F(t >= task.due) if task.measure == "yes_no" else curve_of(task, t)
        newest = [report for report in said if report.percent is not None][-1:]
        sure = not strictly or all(report.verified for report in newest)
        parts.append(Part(F(1), a, e, carried=False, done=a >= 1 and sure))
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
    newest = [report for report in said if report.tells(one.id)][-1:]
    sure = rules.verification == "on_publish" or all(report.verified for report in newest)
    done = sure and reached(one, a)
    return Part(F(one.weight), a, e, carried=one.kind == "cumulative", done=done)


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


def in_year_only(one: Indicator) -> bool:
    """A rank, and what is updated once a year, is in no period."""
    return one.kind == "rank" or one.cadence == "annual"
