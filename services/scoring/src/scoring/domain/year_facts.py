"""What the roll-up of a year reads: its published periods, and all decided in it (4.14)."""

from dataclasses import dataclass
from datetime import date, tzinfo

from scoring.domain.facts import Entered, PlanFacts, Report
from scoring.domain.period_run import PeriodResult
from scoring.domain.reading import Reading, read
from scoring.domain.successions import Ancestry, Passing, ancestry
from shared.calendar.periods import Period, PeriodScheme
from shared.contracts.decisions import Exemption
from shared.contracts.rulebook import Rulebook


@dataclass(frozen=True, kw_only=True)
class YearFacts:
    """All that the roll-up of a year reads; every report and decision lies before the cut-off.

    `periods` are the published periods of the year in their order, with their latest versions;
    `owed` is how many there are to be. `zeroed` are the tasks of which corrections of these
    periods found the data false. `passings` are the mergers and splits of units
    that took effect by the year's end, in that order.
    """

    plan: PlanFacts
    rulebook: Rulebook
    year: int
    tz: tzinfo
    periods: tuple[tuple[Period, PeriodResult], ...]
    owed: int
    reports: tuple[Report, ...]
    entries: tuple[Entered, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    zeroed: frozenset[str] = frozenset()
    passings: tuple[Passing, ...] = ()

    @property
    def last(self) -> date:
        """The last day of the year."""
        return date(self.year, 12, 31)

    @property
    def scheme(self) -> PeriodScheme:
        """How the plan cuts time into periods."""
        calendar = self.plan.head.calendar
        return PeriodScheme(cadence=calendar.cadence, anchor_month=calendar.anchor_month)

    def ancestry(self, unit: str, period: Period) -> Ancestry:
        """Whose results of a period the unit has in the year."""
        return ancestry(unit, period.last, self.passings)

    def reading(self, task: str) -> Reading:
        """What is known of a task, or of the plan's or an action's figures, at the year's end."""
        mine = [one for one in self.reports if one.task == task]
        last = self.periods[-1][0]
        unit = next((one.unit for one in reversed(mine) if one.period == last.id), "")
        return read(mine, unit=unit, period=last, scheme=self.scheme, close_end=None)
