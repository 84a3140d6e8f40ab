"""A version of a plan, ready to be asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from intake.domain.amended import window_of
from intake.domain.amending import AmendedPlan
from intake.domain.reminders import Word, words_of
from intake.domain.reported import Refusal, Reported, what_is_reported
from intake.service.caller import refuse
from shared.calendar.periods import Period
from shared.calendar.plan import PlanCalendar
from shared.calendar.windows import Window
from shared.calendar.workdays import YearNotLoaded
from shared.contracts.decisions import UNAMENDED, Amended
from shared.contracts.plan import HolidayYear, PlanDocument
from shared.contracts.submission import Submission


@dataclass(frozen=True, kw_only=True)
class PlanInForce:
    """A version of a plan, ready to be asked; `amended` tells by task what decisions changed.

    `own_holidays` are those its file names; the document's are joined with the loaded tables.
    """

    document: PlanDocument
    amended: Mapping[str, Amended]
    own_holidays: Sequence[HolidayYear]
    version: int
    activate_from: str | None
    calendar: PlanCalendar

    def window(self, period: Period, *, task: str, unit: str) -> Window:
        """When a unit's report of a task is due, and when its window closes; computed once.

        Raises:
            Refused: `year_not_loaded`, the window needs a year without a holiday table.
        """
        later = self.amended.get(task, UNAMENDED).working_days_more(unit, period.id)
        try:
            return self._window(period, later)
        except YearNotLoaded as missing:
            raise refuse("year_not_loaded", str(missing), path="period") from missing

    def windows(self, period: Period) -> list[Window]:
        """Every window of a period: the plan's own, and those that extensions made.

        Raises:
            YearNotLoaded: one of them needs a year without a holiday table.
        """
        extended = {
            amended.working_days_more(one.unit, one.period)
            for amended in self.amended.values()
            for one in amended.later
            if one.period == period.id
        }
        return [self._window(period, later) for later in sorted({0} | extended)]

    def _window(self, period: Period, later: int) -> Window:
        window = self._windows.get((period.id, later))
        if window is None:
            window = window_of(self.calendar, period, later=later)
            self._windows[period.id, later] = window
        return window

    def words(self, window: Window) -> Mapping[date, Sequence[Word]]:
        """What is said of a report that has not come in this window, by day; computed once."""
        if window not in self._words:
            self._words[window] = words_of(window, self.calendar.workdays)
        return self._words[window]

    def subject(self, report: Submission, period: Period) -> Reported | Refusal:
        """What the report is about, or why its unit may not report on it; found once."""
        place = (report.task, report.unit, period.id)
        subject = self._subjects.get(place) or what_is_reported(
            self.document, report, period, self.amended
        )
        if isinstance(subject, Reported):  # what is refused is not kept: its names are anybody's
            self._subjects[place] = subject
        return subject

    @cached_property
    def _windows(self) -> dict[tuple[str, int], Window]:
        return {}

    @cached_property
    def _words(self) -> dict[Window, Mapping[date, Sequence[Word]]]:
        return {}

    @cached_property
    def _subjects(self) -> dict[tuple[str, str, str], Reported]:
        return {}


def in_version(
    plan: AmendedPlan, own: Sequence[HolidayYear], version: int, activate_from: str | None
) -> PlanInForce:
    """A version of a plan with its calendar; `own` are the holidays that its file names."""
    document, amended = plan
    return PlanInForce(
        document=document,
        amended=amended,
        own_holidays=own,
        version=version,
        activate_from=activate_from,
        calendar=PlanCalendar(dates=document.plan),
    )
