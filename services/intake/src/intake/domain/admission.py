"""Admission: whether a report may enter, decided from facts alone (pure).

Every refusal has a stable code, the field it is about, and what to do.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

from intake.domain.registers import item_refusals, taken_back
from intake.domain.reported import Refusal, Reported, unknown_item, what_is_reported
from shared.calendar.periods import Period
from shared.calendar.plan import PlanCalendar
from shared.contracts.plan import Indicator, PlanDocument
from shared.contracts.submission import PartialDone, Relation, Submission, Value

_NEVER_FALLS = frozenset({"cumulative", "ceiling", "recurring"})
_ALL_LOST = Decimal(-100)
_NEVER_NEGATIVE = frozenset({"cumulative", "ceiling", "recurring", "rank", "yes_no"})


_FORMS: Mapping[str, tuple[type, str]] = {
    "relation": (Relation, 'write a relation as {"own": "6.1", "other": "6.4"}'),
    "register": (tuple, 'write a register as [{"id": …, "title": …, "opened": …, "due": …}]'),
}
"""What is reported of the kinds that are no single amount."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A total that was published, and the day it held for."""

    total: Decimal
    as_of: date


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is already known about the task when a report arrives.

    `counted` holds the totals (by indicator, and "percent") that the latest publication counted
    with an `as_of` not later than this report's; `done` the milestones it counted as done,
    `closed` the items of registers (indicator and item) that it counted as closed.
    """

    counted: Mapping[str, Counted]
    done: frozenset[str]
    closed: frozenset[tuple[str, str]] = frozenset()


def admit(
    submission: Submission,
    *,
    plan: PlanDocument,
    calendar: PlanCalendar,
    known: Known,
    now: datetime,
    subject: Reported | Refusal | None = None,
) -> list[Refusal]:
    """Every reason why `submission` may not enter at `now`; none means it is admitted.

    `subject` is what `what_is_reported` says of it, where the caller has that already.
    """
    period = calendar.find(submission.period)
    if period is None:
        return [
            Refusal(
                code="unknown_period",
                path="period",
                message=f"no such period of this plan; this one reads {calendar.example()}",
            )
        ]
    subject = subject or what_is_reported(plan, submission, period)
    if isinstance(subject, Refusal):
        return [subject]
    return [
        *_time(submission, subject, calendar, period, now),
        *_fields(submission, subject),
        *_values(submission, subject, calendar.day_of(now)),
        *_milestones(submission, subject, calendar.day_of(now)),
        *_funnel(submission, subject),
        *_falls(submission, subject, known, as_of(submission, period)),
        *taken_back(submission, known.closed),
    ]


def as_of(submission: Submission, period: Period) -> date:
    """The day the values hold for: the period's last unless the report says otherwise."""
    return submission.as_of or period.last


def _time(
    submission: Submission,
    subject: Reported,
    calendar: PlanCalendar,
    period: Period,
    now: datetime,
) -> Iterator[Refusal]:
    if calendar.day_of(now) < period.first:
        yield Refusal(
            code="too_early",
            path="period",
            message=f"{period.id} begins on {period.first}: reports are taken from that day on",
        )
    start = subject.task.start if subject.task else calendar.start
    if not start <= as_of(submission, period) <= period.last:
        yield Refusal(
            code="as_of_outside",
            path="as_of",
            message=f"as_of lies between {start}, when this begins, and {period.last}",
        )


def _fields(submission: Submission, subject: Reported) -> Iterator[Refusal]:
    indicators, nodes, task = subject.figures, subject.nodes, subject.task
    for name in submission.values:
        if name not in indicators:
            yield unknown_item(f"values.{name}", name, indicators)
    for name in submission.no_data:
        if name not in indicators:
            yield unknown_item("no_data", name, indicators)
        elif indicators[name].data_from == "unit":
            yield Refusal(
                code="no_data_refused",
                path="no_data",
                message=f"{name} is the unit's own figure: report its value",
            )
        elif name in submission.values:
            yield Refusal(
                code="no_data_refused",
                path="no_data",
                message=f"{name} has a value too: send one or the other",
            )
    for name in submission.milestones or {}:
        if name not in nodes:
            yield unknown_item(f"milestones.{name}", name, nodes)
    if submission.percent is not None and (
        task is None or task.measure not in {"percent", "yes_no"}
    ):
        yield Refusal(
            code="unknown_field",
            path="percent",
            message="this task is not measured by a percentage: leave percent out",
        )


def _values(submission: Submission, subject: Reported, today: date) -> Iterator[Refusal]:
    for name, value in submission.values.items():
        indicator = subject.figures.get(name)
        if indicator is None:
            continue
        message = wrong_value(indicator, value)
        if message:
            yield Refusal(code="wrong_value", path=f"values.{name}", message=message)
        elif isinstance(value, tuple):
            yield from item_refusals(value, f"values.{name}", today)
    if (
        submission.percent is not None
        and subject.task is not None
        and subject.task.measure == "yes_no"
        and submission.percent not in (Decimal(0), Decimal(100))
    ):
        yield Refusal(code="wrong_value", path="percent", message='yes is "100", no is "0"')


def wrong_value(indicator: Indicator, value: Value) -> str | None:
    """What is wrong with a figure for its kind (assessment 4.1); None where it fits."""
    form, example = _FORMS.get(indicator.kind, (Decimal, 'write one amount, such as "76.38"'))
    if not isinstance(value, form):
        return example
    if not isinstance(value, Decimal):
        return None
    if indicator.kind == "yes_no" and value not in (Decimal(0), Decimal(1)):
        return 'yes is "1", no is "0"'
    if indicator.integer and value != value.to_integral_value():
        return "this figure is counted in whole numbers"
    return _too_low(indicator, value)


def _too_low(indicator: Indicator, value: Decimal) -> str | None:
    if indicator.kind in _NEVER_NEGATIVE and value < 0:
        return "this figure cannot be negative"
    if indicator.kind == "compound" and value <= _ALL_LOST:
        return "a compound rate lies above -100"
    return None


def _milestones(submission: Submission, subject: Reported, today: date) -> Iterator[Refusal]:
    nodes = subject.nodes
    for name, done in (submission.milestones or {}).items():
        path = f"milestones.{name}"
        if name not in nodes:
            continue
        if isinstance(done, PartialDone) and not nodes[name].partial:
            yield Refusal(
                code="wrong_value", path=path, message="this node is done or not: give the day"
            )
        if isinstance(done, date) and done > today:
            yield Refusal(
                code="done_in_future", path=path, message="a node is reported once it is done"
            )
        if isinstance(done, date) and subject.closes is not None and done > subject.closes:
            yield Refusal(code="wrong_value", path=path, message="the task was closed before")


def _funnel(submission: Submission, subject: Reported) -> Iterator[Refusal]:
    if subject.task is None:
        return
    chain = [name for name in subject.task.funnel if name in submission.values]
    for wide, narrow in pairwise(chain):
        above, below = submission.values[wide], submission.values[narrow]
        if isinstance(above, Decimal) and isinstance(below, Decimal) and below > above:
            yield Refusal(
                code="funnel",
                path=f"values.{narrow}",
                message=f"{narrow} cannot be more than {wide}",
            )


def _falls(submission: Submission, subject: Reported, known: Known, day: date) -> Iterator[Refusal]:
    if submission.correction is not None:
        return
    mend = 'add "correction": {"reason": "…"} if this is right'
    for name, value in submission.values.items():
        figure, before = subject.figures.get(name), known.counted.get(name)
        if figure is None or before is None or not isinstance(value, Decimal):
            continue
        kind = figure.kind
        if kind not in _NEVER_FALLS:
            continue
        begins_anew = kind == "recurring" and before.as_of.year != day.year
        if value < before.total and not begins_anew:
            yield Refusal(
                code="total_fell",
                path=f"values.{name}",
                message=f"the total was {before.total} when last published; {mend}",
            )
    before = known.counted.get("percent")
    if submission.percent is not None and before and submission.percent < before.total:
        yield Refusal(
            code="total_fell",
            path="percent",
            message=f"it was {before.total} when last published; {mend}",
        )
    for name, done in (submission.milestones or {}).items():
        undone = done is None or (isinstance(done, PartialDone) and done.share < 1)
        if undone and name in known.done:
            yield Refusal(
                code="total_fell",
                path=f"milestones.{name}",
                message=f"this node was published as done; {mend}",
            )
