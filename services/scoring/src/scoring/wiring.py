"""Everything scoring is made of, built in one place."""

from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry

from scoring.config import MIGRATIONS, ScoringSettings
from scoring.consumers import handlers
from scoring.metrics import ScoringMetrics
from scoring.service.explanations import Explanations
from scoring.service.facts import Facts
from scoring.service.intake_client import CutoffSource
from scoring.service.publications import Publications
from scoring.service.runs import Runs
from scoring.service.standings import Standings
from scoring.store.tables import kit
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
from shared.kit.workers import Workers

NAME = "scoring"


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """The wired service."""

    parts: Parts
    standings: Standings
    publications: Publications
    explanations: Explanations
    public_bulletin: bool


def build(
    *, settings: ScoringSettings, bus: Bus, clock: Clock, member: str, cutoffs: CutoffSource
) -> Scoring:
    """Wire scoring; nothing runs until its app starts.

    Args:
        settings: from the environment.
        bus: where events go and come from.
        clock: business and wall time.
        member: this process among scoring's replicas.
        cutoffs: who marks a run's cut-off.
    """
    registry = CollectorRegistry()
    metrics = KitMetrics(registry)
    figures = ScoringMetrics(registry)
    db = Database(url=settings.database, migrations=MIGRATIONS)
    journal = Journal(tables=kit)
    inbox = Inbox(tables=kit, compacted=[topics.CREDENTIALS])
    dead_letters = DeadLetters(tables=kit, journal=journal, consumer=NAME)
    credentials = Credentials(tables=kit)
    gate = Gate(
        db=db,
        credentials=credentials,
        clock=clock,
        session_secret=settings.session_secret.get_secret_value(),
    )
    facts = Facts()
    standings = Standings(db=db, facts=facts, journal=journal, metrics=figures)
    publications = Publications(
        db=db,
        facts=facts,
        journal=journal,
        inbox=inbox,
        dead_letters=dead_letters,
        cutoffs=cutoffs,
        clock=clock,
        metrics=figures,
    )
    consumer = ConsumerLoop(
        bus=bus,
        group=NAME,
        member=member,
        topics=[topics.INTAKE, topics.CREDENTIALS],
        handlers=handlers(
            facts=facts, standings=standings, publications=publications, credentials=credentials
        ),
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
    runs = Runs(db=db, facts=facts, dead_letters=dead_letters, clock=clock)
    return Scoring(
        parts=Parts(
            db=db,
            tables=kit,
            bus=bus,
            inbox=inbox,
            dead_letters=dead_letters,
            consumer=consumer,
            workers=Workers({"relay": relay.run, "consumer": consumer.run, "runs": runs.run}),
            gate=gate,
            pages=Pages(
                gate=gate,
                secure_cookie=settings.secure_cookie,
                templates=Path(__file__).parent / "pages",
            ),
            metrics=metrics,
        ),
        standings=standings,
        publications=publications,
        explanations=Explanations(db=db, facts=facts),
        public_bulletin=settings.public_bulletin,
    )
