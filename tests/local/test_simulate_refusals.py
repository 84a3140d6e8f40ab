"""What the rules refuse is listed; what is no scenario ends the command."""

from pathlib import Path
from typing import Any

import pytest
from local.conftest import Duban
from local.test_simulate import (
    AFTER_CLOSE,
    EXAMPLES,
    invest,
    publish,
    report,
    task,
    town,
    written,
)

IN_TIME = "2022-05-09T10:00:00+08:00"
LATER = "2022-05-20T10:00:00+08:00"
LAST = {"submission": "last", "task": "T1", "unit": "U1", "period": "2022-B2"}
SOURCE = {"data_from": "statistics"}


def codes(duban: Duban, folder: Path, plan: dict[str, Any], *timeline: object) -> list[str]:
    account = duban.answer("simulate", written(folder, plan, *timeline))
    return [one["code"] for one in account["refused"]]


ACTS = [
    ("wrong_unit", [report(IN_TIME, "T1", "U2", values={"T1.I": "30"})]),
    ("unknown_task", [report(IN_TIME, "T9", values={})]),
    ("unknown_period", [report(IN_TIME, "T1", period="2022-B9", values={})]),
    ("unknown_plan", [report(IN_TIME, "T1", plan="elsewhere", values={})]),
    ("too_early", [report(IN_TIME, "T1", period="2022-B4", values={"T1.I": "30"})]),
    ("as_of_outside", [report(IN_TIME, "T1", values={"T1.I": "30"}, as_of="2022-05-01")]),
    ("no_data_refused", [report(IN_TIME, "T1", no_data=["T1.I"])]),
    ("not_closed", [publish("2022-05-17T23:59:59+08:00")]),
    ("previous_unpublished", [publish("2022-07-20T10:00:00+08:00", "2022-B3")]),
    ("before_activation", [publish(AFTER_CLOSE, "2022-B1")]),
    ("unknown_submission", [{"at": IN_TIME, "verify": LAST}]),
    ("already_published", [publish(), publish(LATER)]),
    (
        "already_returned",
        [report(IN_TIME, "T1", values={"T1.I": "30"}), *[{"at": LATER, "return": LAST}] * 2],
    ),
    (
        "total_fell",
        [
            report(IN_TIME, "T1", values={"T1.I": "30"}),
            publish(),
            report("2022-07-04T10:00:00+08:00", "T1", period="2022-B3", values={"T1.I": "29"}),
        ],
    ),
    (
        "extension_late",
        [{"at": LATER, "extend": {**LAST, "working_days": 3}}],
    ),
    ("period_unpublished", [{"at": LATER, "correct": {"period": "2022-B2", "zero": ["T1"]}}]),
    (
        "period_published",
        [
            publish(),
            {
                "at": LATER,
                "adjust": {"task": "T1", "indicator": "T1.I", "target": 90, "effective": "2022-B2"},
            },
        ],
    ),
    (
        "matches_everything",
        [{"at": IN_TIME, "mute": {"match": {}, "until": LATER, "reason": "flood"}}],
    ),
    (
        "over_already",
        [{"at": LATER, "mute": {"match": {"unit": "U1"}, "until": IN_TIME, "reason": "flood"}}],
    ),
    (
        "unknown_alert",
        [{"at": IN_TIME, "acknowledge": {"task": "T1", "unit": "U1", "kind": "lag", "by": "x"}}],
    ),
]


@pytest.mark.parametrize(("code", "timeline"), ACTS, ids=[code for code, _ in ACTS])
def test_what_the_rules_refuse_is_listed_with_its_code_and_its_instant_as_written(
    duban: Duban, tmp_path: Path, code: str, timeline: list[dict[str, Any]]
) -> None:
    if "extend" in timeline[-1]:
        del timeline[-1]["extend"]["submission"]
    account = duban.answer("simulate", written(tmp_path, town(invest()), *timeline))
    [refused] = account["refused"]
    assert (refused["code"], refused["at"]) == (code, timeline[-1]["at"])
    assert refused["what"]


def test_a_report_that_breaks_its_funnel_is_refused(duban: Duban, tmp_path: Path) -> None:
    figures = [
        {"id": name, "title": name, "kind": "cumulative", "target": "100"} for name in ("I1", "I2")
    ]
    plan = town(task("T1", measure="indicators", indicators=figures, funnel=["I1", "I2"]))
    wrong = report(IN_TIME, "T1", values={"I1": "10", "I2": "11"})
    assert codes(duban, tmp_path, plan, wrong) == ["funnel"]


def test_what_is_refused_changes_nothing(duban: Duban, tmp_path: Path) -> None:
    good = report(IN_TIME, "T1", values={"T1.I": "40"})
    bad = report("2022-05-09T12:00:00+08:00", "T1", "U2", values={"T1.I": "10"})
    with_it = duban.answer("simulate", written(tmp_path, town(invest()), good, bad, publish()))
    without = duban.answer("simulate", written(tmp_path, town(invest()), good, publish()))
    assert with_it["publications"] == without["publications"]
    assert with_it["alerts"] == without["alerts"]


def test_several_reasons_against_one_entry_are_one_refusal(duban: Duban, tmp_path: Path) -> None:
    wrong = report(IN_TIME, "T1", values={"T1.I": "-1"}, as_of="2022-05-01", no_data=["T1.I"])
    account = duban.answer("simulate", written(tmp_path, town(invest()), wrong))
    [refused] = account["refused"]
    assert refused["what"].count(";") >= 1


def misuse(duban: Duban, folder: Path, text: str) -> tuple[int, list[dict[str, Any]]]:
    file = folder / "scenario.yaml"
    file.write_text(text)
    status, problem = duban.refusal("simulate", file)
    return status, problem.get("errors", [])


PLAN = "plan: {plan: {id: p, title: P, start: 2022-01-01, end: 2022-12-31}}\n"


@pytest.mark.parametrize(
    ("text", "line", "path", "code"),
    [
        ("- 1", 1, "", "wrong_type"),
        ("timeline: []", 1, "", "missing_key"),
        ("plan: 3", 1, "plan", "wrong_type"),
        (PLAN + "timline: []", 2, "timline", "unknown_key"),
        (PLAN + "timeline: {}", 2, "timeline", "wrong_type"),
        (PLAN + "timeline: 3", 2, "timeline", "wrong_type"),
        (PLAN + "timeline:\n  - 3", 3, "timeline[0]", "wrong_type"),
        (PLAN + "timeline:\n  - {publish: {period: x}}", 3, "timeline[0]", "missing_key"),
        (
            PLAN + "timeline:\n  - {at: '2022-05-09', publish: {period: x}}",
            3,
            "timeline[0].at",
            "bad_value",
        ),
        (PLAN + "timeline:\n  - {at: 2022-05-09T10:00:00Z}", 3, "timeline[0]", "missing_key"),
        (
            PLAN + "timeline:\n  - {at: 2022-05-09T10:00:00Z, publsh: {}}",
            3,
            "timeline[0].publsh",
            "unknown_key",
        ),
        (
            PLAN + "timeline:\n  - {at: 2022-05-09T10:00:00Z, publish: {period: x}, year: {}}",
            3,
            "timeline[0]",
            "many_verbs",
        ),
        (
            PLAN + "timeline:\n  - at: 2022-05-09T10:00:00Z\n    publish: {perod: x, period: y}",
            4,
            "timeline[0].publish.perod",
            "unknown_key",
        ),
        (
            PLAN + "timeline:\n  - at: 2022-05-09T10:00:00Z\n    publish:",
            4,
            "timeline[0].publish",
            "wrong_type",
        ),
        (
            PLAN + "timeline:\n  - at: 2022-05-09T10:00:00Z\n    submit:\n      values: {I: 1.5}\n"
            "      task: T\n      unit: U\n      period: 2022-B2",
            5,
            "timeline[0].submit.values.I",
            "unquoted_number",
        ),
        (PLAN + "holidays: [{yaer: 2022}]", 2, "holidays[0].yaer", "unknown_key"),
        (PLAN + "until: 2022-13-01T00:00:00Z", 2, "until", "bad_value"),
        ("plan: none.yaml", 1, "plan", "unreadable_file"),
        ("plan: /etc/hostname", 1, "plan", "unreadable_file"),
        ("plan: {", 2, "", "not_yaml"),
    ],
)
def test_a_file_that_is_no_scenario_is_misuse_and_each_error_has_its_line(
    duban: Duban, tmp_path: Path, text: str, line: int, path: str, code: str
) -> None:
    status, errors = misuse(duban, tmp_path, text)
    assert status == 2
    assert (line, path, code) in [(one["line"], one["path"], one["code"]) for one in errors]
    assert all(one["mend"] for one in errors)


def test_every_error_of_a_timeline_is_named_at_once(duban: Duban, tmp_path: Path) -> None:
    wrong = "  - {at: x, publish: {period: y}}\n  - {at: 2022-05-09T10:00:00Z, fly: {}}\n"
    status, errors = misuse(duban, tmp_path, f"{PLAN}timeline:\n{wrong}until: soon\n")
    assert (status, [one["line"] for one in errors]) == (2, [3, 4, 5])


def test_a_plan_that_is_refused_ends_the_command_with_its_errors(
    duban: Duban, tmp_path: Path
) -> None:
    plan = town(task("T1", weight="0"))
    status, problem = duban.refusal("simulate", written(tmp_path, plan, publish()))
    assert status == 1
    [error] = problem["errors"]
    assert (error["path"], error["code"]) == ("plan.actions[0].tasks[0].weight", "not_positive")
    assert error["line"] == 1


def test_a_plan_beside_the_scenario_is_refused_in_its_own_words(
    duban: Duban, tmp_path: Path
) -> None:
    text = (EXAMPLES / "river-town.yaml").read_text().replace('weight: "15"', 'weight: "0"')
    (tmp_path / "plan.yaml").write_text(text)
    status, errors = misuse(duban, tmp_path, "plan: plan.yaml\n")
    assert status == 1
    assert errors[0]["file"] == str(tmp_path / "plan.yaml")
    assert 'weight: "0"' in text.splitlines()[errors[0]["line"] - 1]


def test_a_plan_beside_the_scenario_that_is_no_yaml_is_refused(
    duban: Duban, tmp_path: Path
) -> None:
    (tmp_path / "plan.yaml").write_text("plan: {")
    status, errors = misuse(duban, tmp_path, "plan: plan.yaml\n")
    assert (status, errors[0]["code"]) == (1, "not_yaml")
    assert errors[0]["file"] == str(tmp_path / "plan.yaml")


@pytest.mark.parametrize("form", ["{body}", "{{rulebook: {body}}}"])
def test_a_rulebook_is_a_body_of_which_nothing_is_required(
    duban: Duban, tmp_path: Path, form: str
) -> None:
    (tmp_path / "rules.yaml").write_text(form.format(body="{lateness: {per_day: '20'}}"))
    late = report("2022-05-11T10:00:00+08:00", "T1", values={"T1.I": "40"})
    plan = town(invest())
    for rulebook in ("rules.yaml", {"lateness": {"per_day": "20"}}):
        file = written(tmp_path, plan, late, publish(), rulebook=rulebook)
        assert duban.answer("simulate", file)["publications"][0]["tasks"][0]["t"] == "80.00"


@pytest.mark.parametrize(
    ("rulebook", "code"),
    [
        ({"weights": {"progress": "0.9"}}, "sum_not_one"),
        ({"wieghts": {}}, "unknown_key"),
        ({"lights": {"green": "0.70"}}, "wrong_order"),
        ("none.yaml", "unreadable_file"),
    ],
)
def test_a_rulebook_that_is_refused_ends_the_command(
    duban: Duban, tmp_path: Path, rulebook: object, code: str
) -> None:
    file = written(tmp_path, town(task("T1")), publish(), rulebook=rulebook)
    status, problem = duban.refusal("simulate", file)
    assert status == (2 if code == "unreadable_file" else 1)
    assert problem["errors"][0]["code"] == code
    assert problem["errors"][0]["path"].startswith("rulebook")


def test_routes_are_played_and_those_that_cannot_be_meant_are_refused(
    duban: Duban, tmp_path: Path
) -> None:
    routes = {"daily_cap": 3, "routes": [{"match": {"kind": "lag"}, "to": [{"role": "office"}]}]}
    file = written(tmp_path, town(task("T1")), publish(), notify=routes)
    assert len(duban.answer("simulate", file)["publications"]) == 1
    file = written(tmp_path, town(task("T1")), publish(), notify={"daily_cap": 0})
    status, problem = duban.refusal("simulate", file)
    assert (status, problem["errors"][0]["path"]) == (1, "notify.daily_cap")
    file = written(
        tmp_path, town(task("T1")), publish(), notify={"default": {"to": [{"endpoint": "hook"}]}}
    )
    status, problem = duban.refusal("simulate", file)
    assert (status, problem["errors"][0]["code"]) == (1, "unknown_endpoint")


def test_windows_of_a_year_nobody_knows_wait_until_a_story_or_its_plan_tells_its_holidays(
    duban: Duban, tmp_path: Path
) -> None:
    plan = town(task("T1", start="2031-01-01", due="2031-12-31"))
    plan["plan"] |= {"start": "2031-01-01", "end": "2031-12-31", "activate_from": "2031-B2"}
    years = [{"year": 2031, "rest": ["2031-05-01"], "work": []}, {"year": 2032}]
    early = report("2031-05-08T09:30:00+08:00", "T1", period="2031-B2", percent="100")
    story = [early, publish("2031-05-23T09:30:00+08:00", "2031-B2")]

    def codes(*timeline: object, **other: object) -> tuple[list[str], int]:
        account = duban.answer("simulate", written(tmp_path, plan, *timeline, **other))
        return [one["code"] for one in account["refused"]], len(account["publications"])

    assert codes(*story) == (["year_not_loaded", "year_not_loaded"], 0)
    assert codes(*story, holidays=years) == ([], 1)
    loaded = {"at": "2031-05-08T10:00:00+08:00", "holidays": years[0]}
    again = {**early, "at": "2031-05-08T10:30:00+08:00"}
    assert codes(early, loaded, again, story[1]) == (["year_not_loaded"], 1)
    plan["plan"]["calendar"] = {"holidays": years}
    assert codes(*story) == ([], 1)


def test_a_year_of_a_plan_whose_holidays_nobody_knows_is_refused_where_it_is_needed(
    duban: Duban, tmp_path: Path
) -> None:
    plan = town(task("T1", start="2098-01-01", due="2098-12-31"))
    plan["plan"] |= {"start": "2098-01-01", "end": "2098-12-31"}
    del plan["plan"]["activate_from"]
    timeline = publish("2098-05-18T09:30:00+08:00", "2098-B2")
    status, problem = duban.refusal("simulate", written(tmp_path, plan, timeline))
    assert (status, problem["errors"][0]["code"]) == (1, "year_not_loaded")
