"""Reports that share a transaction: each fares as if it had come alone, after those before it."""

import asyncio
import json
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake_cast import PLAN, Town, edited, report, trees
from kit_cast import until
from structlog.testing import capture_logs

from intake.service.caller import Caller, Refused
from intake.service.receipt import Receipt
from intake.store.tables import Published
from shared.contracts.intake import SubmissionAccepted
from shared.contracts.submission import Submission
from shared.kit.auth import Principal

ROUTE: Final = "POST /v1/submissions"


def office(correlation: str = "c") -> Caller:
    principal = Principal(token="t", holder="o", unit=None, roles=frozenset({"office"}))
    return Caller(principal=principal, correlation=correlation)


def read(body: dict[str, Any]) -> Submission:
    return Submission.model_validate_json(json.dumps(body))


async def submit(
    town: Town, body: dict[str, Any], *, key: str | None = None, caller: Caller | None = None
) -> Receipt | Refused:
    try:
        return await town.intake.submissions.submit(
            read(body), key=key, route=ROUTE, caller=caller or office()
        )
    except Refused as refused:
        return refused


async def in_one_page(town: Town, *bodies: dict[str, Any]) -> list[Any]:
    """What each gets, of reports that come so close that they share a page."""
    return await asyncio.gather(*(submit(town, body) for body in bodies), return_exceptions=True)


async def test_reports_that_come_together_are_written_by_one_transaction(town: Town) -> None:
    await in_one_page(town, *(trees(str(number)) for number in range(50)))
    figures = (await town.web.get("/metrics")).text
    assert "duban_submissions_page_count 1.0" in figures
    assert "duban_submissions_page_sum 50.0" in figures
    assert [one.values["planted"] for one in town.said(SubmissionAccepted)] == list(range(50))


async def test_the_same_report_twice_in_a_page_is_one_report(town: Town) -> None:
    first, again = await in_one_page(town, trees("40"), trees("40.0"))
    assert first == again
    assert len(town.stored("submissions")) == len(town.said(SubmissionAccepted)) == 1


async def test_a_report_that_no_database_takes_fails_alone(town: Town) -> None:
    poisoned = office("half a character: \ud800")
    with capture_logs():
        answers = await asyncio.gather(
            *(
                submit(town, trees(str(number)), caller=poisoned if number == 20 else office())
                for number in range(51)
            ),
            return_exceptions=True,
        )
    bad = answers.pop(20)
    assert isinstance(bad, Exception)
    assert not isinstance(bad, Refused)
    assert all(isinstance(one, Receipt) for one in answers)
    stored = [one.values["planted"] for one in town.said(SubmissionAccepted)]
    assert stored == [number for number in range(51) if number != 20]
    assert len(town.stored("submissions")) == 50


async def test_an_item_of_a_batch_that_no_database_takes_is_told_so_and_fails_alone(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Submission.model_dump_json

    def half(self: Submission, **asked: Any) -> str:  # noqa: ANN401  # as pydantic's
        if self.note == "broken":
            raise OverflowError("no disk holds this")
        return plain(self, **asked)

    monkeypatch.setattr(SubmissionAccepted, "model_dump_json", half)
    with capture_logs():
        answer = await town.post(
            "/v1/submissions/batch",
            [trees("1"), trees("2", note="broken"), trees("3")],
            by="office",
        )
    items = [(one["status"], one.get("problem", {}).get("code")) for one in answer.json()["items"]]
    assert (answer.status_code, items) == (207, [(202, None), (500, "internal"), (202, None)])
    assert [one.values["planted"] for one in town.said(SubmissionAccepted)] == [1, 3]


async def test_a_sender_that_hung_up_finds_its_report_by_sending_it_again(town: Town) -> None:
    other = report("clean", "works", values={"clarity": "60"})
    async with town.intake.parts.db.write(PLAN):  # whoever stores a report waits
        hung_up = asyncio.create_task(submit(town, trees("40")))
        await under_way(town)
        neighbour = asyncio.create_task(submit(town, other))
        hung_up.cancel()
    assert isinstance(await neighbour, Receipt)
    assert hung_up.cancelled()
    again = await submit(town, trees("40"))
    assert isinstance(again, Receipt)
    stored = [one.submission for one in town.said(SubmissionAccepted) if one.task == "trees"]
    assert stored == [again.id]


async def under_way(town: Town) -> None:
    """Wait until a page is being stored that nobody can join any more."""
    lane = town.intake.submissions.lane
    await until(lambda: lane._flusher is not None and lane.waiting == 0)


async def test_where_too_many_reports_wait_the_next_is_asked_to_come_again(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane = town.intake.submissions.lane
    monkeypatch.setattr(lane, "_most_waiting", 1)
    async with town.intake.parts.db.write(PLAN):
        first = asyncio.create_task(town.submit(trees("40"), by="office"))
        await under_way(town)
        second = asyncio.create_task(town.submit(trees("41"), by="office"))
        await until(lambda: lane.waiting == 1)
        busy = await town.submit(trees("42"), by="office")
    assert (busy.status_code, busy.json()["code"]) == (503, "busy")
    assert busy.headers["retry-after"] == "1"
    assert [(await one).status_code for one in (first, second)] == [202, 202]
    assert [one.values["planted"] for one in town.said(SubmissionAccepted)] == [40, 41]


# --- any sequence, in pages and one by one


class Step(NamedTuple):
    """A report of a sequence."""

    body: dict[str, Any]
    key: str | None


VALUES = st.sampled_from(["30", "39", "40", "40.0", "41", "-1"])
BODIES = st.one_of(
    VALUES.map(trees),
    VALUES.map(lambda value: trees(value, correction={"reason": "counted again"})),
    st.sampled_from(["1", "50", "101.5"]).map(
        lambda value: report("clean", "works", values={"clarity": value})
    ),
    st.just(report("bridge", "east", milestones={"drawings": "2022-03-20"})),
    st.just(report("trees", "east", values={"planted": "1"})),
    st.just(report("nowhere", "east")),
    st.just(trees("40") | {"period": "2022-B9"}),
    st.just(trees("40") | {"plan": "sea-plan"}),
)
STEPS = st.lists(
    st.builds(Step, BODIES, st.sampled_from([None, None, "k1", "k2"])), min_size=1, max_size=14
)


class Told(NamedTuple):
    """All that is to be seen of a sequence, with ids by the order of their coming."""

    answers: list[Any]
    events: list[dict[str, Any]]
    rows: list[dict[str, Any]]


async def prepared(town: Town, plan: str) -> None:
    """A plan of which 40 trees were published, and whose bridge was sent back."""
    await town.put(f"/v1/plans/{plan}", edited("id: lake-plan", f"id: {plan}"))
    for body in (trees("40"), report("bridge", "east", milestones={"drawings": "2022-03-20"})):
        answer = await town.submit(body | {"plan": plan}, by="office")
        assert answer.status_code == 202, answer.text
    path = f"/v1/submissions/{answer.json()['id']}/return"
    returned = await town.post(path, {"reason": "?"}, by="second office")
    assert returned.status_code == 200, returned.text
    number = max(row["number"] for row in town.stored("submissions"))
    async with town.intake.parts.db.write(plan) as session:
        session.add(
            Published(
                plan=plan,
                period="2022-B2",
                last_day=town.clock.business_now().date().replace(month=4, day=30),
                version=1,
                number=number,
                finished="",
            )
        )


def told(town: Town, plan: str, answers: list[Receipt | Refused]) -> Told:
    names: dict[str, str] = {}

    def named(text: str) -> str:
        return names.setdefault(text, f"report {len(names)}")

    rows = [row for row in town.stored("submissions") if row["plan"] == plan]
    hidden = {"id", "number", "plan", "correlation", "holder", "received_at"}
    return Told(
        answers=[
            [(why.code, why.path, why.message.replace(plan, PLAN)) for why in one.refusals]
            if isinstance(one, Refused)
            else one.members() | {"id": named(str(one.id)), "digest": ""}
            for one in answers
        ],
        events=[
            one.model_dump(exclude={"plan", "digest"}) | {"submission": named(one.submission)}
            for one in town.said(SubmissionAccepted)
            if one.plan == plan
        ],
        rows=[
            {name: one for name, one in row.items() if name not in hidden | {"digest"}}
            | {"name": named(row["id"])}
            for row in sorted(rows, key=lambda row: int(row["number"]))
        ],
    )


@pytest.mark.timeout(600)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, page=st.integers(min_value=1, max_value=14))
async def test_any_sequence_fares_in_pages_as_it_does_one_by_one(
    empty_town: Town, steps: list[Step], page: int
) -> None:
    town = empty_town
    count = len({row["plan"] for row in town.stored("plan_versions")})
    singly, paged = f"plan-{count}", f"plan-{count + 1}"
    found = []
    lane = town.intake.submissions.lane
    for plan in (singly, paged):
        await prepared(town, plan)
        caller = office(correlation=plan)
        sent = [
            submit(
                town,
                step.body if step.body["plan"] != PLAN else step.body | {"plan": plan},
                key=step.key and f"{plan} {step.key}",
                caller=caller,
            )
            for step in steps
        ]
        lane._page = page
        answers = [await one for one in sent] if plan == singly else await asyncio.gather(*sent)
        found.append(told(town, plan, answers))
    assert found[0] == found[1]
