"""Scoring as it runs, on a database and a bus of its own; intake is a voice that numbers events."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import uuid4

import httpx
from databases import Databases
from described import Described
from fastapi import FastAPI
from kit_cast import running, until
from pydantic import SecretStr
from scoring_cast import Json, a_plan, a_rulebook, a_task, instant, the_period
from sqlalchemy import select

from scoring.app import create_app
from scoring.config import ScoringSettings
from scoring.domain.signing import SigningKey, written
from scoring.service.caller import Caller, Refused
from scoring.service.drafting import Drafting
from scoring.service.facts import Facts
from scoring.service.gathering import Gathering
from scoring.service.runs import Runs
from scoring.store.tables import PublicationRow, StandingRow, kit
from scoring.wiring import Scoring, build
from shared.contracts import topics
from shared.contracts.decisions import UNAMENDED, Amended
from shared.contracts.envelope import Envelope, Event
from shared.contracts.intake import (
    AccessRole,
    CredentialChanged,
    CutoffMarked,
    PlanVersioned,
    RulebookAdopted,
    SubmissionAccepted,
    SubmissionReturned,
    SubmissionVerified,
    TaskDefined,
    WorkdayBegan,
)
from shared.contracts.plan import Escalation
from shared.contracts.scoring import StandingChanged
from shared.kit.auth import Principal, new_token
from shared.kit.bus.base import Bus, Message, Producer, Topic
from shared.kit.bus.local import LocalBus
from shared.kit.clock import Clock, MovableClock
from shared.kit.db import Database
from shared.kit.journal import to_message

PLAN: Final = "town"
TOPICS: Final = (
    Topic(name=topics.INTAKE, partitions=2),
    Topic(name=topics.SCORING, partitions=2),
    Topic(name=topics.CREDENTIALS, partitions=2, compacted=True),
    Topic(name=topics.DEAD, partitions=2),
)
AFTER_B1: Final = "2022-03-15T09:00"
"""The window of 2022-B1 has closed: it was due on 7 March and closed with 14 March."""
AFTER_B2: Final = "2022-05-18T09:00"
"""The window of 2022-B2 has closed: it was due on 10 May and closed with 17 May."""

E = TypeVar("E", bound=Event)


SIGNING: Final = SigningKey(seed=b"a key that signs for tests alone")


class IntakeVoice:
    """Says events as intake's relay does: numbered 1, 2, 3 … by topic and key."""

    def __init__(self, *, producer: Producer, clock: Clock) -> None:
        self._producer = producer
        self._clock = clock
        self._last: dict[tuple[str, str], int] = {}
        self._said: list[Message] = []
        self.unsaid: list[Message] = []
        """Events that got a number and were lost on their way."""

    async def say(self, *events: Event) -> None:
        messages = [self._message(event) for event in events]
        self._said += messages
        await self._producer.send(messages)

    def lose(self, event: Event) -> None:
        self.unsaid.append(self._message(event))

    async def find_the_lost(self) -> None:
        await self._producer.send(self.unsaid)

    async def repeat_everything(self) -> None:
        """All that was ever said comes again."""
        await self._producer.send(self._said)

    def _message(self, event: Event) -> Message:
        place = (event.TOPIC, event.key)
        self._last[place] = self._last.get(place, 0) + 1
        return to_message(
            event.TOPIC,
            Envelope(
                id=str(uuid4()),
                source="duban/intake",
                type=event.TYPE,
                subject=event.subject,
                time=self._clock.business_now(),
                key=event.key,
                sequence=self._last[place],
                correlation="request-1",
                data=event.model_dump_json(by_alias=True).encode(),
            ),
        )


class Cutoffs:
    """Marks cut-offs as intake does, while it is not `refusing`."""

    def __init__(self, *, voice: IntakeVoice, clock: Clock) -> None:
        self._voice = voice
        self._clock = clock
        self._number = 0
        self.refusing: str | None = None
        self.just_before: Sequence[Event] = ()
        """What intake says between the request for a mark and the mark."""

    async def mark(self, plan: str, *, headers: dict[str, str]) -> str:
        del headers
        if self.refusing is not None:
            raise Refused("intake_unavailable", self.refusing)
        self._number += 1
        name = f"cutoff-{self._number}"
        now = self._clock.business_now()
        mark = CutoffMarked(plan=plan, cutoff=name, marked_at=now, by="Ms Lin")
        await self._voice.say(*self.just_before, mark)
        return name


class House:
    """A scoring service whose clock, intake and jobs the test holds in its hands."""

    def __init__(
        self, *, url: str, bus: Bus, clock: MovableClock, member: str, public: bool
    ) -> None:
        self.bus = bus
        self.clock = clock
        self.url = url
        self.voice = IntakeVoice(producer=bus.producer(), clock=clock)
        self.cutoffs = Cutoffs(voice=self.voice, clock=clock)
        settings = ScoringSettings(
            database=self.url,
            session_secret=SecretStr("s" * 32),
            public_bulletin=public,
            signing_key=SecretStr(written(SIGNING.seed)),
        )
        self.scoring: Scoring = build(
            settings=settings, bus=bus, clock=clock, member=member, cutoffs=self.cutoffs
        )
        self.db = self.scoring.parts.db
        self.publications = self.scoring.publications
        self.runs = self.another_worker(self.db)

    def another_worker(self, db: Database) -> Runs:
        """A replica's worker for drafts, on its own connection."""
        return Runs(
            db=db,
            drafting=Drafting(gathering=Gathering(facts=Facts()), salt_key=b"s" * 32),
            dead_letters=self.scoring.parts.dead_letters,
            clock=self.clock,
        )

    def at(self, text: str) -> None:
        """It is this local time of the town."""
        self.clock.move_to(instant(text))

    async def hear(self, *events: Event) -> None:
        """Intake says it, and scoring takes it in."""
        await self.voice.say(*events)
        await self.take_in()

    async def take_in(self) -> None:
        """Wait until all that is on the bus has been taken in."""
        consumer = self.scoring.parts.consumer
        assert consumer is not None
        await until(consumer.drained)

    async def hear_plan(self, *tasks: Json, version: int = 1, **of: Any) -> None:  # noqa: ANN401  # as plan_events
        await self.hear(*plan_events(*tasks, version=version, **of))

    async def hear_report(self, task: str = "T1", period: str = "2022-B2", **of: Any) -> str:  # noqa: ANN401  # as accepted
        """A report comes now; the id of its submission."""
        event = accepted(task, period, clock=self.clock, **of)
        await self.hear(event)
        return event.submission

    async def draft(self, period: str, *, holder: str = "Ms Lin") -> PublicationRow:
        """Draft a period and compute it."""
        await self.ask(period, holder=holder)
        assert await self.runs.compute_next()
        return await self.found(period)

    async def ask(
        self, period: str, *, holder: str = "Ms Lin", plan: str = PLAN, forced: str | None = None
    ) -> None:
        """Ask for a draft; its cut-off mark comes through."""
        await self.scoring.drafts.draft(plan, period, forced=forced, caller=caller(holder))
        await self.take_in()

    async def publish(self, period: str) -> PublicationRow:
        """Draft, approve and release a period, by three holders."""
        await self.draft(period)
        await self.approve(period, "Mr Chen")
        return await self.release(period, "Ms Wu")

    async def approve(self, period: str, holder: str) -> PublicationRow:
        return await self.publications.approve(PLAN, period, caller=caller(holder))

    async def release(self, period: str, holder: str) -> PublicationRow:
        return await self.publications.release(PLAN, period, caller=caller(holder))

    async def found(self, period: str) -> PublicationRow:
        return await self.publications.find(PLAN, period, drafts=True)

    async def board(self) -> dict[str, StandingRow]:
        """Where each task stands."""
        rows = await self.scoring.standings.board(plan=PLAN, unit=None, light=None, hidden=True)
        return {row.task: row for row in rows}

    async def said(self, *models: type[E]) -> list[E]:
        """What scoring has told, in order, of these types."""
        query = select(kit.journal.c.type, kit.journal.c.data).order_by(kit.journal.c.position)
        async with self.db.read() as session:
            rows = (await session.execute(query)).all()
        readers = {model.TYPE: model for model in models}
        return [
            readers[row.type].model_validate_json(row.data) for row in rows if row.type in readers
        ]

    async def changes(self) -> list[tuple[str, str, str, str]]:
        """Task, light before, light now and cause of every change of a standing."""
        told = await self.said(StandingChanged)
        return [(one.task, one.was, one.light, one.cause) for one in told]

    async def letters(self) -> list[tuple[str, str]]:
        """Id and code of the open dead letters."""
        async with self.db.read() as session:
            rows = await self.scoring.parts.dead_letters.list_open(session)
        return [(row["id"], row["code"]) for row in rows]

    async def settle(self) -> None:
        """The operator accepts every loss."""
        for letter, _ in await self.letters():
            async with self.db.write() as session:
                await self.scoring.parts.dead_letters.settle(
                    session, letter, by="operator", reason="it was a test"
                )

    async def token(
        self, *roles: AccessRole, unit: str | None = None, holder: str = "Ms Lin"
    ) -> dict[str, str]:
        """The header of a new token that scoring has heard of."""
        token = new_token()
        changed = CredentialChanged(
            token=token.id,
            holder=holder,
            unit=unit,
            roles=roles,
            secret_sha256=token.secret_sha256,
            issued_at=self.clock.business_now(),
            expires_at=None,
            revoked_at=None,
        )
        await self.hear(changed)
        return {"authorization": f"Bearer {token.text}"}


@asynccontextmanager
async def make_house(
    folder: Path, *, databases: Databases, twin_of: House | None = None, public: bool = False
) -> AsyncIterator[House]:
    """A house on an empty database, on New Year's work of 2022; nothing runs in it yet.

    The twin of another is a second process on its database, by its clock, with a bus of its own.
    """
    url = databases.at(folder)
    bus = LocalBus(path=folder / "bus.sqlite", topics=TOPICS)
    await bus.start()
    clock = MovableClock(path=folder / "clock", start=instant("2022-01-04T09:00"))
    if twin_of is None:
        house = House(url=url, bus=bus, clock=clock, member="one", public=public)
    else:
        house = House(url=twin_of.url, bus=bus, clock=twin_of.clock, member="two", public=public)
    yield house
    await house.db.close()
    await bus.close()


@asynccontextmanager
async def listening_house(
    folder: Path, *, databases: Databases, twin_of: House | None = None
) -> AsyncIterator[House]:
    """A house that takes events in; its drafts are computed by the test."""
    async with make_house(folder, databases=databases, twin_of=twin_of) as house:
        consumer = house.scoring.parts.consumer
        assert consumer is not None
        async with running(consumer.run):
            yield house


class Site:
    """A house whose whole app runs, seen over HTTP."""

    def __init__(self, house: House, app: FastAPI) -> None:
        self.house = house
        self.app = app

    def visitor(self, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
        """A client of its own, with these headers on every request."""
        return httpx.AsyncClient(
            transport=Described(self.app), base_url="http://duban.test", headers=headers or {}
        )

    async def publish(self, period: str) -> dict[str, Any]:
        """Draft, approve and release over HTTP; the released publication."""
        lin = self.visitor(await self.house.token("office", holder="Ms Lin"))
        chen = self.visitor(await self.house.token("office", holder="Mr Chen"))
        path = f"/v1/publications/{PLAN}/{period}"
        await self.drafted(period, lin)
        assert (await chen.post(f"{path}/approve")).status_code == 200
        assert (await lin.post(f"{path}/release")).status_code == 200
        body: dict[str, Any] = (await lin.get(path)).json()
        return body

    async def drafted(
        self, period: str, office: httpx.AsyncClient, *, force: str | None = None
    ) -> None:
        """Ask for a draft and wait for it."""
        path = f"/v1/publications/{PLAN}/{period}"
        asked = await office.post(f"{path}/draft", json={"force": force})
        assert asked.status_code == 202, asked.text

        async def computed() -> bool:
            return bool((await office.get(path)).json()["state"] != "waiting")

        await until(computed)


@asynccontextmanager
async def open_site(
    folder: Path, *, databases: Databases, public: bool = False
) -> AsyncIterator[Site]:
    """The app with its workers."""
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(
            make_house(folder, databases=databases, public=public)
        )
        app = create_app(house.scoring)
        await stack.enter_async_context(app.router.lifespan_context(app))
        yield Site(house, app)


def caller(holder: str) -> Caller:
    """Somebody of the office."""
    principal = Principal(token="t", holder=holder, unit=None, roles=frozenset({"office"}))
    return Caller(principal=principal, correlation="0" * 32, headers={})


def plan_events(
    *tasks: Json,
    version: int = 1,
    activate_from: str | None = "2022-B1",
    lost: Sequence[str] = (),
    digest: str | None = None,
    head: Json | None = None,
    amended: Mapping[str, Amended] | None = None,
    **of: Any,  # noqa: ANN401  # as a_plan
) -> list[Event]:
    """A version of the town's plan as intake tells it; the `lost` tasks are announced only."""
    changes = amended or {}
    facts = a_plan(*(tasks or (a_task(),)), **of)
    parts = [
        TaskDefined(
            plan=PLAN,
            version=version,
            index=index,
            action=action,
            task=task,
            amended=changes.get(task.id, UNAMENDED),
        )
        for index, (action, task) in enumerate(facts.tasks)
    ]
    lines = b"".join(part.model_dump_json(by_alias=True).encode() + b"\n" for part in parts)
    changed = facts.head.model_dump(mode="json", by_alias=True) | (head or {})
    closing = PlanVersioned(
        plan=PLAN,
        version=version,
        head=type(facts.head).model_validate_json(json.dumps(changed)),
        groups=facts.groups,
        units=facts.units,
        actions=facts.actions,
        escalation=Escalation(),
        tasks=len(parts),
        digest=digest or sha256(lines).hexdigest(),
        activate_from=activate_from,
        by="Ms Lin",
    )
    return [*(part for part in parts if part.task.id not in lost), closing]


def adopted(**settings: object) -> RulebookAdopted:
    """The town's rulebook, with what differs from the defaults."""
    return RulebookAdopted(plan=PLAN, rulebook=a_rulebook(**settings), by="Ms Lin")


def accepted(
    task: str = "T1",
    period: str = "2022-B2",
    *,
    clock: Clock,
    unit: str = "U1",
    **of: object,
) -> SubmissionAccepted:
    """A report received now; `as_of` is the period's last day unless told otherwise."""
    report = {
        "plan": PLAN,
        "submission": f"s-{uuid4()}",
        "plan_version": 1,
        "task": task,
        "unit": unit,
        "period": period,
        "received_at": clock.business_now().isoformat(),
        "as_of": the_period(period).last.isoformat(),
        "values": {},
        "milestones": None,
        "percent": None,
        "no_data": [],
        "correction": None,
        "note": None,
        "evidence": [],
        "digest": "d",
        "by": "reporter",
        **of,
    }
    return SubmissionAccepted.model_validate_json(json.dumps(report))


def returned(
    submission: str, task: str = "T1", period: str = "2022-B2", *, clock: Clock
) -> SubmissionReturned:
    return SubmissionReturned(
        plan=PLAN,
        submission=submission,
        task=task,
        unit="U1",
        period=period,
        returned_at=clock.business_now(),
        reason="the total is not the one in the books",
        by="Ms Lin",
    )


def verified(
    submission: str, task: str = "T1", period: str = "2022-B2", *, marks: str, clock: Clock
) -> SubmissionVerified:
    event = {
        "plan": PLAN,
        "submission": submission,
        "task": task,
        "unit": "U1",
        "period": period,
        "verified_at": clock.business_now().isoformat(),
        "marks": marks,
        "reason": None,
        "by": "Ms Lin",
    }
    return SubmissionVerified.model_validate_json(json.dumps(event))


def workday(clock: Clock) -> WorkdayBegan:
    """Today, 09:00."""
    return WorkdayBegan(plan=PLAN, day=clock.business_now().date())
