"""A history that is written as a scenario and played again publishes the same bytes."""

import json
from pathlib import Path
from typing import Any

import pytest
from local.conftest import Duban
from local.test_simulate import EXAMPLES, invest, publish, report, task, town, written
from sqlalchemy import select

from duban.simulate.house import House
from duban.simulate.play import play
from duban.simulate.record import NotExportable, scenario_of
from duban.simulate.scenario import read_scenario
from scoring.api.schemas import whole_publication_json
from shared.contracts import topics

LAST = {"submission": "last", "task": "T1", "unit": "U1", "period": "2022-B2"}


async def history(file: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What a scenario leaves behind, as the services' APIs would tell it."""
    scenario = read_scenario(file, file.read_bytes())  # noqa: ASYNC240  # nobody else waits
    async with House(start=scenario.start) as house:
        assert await play(scenario, house, lambda _: None) == []
        journal = house.intake.parts.tables.journal
        said = select(journal).where(journal.c.topic == topics.INTAKE).order_by(journal.c.position)
        async with house.intake.parts.db.read() as session:
            rows = (await session.execute(said)).mappings().all()
        publications = await house.scoring.publications.all(plan=None, drafts=False)
    events = [
        {
            "id": row["event_id"],
            "type": row["type"],
            "time": row["time"].isoformat(),
            "number": row["position"],
            "data": json.loads(row["data"]),
        }
        for row in rows
    ]
    return events, [whole_publication_json(row, office=True) for row in publications]


def a_year_of_everything(folder: Path) -> Path:
    """One of each verb that leaves something behind."""
    at, later = "2022-05-12T10:00:00+08:00", "2022-05-24T10:00:00+08:00"
    grown = {"action": "A1", "id": "T3", **task("T3", "U2", start="2022-07-01")}
    timeline = (
        report("2022-05-09T10:00:00+08:00", "T1", values={"T1.I": "30"}, as_of="2022-04-29"),
        report("2022-05-09T10:00:00+08:00", "T2", "U2", percent="40", note="on its way"),
        {"at": "2022-05-10T09:00:00+08:00", "return": {**LAST, "reason": "which money?"}},
        {
            "at": "2022-05-10T10:00:00+08:00",
            "extend": {"task": "T2", "unit": "U2", "period": "2022-B2", "working_days": 1},
        },
        report(at, "T1", values={"T1.I": "31"}),
        {"at": at, "verify": {**LAST, "marks": "5", "reason": "a page is missing"}},
        {"at": at, "exempt": _EXCUSED},
        {"at": at, "cutoff": {}},
        publish("2022-05-20T10:00:00+08:00"),
        {"at": later, "award": {"unit": "U1", "level": "city", "matter": "M"}},
        {"at": later, "adjust": {**_CHANGE, "effective": "2022-B4", "reason": "more money"}},
        {"at": later, "task": {"add": grown, "reason": "new"}},
        {"at": later, "task": {"id": "T2", "suspend": ["2022-B4"], "extend": True}},
        report("2022-07-04T10:00:00+08:00", "T1", period="2022-B3", values={"T1.I": "50"}),
        publish("2022-07-08T10:00:00+08:00", "2022-B3", force="the mayor travels"),
        {
            "at": "2022-07-11T10:00:00+08:00",
            "correct": {
                "period": "2022-B2",
                "reason": "counted twice",
                "submit": {"task": "T1", "unit": "U1", "values": {"T1.I": "20"}},
            },
        },
        {"at": "2022-07-12T09:30:00+08:00", "holidays": {"year": 2023, "rest": ["2023-01-04"]}},
        {
            "at": "2022-07-12T10:00:00+08:00",
            "correct": {"period": "2022-B2", "reason": "false data", "zero": ["T1"]},
        },
        {"at": "2022-07-13T10:00:00+08:00", "task": {"id": "T2", "cancel": True}},
    )
    return written(folder, town(invest(), task("T2", "U2")), *timeline, rulebook={"grades": {}})


_EXCUSED = {"id": "X1", "task": "T2", "unit": "U2", "kind": "E1", "periods": ["2022-B2"]}
_CHANGE = {"task": "T1", "indicator": "T1.I", "target": "120"}


async def test_what_was_exported_publishes_the_same_digests_again(tmp_path: Path) -> None:
    events, publications = await history(a_year_of_everything(tmp_path))
    assert sorted((one["period"], one["version"]) for one in publications) == [
        ("2022-B2", 1),
        ("2022-B2", 2),
        ("2022-B2", 3),
        ("2022-B3", 1),
        ("2022-B3", 2),
    ]
    again = tmp_path / "again.json"
    again.write_text(json.dumps(scenario_of(events, publications)))
    events_again, publications_again = await history(again)
    digests = [
        {(one["period"], one["version"]): one["digest"] for one in found}
        for found in (publications, publications_again)
    ]
    assert digests[0] == digests[1]
    said = [[(event["type"], event["time"]) for event in found] for found in (events, events_again)]
    assert said[0] == said[1]


@pytest.mark.parametrize("name", ["first-look", "late-and-returned", "a-correction"])
async def test_the_examples_survive_being_exported(tmp_path: Path, name: str) -> None:
    events, publications = await history(EXAMPLES / f"{name}.yaml")
    again = tmp_path / "again.json"
    again.write_text(json.dumps(scenario_of(events, publications)))
    assert (await history(again))[1] == publications


def an_event(number: int, kind: str, time: str, **data: object) -> dict[str, Any]:
    kind = f"duban.intake.{kind}.v1"
    return {"id": f"e{number}", "type": kind, "time": time, "number": number, "data": data}


NOON = "2022-05-09T04:00:00+00:00"
HEAD = {"id": "p", "timezone": "Asia/Shanghai"}
APPLIED = [
    an_event(1, "task.defined", NOON, plan="p", version=1, action="A1", task={"id": "T1"}),
    an_event(
        2, "plan.versioned", NOON, plan="p", version=1, head=HEAD, groups=[], units=[],
        actions=[{"id": "A1"}], escalation={"ladder": []}, activate_from="2022-B2",
    ),
]  # fmt: skip


def test_a_plan_is_exported_as_it_was_first_applied_and_from_then_on() -> None:
    scenario = scenario_of(APPLIED, [])
    assert scenario["plan"]["plan"] == {**HEAD, "activate_from": "2022-B2"}
    assert scenario["plan"]["actions"] == [{"id": "A1", "tasks": [{"id": "T1"}]}]
    assert scenario["start"] == scenario["until"] == "2022-05-09T12:00:00+08:00"
    assert scenario["timeline"] == []
    assert "rulebook" not in scenario


def test_a_publication_stands_at_its_mark_and_a_mark_that_led_to_nothing_stays_one() -> None:
    marked = ["2022-05-18T01:00:00+00:00", "2022-05-18T02:00:00+00:00"]
    events = [
        *APPLIED,
        *(
            an_event(number, "cutoff.marked", at, plan="p", cutoff=f"c{number}", marked_at=at)
            for number, at in enumerate(marked, start=3)
        ),
    ]
    publication = {
        "period": "2022-B2", "version": 1, "state": "published", "forced": "early",
        "released_at": "2022-05-19T02:00:00+00:00",
        "manifest": {"cutoff": {"position": 4, "at": "2022-05-18T02:00:00Z"}, "corrects": None},
    }  # fmt: skip
    assert scenario_of(events, [publication])["timeline"] == [
        {"at": "2022-05-18T09:00:00+08:00", "cutoff": {}},
        {"at": "2022-05-18T10:00:00+08:00", "publish": {"period": "2022-B2", "force": "early"}},
    ]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ([an_event(3, "plan.versioned", NOON, version=2, head=HEAD)], "applied as a file"),
        (
            [
                an_event(3, "rulebook.adopted", NOON, rulebook={"id": "r"}),
                an_event(4, "rulebook.adopted", NOON, rulebook={"id": "r"}),
            ],
            "a rulebook was adopted",
        ),
    ],
)
def test_what_no_timeline_can_say_is_refused_aloud(more: list[dict[str, Any]], why: str) -> None:
    with pytest.raises(NotExportable, match=why):
        scenario_of([*APPLIED, *more], [])


def test_a_plan_nobody_knows_is_refused() -> None:
    with pytest.raises(NotExportable, match="no such plan"):
        scenario_of([], [])


@pytest.mark.enable_socket
def test_an_export_says_which_service_does_not_answer(duban: Duban) -> None:
    lost = Duban(environment={**duban.environment, "DUBAN_TOKEN": "t"})
    status, problem = lost.refusal("export", "scenario", "town")
    assert (status, problem["code"]) == (1, "no_answer")
