"""Everything notify is made of, built in one place."""

from dataclasses import dataclass
from pathlib import Path

from notify.channels.call import Caller
from notify.channels.guard import TargetGuard
from notify.channels.mail import MailSender
from notify.channels.robot import RobotSender
from notify.channels.webhook import WebhookSender
from notify.config import MIGRATIONS, NotifySettings
from notify.consumers import handlers
from notify.metrics import NotifyMetrics
from notify.service.acknowledging import Acknowledging
from notify.service.deciding import Deciding
from notify.service.directory import Directory
from notify.service.dispatch import Dispatcher
from notify.service.endpoints import Endpoints
from notify.service.episodes import Episodes
from notify.service.figures import Figures
from notify.service.flushing import Flushing
from notify.service.lights import Lights
from notify.service.links import Links
from notify.service.looking import Looking
from notify.service.milestones import Milestones
from notify.service.mutes import Mutes
from notify.service.news import News
from notify.service.notices import FLUSH, Notices
from notify.service.plans import Plans
from notify.service.publications import Publications
from notify.service.queue import Queue
from notify.service.rehearsing import Rehearsing
from notify.service.rounds import Rounds
from notify.service.subscriptions import Subscriptions
from notify.service.watching import WATCH, Watching
from notify.service.windows import Windows
from notify.service.writing import Writing
from notify.store.tables import kit
from shared.contracts import topics
from shared.kit.bus.base import Bus
from shared.kit.clock import Clock
from shared.kit.foundation import lay
from shared.kit.parts import Parts
from shared.kit.timers import TimerLoop, Timers


@dataclass(frozen=True, kw_only=True)
class Notify:
    """The wired service."""

    parts: Parts
    plans: Plans
    directory: Directory
    mutes: Mutes
    acknowledging: Acknowledging
    rehearsing: Rehearsing
    links: Links
    subscriptions: Subscriptions
    endpoints: Endpoints
    dispatcher: Dispatcher
    looking: Looking
    rounds: TimerLoop


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
    directory = Directory(db=db, guard=guard, clock=clock, public_url=settings.public_url)
    plans, timers = Plans(), Timers(tables=kit)
    deciding = Deciding(metrics=metrics)
    notices = Notices(directory=directory, deciding=deciding, timers=timers)
    watching = Watching(directory=directory, timers=timers)
    episodes = Episodes(
        notices=notices, deciding=deciding, watching=watching, journal=journal, metrics=metrics
    )
    rounds = Rounds(
        plans=plans, episodes=episodes, notices=notices, watching=watching, deciding=deciding
    )
    links = Links(public_url=settings.public_url, secret=settings.session_secret.get_secret_value())
    flushing = Flushing(
        plans=plans,
        directory=directory,
        notices=notices,
        deciding=deciding,
        writing=Writing(links=links, clock=clock),
    )
    news = News(plans=plans, episodes=episodes)
    lights = Lights(plans=plans, episodes=episodes, rounds=rounds)
    timer_loop = TimerLoop(
        db=db,
        tables=kit,
        clock=clock,
        handlers={FLUSH: flushing.on_flush, WATCH: rounds.on_watch},
        metrics=base.metrics,
    )
    caller = Caller(guard=guard)
    endpoints = Endpoints(
        db=db,
        journal=journal,
        directory=directory,
        webhooks=WebhookSender(caller=caller),
        robots=RobotSender(caller=caller),
        clock=clock,
    )
    dispatcher = Dispatcher(
        db=db,
        journal=journal,
        queue=Queue(db=db, clock=clock, member=member),
        endpoints=endpoints,
        mail=_mail_sender(settings),
        clock=clock,
        metrics=metrics,
    )
    heard = handlers(
        plans=plans,
        windows=Windows(plans=plans, episodes=episodes),
        lights=lights,
        publications=Publications(plans=plans, lights=lights, news=news),
        news=news,
        milestones=Milestones(plans=plans, episodes=episodes),
        credentials=base.credentials,
    )
    consumer = base.consumer([topics.INTAKE, topics.SCORING, topics.CREDENTIALS], heard)
    return Notify(
        parts=base.parts(
            consumer=consumer,
            workers={
                "timers": base.guard.once_sure(timer_loop.run),
                "dispatcher": base.guard.once_sure(dispatcher.run),
            },
            readings=[Figures(db=db, clock=clock, metrics=metrics).read],
            templates=Path(__file__).parent / "pages",
        ),
        plans=plans,
        directory=directory,
        mutes=Mutes(db=db, notices=notices, clock=clock),
        acknowledging=Acknowledging(
            db=db,
            plans=plans,
            directory=directory,
            watching=watching,
            deciding=deciding,
            journal=journal,
            clock=clock,
        ),
        rehearsing=Rehearsing(db=db, plans=plans, directory=directory, clock=clock),
        links=links,
        subscriptions=Subscriptions(db=db, clock=clock),
        endpoints=endpoints,
        dispatcher=dispatcher,
        looking=Looking(db=db),
        rounds=timer_loop,
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
