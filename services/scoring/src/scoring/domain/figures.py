"""What was reported of an indicator, and within which dates it is a figure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from scoring.domain.attainment import Figure, Listed
from scoring.domain.facts import Item, Report
from scoring.domain.reading import Reading
from shared.contracts.plan import Indicator, Task


@dataclass(frozen=True, kw_only=True)
class Reported:
    """A figure with the reports it was read from."""

    figure: Figure
    reports: tuple[Report, ...]


def dated(task: Task, indicator: Indicator, day: date) -> Indicator:
    """An indicator has its own dates or its task's; what recurs has those of the year (4.1).

    Past its last year the last one stands.
    """
    start, due = indicator.start or task.start, indicator.due or task.due
    if indicator.kind == "recurring":
        year = max(start.year, min(day.year, due.year))
        start, due = max(start, date(year, 1, 1)), min(due, date(year, 12, 31))
    return indicator.model_copy(update={"start": start, "due": due})


def reported(indicator: Indicator, reading: Reading, day: date) -> Reported | None:
    """The newest figure of an indicator with dates of its own; None where it never had one.

    A compound rate has one for each of its years, what recurs one for its year; of a register it
    is how it stands on the day (assessment 4.1).
    """
    if indicator.start is None or indicator.due is None:
        raise ValueError(f"indicator {indicator.id} has no dates: write out those of its task")
    if indicator.kind == "relation":
        pair = reading.relation(indicator.id)
        if pair is None:
            return None
        (own, other), report = pair
        return Reported(figure=(Fraction(own), Fraction(other)), reports=(report,))
    if indicator.kind == "register":
        told = reading.register(indicator.id)
        return told and Reported(figure=_standing(told[0].values(), day), reports=told[1])
    if indicator.kind == "compound":
        years = range(indicator.start.year, indicator.due.year + 1)
        rates = reading.rates(indicator.id, years)
        figure = {year: Fraction(rate) for year, (rate, _) in rates.items()}
        sources = tuple(report for _, report in rates.values())
        return Reported(figure=figure, reports=sources) if rates else None
    year = indicator.start.year if indicator.kind == "recurring" else None
    value = reading.value(indicator.id, year=year)
    return value and Reported(figure=Fraction(value[0]), reports=(value[1],))


def _standing(items: Iterable[Item], day: date) -> Listed:
    """Closed items, of those that are closed or due; what is taken back was never listed (4.1)."""
    valid = [item for item in items if not item.void]
    closed = sum(item.closed is not None and item.closed <= day for item in valid)
    owed = sum(item.due <= day and not (item.closed and item.closed <= day) for item in valid)
    return Listed(closed=closed, overdue=owed)
