"""The demo as it is played: everything goes through the services' HTTP, as a user's would."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import httpx

from duban.demo import cast
from duban.demo.progress import Progress
from duban.demo.receivers import Received
from duban.demo.script import Entry, script
from duban.house import House, Ports
from duban.settled import fired, settle
from duban.simulate.verbs import VERBS, decision_of
from intake.service.files import read_plan
from shared.contracts.decisions import CorrectedReport, Decision
from shared.contracts.submission import Submission
from shared.kit.clock import MovableClock

_YAML: Final = {"content-type": "application/yaml"}
_HOOK: Final = "receiver"
_POLL_SECONDS: Final = 0.02
DRAFTER, REVIEWER, PUBLISHER = "office drafter", "office reviewer", "office publisher"

Tell = Callable[[datetime, str, int, int], None]
"""Told when, what, how many entries are played, and of how many."""


class Stage:
    """Plays a script against a house that listens; `progress` says how far it came before."""

    def __init__(
        self,
        *,
        house: House,
        ports: Ports,
        clock: MovableClock,
        received: Received,
        hook_url: str,
        examples: Path,
        progress: Progress,
        tell: Tell,
    ) -> None:
        self._house = house
        self._clock = clock
        self._received = received
        self._hook_url = hook_url
        self._examples = examples
        self._tell = tell
        self._progress = progress
        self._day: date | None = None
        self._plan = (examples / "plan.yaml").read_bytes()
        self.script: Sequence[Entry] = script(read_plan(self._plan).plan, seed=progress.seed)
        self._intake, self._scoring, self._notify = (
            httpx.AsyncClient(base_url=ports.url(name), timeout=60, trust_env=False)
            for name in ("intake", "scoring", "notify")
        )

    async def play(self) -> None:
        """The whole year, or what is left of it."""
        if not self._progress.opened:
            await self._open()
        for together in _together(self.script[self._progress.done :]):
            await self._play(together)
            self._progress.step(len(together))
        await self._settled()

    async def ask(self, service: str, path: str, **params: str) -> Any:  # noqa: ANN401  # a response's JSON
        """What a service answers the office."""
        client = {"intake": self._intake, "scoring": self._scoring, "notify": self._notify}[service]
        return await self._ok(client.get(path, params=params, headers=self._as(DRAFTER)))

    async def close(self) -> None:
        """Let go of the connections."""
        for client in (self._intake, self._scoring, self._notify):
            await client.aclose()

    async def _open(self) -> None:
        self._say(cast.OPENING, "Tokens, the plan and its rulebook, contacts and one webhook")
        bootstrap = self._house.intake.access.bootstrap
        self._progress.tokens["operator"] = await bootstrap(holder="operator on duty")
        for holder in (DRAFTER, REVIEWER, PUBLISHER):
            await self._token(holder, ["office"])
        office = self._as(DRAFTER) | _YAML
        plan = f"/v1/plans/{cast.PLAN}"
        await self._ok(self._intake.put(plan, content=self._plan, headers=office))
        rulebook = (self._examples / "rulebook.yaml").read_bytes()
        address = f"/v1/rulebooks/fuzhou-2021?plan={cast.PLAN}"
        await self._ok(self._intake.put(address, content=rulebook, headers=office))
        units = sorted({entry["submit"]["unit"] for entry in self.script if "submit" in entry})
        await asyncio.gather(*(self._token(unit, ["submit"], unit) for unit in units))
        await self._settled()
        await self._prepare_messages()
        self._progress.open(secret=self._received.secret)

    async def _prepare_messages(self) -> None:
        office = self._as(DRAFTER)
        people = [
            {"scope": seed.scope, "subject": seed.id, **seed.contact.model_dump(mode="json")}
            for seed in read_plan(self._plan).contacts
        ]
        await self._ok(self._notify.put(f"/v1/contacts/{cast.PLAN}", json=people, headers=office))
        endpoint = {"id": _HOOK, "url": self._hook_url}
        made = await self._ok(
            self._notify.post("/v1/endpoints", json=endpoint, headers=self._as("operator"))
        )
        self._received.secret = made["secret"]
        route = {"notify": {"default": {"to": [{"endpoint": _HOOK}, {"role": "reporter"}]}}}
        await self._ok(self._notify.put("/v1/routes", json=route, headers=office))

    async def _play(self, together: Sequence[Entry]) -> None:
        """One entry, or reports of one moment; played twice they do no more than once."""
        moment = datetime.fromisoformat(together[0]["at"])
        await self._move(moment)
        calls = []
        for entry in together:
            verb = _verb(entry)
            self._say(moment, _title(verb, entry[verb]))
            if verb in {"publish", "correct", "year"}:
                await self._settled()
            calls.append(self._do(verb, entry[verb]))
        await asyncio.gather(*calls)

    async def _do(self, verb: str, what: Mapping[str, Any]) -> None:
        if verb in self._verbs:
            await self._verbs[verb](self, what)
        else:
            await self._decided(verb, what)

    async def _move(self, moment: datetime) -> None:
        """What the days between have brought comes before the entry in the plan's order."""
        if moment > self._clock.business_now():
            self._clock.move_to(moment)
        if moment.date() != self._day:  # also where a demo that was killed goes on
            await fired(self._house, clock=self._clock)
            self._day = moment.date()

    async def _submit(self, what: Mapping[str, Any]) -> None:
        place = _place(what)
        body = {"plan": cast.PLAN, **what}
        call = self._intake.post("/v1/submissions", json=body, headers=self._as(what["unit"]))
        receipt = await self._ok(call)
        self._progress.received(place, receipt["id"], receipt["timeliness"])

    async def _verify(self, what: Mapping[str, Any]) -> None:
        await self._review(what, "verify", {"marks": what["marks"], "reason": what["reason"]})

    async def _return(self, what: Mapping[str, Any]) -> None:
        await self._review(what, "return", {"reason": what["reason"]})

    async def _review(self, what: Mapping[str, Any], step: str, body: Mapping[str, str]) -> None:
        address = f"/v1/submissions/{self._progress.submissions[_place(what)]}/{step}"
        call = self._intake.post(address, json=body, headers=self._as(REVIEWER))
        await self._ok(call, or_else="already_returned")

    async def _decided(self, verb: str, what: Mapping[str, Any]) -> None:
        body = VERBS[verb].model_validate_json(json.dumps(what), extra="forbid")
        await self._decide(decision_of(body))

    async def _decide(self, decision: Decision) -> str | None:
        """Take a decision, unless it was before the demo was killed; the report it corrects by."""
        address = f"/v1/plans/{cast.PLAN}/decisions"
        known = await self._ok(self._intake.get(address, headers=self._as(DRAFTER)))
        now = self._clock.business_now()
        taken = any(
            one["decided"]["type"] == decision.type
            and datetime.fromisoformat(one["made_at"]) == now
            for one in known["items"]
        )
        if not taken:
            body = decision.model_dump(mode="json", by_alias=True, exclude_none=True)
            await self._ok(self._intake.post(address, json=body, headers=self._as(DRAFTER)))
        if not isinstance(decision, CorrectedReport):
            return None
        report = decision.submission
        asked = {"plan": report.plan, "unit": report.unit, "period": report.period}
        call = self._intake.get("/v1/submissions", params=asked, headers=self._as(DRAFTER))
        newest = (await self._ok(call))["items"]
        return str(next(one["id"] for one in newest if one["task"] == report.task))

    async def _publish(self, what: Mapping[str, Any]) -> None:
        await self._take_out(f"/v1/publications/{cast.PLAN}/{what['period']}", "draft", {})

    async def _correct(self, what: Mapping[str, Any]) -> None:
        report = {"plan": cast.PLAN, **what["submit"]}
        submission = Submission.model_validate_json(json.dumps(report), extra="forbid")
        decision = CorrectedReport(submission=submission, reason=what["reason"])
        corrected = await self._decide(decision)
        await self._settled()
        body = {"reason": what["reason"], "submissions": [corrected]}
        address = f"/v1/publications/{cast.PLAN}/{what['period']}"
        await self._take_out(address, "correct", body, version=2)

    async def _take_out(
        self, address: str, first: str, body: Mapping[str, Any], version: int = 1
    ) -> None:
        """From wherever a publication is on its way to its release, by three holders."""
        while True:
            state = await self._state(address, version)
            if state is None:
                await self._step(f"{address}/{first}", DRAFTER, body)
            elif state == "draft":
                await self._step(f"{address}/approve", REVIEWER)
            elif state == "approved":
                await self._step(f"{address}/release", PUBLISHER)
            elif state == "published":
                return await self._settled()
            elif state == "failed":
                raise RuntimeError(f"{address} cannot be computed")
            else:
                await asyncio.sleep(_POLL_SECONDS)

    async def _year(self, what: Mapping[str, Any]) -> None:
        address = f"/v1/years/{cast.PLAN}/{what['year']}"
        steps = {None: ("draft", DRAFTER), "draft": ("approve", REVIEWER)}
        steps["approved"] = ("release", PUBLISHER)
        while (state := await self._state(address, 1)) != "published":
            if state in steps:
                step, holder = steps[state]
                await self._step(address, holder, {"step": step})
            elif state == "failed":
                raise RuntimeError(f"{address} cannot be computed")
            else:
                await asyncio.sleep(_POLL_SECONDS)
        await self._settled()

    async def _state(self, address: str, version: int) -> str | None:
        """Where a version is; None where nobody has asked for it."""
        call = self._scoring.get(address, params={"version": version}, headers=self._as(DRAFTER))
        found = await self._ok(call, or_else="period_unpublished")
        return None if found is None else str(found["state"])

    async def _step(self, address: str, holder: str, body: Mapping[str, Any] | None = None) -> None:
        await self._ok(self._scoring.post(address, json=body or {}, headers=self._as(holder)))

    async def _token(self, holder: str, roles: list[str], unit: str | None = None) -> None:
        made = await self._ok(
            self._intake.post(
                "/v1/tokens",
                json={"holder": holder, "roles": roles, "unit": unit},
                headers=self._as("operator"),
            )
        )
        self._progress.tokens[holder] = made["token"]

    async def _settled(self) -> None:
        await settle(self._house, clock=self._clock)

    def _say(self, moment: datetime, step: str) -> None:
        self._tell(moment, step, self._progress.done, len(self.script))

    def _as(self, holder: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self._progress.tokens[holder]}"}

    async def _ok(self, call: Any, *, or_else: str | None = None) -> Any:  # noqa: ANN401  # a response's JSON
        """What is answered; None where it is refused with the code `or_else`."""
        response: httpx.Response = await call
        answer = response.json() if response.content else None
        if response.is_error:
            if answer is not None and answer.get("code") == or_else:
                return None
            raise RuntimeError(f"{response.request.url}: {response.text}")
        return answer

    _verbs: Final = {
        "submit": _submit,
        "verify": _verify,
        "return": _return,
        "publish": _publish,
        "correct": _correct,
        "year": _year,
    }


def _together(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Reports of one moment are sent at once, as units do; all else one by one."""
    for (_, sending), group in groupby(entries, lambda entry: (entry["at"], "submit" in entry)):
        if sending:
            yield list(group)
        else:
            yield from ([entry] for entry in group)


def _verb(entry: Entry) -> str:
    return next(name for name in entry if name != "at")


def _place(what: Mapping[str, Any]) -> str:
    """An obligation in one word."""
    return f"{what['task']}/{what['unit']}/{what['period']}"


def _title(verb: str, what: Mapping[str, Any]) -> str:
    """An entry in a few words."""
    if verb in {"submit", "verify", "return"}:
        return f"{verb} {what['task']} {what['period']}"
    if verb in {"publish", "correct"}:
        return f"{verb} {what['period']}"
    return f"{verb} {what.get('id') or what.get('task') or what.get('unit') or what.get('year')}"
