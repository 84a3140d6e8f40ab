"""Everything scoring is made of, built in one place."""

from dataclasses import dataclass
from pathlib import Path

from scoring.config import MIGRATIONS, ScoringSettings
from scoring.consumers import handlers
from scoring.metrics import ScoringMetrics
from scoring.service.appeals import Appeals
from scoring.service.drafting import Drafting
from scoring.service.drafts import Drafts
from scoring.service.explanations import Explanations
from scoring.service.facts import Facts
from scoring.service.figures import Figures
from scoring.service.gathering import Gathering
from scoring.service.intake_client import CutoffSource
from scoring.service.page import Pages
from scoring.service.publications import Publications
from scoring.service.runs import Runs
from scoring.service.signatures import Signatures
from scoring.service.standings import Standings
from scoring.service.years import Years
from scoring.store.tables import kit
from shared.contracts import topics
from shared.kit.bus.base import Bus
from shared.kit.clock import Clock
from shared.kit.foundation import lay
from shared.kit.parts import Parts


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """The wired service."""

    parts: Parts
    standings: Standings
    drafts: Drafts
    publications: Publications
    years: Years
    appeals: Appeals
    signatures: Signatures
    runs: Runs
    explanations: Explanations
    public_bulletin: bool


def build(
    *, settings: ScoringSettings, bus: Bus, clock: Clock, member: str, cutoffs: CutoffSource
) -> Scoring:
    """Wire scoring; nothing runs until its app starts.

    `cutoffs` is who marks a run's cut-off; for the other arguments see `lay`.
    """
    base = lay(
        name="scoring",
        settings=settings,
        migrations=MIGRATIONS,
        tables=kit,
        bus=bus,
        clock=clock,
        member=member,
    )
    db, journal = base.db, base.journal
    metrics = ScoringMetrics(base.registry)
    facts = Facts()
    standings = Standings(db=db, facts=facts)
    pages = Pages(facts=facts, journal=journal)
    drafts = Drafts(
        db=db,
        facts=facts,
        inbox=base.inbox,
        dead_letters=base.dead_letters,
        cutoffs=cutoffs,
        clock=clock,
    )
    signatures = Signatures(db=db, clock=clock, key=settings.key())
    publications = Publications(
        db=db, facts=facts, journal=journal, clock=clock, signatures=signatures, metrics=metrics
    )
    heard = handlers(
        facts=facts,
        standings=standings,
        publications=publications,
        credentials=base.credentials,
    )
    runs = Runs(
        db=db,
        drafting=Drafting(
            gathering=Gathering(facts=facts),
            salt_key=settings.session_secret.get_secret_value().encode(),
        ),
        dead_letters=base.dead_letters,
        clock=clock,
    )
    return Scoring(
        parts=base.parts(
            consumer=base.consumer([topics.INTAKE, topics.CREDENTIALS], heard, pages.open),
            workers={"runs": base.guard.once_sure(runs.run)},
            readings=[Figures(db=db, facts=facts, clock=clock, metrics=metrics).read],
            templates=Path(__file__).parent / "pages",
        ),
        standings=standings,
        drafts=drafts,
        publications=publications,
        years=Years(db=db, drafts=drafts, publications=publications, journal=journal, clock=clock),
        appeals=Appeals(db=db, facts=facts, journal=journal, clock=clock),
        signatures=signatures,
        runs=runs,
        explanations=Explanations(db=db, facts=facts),
        public_bulletin=settings.public_bulletin,
    )
