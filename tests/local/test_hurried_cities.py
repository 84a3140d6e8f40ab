"""Plan and scenario files written in a hurry or in malice: each error has its line and mend."""

from pathlib import Path
from typing import Any, Final

import pytest
from local.conftest import Duban
from local.test_other_cities import CITIES

MONTHLY: Final = (CITIES / "monthly.yaml").read_text()
SECOND: Final = "contacts: [{role: office"


@pytest.mark.parametrize(
    ("old", "new", "path", "code"),
    [
        ('weight: "20"', 'wieght: "20"', "actions[0].tasks[0].wieght", "unknown_key"),
        ('weight: "20"', "weight: 20.5", "actions[0].tasks[0].weight", "unquoted_number"),
        ('weight: "20"', "weight:", "actions[0].tasks[0].weight", "bad_value"),
        ('weight: "20"', 'weight: "20"\n        weight: "21"', "", "duplicate_key"),
        ("role: lead}", "role: leed}", "actions[0].tasks[0].assignments[0].role", "wrong_choice"),
        ("role: lead}", "role: joint_lead}", "actions[0].tasks[0].assignments", "no_lead"),
        ("role: cooperating", "role: lead", "actions[0].tasks[0].assignments[1]", "two_leads"),
        ("cadence: monthly", "cadence: montly", "plan.calendar.cadence", "wrong_choice"),
        ("cadence: monthly", "cadence: monthly, anchor_month: 2", "", "no_anchor"),
        ("cadence: monthly", "cadence: bimonthly, anchor_month: 13", "", "out_of_bounds"),
        ("2022-M01", "2022-B1", "plan.activate_from", "unknown_period"),
        ("2022-M01", "2022-M1", "plan.activate_from", "unknown_period"),
        (
            "start: 2022-01-01",
            "timezone: Asia/Nowhere\n  start: 2022-01-01",
            "",
            "unknown_timezone",
        ),
        ("end: 2022-12-31", "end: 2022-01-20", "plan.end", "no_period"),
        ("due: 2022-03-31", "due: 2022-02-30", "", "bad_value"),
        ("unit: school-office,", "unit: scool-office,", "", "unknown_unit"),
        ("id: water-office,", "id: School-office,", "units[2].id", "duplicate_id"),
        ("kind: cumulative,", "kind: cumulative, cadence: weekly,", "", "finer_cadence"),
        ("publish: false", "publish: no", "actions[1].tasks[1].publish", "wrong_type"),
        (
            SECOND,
            f"evaluations: [{{id: 2022-M01, as_of: 2022-03-31}}]\n  {SECOND}",
            "",
            "duplicate_id",
        ),
        (SECOND, f"evaluations: [{{id: late, as_of: 2023-01-01}}]\n  {SECOND}", "", "outside_plan"),
        ("title: Third quay", "title: *third", "", "alias"),
        ('    weight: "2"', '\tweight: "2"', "", "not_yaml"),
    ],
)
def test_a_hurried_plan_file_is_refused_with_the_line_the_field_and_the_mend(
    duban: Duban, tmp_path: Path, old: str, new: str, path: str, code: str
) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(MONTHLY.replace(old, new, 1))
    status, problem = duban.refusal("plan", "check", file)
    assert status == 1
    [error] = [one for one in problem["errors"] if one["code"] == code]
    assert path in error["path"]
    wrong = len(MONTHLY[: MONTHLY.index(old)].splitlines())
    assert wrong <= error["line"] <= wrong + 2
    assert error["message"]
    assert error["mend"]


def test_an_anchor_of_a_plan_file_may_be_used_again(duban: Duban, tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    named = MONTHLY.replace("source: {document", "source: &promises {document", 1)
    file.write_text(
        named.replace(
            'source: {document: Promises of Harbour City, clause: "1"}', "source: *promises"
        )
    )
    assert duban.answer("plan", "check", file)["plan"] == "harbour-2022"


AT: Final = '{at: "2022-02-08T10:00:00+08:00", '
T1: Final = "task: T1, unit: port-office, period: 2022-M01"


@pytest.mark.parametrize(
    ("text", "line", "path", "code"),
    [
        (
            "timeline:\n  - {at: 2022-02-08T10:00:00, year: {year: 2022}}",
            3,
            "timeline[0].at",
            "bad_value",
        ),
        ("timeline:\n  - {at: 1644285600, year: {year: 2022}}", 3, "timeline[0].at", "bad_value"),
        (
            f"timeline:\n  - {AT}publish: {{period: }}}}",
            3,
            "timeline[0].publish.period",
            "wrong_type",
        ),
        (f"timeline:\n  - {AT}publish: [2022-M01]}}", 3, "timeline[0].publish", "wrong_type"),
        (
            f"timeline:\n  - {AT}submit: {{{T1}, value: {{}}}}}}",
            3,
            "timeline[0].submit.value",
            "unknown_key",
        ),
        (
            f"timeline:\n  - {AT}submit: {{{T1}, values: {{T1.I: 1.5}}}}}}",
            3,
            "timeline[0].submit.values.T1.I",
            "unquoted_number",
        ),
        (
            f"timeline:\n  - {AT}submit: {{<<: {{{T1}}}}}}}",
            3,
            "timeline[0].submit.<<",
            "unknown_key",
        ),
        (
            f"timeline:\n  - {AT}{AT[1:]}year: {{year: 2022}}}}",
            3,
            "timeline[0].at",
            "duplicate_key",
        ),
        ("timeline: []\ntimeline: []", 3, "timeline", "duplicate_key"),
        ("timeline: []\nuntil: 2022-03-01", 3, "until", "bad_value"),
        ("holidays: [{year: 2022, rest: [2023-03-01]}]", 2, "holidays[0].rest[0]", "bad_holiday"),
        (
            "holidays:\n  - {year: 2022, rest: [2022-03-01]}\n  - {year: 2022, work: [2022-03-01]}",
            4,
            "holidays[1].work[0]",
            "bad_holiday",
        ),
        ("rulebook: rules.yaml", 2, "rulebook", "unreadable_file"),
        ("rulebook:", 2, "rulebook", "wrong_type"),
    ],
)
def test_a_hurried_scenario_is_misuse_with_the_line_the_field_and_the_mend(
    duban: Duban, tmp_path: Path, text: str, line: int, path: str, code: str
) -> None:
    status, errors = refusal(duban, tmp_path, text)
    assert status == 2
    assert (line, path, code) in [(one["line"], one["path"], one["code"]) for one in errors]
    assert all(one["mend"] for one in errors)


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "1" * 500])
def test_a_number_that_is_none_is_found_in_json_too(
    duban: Duban, tmp_path: Path, number: str
) -> None:
    file = tmp_path / "scenario.json"
    file.write_text(f'{{"plan": "monthly.yaml",\n "timeline": [\n {number}]}}')
    status, problem = duban.refusal("simulate", file)
    [error] = problem["errors"]
    assert (status, error["line"], error["code"]) == (2, 3, "number")


def refusal(duban: Duban, folder: Path, text: str) -> tuple[int, list[dict[str, Any]]]:
    (folder / "monthly.yaml").write_text(MONTHLY)
    (folder / "scenario.yaml").write_text(f"plan: monthly.yaml\n{text}\n")
    status, problem = duban.refusal("simulate", folder / "scenario.yaml")
    return status, problem["errors"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{lights: {green: "0.7"}}', "wrong_order"),
        ('{weights: {progress: "0.9"}}', "sum_not_one"),
        ('{year: {periods: "0.7"}}', "sum_not_one"),
        ('{year: {period_weights: ["0.5", "0.5"]}}', "wrong_length"),
        ('{grades: {good: "95"}}', "wrong_order"),
        ('{shares: {lead: "0.8"}}', "sum_not_one"),
        ("{tie_break: [progress, progress]}", "repeated"),
        ('{events: {bonus_max: "-1"}}', "out_of_bounds"),
    ],
)
def test_a_rulebook_that_contradicts_itself_is_refused_with_line_and_mend(
    duban: Duban, tmp_path: Path, body: str, code: str
) -> None:
    (tmp_path / "rules.yaml").write_text(f"rulebook:\n  {body[1:-1]}\n")
    for rulebook, line in ((body, 2), ("rules.yaml", 2)):
        status, [error] = refusal(duban, tmp_path, f"rulebook: {rulebook}")
        assert (status, error["line"], error["code"]) == (1, line, code)
        assert error["mend"]


@pytest.mark.parametrize("text", ["", "timeline:", "timeline: []", "holidays:\ntimeline: []"])
def test_a_scenario_in_which_nothing_happens_prints_nothing(
    duban: Duban, tmp_path: Path, text: str
) -> None:
    (tmp_path / "monthly.yaml").write_text(MONTHLY)
    (tmp_path / "scenario.yaml").write_text(f"plan: monthly.yaml\n{text}\n")
    account = duban.answer("simulate", tmp_path / "scenario.yaml")
    assert all(account[name] == [] for name in ("publications", "years", "alerts", "refused"))


def test_a_timeline_out_of_order_is_played_in_order_of_time(duban: Duban, tmp_path: Path) -> None:
    (tmp_path / "monthly.yaml").write_text(MONTHLY)
    report = f'  - {AT}submit: {{{T1}, values: {{T1.I: "10"}}}}}}\n'
    bulletin = '  - {at: "2022-02-12T00:00:00+08:00", publish: {period: 2022-M01}}\n'
    said = []
    for timeline in (report + bulletin, bulletin + report):
        (tmp_path / "scenario.yaml").write_text(f"plan: monthly.yaml\ntimeline:\n{timeline}")
        said.append(duban.answer("simulate", tmp_path / "scenario.yaml"))
    assert said[0] == said[1]
    assert said[0]["publications"][0]["tasks"][0]["p"] == "100.00"


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("publish: {period: 2022-B1}", "unknown_period"),
        ("publish: {period: 2021-M12}", "unknown_period"),
        ("publish: {period: plan-mid}", "not_closed"),
        (f"submit: {{{T1.replace('port-office', 'nobody')}}}", "wrong_unit"),
        (f"submit: {{{T1.replace('2022-M01', '2022-B1')}}}", "unknown_period"),
        (f'submit: {{{T1}, values: {{T9.I: "1"}}}}', "unknown_item"),
        ("year: {year: 2030}", "unknown_year"),
    ],
)
def test_what_another_cadence_or_nobody_says_is_listed_as_refused(
    duban: Duban, tmp_path: Path, entry: str, code: str
) -> None:
    (tmp_path / "monthly.yaml").write_text(MONTHLY)
    (tmp_path / "scenario.yaml").write_text(f"plan: monthly.yaml\ntimeline:\n  - {AT}{entry}}}\n")
    account = duban.answer("simulate", tmp_path / "scenario.yaml")
    assert [one["code"] for one in account["refused"]] == [code]


def test_a_correction_that_is_refused_leaves_no_report_behind(duban: Duban, tmp_path: Path) -> None:
    report = f'  - {AT}submit: {{{T1}, values: {{T1.I: "10"}}}}}}\n'
    bulletin = '  - {at: "2022-02-12T00:00:00+08:00", publish: {period: 2022-M01}}\n'
    right = '{task: T1, unit: port-office, values: {T1.I: "30"}}'
    wrong = f"{{period: 2022-M01, reason: a digit, submit: {right}, exemptions: [storm]}}"
    correction = f'  - {{at: "2022-02-14T09:00:00+08:00", correct: {wrong}}}\n'
    second = '  - {at: "2022-03-05T00:00:00+08:00", publish: {period: 2022-M02, force: haste}}\n'
    (tmp_path / "monthly.yaml").write_text(MONTHLY)
    said = []
    for timeline in (report + bulletin + second, report + bulletin + correction + second):
        (tmp_path / "scenario.yaml").write_text(f"plan: monthly.yaml\ntimeline:\n{timeline}")
        said.append(duban.answer("simulate", tmp_path / "scenario.yaml"))
    assert [one["code"] for one in said[1]["refused"]] == ["unknown_exemption"]
    assert said[0]["publications"] == said[1]["publications"]
