"""One task of a run, with all that its line is made of, and how the line is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from scoring.domain.amended import task_on
from scoring.domain.conditions import changed_since, rests
from scoring.domain.exact import PRINTED_PLACES, RATIO_PLACES, rounded
from scoring.domain.facts import PreviousLine, RunFacts
from scoring.domain.kinds import in_year_only
from scoring.domain.lights import LightDecision
from scoring.domain.parts import MILESTONES, all_done, overdue_milestones
from scoring.domain.progress import Progress
from scoring.domain.reading import Reading
from scoring.domain.task_line import (
    ZEROED,
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
from shared.calendar.windows import Window, timeliness
from shared.contracts.decisions import UNAMENDED, Amended
from shared.contracts.plan import ActionHead, Task


@dataclass(frozen=True, kw_only=True)
class Scores:
    """P, T, Q and S of a line, exact, and by which rule."""

    basis: Basis
    p: Fraction
    t: Fraction
    q: Fraction
    s: Fraction


_NOTHING = Scores(basis=ZEROED, p=Fraction(0), t=Fraction(0), q=Fraction(0), s=Fraction(0))
"""False data score nothing (assessment 4.4)."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One task before its run, as filed. `unit` is its lead on the period's last day.

    `window` is the unit's own: an extension has moved it.
    """

    task: Task
    action: ActionHead
    run: RunFacts
    unit: str
    window: Window
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
    def amended(self) -> Amended:
        """What decisions have changed of the task."""
        return self.run.plan.amended.get(self.task.id, UNAMENDED)

    @property
    def in_force(self) -> Task:
        """The task as decisions have left it on the period's last day."""
        return task_on(self.task, self.amended, self.run.period.last)

    @property
    def changed(self) -> bool:
        """Whether a new target or date took effect since the publication before."""
        previous = self.run.previous
        after = previous.period.last if previous else None
        return changed_since(self.amended, after, self.run.period.last)

    @property
    def known_finished(self) -> bool:
        """Whether a released publication has found the task finished.

        A later change of target reopens what does not reach the new one (assessment 4.17).
        """
        return self.task.id in self.run.finished and (not self.changed or self.is_finished())

    @property
    def suspended(self) -> bool:
        """Whether the task rests in this period."""
        return rests(self.amended, self.run.period.id)

    @property
    def done(self) -> bool:
        """Whether the task was finished in an earlier year (assessment 4.4)."""
        year = self.run.finished.get(self.task.id)
        return year is not None and year < self.run.period.year and self.known_finished

    @property
    def zeroed(self) -> bool:
        """Whether a correction found the data of the task false."""
        return self.task.id in self.run.zeroed

    def carries(self) -> bool:
        """Whether the last value stands in for a missing report (assessment 4.5, `carry`).

        Only totals and milestones of which something was once reported, and not two periods in a
        row; a figure never reported has a = 0 among the others.
        """
        previous, period = self.run.previous, self.run.period
        if previous is not None and (period.first - previous.period.last).days == 1:
            line = previous.lines.get(self.task.id)
            if line is not None and line.missing:
                return False
        totals = {one.id for one in self.task.indicators if one.kind == "cumulative"}
        counted = [part for part in self.parts if part.left_out is None]
        return (
            self.run.rulebook.missing == "carry"
            and any(part.submissions for part in counted)
            and all(part.id in {MILESTONES, *totals} for part in counted)
        )

    def is_finished(self) -> bool:
        """Whether nothing of the task is left to do."""
        return bool(self.parts) and all_done(
            self.task,
            self.reading,
            self.run.period.last,
            rulebook=self.run.rulebook,
            cadence=self.run.plan.head.calendar.cadence,
            amended=self.amended,
        )

    def overdue(self, days: int) -> list[str]:
        """The milestones unfinished more than `days` calendar days after their own."""
        return overdue_milestones(
            self.task,
            self.reading,
            self.run.period.last,
            after_days=days,
            amended=self.amended,
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
        own, window = self.reading.own, self.window
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
        if scores is not None and self.zeroed:
            scores = _NOTHING

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
            flags=self._flags(left_out, scores),
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
            weight=self.task.own_weight,
            shares=dict(self.shares),
            share_formula=f"share.{rulebook.shares.mode}/1",
            rulebook=rulebook.id,
            rulebook_version=rulebook.version,
        )

    def _flags(self, left_out: LeftOut | None, scores: Scores | None) -> tuple[Flag, ...]:
        flags: list[Flag] = []
        scored = left_out is None and not self.known_finished
        if scored and self.run.rulebook.verification == "required" and self._rests_on_unverified():
            flags.append("provisional")
        if any(part.left_out == "no_data" for part in self.parts):
            flags.append("source_pending")
        if scores is not None and scores.basis == "score.carried/1":
            flags.append("carried")
        own = self.reading.own
        if (own is not None and own.corrected) or (left_out is None and self.zeroed):
            flags.append("corrected")
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
