"""What was reported of an indicator, and within which dates it is a figure."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from scoring.domain.attainment import Figure
from scoring.domain.facts import Report
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


def reported(indicator: Indicator, reading: Reading) -> Reported | None:
    """The newest figure of an indicator with dates of its own; None where it never had one.

    A compound rate has one for each of its years, what recurs one for its year (assessment 4.1).
    """
    if indicator.start is None or indicator.due is None:
        raise ValueError(f"indicator {indicator.id} has no dates: write out those of its task")
    if indicator.kind == "relation":
        pair = reading.relation(indicator.id)
        if pair is None:
            return None
        (own, other), report = pair
        return Reported(figure=(Fraction(own), Fraction(other)), reports=(report,))
    if indicator.kind == "compound":
        years = range(indicator.start.year, indicator.due.year + 1)
        rates = reading.rates(indicator.id, years)
        figure = {year: Fraction(rate) for year, (rate, _) in rates.items()}
        sources = tuple(report for _, report in rates.values())
        return Reported(figure=figure, reports=sources) if rates else None
    year = indicator.start.year if indicator.kind == "recurring" else None
    value = reading.value(indicator.id, year=year)
    return value and Reported(figure=Fraction(value[0]), reports=(value[1],))
