"""One task of a run, with all that its line is made of, and how the line is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from scoring.domain.exact import PRINTED_PLACES, RATIO_PLACES, rounded
from scoring.domain.facts import PreviousLine, RunFacts
from scoring.domain.kinds import in_year_only
from scoring.domain.lights import LightDecision
from scoring.domain.parts import MILESTONES, all_done, overdue_milestones
from scoring.domain.progress import Progress
from scoring.domain.reading import Reading
from scoring.domain.task_line import (
    Basis,
    Completeness,
    Flag,
    LeftOut,
    Part,
    Punctuality,
    TaskLine,
)
from scoring.domain.task_score import charges, completeness
from shared.calendar.periods import ends_in
from shared.calendar.windows import timeliness
from shared.contracts.plan import ActionHead, Task


@dataclass(frozen=True, kw_only=True)
class Scores:
    """P, T, Q and S of a line, exact, and by which rule."""

    basis: Basis
    p: Fraction
    t: Fraction
    q: Fraction
    s: Fraction


@dataclass(frozen=True, kw_only=True)
class Case:
    """One task before its run. `unit` is its lead on the period's last day."""

    task: Task
    action: ActionHead
    run: RunFacts
    unit: str
    shares: Mapping[str, Fraction]
    reading: Reading
    parts: tuple[Part, ...]

    @property
    def before(self) -> PreviousLine | None:
        """The line in the publication before, where that still bears on this period."""
        previous = self.run.previous
        if previous is None or not previous.followed_by(self.run.period):
            return None
        return previous.lines.get(self.task.id)

    @property
    def known_finished(self) -> bool:
        """Whether a released publication has found the task finished."""
        return self.task.id in self.run.finished

    def is_finished(self) -> bool:
        """Whether nothing of the task is left to do."""
        return bool(self.parts) and all_done(
            self.task,
            self.reading,
            self.run.period.last,
            rulebook=self.run.rulebook,
            cadence=self.run.plan.head.calendar.cadence,
        )

    def overdue(self) -> list[str]:
        """The milestones overdue for longer than the rulebook allows."""
        return overdue_milestones(
            self.task,
            self.reading,
            self.run.period.last,
            after_days=self.run.rulebook.lights.overdue_red_days,
        )

    def slow_period_ends(self) -> bool:
        """Whether a figure that counts in the year only has its own period end in this one."""
        calendar = self.run.plan.head.calendar
        return any(
            in_year_only(one, calendar.cadence)
            and ends_in(
                one.cadence or calendar.cadence,
                self.run.period,
                anchor_month=calendar.anchor_month,
            )
            for one in self.task.indicators
        )

    def punctuality(self) -> Punctuality:
        """When the period's report came, by the instant it is charged by."""
        own, window = self.reading.own, self.run.window
        judged = timeliness(
            own.timely_at if own else None,
            window,
            tz=self.run.tz,
            workdays=self.run.workdays,
            unit=self.run.rulebook.lateness.unit,
        )
        return Punctuality(
            received_at=own.received_at if own else None,
            timely_at=own.timely_at if own else None,
            due=window.due,
            close=window.close,
            late_days=judged.late_days,
            outcome=judged.status,
        )

    def completeness(self) -> Completeness | None:
        """What the period's report filled of what was required."""
        if self.reading.own is None:
            return None
        return completeness(
            self.task,
            self.reading.own,
            cadence=self.run.plan.head.calendar.cadence,
            day=self.run.period.last,
        )

    def line(
        self,
        light: LightDecision,
        *,
        a: Fraction | None = None,
        e: Fraction | None = None,
        progress: Progress | None = None,
        scores: Scores | None = None,
        left_out: LeftOut | None = None,
        expected: bool = True,
        finished: bool = False,
    ) -> TaskLine:
        """The line as published: every number rounded once (assessment 4.12).

        A left-out line gives only `a` and `e`; any other gives `progress` and `scores`.
        """
        rulebook = self.run.rulebook

        def printed(value: Fraction | None, places: int) -> Decimal | None:
            return None if value is None else rounded(value, places, rulebook.rounding.mode)

        return TaskLine(
            task=self.task.id,
            unit=self.unit,
            a=printed(progress.a if progress else a, RATIO_PLACES),
            e=printed(progress.e if progress else e, RATIO_PLACES),
            r=printed(progress.r if progress else None, RATIO_PLACES),
            light=light.light,
            p=printed(scores.p if scores else None, PRINTED_PLACES),
            t=printed(scores.t if scores else None, PRINTED_PLACES),
            q=printed(scores.q if scores else None, PRINTED_PLACES),
            score=printed(scores.s if scores else None, rulebook.rounding.places),
            left_out=left_out,
            flags=self._flags(left_out),
            action=self.action.id,
            period=self.run.period.id,
            public=self.task.publish,
            gap=printed(progress.gap if progress else None, RATIO_PLACES),
            light_steps=light.steps,
            basis=scores.basis if scores else None,
            charges=charges(rulebook) if scores else None,
            parts=self.parts,
            timeliness=self.punctuality() if expected else None,
            completeness=self.completeness() if expected else None,
            submission=self.reading.own.submission if self.reading.own else None,
            expected=expected,
            finished=finished,
            weight=Fraction(self.task.weight),
            shares=dict(self.shares),
            share_formula=f"share.{rulebook.shares.mode}/1",
            rulebook=rulebook.id,
            rulebook_version=rulebook.version,
        )

    def _flags(self, left_out: LeftOut | None) -> tuple[Flag, ...]:
        flags: list[Flag] = []
        scored = left_out is None and not self.known_finished
        if scored and self.run.rulebook.verification == "required" and self._rests_on_unverified():
            flags.append("provisional")
        if any(part.left_out == "no_data" for part in self.parts):
            flags.append("source_pending")
        return tuple(flags)

    def _rests_on_unverified(self) -> bool:
        """Whether a report that nobody verified is scored, or holds a milestone that waits."""
        counted = [part for part in self.parts if part.left_out is None]
        used = {submission for part in counted for submission in part.submissions}
        if any(part.id == MILESTONES for part in counted):
            words = [self.reading.milestone(node.id) for node in self.task.milestones]
            used |= {report.submission for _, report in filter(None, words)}
        own = self.reading.own
        return (own is not None and not own.verified) or any(
            not report.verified for report in self.reading.history if report.submission in used
        )
