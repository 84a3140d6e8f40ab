import json
import subprocess
import sys
from pathlib import Path

import pytest
from local.conftest import Duban
from plan_cast import HARBOUR_CITY, edited, line_with

REPORT = '{"plan": "p", "task": "t", "unit": "u", "period": "2021-B2"}'

COMMANDS = [
    "demo",
    "up",
    "plan check",
    "plan apply",
    "plan show",
    "submit",
    "publish draft",
    "publish approve",
    "publish release",
    "publish correct",
    "explain",
    "verify",
    "token bootstrap",
    "token issue",
    "token list",
    "token revoke",
    "doctor",
    "simulate",
    "export scenario",
    "export journal",
]


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text)
    return file


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_shows_an_example_and_json(duban: Duban, command: str) -> None:
    result = duban(*command.split(), "--help")
    assert result.exit_code == 0
    assert f"Example: duban {command}" in result.stdout
    assert "--json" in result.stdout


def test_help_does_not_wait_for_the_services_to_be_imported() -> None:
    told = "import sys, duban.cli.app as a; a.build_app(); print(*sys.modules)"
    done = subprocess.run(  # noqa: S603  # ours
        [sys.executable, "-c", told], capture_output=True, text=True, check=True
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert "duban" in loaded
    assert not loaded & {"intake", "scoring", "notify", "fastapi", "sqlalchemy"}


def test_an_unknown_command_is_misuse(duban: Duban) -> None:
    result = duban("plan", "chek")
    assert (result.exit_code, result.stdout) == (2, "")


def test_a_right_plan_is_counted(duban: Duban, tmp_path: Path) -> None:
    answer = duban.answer("plan", "check", written(tmp_path, "plan.yaml", HARBOUR_CITY))
    counts = ("actions", "tasks", "milestones", "indicators", "units")
    assert [answer[name] for name in counts] == [1, 3, 2, 4, 3]
    assert (answer["confirmed"], answer["unconfirmed"]) == (1, 0)


def test_what_nobody_has_confirmed_is_listed_with_its_line(duban: Duban, tmp_path: Path) -> None:
    text = edited(", confirmed_by: the mayor", "")
    file = written(tmp_path, "plan.yaml", text)
    result = duban("plan", "check", file)
    assert result.exit_code == 0
    assert "0 confirmed, 1 not confirmed yet" in result.stdout
    assert f"{file}:{line_with('id: trees.alive', text)}: " in result.stdout


def test_every_error_of_a_plan_is_named_with_file_line_and_field(
    duban: Duban, tmp_path: Path
) -> None:
    text = edited('weight: "20"', 'weight: "0"', edited('target: "100"', "target: 1.5"))
    file = written(tmp_path, "plan.yaml", edited("trees.planted, trees.alive]", "gone]", text))
    result = duban("plan", "check", file)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"{file}:{line_with('target: 1.5', text)}: actions[0].tasks[1]" in result.stderr

    file = written(tmp_path, "plan.yaml", edited('weight: "20"', 'weight: "0"'))
    status, problem = duban.refusal("plan", "check", file)
    assert status == 1
    [error] = problem["errors"]
    assert error["line"] == line_with('weight: "20"', HARBOUR_CITY)
    assert (error["path"], error["code"]) == ("actions[0].tasks[0].weight", "not_positive")
    assert error["mend"]


def test_a_rulebook_is_checked_beside_its_plan(duban: Duban, tmp_path: Path) -> None:
    plan = written(tmp_path, "plan.yaml", HARBOUR_CITY)
    rules = "rulebook:\n  id: house\n  version: 1\n  lights: {green: '0.5'}\n"
    rulebook = written(tmp_path, "rulebook.yaml", rules)
    asked = ("plan", "check", plan, "--rulebook", rulebook)
    status, problem = duban.refusal(*asked)
    assert status == 1
    assert problem["errors"][0]["line"] == 4
    written(tmp_path, "rulebook.yaml", rules.replace("'0.5'", "'0.9'"))
    assert duban.answer(*asked)["rulebook"] == "house"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("rulebook: {id: r}", "not_a_plan"),
        (REPORT, "not_a_plan"),
        ("- 1", "not_a_plan"),
        ("", "invalid"),
    ],
)
def test_what_is_no_plan_at_all_is_misuse(
    duban: Duban, tmp_path: Path, text: str, code: str
) -> None:
    status, problem = duban.refusal("plan", "check", written(tmp_path, "plan.yaml", text))
    assert (status, problem["code"]) == (2, code)


@pytest.mark.parametrize("command", ["plan check", "plan apply", "submit"])
def test_a_file_that_cannot_be_read_is_misuse(duban: Duban, tmp_path: Path, command: str) -> None:
    for file in (tmp_path / "none.json", tmp_path):
        status, problem = duban.refusal(*command.split(), file)
        assert (status, problem["code"]) == (2, "unreadable_file")


@pytest.mark.parametrize("text", ["[]", "3", '{"plan": {"id": "p"}}', "{", ""])
def test_what_is_no_report_is_misuse(duban: Duban, tmp_path: Path, text: str) -> None:
    assert duban("submit", written(tmp_path, "report.json", text)).exit_code == 2


def test_a_broken_line_of_a_batch_is_named(duban: Duban, tmp_path: Path) -> None:
    file = written(tmp_path, "reports.ndjson", f"{REPORT}\n\n{REPORT[:-1]}\n")
    status, problem = duban.refusal("submit", file)
    assert (status, problem["errors"][0]["line"]) == (2, 3)


def test_without_a_token_the_error_tells_where_one_comes_from(duban: Duban, tmp_path: Path) -> None:
    result = duban("submit", written(tmp_path, "report.json", REPORT))
    assert result.exit_code == 2
    assert "DUBAN_TOKEN" in result.stderr
    assert "duban token bootstrap" in result.stderr


def test_an_address_that_is_none_is_misuse(tmp_path: Path) -> None:
    lost = Duban(environment={"DUBAN_TOKEN": "t", "DUBAN_INTAKE_URL": "ftp://here"})
    status, problem = lost.refusal("submit", written(tmp_path, "report.json", REPORT))
    assert (status, problem["code"]) == (2, "bad_url")


@pytest.mark.enable_socket
def test_a_service_that_does_not_answer_is_named_with_its_address(
    duban: Duban, tmp_path: Path
) -> None:
    lost = Duban(environment={**duban.environment, "DUBAN_TOKEN": "t"})
    result = lost("submit", written(tmp_path, "report.json", REPORT))
    assert result.exit_code == 1
    url = lost.environment["DUBAN_INTAKE_URL"]
    assert f"intake does not answer at {url}: is `duban up` running?" in result.stderr


@pytest.mark.enable_socket
def test_the_doctor_names_each_service_that_is_away_and_how_to_start_it(duban: Duban) -> None:
    result = duban("doctor", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stderr)["code"] == "not_ready"
    services = json.loads(result.stdout)["services"]
    assert sorted(services) == ["intake", "notify", "scoring"]
    assert all("duban up" in one["wrong"][0]["mend"] for one in services.values())


def test_the_first_token_is_made_once_and_in_a_fresh_folder(duban: Duban, tmp_path: Path) -> None:
    asked = ("token", "bootstrap", "--folder", tmp_path / "var", "--holder")
    assert duban.answer(*asked, "Desk")["token"].startswith("duban_")
    status, problem = duban.refusal(*asked, "Another")
    assert (status, problem["code"]) == (1, "not_empty")


def test_a_holder_without_a_name_is_misuse(duban: Duban, tmp_path: Path) -> None:
    asked = ("token", "bootstrap", "--folder", tmp_path, "--holder", "")
    assert duban.refusal(*asked)[0] == 2
