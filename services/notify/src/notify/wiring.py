"""Everything notify is made of, built in one place."""

from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry

from notify.channels.guard import AllowedTarget, TargetGuard
from notify.channels.mail import MailSender
from notify.channels.webhook import WebhookSender
from notify.config import MIGRATIONS, NotifySettings
from notify.consumers import handlers
from notify.metrics import NotifyMetrics
from notify.service.alerts import Alerts
from notify.service.directory import Directory
from notify.service.dispatch import Dispatcher
from notify.service.episodes import Episodes
from notify.service.looking import Looking
from notify.service.plans import Plans
from notify.service.queue import Queue
from notify.service.writing import Writing
from notify.store.tables import kit
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

NAME = "notify"


@dataclass(frozen=True, kw_only=True)
class Notify:
    """The wired service."""

    parts: Parts
    plans: Plans
    directory: Directory
    dispatcher: Dispatcher
    looking: Looking


def build(*, settings: NotifySettings, bus: Bus, clock: Clock, member: str) -> Notify:
    """Wire notify; nothing runs until its app starts.

    Args:
        settings: from the environment.
        bus: where events go and come from.
        clock: business and wall time.
        member: this process among notify's replicas.

    Raises:
        ValueError: a target in `allow_targets` or the sender's address is not one.
    """
    registry = CollectorRegistry()
    metrics = KitMetrics(registry)
    figures = NotifyMetrics(registry)
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
    allowed = [one.strip() for one in settings.allow_targets.split(",") if one.strip()]
    guard = TargetGuard(
        allow=[AllowedTarget.parse(one) for one in allowed], public_url=settings.public_url
    )
    directory = Directory(db=db, guard=guard, clock=clock)
    plans = Plans()
    writing = Writing(
        directory=directory, clock=clock, public_url=settings.public_url, metrics=figures
    )
    episodes = Episodes(writing=writing, journal=journal, metrics=figures)
    alerts = Alerts(plans=plans, episodes=episodes)
    password = settings.smtp_password
    dispatcher = Dispatcher(
        db=db,
        journal=journal,
        queue=Queue(db=db, clock=clock, metrics=figures, member=member),
        webhooks=WebhookSender(guard=guard),
        mail=MailSender(
            host=settings.smtp_host,
            port=settings.smtp_port,
            security=settings.smtp_security,
            sender=settings.mail_from,
            username=settings.smtp_username,
            password=password.get_secret_value() if password else None,
        ),
        clock=clock,
        metrics=figures,
    )
    consumer = ConsumerLoop(
        bus=bus,
        group=NAME,
        member=member,
        topics=[topics.INTAKE, topics.SCORING, topics.CREDENTIALS],
        handlers=handlers(plans=plans, alerts=alerts, credentials=credentials),
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
    workers = Workers({"relay": relay.run, "consumer": consumer.run, "dispatcher": dispatcher.run})
    return Notify(
        parts=Parts(
            db=db,
            tables=kit,
            bus=bus,
            inbox=inbox,
            dead_letters=dead_letters,
            consumer=consumer,
            workers=workers,
            gate=gate,
            pages=Pages(
                gate=gate,
                secure_cookie=settings.secure_cookie,
                templates=Path(__file__).parent / "pages",
            ),
            metrics=metrics,
        ),
        plans=plans,
        directory=directory,
        dispatcher=dispatcher,
        looking=Looking(db=db),
    )
