"""Everything notify is made of, built in one place."""

from dataclasses import dataclass
from pathlib import Path

from notify.channels.guard import TargetGuard
from notify.channels.mail import MailSender
from notify.channels.webhook import WebhookSender
from notify.config import MIGRATIONS, NotifySettings
from notify.consumers import handlers
from notify.metrics import NotifyMetrics
from notify.service.alerts import Alerts
from notify.service.directory import Directory
from notify.service.dispatch import Dispatcher
from notify.service.episodes import Episodes
from notify.service.figures import Figures
from notify.service.looking import Looking
from notify.service.plans import Plans
from notify.service.queue import Queue
from notify.service.writing import Writing
from notify.store.tables import kit
from shared.contracts import topics
from shared.kit.bus.base import Bus
from shared.kit.clock import Clock
from shared.kit.foundation import lay
from shared.kit.parts import Parts


@dataclass(frozen=True, kw_only=True)
class Notify:
    """The wired service."""

    parts: Parts
    plans: Plans
    directory: Directory
    dispatcher: Dispatcher
    looking: Looking


def build(*, settings: NotifySettings, bus: Bus, clock: Clock, member: str) -> Notify:
    """Wire notify; nothing runs until its app starts. For the arguments see `lay`.

    Raises:
        ValueError: a target in `allow_targets` or the sender's address is not one.
    """
    base = lay(
        name="notify",
        settings=settings,
        migrations=MIGRATIONS,
        tables=kit,
        bus=bus,
        clock=clock,
        member=member,
    )
    db, journal = base.db, base.journal
    metrics = NotifyMetrics(base.registry)
    guard = TargetGuard(allow=settings.allowed(), public_url=settings.public_url)
    directory = Directory(db=db, guard=guard, clock=clock)
    plans = Plans()
    writing = Writing(
        directory=directory, clock=clock, public_url=settings.public_url, metrics=metrics
    )
    episodes = Episodes(writing=writing, journal=journal, metrics=metrics)
    alerts = Alerts(plans=plans, episodes=episodes)
    dispatcher = Dispatcher(
        db=db,
        journal=journal,
        queue=Queue(db=db, clock=clock, member=member),
        webhooks=WebhookSender(guard=guard),
        mail=_mail_sender(settings),
        clock=clock,
        metrics=metrics,
    )
    heard = handlers(plans=plans, alerts=alerts, credentials=base.credentials)
    consumer = base.consumer([topics.INTAKE, topics.SCORING, topics.CREDENTIALS], heard)
    return Notify(
        parts=base.parts(
            consumer=consumer,
            workers={"dispatcher": base.guard.once_sure(dispatcher.run)},
            readings=[Figures(db=db, clock=clock, metrics=metrics).read],
            templates=Path(__file__).parent / "pages",
        ),
        plans=plans,
        directory=directory,
        dispatcher=dispatcher,
        looking=Looking(db=db),
    )


def _mail_sender(settings: NotifySettings) -> MailSender:
    password = settings.smtp_password
    return MailSender(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        sender=settings.mail_from,
        username=settings.smtp_username,
        password=password.get_secret_value() if password else None,
    )
