"""What every service stands on, laid the same way three times; its wiring builds on top."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from prometheus_client import CollectorRegistry
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.contracts import lean, topics
from shared.contracts.envelope import Event
from shared.contracts.registry import EVENTS
from shared.kit.auth import Credentials, Gate
from shared.kit.bus.base import Bus, Topic
from shared.kit.bus.loop import ConsumerLoop, Handler, Page
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.dead_letters import DeadLetters
from shared.kit.figures import Figures, Reading
from shared.kit.inbox import Inbox
from shared.kit.journal import Journal
from shared.kit.log_guard import LogGuard
from shared.kit.metrics import KitMetrics
from shared.kit.parts import Parts
from shared.kit.relay import Relay
from shared.kit.tables import KitTables
from shared.kit.workers import Worker, Workers

_COMPACTED: Final = (topics.CREDENTIALS,)


TOPICS: Final = tuple(
    Topic(name=name, partitions=topics.PARTITIONS, compacted=name in _COMPACTED)
    for name in (topics.INTAKE, topics.SCORING, topics.NOTIFY, topics.CREDENTIALS, topics.DEAD)
)
"""Every topic, as the bus is asked to have it."""


def topics_of(name: str) -> tuple[Topic, ...]:
    """The topics a service says anything in: its own, and that of dead records."""
    mine = (f"duban.{name}.", "duban.kit.")
    said_in = {model.TOPIC for model in EVENTS.values() if model.TYPE.startswith(mine)}
    return tuple(topic for topic in TOPICS if topic.name in said_in)


class ServiceSettings(BaseSettings):
    """What every service is told by its environment, under a prefix of its own."""

    model_config = SettingsConfigDict(use_attribute_docstrings=not lean.LEAN, env_ignore_empty=True)

    database: str = Field(repr=False)
    """The service's own database: postgresql+asyncpg://user:password@host:5432/name."""
    session_secret: SecretStr = Field(min_length=16)
    """Signs sessions; the same in all three services, at least 16 characters."""
    secure_cookie: bool = False
    """Whether pages come by HTTPS only."""
    host: str = "127.0.0.1"
    """The address to listen at; 0.0.0.0 in a container."""
    port: int = Field(default=8000, ge=1, le=65535)
    """The port to listen at."""
    member: str | None = None
    """This process among the service's replicas, the same after a restart; by default host and
    port."""
    logs: Literal["json", "plain"] = "json"
    """How log lines are written: json for machines, plain for a person."""
    kafka: str | None = None
    """Where Kafka answers: host:port, several separated by commas."""
    kafka_security: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = "plaintext"
    """How Kafka is spoken to: plaintext, ssl, sasl_plaintext or sasl_ssl."""
    kafka_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """How the service signs in to Kafka, with sasl: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512."""
    kafka_username: str | None = None
    """Who the service is to Kafka."""
    kafka_password: SecretStr | None = None
    """And its password."""
    kafka_ca: Path | None = None
    """The file of the authority that signed Kafka's certificate, where the system has it not."""
    kafka_replication: int = -1
    """On how many brokers each topic stands; -1 leaves it to Kafka."""


@dataclass(frozen=True, kw_only=True)
class Foundation:
    """The kit's parts of one service."""

    name: str
    member: str
    bus: Bus
    clock: Clock
    db: Database
    tables: KitTables
    guard: LogGuard
    metrics: KitMetrics
    journal: Journal
    inbox: Inbox
    dead_letters: DeadLetters
    credentials: Credentials
    gate: Gate
    secure_cookie: bool

    @property
    def registry(self) -> CollectorRegistry:
        """Where the service's own instruments register."""
        return self.metrics.registry

    def consumer(
        self,
        heard: Sequence[str],
        handlers: Mapping[type[Event], Handler],
        page: Page = nullcontext,
    ) -> ConsumerLoop:
        """The service's consumer of these topics; `page` opens what its handlers work on."""
        return ConsumerLoop(
            bus=self.bus,
            group=self.name,
            member=self.member,
            topics=heard,
            handlers=handlers,
            db=self.db,
            inbox=self.inbox,
            dead_letters=self.dead_letters,
            clock=self.clock,
            metrics=self.metrics,
            page=page,
        )

    def parts(
        self,
        *,
        consumer: ConsumerLoop,
        workers: Mapping[str, Worker],
        readings: Sequence[Reading] = (),
        templates: Path | None = None,
    ) -> Parts:
        """What the service's app is made of: the kit's workers beside its own, and its pages.

        `readings` read the figures that only the service's own tables know.
        """
        figures = Figures(
            db=self.db,
            tables=self.tables,
            bus=self.bus,
            inbox=self.inbox,
            dead_letters=self.dead_letters,
            clock=self.clock,
            metrics=self.metrics,
            readings=readings,
        )
        relay = Relay(
            db=self.db,
            tables=self.tables,
            producer=self.bus.producer(),
            guard=self.guard,
            source=f"duban/{self.name}",
            clock=self.clock,
            metrics=self.metrics,
        )
        kit = {
            "relay": relay.run,
            "consumer": consumer.run,
            "listener": self.db.listen,
            "figures": figures.run,
        }
        return Parts(
            db=self.db,
            tables=self.tables,
            bus=self.bus,
            guard=self.guard,
            inbox=self.inbox,
            dead_letters=self.dead_letters,
            consumer=consumer,
            workers=Workers({**kit, **workers}),
            gate=self.gate,
            templates=templates,
            secure_cookie=self.secure_cookie,
            metrics=self.metrics,
            figures=figures,
        )


def lay(
    *,
    name: str,
    settings: ServiceSettings,
    migrations: Path,
    tables: KitTables,
    bus: Bus,
    clock: Clock,
    member: str,
    owns_tokens: bool = False,
) -> Foundation:
    """The foundation of a service; nothing runs yet.

    Args:
        name: the service's name, its consumer group, and the source of its events.
        settings: from the environment.
        migrations: the service's alembic folder.
        tables: the kit's tables on the service's metadata.
        bus: where events go and come from.
        clock: business and wall time.
        member: this process among the service's replicas.
        owns_tokens: whether the service remembers when a token was last used.
    """
    db = Database(url=settings.database, migrations=migrations)
    journal = Journal(tables=tables)
    credentials = Credentials(tables=tables)
    return Foundation(
        name=name,
        member=member,
        bus=bus,
        clock=clock,
        db=db,
        tables=tables,
        guard=LogGuard(bus=bus, db=db, tables=tables, name=name, topics=topics_of(name)),
        metrics=KitMetrics(CollectorRegistry()),
        journal=journal,
        inbox=Inbox(tables=tables, compacted=_COMPACTED),
        dead_letters=DeadLetters(tables=tables, journal=journal, consumer=name),
        credentials=credentials,
        gate=Gate(
            db=db,
            credentials=credentials,
            clock=clock,
            session_secret=settings.session_secret.get_secret_value(),
            remember_use=owns_tokens,
        ),
        secure_cookie=settings.secure_cookie,
    )
