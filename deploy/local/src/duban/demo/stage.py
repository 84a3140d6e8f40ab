"""The demo as it is played: everything goes through the services' HTTP, as a user's would."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx

from duban.demo import cast
from duban.demo.receivers import Received
from duban.house import House, Ports
from duban.settled import settle
from intake.service.files import read_plan
from shared.kit.clock import MovableClock

_YAML: Final = {"content-type": "application/yaml"}
_HOOK: Final = "receiver"
_POLL_SECONDS: Final = 0.05

Tell = Callable[[str], None]


@dataclass
class Played:
    """What the demo did, for its account."""

    tokens: dict[str, str] = field(default_factory=dict)
    plan: dict[str, Any] = field(default_factory=dict)
    receipts: dict[str, int] = field(default_factory=dict)
    publication: dict[str, Any] = field(default_factory=dict)
    explanation: list[str] = field(default_factory=list)


class Stage:
    """Plays the cast's part against a house that listens."""

    def __init__(
        self,
        *,
        house: House,
        ports: Ports,
        clock: MovableClock,
        received: Received,
        hook_url: str,
        examples: Path,
        tell: Tell,
    ) -> None:
        self._house = house
        self._clock = clock
        self._received = received
        self._hook_url = hook_url
        self._examples = examples
        self._tell = tell
        self._intake, self._scoring, self._notify = (
            httpx.AsyncClient(base_url=ports.url(name), timeout=60, trust_env=False)
            for name in ("intake", "scoring", "notify")
        )
        self.played = Played()

    async def play(self) -> Played:
        """The whole story, from the first token to the last message."""
        try:
            await self._open()
            duties = await self._duties()
            await self._report(duties)
            await self._return_slips()
            await self._move(cast.REPAIR)
            await self._send(duties, only=frozenset(cast.SLIPS))
            await self._move(cast.AFTER_DUE)
            self._tell("The due day has passed: whoever was silent was told at 09:00")
            await self._move(cast.LATE_REPORT)
            self._tell("One of them reports, two working days late; the other stays silent")
            await self._send(duties, only=cast.LATE)
            await self._publish()
        finally:
            for client in (self._intake, self._scoring, self._notify):
                await client.aclose()
        return self.played

    async def _open(self) -> None:
        self._tell("Tokens: the operator's by bootstrap, everybody else's through the API")
        self.played.tokens["operator"] = await self._house.intake.access.bootstrap(
            holder="operator on duty"
        )
        for holder in ("office drafter", "office reviewer"):
            await self._token(holder, ["office"])
        self._tell("The plan: nine actions, 46 tasks, their figures; and its rulebook")
        data = (self._examples / "plan.yaml").read_bytes()
        rulebook = (self._examples / "rulebook.yaml").read_bytes()
        office = self._as("office drafter") | _YAML
        await self._ok(self._intake.put(f"/v1/plans/{cast.PLAN}", content=data, headers=office))
        address = f"/v1/rulebooks/fuzhou-2021?plan={cast.PLAN}"
        await self._ok(self._intake.put(address, content=rulebook, headers=office))
        await self._quiet()
        await self._prepare_messages(data)

    async def _prepare_messages(self, plan: bytes) -> None:
        self._tell("Contacts, one webhook endpoint and one route for the alerts")
        office = self._as("office drafter")
        people = [
            {"scope": seed.scope, "subject": seed.id, **seed.contact.model_dump(mode="json")}
            for seed in read_plan(plan).contacts
        ]
        await self._ok(self._notify.put(f"/v1/contacts/{cast.PLAN}", json=people, headers=office))
        endpoint = {"id": _HOOK, "url": self._hook_url}
        made = await self._ok(
            self._notify.post("/v1/endpoints", json=endpoint, headers=self._as("operator"))
        )
        self._received.secret = made["secret"]
        route = {"notify": {"default": {"to": [{"endpoint": _HOOK}, {"role": "reporter"}]}}}
        await self._ok(self._notify.put("/v1/routes", json=route, headers=office))

    async def _duties(self) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
        """What is owed and the task it is about, by task."""
        office = self._as("office drafter")
        owed = await self._ok(
            self._intake.get("/v1/obligations", params={"plan": cast.PLAN}, headers=office)
        )
        plan = await self._ok(self._intake.get(f"/v1/plans/{cast.PLAN}", headers=office))
        self.played.plan = plan["document"]
        tasks = {task["id"]: task for one in plan["document"]["actions"] for task in one["tasks"]}
        return {duty["task"]: (duty, tasks[duty["task"]]) for duty in owed["items"]}

    async def _report(self, duties: Mapping[str, tuple[dict[str, Any], dict[str, Any]]]) -> None:
        units = sorted({duty["unit"] for duty, _ in duties.values()})
        await self._move(cast.FIRST_REPORTS)
        self._tell(f"{len(units)} units report {len(duties)} tasks, each with its own token")
        for unit in units:
            await self._token(unit, ["submit"], unit)
        later = cast.SILENT | cast.LATE
        await self._send(duties, only=frozenset(duties) - later, slips=True)
        await self._quiet()

    async def _send(
        self,
        duties: Mapping[str, tuple[dict[str, Any], dict[str, Any]]],
        *,
        only: frozenset[str],
        slips: bool = False,
    ) -> None:
        for name in sorted(only):
            duty, task = duties[name]
            report = cast.report_of(duty, task)
            if slips and name in cast.SLIPS:
                report["values"] |= cast.SLIPS[name].values
            receipt = await self._ok(
                self._intake.post(
                    "/v1/submissions",
                    json=report,
                    headers=self._as(duty["unit"])
                    | {"idempotency-key": f"{name}-{cast.PERIOD}-{self._clock.business_now()}"},
                )
            )
            kind = receipt["timeliness"]
            self.played.receipts[kind] = self.played.receipts.get(kind, 0) + 1

    async def _return_slips(self) -> None:
        await self._move(cast.REVIEW)
        self._tell("The office finds a slip and returns it with a reason; the unit repairs it")
        for task, slip in cast.SLIPS.items():
            listed = await self._ok(
                self._intake.get(
                    "/v1/submissions",
                    params={"plan": cast.PLAN, "period": cast.PERIOD, "limit": 500},
                    headers=self._as("office reviewer"),
                )
            )
            wrong = next(one for one in listed["items"] if one["task"] == task)
            await self._ok(
                self._intake.post(
                    f"/v1/submissions/{wrong['id']}/return",
                    json={"reason": slip.reason},
                    headers=self._as("office reviewer"),
                )
            )

    async def _publish(self) -> None:
        await self._move(cast.PUBLICATION)
        self._tell("The window has closed: draft at a cut-off, approval by another, release")
        address = f"/v1/publications/{cast.PLAN}/{cast.PERIOD}"
        drafter, reviewer = self._as("office drafter"), self._as("office reviewer")
        await self._ok(self._scoring.post(f"{address}/draft", json={}, headers=drafter))
        while True:
            publication = await self._ok(self._scoring.get(address, headers=drafter))
            if publication["state"] != "waiting":
                break
            await asyncio.sleep(_POLL_SECONDS)
        await self._ok(self._scoring.post(f"{address}/approve", headers=reviewer))
        await self._ok(self._scoring.post(f"{address}/release", headers=drafter))
        await self._quiet()
        self.played.publication = await self._ok(self._scoring.get(address, headers=drafter))
        told = await self._ok(
            self._scoring.get(f"{address}/tasks/A2.T1/explanation?lang=en", headers=drafter)
        )
        self.played.explanation = told["text"]

    async def _token(self, holder: str, roles: list[str], unit: str | None = None) -> None:
        made = await self._ok(
            self._intake.post(
                "/v1/tokens",
                json={"holder": holder, "roles": roles, "unit": unit},
                headers=self._as("operator"),
            )
        )
        self.played.tokens[holder] = made["token"]

    async def _move(self, instant: datetime) -> None:
        self._clock.move_to(instant)
        await self._quiet()

    async def _quiet(self) -> None:
        await settle(self._house, clock=self._clock)

    def _as(self, holder: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.played.tokens[holder]}"}

    async def _ok(self, call: Any) -> Any:  # noqa: ANN401  # a response's JSON
        response: httpx.Response = await call
        if response.is_error:
            raise RuntimeError(f"{response.request.url}: {response.text}")
        return response.json() if response.content else None
