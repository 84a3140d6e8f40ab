"""Scenarios as they are typed: every expected number was worked out by hand from the rule text."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from local.conftest import Duban

EXAMPLES: Final = Path(__file__).parents[2] / "examples/scenarios"
TASK: Final = {
    "title": "A promise",
    "weight": "10",
    "start": "2022-01-01",
    "due": "2022-12-31",
    "measure": "percent",
}
AFTER_CLOSE: Final = "2022-05-18T09:30:00+08:00"


def town(
    *tasks: dict[str, Any], units: tuple[str, ...] = ("U1", "U2"), **head: object
) -> dict[str, Any]:
    """A plan of some tasks, reported every two months from March and April 2022 on."""
    plan = {"id": "town", "title": "Town", "start": "2022-01-01", "end": "2022-12-31"}
    return {
        "plan": {**plan, "activate_from": "2022-B2", **head},
        "groups": [{"id": "g", "title": "Departments"}],
        "units": [{"id": unit, "title": f"Office {unit}", "group": "g"} for unit in units],
        "actions": [{"id": "A1", "title": "Action", "tasks": list(tasks)}],
    }


def task(name: str, unit: str = "U1", **other: object) -> dict[str, Any]:
    led = {"assignments": [{"unit": unit, "role": "lead"}]}
    return {"id": name, **TASK, **led, **other, "title": f"Promise {name}"}


def invest(name: str = "T1", unit: str = "U1", **other: object) -> dict[str, Any]:
    """A task measured by one cumulative figure, `name`.I of 100."""
    figure = {"id": f"{name}.I", "title": f"Figure {name}", "kind": "cumulative", "target": "100"}
    return task(name, unit, indicators=[{**figure, **other}], measure="indicators")


def report(
    at: str, name: str, unit: str = "U1", period: str = "2022-B2", **said: object
) -> dict[str, Any]:
    return {"at": at, "submit": {"task": name, "unit": unit, "period": period, **said}}


def publish(at: str = AFTER_CLOSE, period: str = "2022-B2", **other: object) -> dict[str, Any]:
    return {"at": at, "publish": {"period": period, **other}}


def written(folder: Path, plan: object, *timeline: object, **other: object) -> Path:
    file = folder / "scenario.json"
    file.write_text(json.dumps({"plan": plan, "timeline": timeline, **other}))
    return file


def line(publication: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in publication["tasks"] if one["task"] == name)
    return found


def unit(publication: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in publication["units"] if one["unit"] == name)
    return found


def test_the_first_look_prints_the_worked_example_of_a_late_report(duban: Duban) -> None:
    account = duban.answer("simulate", EXAMPLES / "first-look.yaml")
    [publication] = account["publications"]
    assert (publication["period"], publication["version"]) == ("2022-B2", 1)
    assert line(publication, "T1") == {
        "task": "T1", "unit": "works", "a": "0.3000", "e": "0.3333", "r": "0.9000",
        "light": "yellow", "p": "90.00", "t": "70.00", "q": "90.00", "score": "88.00",
        "left_out": None, "flags": [],
    }  # fmt: skip
    assert unit(publication, "works") == {
        "unit": "works", "group": "departments", "score": "88.00", "rank": 3, "grade": "good",
        "counted_weight": "20", "left_out_weight": "0", "reasons": [], "lines": [],
    }  # fmt: skip
    # 100.00 is over the threshold, but three units have no seat: floor(0.3 x 3) = 0.
    assert unit(publication, "parks")["reasons"] == ["no_seat"]
    assert [unit(publication, name)["rank"] for name in ("parks", "schools")] == [1, 1]
    # (20 x 88 + 10 x 100 + 15 x 100) / 45
    assert publication["actions"] == [{"action": "A1", "score": "94.67"}]
    assert publication["plan_score"] == "94.67"
    assert publication["rates"] == {
        "expected": 3, "on_time": 2, "late": 1, "missing": 0,
        "reporting_rate": "100.00", "on_time_rate": "66.67",
    }  # fmt: skip
    assert (account["years"], account["refused"]) == ([], [])


def test_alerts_are_told_in_order_of_time_each_with_the_state_it_ends_in(duban: Duban) -> None:
    account = duban.answer("simulate", EXAMPLES / "first-look.yaml")
    both = ["reporter@works", "head@works"]
    assert account["alerts"] == [
        {
            "at": "2022-05-11T09:00:00+08:00", "kind": "overdue", "task": "T1", "unit": "works",
            "level": None, "to": both, "state": "resolved",
            "reason": "not_reported(period=2022-B2, due=2022-05-10, close=2022-05-17)",
        },
        {
            # On 13 May (4 + 13/31)/12 is expected: 0.3683.
            "at": "2022-05-13T10:00:00+08:00", "kind": "early", "task": "T1", "unit": "works",
            "level": "yellow", "to": ["reporter@works"], "state": "raised",
            "reason": "entered(period=2022-B3, a=0.3000, e=0.3683, r=0.8146, gap=6.8280)",
        },
        {
            "at": "2022-05-16T10:00:00+08:00", "kind": "verified", "task": "T1", "unit": "works",
            "level": None, "to": ["reporter@works"], "state": "raised",
            "reason": "verified(period=2022-B2, marks=10)",
        },
        *[
            {
                "at": "2022-05-18T09:30:00+08:00", "kind": "published", "task": None, "unit": unit,
                "level": None, "to": [f"reporter@{unit}", f"head@{unit}"], "state": "raised",
                "reason": "published(period=2022-B2, version=1, "
                f"score={score}, rank={rank}, grade=good)",
            }
            for unit, score, rank in (
                ("parks", "100.00", 1), ("schools", "100.00", 1), ("works", "88.00", 3)
            )
        ],
        {
            "at": "2022-05-18T09:30:00+08:00", "kind": "lag", "task": "T1", "unit": "works",
            "level": "yellow", "to": both, "state": "raised",
            "reason": "entered(period=2022-B2, a=0.3000, e=0.3333, r=0.9000, gap=3.3333)",
        },
    ]  # fmt: skip


def test_a_repair_within_two_working_days_keeps_the_first_instant_and_silence_scores_nothing(
    duban: Duban,
) -> None:
    account = duban.answer("simulate", EXAMPLES / "late-and-returned.yaml")
    [publication] = account["publications"]
    scores = {one["task"]: (one["t"], one["score"]) for one in publication["tasks"]}
    assert scores == {"T1": ("0.00", "0.00"), "T2": ("100.00", "100.00"), "T3": ("70.00", "97.00")}
    assert line(publication, "T1")["light"] == "red"
    rates = publication["rates"]
    assert [rates[how] for how in ("on_time", "late", "missing")] == [1, 1, 1]
    assert (rates["reporting_rate"], rates["on_time_rate"]) == ("66.67", "33.33")


def test_a_light_gets_better_one_step_a_period_and_the_alert_ends_with_the_lag(
    duban: Duban,
) -> None:
    account = duban.answer("simulate", EXAMPLES / "lag-and-recovery.yaml")
    lights = [line(one, "T2")["light"] for one in account["publications"]]
    assert lights == ["red", "yellow", "green"]
    [lag] = [one for one in account["alerts"] if one["kind"] == "lag"]
    assert (lag["task"], lag["level"], lag["state"]) == ("T2", "red", "resolved")
    assert lag["to"] == ["reporter@schools", "head@schools", "group@A1"]


def test_another_rulebook_gives_the_same_reports_another_score(duban: Duban) -> None:
    account = duban.answer("simulate", EXAMPLES / "another-rulebook.yaml")
    assert line(account["publications"][0], "T1")["score"] == "88.50"


def test_a_correction_publishes_a_second_version_and_leaves_the_first(duban: Duban) -> None:
    account = duban.answer("simulate", EXAMPLES / "a-correction.yaml")
    first, second = account["publications"]
    assert (first["version"], second["version"]) == (1, 2)
    assert [line(one, "T1")["score"] for one in (first, second)] == ["100.00", "92.00"]
    assert line(second, "T1")["flags"] == ["corrected"]
    for publication in (first, second):
        assert line(publication, "T3")["left_out"] == "exempt"
        assert unit(publication, "parks")["reasons"] == ["no_counted_task"]
    assert account["refused"] == []


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*-*.yaml")), ids=lambda file: file.stem)
def test_every_example_is_played_without_a_refusal(duban: Duban, file: Path) -> None:
    if file.stem == "river-town":
        assert duban("plan", "check", file).exit_code == 0
    else:
        assert duban.answer("simulate", file)["refused"] == []


def test_rates_count_whoever_was_expected(duban: Duban, tmp_path: Path) -> None:
    names = [f"T{number:02}" for number in range(46)]
    on_time = [report("2022-05-09T10:00:00+08:00", name, percent="50") for name in names[:42]]
    late = [report("2022-05-11T10:00:00+08:00", name, percent="50") for name in names[42:45]]
    plan = town(*(task(name) for name in names))
    account = duban.answer("simulate", written(tmp_path, plan, *on_time, *late, publish()))
    assert account["publications"][0]["rates"] == {
        "expected": 46, "on_time": 42, "late": 3, "missing": 1,
        "reporting_rate": "97.83", "on_time_rate": "91.30",
    }  # fmt: skip


def test_holidays_of_the_scenario_move_the_due_day(duban: Duban, tmp_path: Path) -> None:
    plan = town(task("T1"))
    timeline = report("2022-05-11T10:00:00+08:00", "T1", percent="40"), publish(force="rehearsal")
    late = duban.answer("simulate", written(tmp_path, plan, *timeline))
    assert line(late["publications"][0], "T1")["t"] == "90.00"
    rest = [{"year": 2022, "rest": ["2022-05-09", "2022-05-10"]}]
    eased = duban.answer("simulate", written(tmp_path, plan, *timeline, holidays=rest))
    assert line(eased["publications"][0], "T1")["t"] == "100.00"


def test_marks_of_several_verifications_add_up(duban: Duban, tmp_path: Path) -> None:
    at = "2022-05-12T10:00:00+08:00"
    about = {"submission": "last", "task": "T1", "unit": "U1", "period": "2022-B2"}
    marks = [{"at": at, "verify": {**about, "marks": one}} for one in ("10", 5)]
    timeline = report("2022-05-09T10:00:00+08:00", "T1", percent=40), *marks, publish()
    account = duban.answer("simulate", written(tmp_path, town(task("T1")), *timeline))
    assert account["refused"] == []
    found = line(account["publications"][0], "T1")
    assert (found["q"], found["score"]) == ("85.00", "98.50")


def test_without_an_activation_the_first_period_still_open_at_the_first_entry_is_owed(
    duban: Duban, tmp_path: Path
) -> None:
    plan = town(task("T1"))
    del plan["plan"]["activate_from"]
    early = report("2022-03-07T10:00:00+08:00", "T1", period="2022-B1", percent="20")
    account = duban.answer(
        "simulate", written(tmp_path, plan, early, publish("2022-03-20T10:00:00+08:00", "2022-B1"))
    )
    assert [one["period"] for one in account["publications"]] == ["2022-B1"]
    later = report("2022-05-09T10:00:00+08:00", "T1", percent="40")
    account = duban.answer("simulate", written(tmp_path, plan, later, publish()))
    assert [one["period"] for one in account["publications"]] == ["2022-B2"]


def test_entries_go_in_order_of_their_instants_and_those_after_until_are_ignored(
    duban: Duban, tmp_path: Path
) -> None:
    timeline = (
        publish("2022-05-18T01:30:00Z"),
        report("2022-05-09T10:00:00+08:00", "T1", percent="40"),
        publish("2022-07-20T10:00:00+08:00", "2022-B3"),
    )
    file = written(tmp_path, town(task("T1")), *timeline, until="2022-07-01T00:00:00+08:00")
    account = duban.answer("simulate", file)
    assert [one["period"] for one in account["publications"]] == ["2022-B2"]
    assert account["refused"] == []
    assert line(account["publications"][0], "T1")["score"] == "100.00"


def test_the_order_of_units_and_tasks_in_the_file_does_not_matter(
    duban: Duban, tmp_path: Path
) -> None:
    timeline = (
        report("2022-05-09T10:00:00+08:00", "T1", percent="20"),
        report("2022-05-12T10:00:00+08:00", "T2", "U2", values={"T2.I": "30"}),
        publish(),
    )
    plan = town(task("T1"), invest("T2", "U2"), task("T3", "U2"))
    account = duban.answer("simulate", written(tmp_path, plan, *timeline))
    turned = town(task("T3", "U2"), invest("T2", "U2"), task("T1"), units=("U2", "U1"))
    again = duban.answer("simulate", written(tmp_path, turned, *timeline))
    assert again["publications"] == account["publications"]
    assert sorted(map(str, again["alerts"])) == sorted(map(str, account["alerts"]))


def test_the_same_file_gives_the_same_bytes_in_every_process() -> None:
    command = [sys.executable, "-m", "duban", "simulate"]
    command += [str(EXAMPLES / "a-correction.yaml"), "--json"]
    runs = {
        subprocess.run(  # noqa: S603  # ours
            command, capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1


def test_a_year_is_lived_through_day_by_day(duban: Duban, tmp_path: Path) -> None:
    """Nothing is reported but once: the lag is noticed on the day it begins, not at the end."""
    timeline = report("2022-05-09T10:00:00+08:00", "T1", percent="40"), publish()
    file = written(tmp_path, town(task("T1")), *timeline, until="2022-12-31T23:59:59+08:00")
    account = duban.answer("simulate", file)
    early = [(one["at"], one["level"]) for one in account["alerts"] if one["kind"] == "early"]
    # 0.4 falls below 0.95 of what is expected on 2 June: (5 + 2/30)/12 = 0.4222.
    assert early == [("2022-06-02T09:00:00+08:00", "yellow")]
    overdue = [one["at"] for one in account["alerts"] if one["kind"] == "overdue"]
    assert overdue == [f"2022-{day}T09:00:00+08:00" for day in ("07-08", "09-08", "11-08")]


def test_whoever_has_no_machine_reads_a_table(duban: Duban) -> None:
    result = duban("simulate", EXAMPLES / "first-look.yaml")
    assert (result.exit_code, result.stderr) == (0, "")
    for word in ("2022-B2: plan score 94.67", "88.00", "yellow", "overdue", "7 alerts"):
        assert word in result.stdout


def test_an_example_in_the_help_is_one_that_stands_there(duban: Duban) -> None:
    shown = duban("simulate", "--help").stdout
    assert "examples/scenarios/first-look.yaml" in shown
    assert (EXAMPLES / "first-look.yaml").exists()
