"""Scenario files of corrections, exemptions and the year, by hand (assessment 4.9, 4.13, 4.14)."""

import json
from pathlib import Path
from typing import Any

import pytest
from local.conftest import Duban

Json = dict[str, Any]


def at(instant: str, **entry: object) -> Json:
    return {"at": f"{instant}+08:00", **entry}


def sent(instant: str, task: str, unit: str, period: str, value: str) -> Json:
    return at(instant, submit=report(task, unit, period, value))


def report(task: str, unit: str, period: str, value: str) -> Json:
    return {"task": task, "unit": unit, "period": period, "values": {f"{task}.I": value}}


def a_task(name: str, unit: str, weight: str) -> Json:
    """A running total of 100 in 2022."""
    return {
        "id": name,
        "title": name,
        "weight": weight,
        "start": "2022-01-01",
        "due": "2022-12-31",
        "assignments": [{"unit": unit, "role": "lead"}],
        "indicators": [{"id": f"{name}.I", "title": name, "kind": "cumulative", "target": "100"}],
    }


def a_scenario(tasks: list[Json], timeline: list[Json], *, first: str, until: str) -> Json:
    units = sorted({one["unit"] for task in tasks for one in task["assignments"]})
    plan = {
        "plan": {
            "id": "town",
            "title": "Town",
            "start": "2022-01-01",
            "end": "2023-12-31",
            "activate_from": first,
        },
        "groups": [{"id": "bureaus", "title": "Bureaus"}],
        "units": [{"id": unit, "title": unit, "group": "bureaus"} for unit in units],
        "actions": [{"id": "A1", "title": "A1", "tasks": tasks}],
    }
    return {"plan": plan, "timeline": timeline, "until": f"{until}+08:00"}


def played(duban: Duban, folder: Path, scenario: Json) -> Json:
    file = folder / "scenario.json"
    file.write_text(json.dumps(scenario))
    return duban.answer("simulate", str(file))


def codes(account: Json) -> list[str]:
    return [one["code"] for one in account["refused"]]


def of(publication: Json, unit: str) -> Json:
    found: Json = next(one for one in publication["units"] if one["unit"] == unit)
    return found


def line(publication: Json, task: str) -> Json:
    found: Json = next(one for one in publication["tasks"] if one["task"] == task)
    return found


def two_periods(*then: Json, until: str = "2023-03-01T12:00:00") -> Json:
    """The last two periods of 2022 and the year; U1 was far behind in the first of them."""
    timeline = [
        sent("2022-11-02T10:00:00", "T1", "U1", "2022-B5", "50"),
        sent("2022-11-02T10:00:00", "T2", "U2", "2022-B5", "75"),
        sent("2022-11-02T10:00:00", "T3", "U3", "2022-B5", "80"),
        at("2022-11-16T10:00:00", publish={"period": "2022-B5"}),
        sent("2023-01-04T10:00:00", "T1", "U1", "2022-B6", "98"),
        sent("2023-01-04T10:00:00", "T2", "U2", "2022-B6", "90"),
        sent("2023-01-04T10:00:00", "T3", "U3", "2022-B6", "95"),
        at("2023-01-18T10:00:00", publish={"period": "2022-B6"}),
        at("2023-01-19T10:00:00", year={"year": 2022}),
        *then,
    ]
    tasks = [a_task(f"T{n}", f"U{n}", "10") for n in (1, 2, 3)]
    return a_scenario(tasks, timeline, first="2022-B5", until=until)


def test_a_corrected_report_changes_its_score_the_ranks_later_lights_and_the_year(
    duban: Duban, tmp_path: Path
) -> None:
    right = report("T1", "U1", "2022-B5", "82")
    account = played(
        duban,
        tmp_path,
        two_periods(
            at(
                "2023-02-01T10:00:00",
                correct={"period": "2022-B5", "reason": "a digit was lost", "submit": right},
            ),
            at("2023-02-02T10:00:00", freeze={"year": 2022}),
            at(
                "2023-02-03T10:00:00",
                correct={"period": "2022-B6", "reason": "again", "zero": ["T1"]},
            ),
        ),
    )
    assert codes(account) == ["frozen"]
    out = account["publications"]
    assert [(one["period"], one["version"]) for one in out] == [
        ("2022-B5", 1),
        ("2022-B6", 1),
        ("2022-B5", 2),
        ("2022-B6", 2),
    ]
    # P 60 and 98.4; the others keep their score and change their rank.
    assert [(one["score"], one["rank"]) for one in out[0]["units"]] == [
        ("68.00", 3),
        ("92.00", 2),
        ("96.80", 1),
    ]
    assert [(one["score"], one["rank"]) for one in out[2]["units"]] == [
        ("98.72", 1),
        ("92.00", 3),
        ("96.80", 2),
    ]
    assert line(out[2], "T1")["flags"] == ["corrected"]
    # From red one step to yellow; after the correction green. The score stays.
    assert [line(one, "T1")["light"] for one in (out[1], out[3])] == ["yellow", "green"]
    assert [one["score"] for one in out[3]["units"]] == [one["score"] for one in out[1]["units"]]
    # A 83.2 and 98.56, B 98
    first, second = account["years"]
    assert (first["version"], of(first, "U1")["score"]) == (1, "89.12")
    assert (second["version"], of(second, "U1")["score"]) == (2, "98.34")
    assert of(second, "U1")["periods"] == "98.56"
    assert [of(one, "U2")["score"] for one in (first, second)] == ["91.20", "91.20"]


def test_false_data_score_nothing_and_cap_the_lead_in_the_year(
    duban: Duban, tmp_path: Path
) -> None:
    account = played(
        duban,
        tmp_path,
        two_periods(
            at(
                "2023-02-01T10:00:00",
                correct={"period": "2022-B5", "reason": "made up", "zero": ["T3"]},
            )
        ),
    )
    assert codes(account) == []
    out = account["publications"]
    assert [(one["period"], one["version"]) for one in out[2:]] == [("2022-B5", 2)]
    told = line(out[2], "T3")
    assert [told[name] for name in ("p", "t", "q", "score")] == ["0.00"] * 4
    assert told["flags"] == ["corrected"]
    first, second = (of(one, "U3") for one in account["years"])
    # A 96.4, B 95; then A 48
    assert (first["score"], first["reasons"]) == ("95.84", ["no_seat"])
    assert (second["score"], second["grade"], second["reasons"]) == ("66.80", "fair", ["vetoed"])


def three_tasks(*before: Json, then: tuple[Json, ...] = ()) -> Json:
    """W9: U1 has tasks of 20, 15 and 15 with the scores 90, 30 and 80 in 2022-B3."""
    tasks = [a_task("T1", "U1", "20"), a_task("T2", "U1", "15"), a_task("T3", "U1", "15")]
    values = {"T1": "43.75", "T2": "6.25", "T3": "37.5"}
    timeline = [
        *(sent("2022-07-04T10:00:00", task, "U1", "2022-B3", v) for task, v in values.items()),
        *before,
        at("2022-07-20T10:00:00", publish={"period": "2022-B3"}),
        *then,
    ]
    return a_scenario(
        [*tasks, a_task("T4", "U2", "10")], timeline, first="2022-B3", until="2022-08-20T10:00:00"
    )


def exempt(instant: str, kind: str, name: str = "X1") -> Json:
    granted = {
        "id": name,
        "task": "T2",
        "unit": "U1",
        "kind": kind,
        "periods": ["2022-B3"],
        "matter": "flood",
        "reason": "the river rose",
    }
    return at(instant, exempt=granted)


@pytest.mark.parametrize(
    ("kind", "score", "left_out"),
    [("E1", "85.71", "exempt"), ("E4", "78.00", None), ("E5", "69.00", None)],
)
def test_an_exemption_granted_in_time_acts_on_its_units_line(
    duban: Duban, tmp_path: Path, kind: str, score: str, left_out: str | None
) -> None:
    account = played(duban, tmp_path, three_tasks(exempt("2022-07-10T10:00:00", kind)))
    assert codes(account) == []
    (out,) = account["publications"]
    unit = of(out, "U1")
    assert (unit["score"], line(out, "T2")["left_out"]) == (score, left_out)
    assert unit["reasons"] == []  # 15 of 50 is not above the limit


def test_an_exemption_after_publication_acts_only_where_a_correction_names_it(
    duban: Duban, tmp_path: Path
) -> None:
    right = report("T1", "U1", "2022-B3", "50")
    then = (
        exempt("2022-07-21T10:00:00", "E1"),
        at(
            "2022-07-22T10:00:00",
            correct={"period": "2022-B3", "reason": "a digit", "submit": right},
        ),
        at(
            "2022-07-23T10:00:00",
            correct={"period": "2022-B3", "reason": "the flood", "exemptions": ["X1"]},
        ),
        at(
            "2022-07-24T10:00:00",
            correct={"period": "2022-B3", "reason": "another", "exemptions": ["X9"]},
        ),
    )
    account = played(duban, tmp_path, three_tasks(then=then))
    assert codes(account) == ["unknown_exemption"]
    scores = [of(one, "U1")["score"] for one in account["publications"]]
    # 69; with T1 at 100 (2000 + 450 + 1200) / 50; without T2 3200 / 35, which keeps T1's 100
    assert scores == ["69.00", "73.00", "91.43"]
