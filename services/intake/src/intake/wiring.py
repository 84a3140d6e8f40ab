"""Everything intake is made of, built in one place."""

from dataclasses import dataclass

from intake.config import MIGRATIONS, IntakeSettings
from intake.consumers import handlers
from intake.metrics import IntakeMetrics
from intake.service.access import Access
from intake.service.calendars import Calendars
from intake.service.decisions import Decisions
from intake.service.duties import Duties
from intake.service.figures import Figures
from intake.service.plans import WORKDAY, Plans
from intake.service.review import Review
from intake.service.round import Rounds
from intake.service.rulebooks import Rulebooks
from intake.service.submissions import Submissions
from intake.store.tables import kit
from shared.contracts import topics
from shared.kit.bus.base import Bus
from shared.kit.clock import Clock
from shared.kit.foundation import lay
from shared.kit.parts import Parts
from shared.kit.timers import TimerLoop, Timers


@dataclass(frozen=True, kw_only=True)
class Intake:
    """The wired service."""

    parts: Parts
    access: Access
    plans: Plans
    rulebooks: Rulebooks
    calendars: Calendars
    submissions: Submissions
    review: Review
    decisions: Decisions
    duties: Duties
    rounds: TimerLoop


def build(*, settings: IntakeSettings, bus: Bus, clock: Clock, member: str) -> Intake:
    """Wire intake; nothing runs until its app starts. For the arguments see `lay`."""
    base = lay(
        name="intake",
        settings=settings,
        migrations=MIGRATIONS,
        tables=kit,
        bus=bus,
        clock=clock,
        member=member,
        owns_tokens=True,
    )
    timers = Timers(tables=kit)
    metrics = IntakeMetrics(base.registry)
    db, journal = base.db, base.journal
    journal.watch(metrics.said)
    rulebooks = Rulebooks(db=db, journal=journal, clock=clock)
    plans = Plans(db=db, journal=journal, rulebooks=rulebooks, timers=timers, clock=clock)
    duties = Duties(db=db, journal=journal, plans=plans, clock=clock)
    submissions = Submissions(db=db, journal=journal, plans=plans, clock=clock, metrics=metrics)
    rounds = TimerLoop(
        db=db,
        tables=kit,
        clock=clock,
        handlers={WORKDAY: Rounds(journal=journal, plans=plans, timers=timers).on_workday},
        metrics=base.metrics,
    )
    figures = Figures(db=db, plans=plans, duties=duties, clock=clock, metrics=metrics)
    return Intake(
        parts=base.parts(
            consumer=base.consumer([topics.SCORING], handlers(duties=duties)),
            workers={"timers": base.guard.once_sure(rounds.run), "lane": submissions.lane.keep},
            readings=[figures.read],
        ),
        access=Access(db=db, journal=journal, credentials=base.credentials, clock=clock),
        plans=plans,
        rulebooks=rulebooks,
        calendars=Calendars(db=db, plans=plans, clock=clock),
        submissions=submissions,
        review=Review(db=db, journal=journal, plans=plans, rulebooks=rulebooks, clock=clock),
        decisions=Decisions(db=db, journal=journal, plans=plans, rulebooks=rulebooks, clock=clock),
        duties=duties,
        rounds=rounds,
    )
