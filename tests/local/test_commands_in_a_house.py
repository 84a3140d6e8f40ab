import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from local.conftest import NOBODY, Duban, Running, until
from plan_cast import HARBOUR_CITY, edited

pytestmark = pytest.mark.enable_socket

RULEBOOK = "rulebook:\n  id: harbour-rules\n  version: 1\n"


def plan_called(name: str, folder: Path, *, text: str = HARBOUR_CITY) -> Path:
    """The harbour plan under a name of its own, so that each test has its own."""
    file = folder / f"{name}.yaml"
    file.write_text(edited("id: harbour-plan", f"id: {name}", text))
    return file


def report(plan: str, **changes: object) -> dict[str, Any]:
    return {
        "plan": plan,
        "task": "hall",
        "unit": "schools",
        "period": "2021-B2",
        "percent": "20",
        **changes,
    }


def written(folder: Path, value: object, name: str = "report.json") -> Path:
    file = folder / name
    file.write_text(json.dumps(value))
    return file


def test_a_period_goes_from_a_report_to_its_explanation(running: Running, tmp_path: Path) -> None:
    assert running.drafter("plan", "apply", plan_called("whole-way", tmp_path)).exit_code == 0
    sent = running.drafter("submit", written(tmp_path, report("whole-way")))
    assert sent.exit_code == 0
    assert "on time" in sent.stdout

    period = ("whole-way", "2021-B2")
    asked = ("publish", "draft", *period)
    until(lambda: running.drafter.refusal(*asked)[1]["code"] != "unknown_plan")
    status, problem = running.drafter.refusal(*asked)
    assert (status, problem["code"]) == (1, "not_closed")
    drafted = running.drafter("publish", "draft", *period, "--force", "a rehearsal")
    assert drafted.exit_code == 0, drafted.output
    assert "reports: 3 expected, 1 on time, 0 late, 2 missing" in drafted.stdout
    assert "reporting rate 33.33 %" in drafted.stdout

    status, problem = running.drafter.refusal("publish", "approve", *period)
    assert (status, problem["code"]) == (1, "same_holder")
    assert running.approver.answer("publish", "approve", *period)["approved_by"] == "Approver"
    assert running.releaser.answer("publish", "release", *period)["state"] == "published"

    told = running.drafter("explain", *period, "hall", "--lang", "en")
    assert told.exit_code == 0
    known = running.drafter.answer("explain", *period, "hall", "--lang", "en")
    assert told.stdout.splitlines() == list(known["text"])
    assert known["text"] != running.drafter.answer("explain", *period, "hall")["text"]
    of_unit = running.drafter("explain", *period, "--unit", "port", "--lang", "en")
    assert of_unit.exit_code == 0, of_unit.output
    assert "Rank" in of_unit.stdout or "score" in of_unit.stdout
    assert running.drafter("explain", *period, "--lang", "en").exit_code == 0
    assert running.drafter("explain", *period, "hall", "--unit", "port").exit_code == 2  # misuse


def test_a_dry_run_of_a_plan_tells_the_effect_and_changes_nothing(
    running: Running, tmp_path: Path
) -> None:
    file = plan_called("only-tried", tmp_path)
    answer = running.drafter.answer("plan", "apply", file, "--dry-run")
    assert (answer["version"], answer["owed_from"]) == (1, "2021-B2")
    assert "task hall added" in answer["changes"]
    _, problem = running.drafter.refusal("plan", "show", "only-tried")
    assert problem["code"] == "unknown_plan"


def test_a_plan_is_applied_with_its_rulebook_and_its_contacts(
    running: Running, tmp_path: Path
) -> None:
    rulebook = tmp_path / "rulebook.yaml"
    rulebook.write_text(RULEBOOK)
    file = plan_called("with-rules", tmp_path)
    result = running.drafter("plan", "apply", file, "--rulebook", rulebook)
    assert result.exit_code == 0, result.output
    assert "with-rules: version 1 is in force" in result.stdout
    assert "3 contacts are handed to notify" in result.stdout
    assert "rulebook harbour-rules version 1 is adopted" in result.stdout
    assert "reports are owed from 2021-B2 on" in result.stdout
    environment = running.drafter.environment
    headers = {"Authorization": f"Bearer {environment['DUBAN_TOKEN']}"}
    rules = httpx.get(
        f"{environment['DUBAN_INTAKE_URL']}/v1/rulebooks/harbour-rules", headers=headers
    )
    assert rules.json()["items"][0]["plan"] == "with-rules"
    contacts = httpx.get(
        f"{environment['DUBAN_NOTIFY_URL']}/v1/contacts?plan=with-rules", headers=headers
    )
    for address in ("office@harbour.example", "head@port.example", "group@harbour.example"):
        assert address in contacts.text


def test_contacts_that_could_not_be_handed_on_are_told_and_the_plan_is_in_force(
    running: Running, tmp_path: Path
) -> None:
    away = Duban(environment={**running.drafter.environment, "DUBAN_NOTIFY_URL": NOBODY})
    status, problem = away.refusal("plan", "apply", plan_called("half-way", tmp_path))
    assert (status, problem["code"]) == (1, "no_answer")
    assert "half-way version 1 is in force, its contacts are not stored" in problem["detail"]
    assert running.drafter.answer("plan", "show", "half-way")["version"] == 1


def test_many_changes_of_a_plan_are_counted_by_kind(running: Running, tmp_path: Path) -> None:
    more = "".join(f"  - {{id: g{number}, title: G {number}}}\n" for number in range(25))
    text = edited("units:\n", f"{more}units:\n")
    file = plan_called("many-groups", tmp_path, text=text)
    result = running.drafter("plan", "apply", file, "--dry-run")
    assert "1 action added" in result.stdout
    assert "26 groups added" in result.stdout
    assert result.stdout.count("  group ") < 26


def test_a_plan_is_shown_with_who_leads_what_by_when(running: Running, tmp_path: Path) -> None:
    running.drafter.answer("plan", "apply", plan_called("shown", tmp_path))
    result = running.drafter("plan", "show", "shown", "--lang", "en")
    assert "shown version 1: Harbour plan" in result.stdout
    assert "A1 A better harbour (weight 1)" in result.stdout
    [hall] = [line for line in result.stdout.splitlines() if "Open the hall" in line]
    assert all(word in hall for word in ("hall", "schools", "10", "percent", "2022-12-31"))
    assert "port to 2021-12-31" in result.stdout
    assert "港城计划" in running.drafter("plan", "show", "shown").stdout


def test_a_refusal_of_a_service_is_printed_with_code_and_field(
    running: Running, tmp_path: Path
) -> None:
    running.drafter.answer("plan", "apply", plan_called("refusing", tmp_path))
    wrong = written(tmp_path, report("refusing", percent=20.5))
    result = running.drafter("submit", wrong)
    assert (result.exit_code, result.stdout) == (1, "")
    first, second = result.stderr.splitlines()
    assert first.startswith("invalid: ")
    assert second.startswith("  percent: ")
    assert running.drafter.refusal("submit", wrong)[1]["errors"][0]["path"] == "percent"


def test_a_dry_run_of_a_report_stores_nothing(running: Running, tmp_path: Path) -> None:
    running.drafter.answer("plan", "apply", plan_called("dry", tmp_path))
    file = written(tmp_path, report("dry"))
    assert running.drafter.answer("submit", file, "--dry-run")["id"] is None
    assert running.drafter.answer("submit", file)["id"].startswith("s-")


@pytest.mark.parametrize("name", ["reports.json", "reports.ndjson"])
@pytest.mark.parametrize("dry", [True, False])
def test_each_item_of_a_batch_has_its_own_outcome(
    running: Running, tmp_path: Path, name: str, dry: bool
) -> None:
    plan = f"batch-{name.replace('.', '-')}-{dry}"
    running.drafter.answer("plan", "apply", plan_called(plan, tmp_path))
    items = [report(plan, ref="good"), report(plan, ref="bad", task="nowhere"), 7]
    file = tmp_path / name
    lines = [json.dumps(item) for item in items]
    file.write_text("\n".join(lines) if name.endswith("ndjson") else f"[{','.join(lines)}]")
    result = running.drafter("submit", file, "--json", *(["--dry-run"] if dry else []))
    assert result.exit_code == 1
    assert json.loads(result.stderr)["code"] == "items_refused"
    good, bad, worst = json.loads(result.stdout)["items"]
    assert (good["ref"], good["receipt"]["id"] is None) == ("good", dry)
    assert (bad["ref"], bad["problem"]["code"]) == ("bad", "unknown_task")
    assert worst["problem"]["code"] == "invalid"


def test_a_report_in_yaml_is_sent_too(running: Running, tmp_path: Path) -> None:
    running.drafter.answer("plan", "apply", plan_called("in-yaml", tmp_path))
    file = tmp_path / "report.yaml"
    file.write_text('plan: in-yaml\ntask: hall\nunit: schools\nperiod: 2021-B2\npercent: "20"\n')
    assert running.drafter("submit", file).exit_code == 0


def test_a_token_is_issued_listed_and_revoked(running: Running) -> None:
    asked = ("--holder", "Schools", "--role", "submit", "--role", "observer", "--unit", "schools")
    issued = running.operator.answer("token", "issue", *asked)
    listed = running.operator("token", "list").stdout
    [row] = [line for line in listed.splitlines() if issued["id"] in line]
    assert all(word in row for word in ("Schools", "submit, observer", "schools"))
    assert issued["token"] not in listed
    revoked = running.operator("token", "revoke", issued["id"])
    assert (revoked.exit_code, revoked.stdout) == (0, f"{issued['id']} is revoked\n")
    [known] = [
        one
        for one in running.operator.answer("token", "list")["items"]
        if one["id"] == issued["id"]
    ]
    assert known["revoked_at"] is not None


def test_a_role_that_does_not_exist_is_misuse(running: Running) -> None:
    result = running.operator("token", "issue", "--holder", "X", "--role", "king")
    assert result.exit_code == 2


def test_what_a_token_does_not_allow_is_refused(running: Running) -> None:
    status, problem = running.operator.refusal("publish", "approve", "any", "2021-B2")
    assert (status, problem["code"]) == (1, "other_role")


def test_the_doctor_finds_a_running_house_well(running: Running) -> None:
    answer = running.operator.answer("doctor")
    assert answer["ready"]
    assert all(one["checks"]["database"] == "ok" for one in answer["services"].values())


def test_an_address_of_something_else_is_told(running: Running) -> None:
    nothing = running.operator.environment["DUBAN_SCORING_URL"] + "/static"
    away = Duban(environment={**running.operator.environment, "DUBAN_INTAKE_URL": nothing})
    result = away("doctor")
    assert result.exit_code == 1
    assert f"intake at {nothing}: not ready" in result.stdout
    assert "not Duban's intake" in result.stdout
    assert "scoring at " + nothing.removesuffix("/static") + ": ready" in result.stdout
