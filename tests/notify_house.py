"""Notify as it runs, on a database and a bus of its own; the other services are one voice.

The harbour city: the port leads the quay, the parks office the trees; both are of action A1.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import Message as Mail
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args
from zoneinfo import ZoneInfo

import httpx
from aiosmtpd.smtp import SMTP, Envelope, Session
from databases import Databases
from described import Described
from kit_cast import running, until
from pydantic import SecretStr
from sqlmodel import col, func, select

from notify.app import create_app
from notify.config import NotifySettings
from notify.domain.alerts import Effect
from notify.domain.kinds import NEWS
from notify.domain.routes import RoutesDocument
from notify.store.tables import Alert, DecisionRow, Delivery, Notice, kit
from notify.wiring import build
from shared.contracts import envelope, topics
from shared.contracts.envelope import Event
from shared.contracts.intake import (
    AccessRole,
    CredentialChanged,
    ObligationMissed,
    ObligationOverdue,
    ObligationReminded,
    PlanVersioned,
    SubmissionAccepted,
    TaskDefined,
)
from shared.contracts.scoring import (
    Light,
    MilestoneOverdue,
    PublicationReleased,
    StandingChanged,
    UnitPublished,
)
from shared.kit.auth import new_token
from shared.kit.bus.base import Message, Producer, Topic
from shared.kit.bus.local import LocalBus
from shared.kit.clock import Clock, MovableClock
from shared.kit.journal import to_message
from shared.kit.timers import Timers

PLAN: Final = "harbour"
ZONE: Final = ZoneInfo("Asia/Shanghai")
LEADS: Final = {"quay": "port", "trees": "parks"}
B1, B2, B3 = "2022-B1", "2022-B2", "2022-B3"
LAST_DAYS: Final = {B1: date(2022, 2, 28), B2: date(2022, 4, 30), B3: date(2022, 6, 30)}
NOON: Final = datetime(2022, 5, 11, 4, 0, tzinfo=UTC)
"""Noon in the harbour city, the day after the reports of 2022-B2 were due."""
TOPICS: Final = (
    Topic(name=topics.INTAKE, partitions=2),
    Topic(name=topics.SCORING, partitions=2),
    Topic(name=topics.NOTIFY, partitions=2),
    Topic(name=topics.CREDENTIALS, partitions=2, compacted=True),
    Topic(name=topics.DEAD, partitions=2),
)
SMTP_PORT: Final = 2525
"""Nobody listens there: what tests that send nothing are configured with."""

AT_ONCE: Final = {"group_by": ["kind", "task", "unit"], "group_wait": "0s", "group_interval": "0s"}
ALWAYS: Final = {
    "default": {"to": [{"role": "reporter"}], **AT_ONCE},
    "inhibit": [],
    "hours": {"from": "00:00", "to": "24:00", "working_days_only": False},
    "daily_cap": 1000,
}
"""Routes by which each alert is told at once, alone, whatever the hour."""

E = TypeVar("E", bound=Event)
Json = dict[str, Any]


class HandClock(MovableClock):
    """Both clocks in the test's hand; the wall's runs on between moves."""

    def __init__(self, *, path: Path, start: datetime) -> None:
        super().__init__(path=path, start=start)
        self.ahead = timedelta()

    def wall_now(self) -> datetime:
        return super().wall_now() + self.ahead


class Voice:
    """Says events as the relays of intake and scoring do: numbered 1, 2, 3 … by topic and key."""

    def __init__(self, *, producer: Producer, clock: Clock) -> None:
        self._producer = producer
        self._clock = clock
        self._last: dict[tuple[str, str], int] = {}
        self._said: list[Message] = []

    async def say(self, *events: Event, correlation: str = "request-1") -> None:
        messages = [self._message(event, correlation) for event in events]
        self._said += messages
        await self._producer.send(messages)

    async def repeat_everything(self) -> None:
        """All that was ever said comes again."""
        await self._producer.send(self._said)

    def _message(self, event: Event, correlation: str) -> Message:
        place = (event.TOPIC, event.key)
        self._last[place] = self._last.get(place, 0) + 1
        return to_message(
            event.TOPIC,
            envelope.Envelope(
                id=f"{event.TOPIC}-{event.key}-{self._last[place]}",
                source="duban/test",
                type=event.TYPE,
                subject=event.subject,
                time=self._clock.business_now(),
                key=event.key,
                sequence=self._last[place],
                correlation=correlation,
                data=event.model_dump_json(by_alias=True).encode(),
            ),
        )


class House:
    """A notify service whose clock and voices the test holds in its hands."""

    def __init__(
        self,
        *,
        url: str,
        bus: LocalBus,
        clock: HandClock,
        member: str,
        **settings: Any,  # noqa: ANN401  # as the settings
    ) -> None:
        self.url = url
        self.bus = bus
        self.clock = clock
        self.voice = Voice(producer=bus.producer(), clock=clock)
        self.notify = build(
            settings=NotifySettings(
                database=url,
                session_secret=SecretStr("s" * 32),
                public_url="http://duban.test",
                **{"smtp_port": SMTP_PORT, **settings},
            ),
            bus=bus,
            clock=clock,
            member=member,
        )
        self.db = self.notify.parts.db
        self.app = create_app(self.notify)

    async def hear(self, *events: Event, correlation: str = "request-1") -> None:
        """Somebody says it, and notify takes it in."""
        await self.voice.say(*events, correlation=correlation)
        await self.take_in()

    async def take_in(self) -> None:
        consumer = self.notify.parts.consumer
        assert consumer is not None
        await until(consumer.drained)
        await self.fired()

    async def fired(self) -> None:
        """Wait until no timer is due any more."""

        async def none_due() -> bool:
            async with self.db.read() as session:
                now = self.clock.business_now()
                return not await Timers(tables=kit).due(session, now=now)

        await until(none_due)

    async def pass_until(self, text: str) -> None:
        """It becomes this local time of the harbour city, and what is due happens in between."""
        instant = datetime.fromisoformat(text).replace(tzinfo=ZONE)
        while (due := await self._next_timer()) is not None and due <= instant:
            self.clock.move_to(max(due, self.clock.business_now()))
            await self.fired()
        self.clock.move_to(max(instant, self.clock.business_now()))

    async def _next_timer(self) -> datetime | None:
        async with self.db.read() as session:
            found: datetime | None = await session.scalar(select(func.min(kit.timers.c.due_at)))
            return found

    async def alerts(self, *, news: bool = False) -> list[Alert]:
        """The alerts, by default without those that only tell what has happened."""
        async with self.db.read() as session:
            query = select(Alert).order_by(col(Alert.raised_at), col(Alert.task), col(Alert.kind))
            rows = list((await session.execute(query)).scalars())
        return [row for row in rows if news or row.kind not in NEWS]

    async def alert(self) -> Alert:
        """The only one."""
        (alert,) = await self.alerts()
        return alert

    async def reasons(self) -> list[str]:
        """Why, of every decision about an alert in order; without news."""
        return [row.reason for row in await self.decisions() if row.effect in get_args(Effect)]

    async def verdicts(self, addressee: str) -> list[str]:
        """Why somebody was told or not, in order; without news."""
        return [row.reason for row in await self.decisions() if row.addressee == addressee]

    async def decisions(self) -> list[DecisionRow]:
        """Every decision that is not about news, in order."""
        async with self.db.read() as session:
            query = select(DecisionRow).order_by(col(DecisionRow.number))
            rows = (await session.execute(query)).scalars().all()
        return [row for row in rows if row.kind not in NEWS]

    async def deliveries(self, *, news: bool = False) -> list[Delivery]:
        """What was written, in the order of what it tells, by default without news."""
        known = {alert.id for alert in await self.alerts(news=news)}
        told = func.min(Notice.created_at)
        query = (
            select(Delivery)
            .join(Notice, col(Notice.delivery) == col(Delivery.id))
            .group_by(col(Delivery.id))
            .order_by(told, col(Delivery.recipient))
        )
        async with self.db.read() as session:
            rows = (await session.execute(query)).scalars().all()
        return [row for row in rows if row.alert in known]

    async def recipients(self) -> list[str]:
        return [one.recipient for one in await self.deliveries()]

    async def said(self, model: type[E]) -> list[E]:
        """What notify has told of this type, in order."""
        journal = kit.journal.c
        query = select(journal.data).where(journal.type == model.TYPE).order_by(journal.position)
        async with self.db.read() as session:
            return [
                model.model_validate_json(data) for data in (await session.execute(query)).scalars()
            ]

    async def letters(self) -> list[str]:
        """The codes of what was set aside."""
        async with self.db.read() as session:
            rows = await self.notify.parts.dead_letters.list_open(session)
        return [row["code"] for row in rows]

    def figure(self, name: str, **labels: str) -> float | None:
        """A figure of the service's metrics."""
        return self.notify.parts.metrics.registry.get_sample_value(name, labels)

    async def pending(self) -> float | None:
        """How many mails wait to be sent, as the metrics have it."""
        await self.notify.parts.figures.read()
        return self.figure("duban_deliveries_pending", channel="mail")

    def wall_moves(self, span: timedelta) -> None:
        """Time passes on the wall, and whoever waits looks again."""
        self.clock.ahead += span
        self.db.written.ring()

    async def token(self, *roles: AccessRole, unit: str | None = None) -> dict[str, str]:
        """The header of a new token that notify has heard of."""
        token = new_token()
        changed = CredentialChanged(
            token=token.id,
            holder="Ms Lin",
            unit=unit,
            roles=roles,
            secret_sha256=token.secret_sha256,
            issued_at=NOON,
            expires_at=None,
            revoked_at=None,
        )
        await self.hear(changed)
        return {"authorization": f"Bearer {token.text}"}

    async def visitor(self, *roles: AccessRole, unit: str | None = None) -> httpx.AsyncClient:
        """A client with a token of its own."""
        return httpx.AsyncClient(
            transport=Described(self.app),
            base_url="http://duban.test",
            headers=await self.token(*roles, unit=unit),
        )

    async def set_contacts(self, *contacts: Json) -> None:
        office = await self.visitor("office")
        answer = await office.put(f"/v1/contacts/{PLAN}", json=contacts)
        assert answer.status_code == 200, answer.text

    async def route(self, *to: Json) -> None:
        await self.set_routes({"default": {"to": to, **AT_ONCE}})

    async def set_routes(self, notify: Json) -> Json:
        """What the service answers."""
        office = await self.visitor("office")
        answer = await office.put("/v1/routes", json={"notify": ALWAYS | notify})
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        return told

    async def add_endpoint(self, name: str, url: str) -> str:
        """Its secret."""
        office = await self.visitor("office")
        answer = await office.post("/v1/endpoints", json={"id": name, "url": url})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["secret"])

    @asynccontextmanager
    async def dispatching(self) -> AsyncIterator[None]:
        """Deliveries go out inside this block."""
        async with running(self.notify.dispatcher.run):
            yield


@asynccontextmanager
async def make_house(
    folder: Path,
    *,
    databases: Databases,
    twin_of: House | None = None,
    **settings: Any,  # noqa: ANN401  # as the settings
) -> AsyncIterator[House]:
    """A house in `folder` that takes events in; what was there before is there still.

    The twin of another is a second process on its database, by its clock, with a bus of its own.
    """
    async with quiet_house(folder, databases, settings, twin_of) as house:
        consumer = house.notify.parts.consumer
        assert consumer is not None
        async with running(consumer.run), running(house.notify.rounds.run):
            yield house


@asynccontextmanager
async def open_app(folder: Path, *, databases: Databases, **settings: Any) -> AsyncIterator[House]:  # noqa: ANN401  # as the settings
    """A house whose whole app runs, with all its workers."""
    async with (
        quiet_house(folder, databases, settings) as house,
        house.app.router.lifespan_context(house.app),
    ):
        yield house


@asynccontextmanager
async def quiet_house(
    folder: Path, databases: Databases, settings: Json, twin_of: House | None = None
) -> AsyncIterator[House]:
    """A house that hears nothing yet."""
    url = databases.at(folder)
    bus = LocalBus(path=folder / "bus.sqlite", topics=TOPICS)
    await bus.start()
    clock = HandClock(path=folder / "clock", start=NOON)
    if twin_of is None:
        house = House(url=url, bus=bus, clock=clock, member="one", **settings)
    else:
        house = House(url=twin_of.url, bus=bus, clock=twin_of.clock, member="two", **settings)
    directory = house.notify.directory
    if (await directory.routes_in_force())[0] == 0:
        at_once = RoutesDocument.model_validate_json(json.dumps({"notify": ALWAYS}))
        await directory.put_in_force(at_once, by="the office")
    yield house
    await house.db.close()
    await bus.close()


LADDER: Final = [
    {"after_working_days": 0, "role": "reporter"},
    {"after_working_days": 3, "role": "head"},
    {"after_working_days": 5, "role": "office"},
]


def plan_events(
    *,
    version: int = 1,
    end: str = "2025-12-31",
    tasks: int = 2,
    ladder: Sequence[Json] = (),
) -> list[Event]:
    """A version of the harbour plan as intake tells it; it announces so many tasks."""
    parts: list[Event] = [
        TaskDefined.model_validate_json(
            json.dumps(
                {
                    "plan": PLAN,
                    "version": version,
                    "index": index,
                    "action": "A1",
                    "task": {
                        "id": task,
                        "title": title,
                        "weight": "10",
                        "start": "2021-01-01",
                        "due": end,
                        "assignments": [{"unit": LEADS[task], "role": "lead"}],
                    },
                }
            )
        )
        for index, (task, title) in enumerate(
            {"quay": {"zh": "建码头", "en": "Build the quay"}, "trees": "Trees"}.items()
        )
    ]
    closing = {
        "plan": PLAN,
        "version": version,
        "head": {"id": PLAN, "title": "Harbour plan", "start": "2021-01-01", "end": end},
        "groups": [],
        "units": [
            {"id": "port", "title": {"zh": "港口局", "en": "Port office"}, "group": "g"},
            {"id": "parks", "title": {"zh": "园林局", "en": "Parks office"}, "group": "g"},
        ],
        "actions": [{"id": "A1", "title": "A better harbour"}],
        "escalation": {"ladder": list(ladder)},
        "tasks": tasks,
        "digest": "d",
        "activate_from": B1,
        "by": "Ms Lin",
    }
    return [*parts, PlanVersioned.model_validate_json(json.dumps(closing))]


def overdue(task: str = "quay", period: str = B2) -> ObligationOverdue:
    return ObligationOverdue(
        plan=PLAN,
        task=task,
        unit=LEADS[task],
        period=period,
        due=date(2022, 5, 10),
        close=date(2022, 5, 17),
    )


def reminded(
    stage: Literal["opened", "due_soon", "closing"], days: int = 1, task: str = "quay"
) -> ObligationReminded:
    return ObligationReminded(
        plan=PLAN,
        task=task,
        unit=LEADS[task],
        period=B2,
        stage=stage,
        working_days=days,
        due=date(2022, 5, 10),
        close=date(2022, 5, 17),
    )


def missed(task: str = "quay", period: str = B2) -> ObligationMissed:
    return ObligationMissed(
        plan=PLAN,
        task=task,
        unit=LEADS[task],
        period=period,
        due=date(2022, 5, 10),
        close=date(2022, 5, 17),
    )


def late_milestone(stage: Literal["passed", "month"] = "passed", **of: Any) -> MilestoneOverdue:  # noqa: ANN401  # as the event
    """The quay's first milestone is late."""
    days = 1 if stage == "passed" else 31
    facts = {
        "plan": PLAN,
        "task": "quay",
        "action": "A1",
        "unit": "port",
        "period": B2,
        "milestone": "m1",
        "title": {"zh": "打桩", "en": "Piles"},
        "milestone_unit": "port",
        "due": "2022-04-10",
        "day": "2022-04-11",
        "days": days,
        "stage": stage,
    }
    return MilestoneOverdue.model_validate_json(json.dumps(facts | of))


def report(task: str = "quay", period: str = B2) -> SubmissionAccepted:
    return SubmissionAccepted(
        plan=PLAN,
        submission=f"s-{task}-{period}",
        plan_version=1,
        task=task,
        unit=LEADS[task],
        period=period,
        received_at=NOON,
        as_of=date(2022, 4, 30),
        values={},
        milestones=None,
        percent=None,
        no_data=(),
        correction=None,
        note=None,
        evidence=(),
        digest="d",
        by="reporter",
    )


def standing(
    was: Light, light: Light, *, gap: str | None = "12.34", period: str = B2
) -> StandingChanged:
    """The live light of the quay has changed."""
    figures = {"a": "0.3000", "e": "0.4234", "r": "0.7085", "gap": gap}
    event = {
        "plan": PLAN,
        "task": "quay",
        "action": "A1",
        "unit": "port",
        "period": period,
        "day": "2022-04-20",
        "light": light,
        "was": was,
        "cause": "report",
        **(figures if gap else dict.fromkeys(figures)),
    }
    return StandingChanged.model_validate_json(json.dumps(event))


def published(
    light: Light, *, was: Light | None = None, period: str = B2, version: int = 1, gap: str = "9.00"
) -> UnitPublished:
    """The port's part of a publication: its quay has this light."""
    line = {"task": "quay", "action": "A1", "light": light, "was": was, "score": "80.00"}
    event = {
        "plan": PLAN,
        "period": period,
        "version": version,
        "unit": "port",
        "score": "80.00",
        "rank": 1,
        "grade": "good",
        "digest": f"leaf-{version}",
        "lines": [line | {"a": "0.3", "e": "0.39", "r": "0.77", "gap": gap, "left_out": None}],
    }
    return UnitPublished.model_validate_json(json.dumps(event))


def released(period: str = B2, *, version: int = 1, units: int = 1) -> PublicationReleased:
    return PublicationReleased(
        plan=PLAN,
        period=period,
        version=version,
        released_at=NOON,
        last_day=LAST_DAYS[period],
        units=units,
        digest="d",
        previous_digest=None,
        cutoff="c1",
        finished=(),
    )


def contact(
    role: str,
    email: str,
    *,
    scope: str = "unit",
    subject: str = "port",
    language: str = "zh-CN",
) -> Json:
    return {"scope": scope, "subject": subject, "role": role, "email": email, "language": language}


REPORTER: Final = contact("reporter", "lin@port.example")
HEAD: Final = contact("head", "chen@port.example", language="en")
GROUP: Final = contact("group", "wu@harbour.example", scope="action", subject="A1")
OFFICE: Final = contact("office", "office@harbour.example", scope="plan", subject=PLAN)


class Mailbox:
    """A real SMTP server's memory; it answers as told."""

    def __init__(self) -> None:
        self.port = 0
        self.mails: list[Mail] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, mail: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        del server, session
        assert isinstance(mail.content, bytes)
        self.mails.append(message_from_bytes(mail.content, policy=policy.default))
        return self.answer

    @property
    def to(self) -> list[str]:
        return sorted(str(mail["to"]) for mail in self.mails)


@asynccontextmanager
async def open_mailbox() -> AsyncIterator[Mailbox]:
    box = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(box, hostname="localhost", loop=loop), "127.0.0.1", 0
    )
    box.port = server.sockets[0].getsockname()[1]
    yield box
    server.close()
    await server.wait_closed()


@dataclass
class Hook:
    """A real webhook receiver; `statuses` are answered in turn, then 204; `hold` delays."""

    port: int = 0
    statuses: list[str] = field(default_factory=list)
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    hold: asyncio.Event | None = None
    talks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.calls]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self.talks.add(talk)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.rstrip().split("\r\n")[1:]
            headers = {name.lower(): value for name, value in (one.split(": ", 1) for one in lines)}
            body = await reader.readexactly(int(headers["content-length"]))
            self.calls.append((headers, body))
            if self.hold is not None:
                await self.hold.wait()
            status = self.statuses.pop(0) if self.statuses else "204 No Content"
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the caller hung up
        finally:
            writer.close()


@asynccontextmanager
async def open_hook() -> AsyncIterator[Hook]:
    hook = Hook()
    server = await asyncio.start_server(hook.serve, "127.0.0.1", 0)
    hook.port = server.sockets[0].getsockname()[1]
    yield hook
    server.close()
    for talk in hook.talks:
        talk.cancel()
    await asyncio.gather(*hook.talks, return_exceptions=True)


async def until_delivered(
    house: House, check: Callable[[Sequence[Delivery]], bool | Awaitable[bool]]
) -> None:
    """Wait until the deliveries are as `check` says."""

    async def holds() -> bool:
        answer = check(await house.deliveries())
        return answer if isinstance(answer, bool) else await answer

    await until(holds)
