"""A version of a plan, ready to be asked."""

from dataclasses import dataclass
from functools import cached_property

from intake.domain.admission import Refusal, Reported, what_is_reported
from intake.service.caller import refuse
from shared.calendar.periods import Period
from shared.calendar.plan import PlanCalendar
from shared.calendar.windows import Window
from shared.calendar.workdays import YearNotLoaded
from shared.contracts.plan import PlanDocument
from shared.contracts.submission import Submission


@dataclass(frozen=True, kw_only=True)
class PlanInForce:
    """A version of a plan, ready to be asked."""

    document: PlanDocument
    version: int
    activate_from: str | None
    calendar: PlanCalendar

    def window(self, period: Period) -> Window:
        """When the period's report is due, and when its window closes; computed once.

        Raises:
            Refused: `year_not_loaded`, the window needs a year without a holiday table.
        """
        window = self._windows.get(period.id)
        if window is not None:
            return window
        try:
            return self._windows.setdefault(period.id, self.calendar.window(period))
        except YearNotLoaded as missing:
            message = f"{missing}; the office adds it to the plan's calendar.holidays"
            raise refuse("year_not_loaded", message, path="period") from missing

    def subject(self, report: Submission, period: Period) -> Reported | Refusal:
        """What the report is about, or why its unit may not report on it; found once."""
        place = (report.task, report.unit, period.id)
        subject = self._subjects.get(place) or what_is_reported(self.document, report, period)
        if isinstance(subject, Reported):  # what is refused is not kept: its names are anybody's
            self._subjects[place] = subject
        return subject

    @cached_property
    def _windows(self) -> dict[str, Window]:
        return {}

    @cached_property
    def _subjects(self) -> dict[tuple[str, str, str], Reported]:
        return {}
