"""Which of the reports count, and which value of each field is the newest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from scoring.domain.facts import Item, MilestoneReport, Report
from shared.calendar.periods import Period, PeriodScheme


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What is known of one task: the report for the period itself, and all that counts.

    `history` is newest first: by `as_of`, then by receipt; it holds `own` too.
    """

    own: Report | None
    history: tuple[Report, ...]

    def value(self, indicator: str, *, year: int | None = None) -> tuple[Decimal, Report] | None:
        """The newest value of an indicator, only of `year` if given, with its report."""
        for report in self.history:
            if indicator in report.values and year in {None, report.as_of.year}:
                return report.values[indicator], report
        return None

    def rates(self, indicator: str, years: range) -> Mapping[int, tuple[Decimal, Report]]:
        """The newest value of an indicator in each of `years` that has one, with its report."""
        found = ((year, self.value(indicator, year=year)) for year in years)
        return {year: value for year, value in found if value is not None}

    def relation(self, indicator: str) -> tuple[tuple[Decimal, Decimal], Report] | None:
        """The newest pair of rates, own and other, of an indicator, with its report."""
        for report in self.history:
            if indicator in report.relations:
                return report.relations[indicator], report
        return None

    def register(self, indicator: str) -> tuple[Mapping[str, Item], tuple[Report, ...]] | None:
        """The newest word on each item of a register, with the reports they are of."""
        told = tuple(one for one in self.history if indicator in one.registers)
        items: dict[str, Item] = {}
        for report in reversed(told):
            items |= report.registers[indicator]
        return (items, told) if told else None

    def rubric(self) -> tuple[Literal["A", "B", "C", "D"], Report] | None:
        """The grade of the newest report that a reviewer has graded, with that report."""
        for report in self.history:
            if report.rubric is not None:
                return report.rubric, report
        return None

    def until(self, day: date) -> "Reading":
        """What of it had been true by a day: only values of then."""
        return Reading(own=None, history=tuple(one for one in self.history if one.as_of <= day))

    def percent(self) -> tuple[Decimal, Report] | None:
        """The newest percentage of the task, with its report."""
        for report in self.history:
            if report.percent is not None:
                return report.percent, report
        return None

    def milestone(
        self, milestone: str, *, verified_only: bool = False
    ) -> tuple[MilestoneReport, Report] | None:
        """The newest word on a milestone, with its report; it need not be repeated.

        With `verified_only` a claim waits until it is verified; what is taken back does not.
        """
        for report in self.history:
            said = (report.milestones or {}).get(milestone)
            if said and (report.verified or said.taken_back or not verified_only):
                return said, report
        return None


def read(
    reports: Iterable[Report],
    *,
    unit: str,
    period: Period,
    scheme: PeriodScheme,
    close_end: datetime | None,
) -> Reading:
    """A period reads its own report, if it came before close, and those of earlier periods.

    Of one period the newest report replaces the others whole; if it was returned nothing is left.
    A repair counts by the instant it keeps. Values dated after the period are not yet true.
    Without `close_end` the window is still open (assessment, "What a run sees"). `scheme` tells
    which periods are earlier: with another anchor month ids do not sort by time.
    """
    latest: dict[str, Report] = {}
    for report in sorted(reports, key=lambda report: report.position):
        if scheme.parse(report.period).last < period.last or (
            report.period == period.id
            and report.unit == unit
            and (close_end is None or report.timely_at < close_end)
        ):
            latest[report.period] = report
    standing = [report for report in latest.values() if report.returned_at is None]
    own = next((report for report in standing if report.period == period.id), None)
    history = sorted(
        (report for report in standing if report.as_of <= period.last),
        key=lambda report: (report.as_of, report.received_at, report.position),
        reverse=True,
    )
    return Reading(own=own, history=tuple(history))
