"""The script of the demo's year: a scenario's timeline, made from the plan and a seed.

The same plan and seed give the same script; it is played live through the HTTP API, and the same
entries can be simulated.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any, Final

from duban.demo import cast
from intake.domain.obligations import Obligation, obligations
from shared.calendar.periods import Period, ends_in
from shared.calendar.plan import PlanCalendar
from shared.contracts.plan import (
    Action,
    Indicator,
    Milestone,
    PlanDocument,
    PlanHead,
    ReportedIndicator,
)

Entry = Mapping[str, Any]
"""One entry of a scenario's timeline: `at`, and one verb with what it is about."""

_LATE_OF_100: Final = 4
_MARKED_OF_100: Final = 25
_MARKS: Final = ("2", "3", "5", "8")
_SENDING_HOURS: Final = (10, 15)
_SILENT: Final = cast.Part()
_EVIDENCE: Final = [{"title": "台账 ledger", "url": "https://example.org/ledger"}]


def script(plan: PlanDocument, *, seed: int) -> Sequence[Entry]:
    """Every report, review, decision and publication of the year, in order."""
    writer = _Writer(plan=plan, calendar=PlanCalendar(dates=plan.plan), random=Random(seed))  # noqa: S311  # a story, no secret
    told = [pair for period in writer.periods for pair in writer.period(period)]
    told += [(at, {**what}) for at, what in cast.DECISIONS]
    told.append(writer.correction())
    last = max(at for at, _ in told)
    told.append((last + timedelta(days=2), {"year": {"year": cast.YEAR}}))
    ordered = sorted(enumerate(told), key=lambda one: (one[1][0], one[0]))
    return [{"at": at.isoformat(), **what} for _, (at, what) in ordered]


@dataclass(frozen=True, kw_only=True)
class _Writer:
    plan: PlanDocument
    calendar: PlanCalendar
    random: Random

    @property
    def periods(self) -> Sequence[Period]:
        return [one for one in self.calendar.periods if one.year == cast.YEAR]

    def period(self, period: Period) -> Iterator[tuple[datetime, Entry]]:
        """Who reports for a period, what is returned and marked, and its publication."""
        for duty in obligations(self.plan, self.calendar, period, waived=()):
            if not _rests(duty.task.id, period.id):
                yield from self.duty(duty, period)
        for head, figures in self.figures(period):
            yield self.figure_report(head, figures, period)
        closed = self.calendar.workdays.add(self.calendar.window(period).close, 1)
        yield self.moment(closed, hour=10), {"publish": {"period": period.id}}

    def duty(self, duty: Obligation, period: Period) -> Iterator[tuple[datetime, Entry]]:
        task, part = duty.task, cast.PARTS.get(duty.task.id, _SILENT)
        chance = self.random.randrange(100)
        if period.id in part.silent:
            return
        late = period.id in part.late or (task.id not in cast.PARTS and chance < _LATE_OF_100)
        sent = self.instant(period, late=late)
        report = self.report(duty, period, part)
        slip = cast.SLIPS.get((task.id, period.id))
        if slip is not None:
            yield sent, {"submit": {**report, "values": {**report["values"], **slip.values}}}
            returned = self.moment(self.calendar.workdays.add(sent.date(), 1), hour=16)
            yield returned, {"return": {**_last(report), "reason": slip.reason}}
            repaired = self.moment(self.calendar.workdays.add(returned.date(), 1), hour=11)
            yield repaired, {"submit": report}
            return
        yield sent, {"submit": report}
        if not late and chance >= 100 - _MARKED_OF_100:
            points = self.random.choice(_MARKS)
            marks = {"marks": points, "reason": "说明过于简略。 The note says too little."}
            looked = self.moment(self.calendar.workdays.add(sent.date(), 2), hour=15)
            yield looked, {"verify": {**_last(report), **marks}}

    def report(self, duty: Obligation, period: Period, part: cast.Part) -> dict[str, Any]:
        task = duty.task
        pace = part.pace
        if part.recovers is not None and period.id >= part.recovers:
            pace = Fraction(1)
        values = {
            one.id: _value(one, period, self.pace(pace))
            for one in task.indicators
            if one.id in duty.figures or _is_out(one, period, self.calendar)
        }
        report: dict[str, Any] = {"task": task.id, "unit": duty.unit, "period": period.id}
        if values:
            report["values"] = values
        if task.milestones and task.measure in {"milestones", "both"}:
            report["milestones"] = {
                node.id: self.done_on(node, part).isoformat()
                for node in task.milestones
                if period.first <= self.done_on(node, part) <= period.last
            }
        if task.evidence == "required":
            report["evidence"] = _EVIDENCE
        return report

    def pace(self, pace: Fraction) -> Fraction:
        """Those on schedule are a little ahead of it: by up to five parts in a hundred."""
        return pace if pace < 1 else pace + Fraction(self.random.randrange(6), 100)

    def done_on(self, node: Milestone, part: cast.Part) -> date:
        """A node that does not slip is done a few days before it is due."""
        slipped = part.slips.get(node.id)
        if slipped is not None:
            return node.due + timedelta(days=slipped)
        early = Random(node.id).randrange(1, 12)  # noqa: S311  # the same whoever asks
        return max(node.due - timedelta(days=early), self.calendar.start)

    def figures(self, period: Period) -> Iterator[tuple[str, Sequence[ReportedIndicator]]]:
        """Figures of the plan and of actions whose own period ends now, by who reports them."""
        heads: tuple[PlanHead | Action, ...] = (self.plan.plan, *self.plan.actions)
        for head in heads:
            due = [one for one in head.indicators if _is_out(one, period, self.calendar)]
            for reporter in sorted({one.reporter for one in due}):
                yield head.id, [one for one in due if one.reporter == reporter]

    def figure_report(
        self, head: str, figures: Sequence[ReportedIndicator], period: Period
    ) -> tuple[datetime, Entry]:
        values = {one.id: _value(one, period, self.pace(Fraction(1))) for one in figures}
        unit = figures[0].reporter
        report = {"task": head, "unit": unit, "period": period.id, "values": values}
        return self.instant(period, late=False), {"submit": report}

    def correction(self) -> tuple[datetime, Entry]:
        """A unit finds that a published figure was too high."""
        known = cast.CORRECTION
        period = self.calendar.period(known.period)
        duty = next(
            one
            for one in obligations(self.plan, self.calendar, period, waived=())
            if one.task.id == known.task
        )
        figure = next(one for one in duty.task.indicators if one.id == known.indicator)
        value = _value(figure, period, cast.PARTS[known.task].pace * known.factor)
        submit = {
            "task": known.task,
            "unit": duty.unit,
            "period": period.id,
            "values": {figure.id: value},
        }
        correct = {"period": period.id, "reason": known.reason, "submit": submit}
        return known.at, {"correct": correct}

    def instant(self, period: Period, *, late: bool) -> datetime:
        """A moment of the window, before or after due; systems send twice a day."""
        window, workdays = self.calendar.window(period), self.calendar.workdays
        first, last = (window.due, window.close) if late else (period.last, window.due)
        days = workdays.count(first, last)
        day = workdays.add(first, self.random.randrange(1, days) if days > 1 else 1)
        return self.moment(day, hour=self.random.choice(_SENDING_HOURS))

    def moment(self, day: date, *, hour: int) -> datetime:
        return datetime(day.year, day.month, day.day, hour, tzinfo=self.calendar.tz)


def _rests(task: str, period: str) -> bool:
    return any(
        what.get("task", {}).get("id") == task and period in what["task"].get("suspend", ())
        for _, what in cast.DECISIONS
    )


def _last(report: Mapping[str, Any]) -> dict[str, Any]:
    """How a review names the latest report of an obligation."""
    return {"submission": "last"} | {name: report[name] for name in ("task", "unit", "period")}


def _is_out(figure: Indicator, period: Period, calendar: PlanCalendar) -> bool:
    """Whether a figure's own period ends in this one."""
    cadence = figure.cadence or calendar.cadence
    return ends_in(cadence, period, anchor_month=calendar.scheme.anchor_month)


def _value(figure: Indicator, period: Period, pace: Fraction) -> Any:  # noqa: ANN401  # JSON
    """What a figure that goes at this pace has come to at the end of a period."""
    kind, target = figure.kind, Fraction(figure.target or 0)
    if kind == "relation":
        return {"own": "7.1", "other": "7.0"}
    if kind == "yes_no":
        return "0"
    if kind == "rank":
        return _written(target if pace >= 1 else target + 2, integer=True)
    if kind in {"growth", "compound", "maintain", "hold"}:
        return _written(target, integer=figure.integer)
    share = min(Fraction(1), _elapsed(figure, period) * pace)
    base = Fraction(figure.baseline or 0)
    return _written(base + (target - base) * share, integer=figure.integer)


def _elapsed(figure: Indicator, period: Period) -> Fraction:
    """The share of its months that is over."""
    start = figure.start or date(cast.YEAR, 1, 1)
    due = figure.due or date(cast.YEAR, 12, 31)
    if figure.kind == "recurring":
        due = date(cast.YEAR, 12, 31)
    months = (due.year - start.year) * 12 + due.month - start.month + 1
    gone = (period.last.year - start.year) * 12 + period.last.month - start.month + 1
    return Fraction(gone, months)


def _written(value: Fraction, *, integer: bool) -> str:
    if integer:
        return str(-(-value.numerator // value.denominator))  # a unit counts what it has begun
    hundredths = round(value * 100)
    whole, rest = divmod(abs(hundredths), 100)
    text = f"{whole}.{rest:02}".rstrip("0").rstrip(".")
    return f"-{text}" if hundredths < 0 else text
