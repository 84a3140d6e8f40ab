"""Everything intake is made of, built in one place."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from intake.config import MIGRATIONS, IntakeSettings
from intake.consumers import handlers
from intake.metrics import IntakeMetrics
from intake.service.access import Access
from intake.service.duties import Duties
from intake.service.plans import WORKDAY, Plans
from intake.service.review import Review
from intake.service.submissions import Submissions
from intake.store.tables import kit
from shared.contracts import topics
from shared.kit.app import Parts
from shared.kit.auth import Credentials, Gate
from shared.kit.bus.base import Bus
from shared.kit.bus.loop import ConsumerLoop
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.dead_letters import DeadLetters
from shared.kit.inbox import Inbox
from shared.kit.journal import Journal, Relay
from shared.kit.metrics import KitMetrics
from shared.kit.pages import Pages
from shared.kit.timers import TimerLoop, Timers
from shared.kit.workers import Workers

NAME = "intake"


@dataclass(frozen=True, kw_only=True)
class Intake:
    """The wired service."""

    parts: Parts
    access: Access
    plans: Plans
    submissions: Submissions
    review: Review
    duties: Duties


def build(*, settings: IntakeSettings, bus: Bus, clock: Clock, member: str) -> Intake:
    """Wire intake; nothing runs until its app starts.

    Args:
        settings: from the environment.
        bus: where events go and come from.
        clock: business and wall time.
        member: this process among intake's replicas.
    """
    registry = CollectorRegistry()
    metrics = KitMetrics(registry)
    db = Database(url=settings.database, migrations=MIGRATIONS)
    journal = Journal(tables=kit)
    timers = Timers(tables=kit)
    inbox = Inbox(tables=kit)
    dead_letters = DeadLetters(tables=kit, journal=journal, consumer=NAME)
    credentials = Credentials(tables=kit)
    gate = Gate(
        db=db,
        credentials=credentials,
        clock=clock,
        session_secret=settings.session_secret.get_secret_value(),
        remember_use=True,
    )
    plans = Plans(db=db, journal=journal, timers=timers, clock=clock)
    duties = Duties(db=db, journal=journal, plans=plans, timers=timers, clock=clock)
    consumer = ConsumerLoop(
        bus=bus,
        group=NAME,
        member=member,
        topics=[topics.SCORING],
        handlers=handlers(duties=duties),
        db=db,
        inbox=inbox,
        dead_letters=dead_letters,
        clock=clock,
        metrics=metrics,
    )
    relay = Relay(
        db=db,
        tables=kit,
        producer=bus.producer(),
        source=f"duban/{NAME}",
        clock=clock,
        metrics=metrics,
    )
    timer_loop = TimerLoop(
        db=db,
        tables=kit,
        clock=clock,
        handlers={WORKDAY: duties.on_workday},
        metrics=metrics,
    )
    workers = Workers({"relay": relay.run, "consumer": consumer.run, "timers": timer_loop.run})
    return Intake(
        parts=Parts(
            db=db,
            tables=kit,
            bus=bus,
            inbox=inbox,
            dead_letters=dead_letters,
            consumer=consumer,
            workers=workers,
            gate=gate,
            pages=Pages(gate=gate, secure_cookie=settings.secure_cookie),
            metrics=metrics,
        ),
        access=Access(db=db, journal=journal, credentials=credentials, clock=clock),
        plans=plans,
        submissions=Submissions(
            db=db, journal=journal, plans=plans, clock=clock, metrics=IntakeMetrics(registry)
        ),
        review=Review(db=db, journal=journal, plans=plans, clock=clock),
        duties=duties,
    )
