"""Scenario files of units that merge and split, worked out by hand (assessment 4.14, 4.17)."""

from pathlib import Path
from typing import Any

from local.conftest import Duban
from local.test_simulate_year import Json, at, codes, of, played

FIRST = {"T1": ("X", "30"), "T2": ("Y", "60"), "T3": ("Z", "45")}
WEIGHTS = {"T1": "10", "T2": "20", "T3": "5"}
GROUPS = {"X": "g", "Y": "h", "Z": "g", "W": "g"}


def a_year(second: dict[str, str], *changes: Json, **rulebook: Any) -> Json:  # noqa: ANN401
    """Two half-years; in the first T1 scores 68.00, T2 100.00, T3 92.00.

    At the end of June half is expected: 30 of 50 is 60, 60 of 50 is 100, 45 of 50 is 90. In the
    second, `second` says who reports 80, 100 and 90 of 100: 84.00, 100.00 and 92.00.
    """
    tasks = [
        {
            "id": task,
            "title": task,
            "weight": WEIGHTS[task],
            "start": "2022-01-01",
            "due": "2022-12-31",
            "measure": "percent",
            "assignments": [{"unit": unit, "role": "lead"}],
        }
        for task, (unit, _) in FIRST.items()
    ]
    plan = {
        "plan": {
            "id": "town",
            "title": "Town",
            "start": "2022-01-01",
            "end": "2022-12-31",
            "calendar": {"cadence": "half_year"},
        },
        "groups": [{"id": "g", "title": "G"}, {"id": "h", "title": "H"}],
        "units": [{"id": unit, "title": unit, "group": group} for unit, group in GROUPS.items()],
        "actions": [{"id": "A", "title": "A", "tasks": tasks}],
    }
    reached = {"T1": "80", "T2": "100", "T3": "90"}
    timeline = [
        *(sent("2022-06-30T10:00:00", task, *told) for task, told in FIRST.items()),
        at("2022-07-20T10:00:00", publish={"period": "2022-H1"}),
        *changes,
        *(
            sent("2022-12-30T10:00:00", task, unit, reached[task], "2022-H2")
            for task, unit in second.items()
        ),
        at("2023-01-20T10:00:00", publish={"period": "2022-H2"}),
        at("2023-01-20T11:00:00", year={"year": 2022}),
    ]
    until = "2023-01-31T23:59:59+08:00"
    return {"plan": plan, "rulebook": rulebook, "timeline": timeline, "until": until}


def sent(instant: str, task: str, unit: str, percent: str, period: str = "2022-H1") -> Json:
    said = {"task": task, "unit": unit, "period": period, "percent": percent}
    return at(instant, submit=said)


def merger(*units: str, into: str = "Z") -> Json:
    said = {"units": list(units), "into": into, "effective": "2022-H2"}
    return at("2022-07-21T10:00:00", merge=said)


ALL_Z = dict.fromkeys(FIRST, "Z")


def test_a_successor_inherits_the_periods_of_those_merged_into_it(
    duban: Duban, tmp_path: Path
) -> None:
    fine = at("2022-07-22T10:00:00", penalty={"unit": "X", "points": "1", "matter": "late"})
    account = played(duban, tmp_path, a_year(ALL_Z, merger("X", "Y"), fine))
    first, second = account["publications"]
    # What is published stays: X has its own line of the first half-year, and none of the second.
    assert of(first, "X")["score"] == "68.00"
    assert of(second, "X")["score"] is None
    # (10 x 84 + 20 x 100 + 5 x 92) / 35 = 94.2857
    assert of(second, "Z")["score"] == "94.29"
    [year] = account["years"]
    # First half: (10 x 68 + 20 x 100 + 5 x 92) / 35 = 89.7143; with 94.29 the mean is 92.0021.
    assert (of(year, "Z")["periods"], of(year, "Z")["score"]) == ("92.00", "91.00")
    assert of(year, "Z")["deductions"] == "1.00"
    for unit in ("X", "Y"):
        gone = of(year, unit)
        assert (gone["score"], gone["rank"], gone["group"]) == (None, None, "g")
        assert gone["reasons"] == ["no_counted_task"]


def test_a_unit_inherits_the_lines_of_the_tasks_it_takes(duban: Duban, tmp_path: Path) -> None:
    passing = {"unit": "X", "tasks": {"T1": "Y"}, "effective": "2022-H2"}
    second = {"T1": "Y", "T2": "Y", "T3": "Z"}
    change = at("2022-07-21T10:00:00", split=passing)
    account = played(duban, tmp_path, a_year(second, change))
    [year] = account["years"]
    # (20 x 100 + 10 x 68) / 30 = 89.3333; (10 x 84 + 20 x 100) / 30 = 94.67; mean 92.0017.
    assert of(year, "Y")["periods"] == "92.00"
    # X keeps what was published of it: one period, too few for a rank.
    assert (of(year, "X")["periods"], of(year, "X")["rank"]) == ("68.00", None)
    assert "few_periods" in of(year, "X")["reasons"]
    assert of(year, "Z")["periods"] == "92.00"


def test_tasks_are_averaged_first_over_all_who_held_them(duban: Duban, tmp_path: Path) -> None:
    scenario = a_year(ALL_Z, merger("X", "Y"), year={"order": "task_first"})
    [year] = played(duban, tmp_path, scenario)["years"]
    # T1 76, T2 100, T3 92: (10 x 76 + 20 x 100 + 5 x 92) / 35
    assert of(year, "Z")["periods"] == "92.00"
    kept = a_year({"T1": "X", "T2": "Y", "T3": "Z"}, year={"order": "task_first"})
    [apart] = played(duban, tmp_path, kept)["years"]
    assert [of(apart, unit)["periods"] for unit in "XYZ"] == ["76.00", "100.00", "92.00"]


def test_who_was_merged_may_not_report_and_its_successor_must(duban: Duban, tmp_path: Path) -> None:
    account = played(duban, tmp_path, a_year({**ALL_Z, "T1": "X"}, merger("X", "Y")))
    assert codes(account) == ["wrong_unit"]
    second = account["publications"][1]
    assert [one["unit"] for one in second["tasks"]] == ["Z", "Z", "Z"]
    assert second["rates"]["missing"] == 1


def test_a_merger_that_comes_too_late_changes_nothing(duban: Duban, tmp_path: Path) -> None:
    late = at("2022-07-21T10:00:00", merge={"units": ["X"], "into": "Z", "effective": "2022-H1"})
    kept = {"T1": "X", "T2": "Y", "T3": "Z"}
    account = played(duban, tmp_path, a_year(kept, late))
    assert codes(account) == ["period_published"]
    assert of(account["years"][0], "X")["periods"] == "76.00"
