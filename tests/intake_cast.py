"""A town by a lake with a small plan, and the intake that serves it."""

# ruff: noqa: E501  # the plan is one object a line

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
from databases import Databases
from described import Described
from kit_cast import until
from pydantic import SecretStr

import intake.app
import intake.wiring
from intake.config import IntakeSettings
from intake.domain.plan_normal import normalise
from intake.store.tables import kit
from shared.calendar.plan import PlanCalendar
from shared.contracts import topics
from shared.contracts.envelope import Envelope, Event
from shared.contracts.plan import PlanDocument
from shared.contracts.scoring import PublicationReleased
from shared.kit.bus.base import Topic
from shared.kit.bus.local import LocalBus
from shared.kit.clock import MovableClock
from shared.kit.documents import read_document, validate
from shared.kit.journal import to_message
from shared.kit.timers import Timers

PLAN: Final = "lake-plan"

LAKE_TOWN: Final = """\
plan:
  id: lake-plan
  title: {zh: 湖镇计划, en: Lake town plan}
  start: 2021-01-01
  end: 2023-12-31
  activate_from: 2022-B2
  contacts: [{role: office, email: office@lake.example}]
  indicators:
    - {id: visitors, title: Visitors, kind: cumulative, target: "1000", cadence: annual, reporter: water}
groups:
  - {id: bureaus, title: Bureaus}
  - {id: districts, title: Districts}
units:
  - {id: water, title: Water bureau, group: bureaus, contacts: [{role: head, email: head@water.example}]}
  - {id: works, title: Works bureau, group: bureaus}
  - {id: east, title: East district, group: districts}
actions:
  - id: A1
    title: A clean lake
    tasks:
      - id: trees
        title: Plant trees
        weight: "20"
        start: 2021-01-01
        due: 2023-12-31
        assignments: [{unit: water, role: lead}, {unit: works, role: cooperating}]
        indicators:
          - {id: planted, title: Planted, kind: cumulative, target: "100", integer: true}
          - {id: alive, title: Alive, kind: cumulative, target: "90"}
        funnel: [planted, alive]
      - id: clean
        title: Clean water
        weight: "20"
        start: 2021-01-01
        due: 2023-12-31
        assignments: [{unit: works, role: lead}]
        indicators:
          - {id: clarity, title: Clarity, kind: level, baseline: "50", target: "80"}
          - {id: survey, title: Survey, kind: level, baseline: "1", target: "2", data_from: statistics}
      - id: bridge
        title: Build the bridge
        weight: "30"
        start: 2021-01-01
        due: 2023-06-30
        assignments:
          - {unit: works, role: lead, valid: {to: 2022-04-15}}
          - {unit: east, role: lead, valid: {from: 2022-04-16}}
        milestones:
          - {id: drawings, title: Drawings, due: 2022-03-31}
          - {id: opening, title: Opening, due: 2023-06-30, partial: true}
      - id: hall
        title: Open the hall
        weight: "10"
        start: 2022-03-20
        due: 2023-12-31
        measure: percent
        assignments: [{unit: east, role: lead}]
      - id: fish
        title: Count the fish
        weight: "20"
        start: 2021-01-01
        due: 2022-12-31
        assignments: [{unit: water, role: lead}]
        indicators:
          - {id: counted, title: Counted, kind: cumulative, target: "500", cadence: annual}
"""
"""Bimonthly. Of 2022-B2 (March and April) reports are due on 10 May and taken until 17 May 2022."""

TOPICS: Final = (
    *(
        Topic(name=name, partitions=2)
        for name in (topics.INTAKE, topics.SCORING, topics.NOTIFY, topics.DEAD)
    ),
    Topic(name=topics.CREDENTIALS, partitions=2, compacted=True),
)

E = TypeVar("E", bound=Event)


def at(text: str) -> datetime:
    """An instant in the town, as in "2022-05-10 23:59"."""
    return datetime.fromisoformat(f"{text}+08:00")


def edited(old: str, new: str, text: str = LAKE_TOWN) -> str:
    """The plan file with one place changed."""
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the file"
    return text.replace(old, new)


def plan_of(text: str = LAKE_TOWN) -> tuple[PlanDocument, PlanCalendar]:
    """The plan of a file in its normal form, with its calendar."""
    read = validate(read_document(text.encode(), name="plan.yaml"), PlanDocument)
    plan = normalise(read)
    return plan, PlanCalendar(dates=plan.plan)


def report(task: str, unit: str, period: str = "2022-B2", **said: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    """A report as it is posted."""
    return {"plan": PLAN, "task": task, "unit": unit, "period": period, **said}


def trees(planted: str = "40", **said: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    """The water bureau's report on the trees."""
    return report("trees", "water", values={"planted": planted}, **said)


def codes(answer: httpx.Response) -> list[tuple[str, str]]:
    """Code and field of every reason of a refusal."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return [(one["code"], one["path"]) for one in answer.json()["errors"]]


class Town:
    """The running intake of the town, and everybody who speaks to it."""

    def __init__(
        self,
        *,
        folder: Path,
        databases: Databases,
        clock: MovableClock,
        bus: LocalBus,
        member: str = "one",
    ) -> None:
        self.folder = folder
        self.databases = databases
        self.clock = clock
        self.bus = bus
        self.settings = IntakeSettings(
            database=databases.at(folder), session_secret=SecretStr("s" * 32)
        )
        self.intake = intake.wiring.build(
            settings=self.settings, bus=bus, clock=clock, member=member
        )
        self.app = intake.app.create_app(self.intake)
        self.web = httpx.AsyncClient(transport=Described(self.app), base_url="http://intake")
        self.tokens: dict[str, str] = {}
        self._released = 0

    @asynccontextmanager
    async def replica(self, member: str) -> AsyncIterator["Town"]:
        """Another process of this intake, on the same database and bus, with the same tokens."""
        other = Town(
            folder=self.folder,
            databases=self.databases,
            clock=self.clock,
            bus=self.bus,
            member=member,
        )
        other.tokens = self.tokens
        async with other.app.router.lifespan_context(other.app), other.web:
            yield other

    async def open(self) -> None:
        """Give everybody a token: the operator, two of the office, an observer, three units."""
        self.tokens["operator"] = await self.intake.access.bootstrap(holder="operator")
        for holder in ("office", "second office"):
            await self.issue(holder, "office")
        await self.issue("observer", "observer")
        for unit in ("water", "works", "east"):
            await self.issue(unit, "submit", unit=unit)

    async def issue(self, holder: str, *roles: str, **said: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
        """Issue a token and keep it under its holder's name."""
        body = {"holder": holder, "roles": roles, **said}
        answer = await self.post("/v1/tokens", body, by="operator")
        assert answer.status_code == 201, answer.text
        issued: dict[str, Any] = answer.json()
        self.tokens[holder] = issued["token"]
        return issued

    def bearer(self, holder: str) -> dict[str, str]:
        """The header that says who asks."""
        return {"authorization": f"Bearer {self.tokens[holder]}"}

    async def get(self, path: str, *, by: str = "office", **query: str) -> httpx.Response:
        return await self.web.get(path, params=query, headers=self.bearer(by))

    async def post(
        self,
        path: str,
        body: Any = None,  # noqa: ANN401  # JSON
        *,
        by: str,
        **headers: str,
    ) -> httpx.Response:
        return await self.web.post(path, json=body, headers=self.bearer(by) | headers)

    async def put(
        self, path: str, text: str, *, by: str = "office", kind: str = "yaml"
    ) -> httpx.Response:
        """Send a file."""
        headers = self.bearer(by) | {"content-type": f"application/{kind}"}
        return await self.web.put(path, content=text.encode(), headers=headers)

    async def apply(self, text: str = LAKE_TOWN, **query: str) -> httpx.Response:
        """Put a plan in force."""
        query_text = "&".join(f"{name}={value}" for name, value in query.items())
        return await self.put(f"/v1/plans/{PLAN}?{query_text}", text)

    async def submit(
        self, body: dict[str, Any], *, by: str | None = None, **headers: str
    ) -> httpx.Response:
        """Post a report, by the unit itself unless somebody else is named."""
        return await self.post("/v1/submissions", body, by=by or body["unit"], **headers)

    async def accepted(self, body: dict[str, Any], *, by: str | None = None) -> dict[str, Any]:
        """The receipt of a report that has to be accepted."""
        answer = await self.submit(body, by=by)
        assert answer.status_code == 202, answer.text
        receipt: dict[str, Any] = answer.json()
        return receipt

    async def owed(self, *, by: str = "office", **query: str) -> dict[str, dict[str, Any]]:
        """What is owed, by task."""
        answer = await self.get("/v1/obligations", by=by, plan=PLAN, **query)
        assert answer.status_code == 200, answer.text
        return {one["task"]: one for one in answer.json()["items"]}

    async def move_to(self, when: str) -> None:
        """Let business time pass, and everything happen that it brings."""
        self.clock.move_to(at(when))
        await self.settle()

    async def settle(self) -> None:
        """Wait until no timer is due any more."""
        await until(self._nothing_due)

    async def _nothing_due(self) -> bool:
        async with self.intake.parts.db.read() as session:
            now = self.clock.business_now()
            return not await Timers(tables=kit).due(session, now=now)

    async def publish(self, period: str, last_day: str, *finished: str, version: int = 1) -> None:
        """Let scoring release a publication whose cut-off is marked now."""
        cutoff = await self.post(f"/v1/plans/{PLAN}/cutoffs", by="office")
        assert cutoff.status_code == 202, cutoff.text
        self._released += 1
        released = PublicationReleased(
            plan=PLAN,
            period=period,
            version=version,
            released_at=self.clock.business_now(),
            last_day=datetime.fromisoformat(last_day).date(),
            units=0,
            digest="d",
            previous_digest=None,
            cutoff=cutoff.json()["cutoff"],
            finished=finished,
        )
        envelope = Envelope(
            id=f"release-{self._released}",
            source="duban/scoring",
            type=released.TYPE,
            subject=released.subject,
            time=released.released_at,
            key=PLAN,
            sequence=self._released,
            correlation="a release",
            data=released.model_dump_json().encode(),
        )
        await self.bus.producer().send([to_message(topics.SCORING, envelope)])
        consumer = self.intake.parts.consumer
        assert consumer is not None
        await until(consumer.drained)

    def stored(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table, as anybody who opens the database reads them."""
        return self.databases.rows(self.folder, table)

    def said(self, model: type[E]) -> Sequence[E]:
        """The events of one type in the journal, in their order."""
        rows = sorted(self.stored("journal"), key=lambda row: int(row["position"]))
        return [model.model_validate_json(row["data"]) for row in rows if row["type"] == model.TYPE]


@asynccontextmanager
async def running(
    folder: Path, *, databases: Databases, start: str = "2022-05-06 10:00"
) -> AsyncIterator[Town]:
    """The town's intake on what is in `folder`; `start` holds where time never began there."""
    databases.at(folder)  # makes the folder too
    bus = LocalBus(path=folder / "bus.sqlite", topics=TOPICS)
    await bus.start()
    clock = MovableClock(path=folder / "clock", start=at(start))
    town = Town(folder=folder, databases=databases, clock=clock, bus=bus)
    async with town.app.router.lifespan_context(town.app), town.web:
        yield town
    await bus.close()
