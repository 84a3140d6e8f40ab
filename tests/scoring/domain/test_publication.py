"""The documents of a publication, and their digests."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from scoring_cast import a_plan, a_report, a_rulebook, a_run, a_task

from scoring.domain.corrections import Amends
from scoring.domain.documents import (
    Leaf,
    Line,
    Publication,
    canonical,
    compose,
    digest_of,
    leaf_digest,
    public_copy,
)
from scoring.domain.facts import RunFacts
from scoring.domain.period_run import run_period
from scoring.domain.publication import Correction, Cutoff, build
from scoring.domain.task_line import TaskLine
from shared.contracts.rulebook import Rulebook

HELPED = [{"unit": "U1", "role": "lead"}, {"unit": "U2", "role": "cooperating"}]
SUPERVISED = [{"unit": "U2", "role": "lead"}, {"unit": "U3", "role": "supervising"}]


def a_publication(
    run: RunFacts,
    previous_digest: str | None = None,
    *,
    key: bytes | None = b"a secret of the office",
    corrects: Correction | None = None,
) -> Publication:
    return build(
        run_period(run),
        plan="town",
        plan_version=1,
        rulebook=run.rulebook,
        period=run.period.id,
        version=2 if corrects else 1,
        cutoff=Cutoff(position=17, at=datetime(2022, 5, 18, 1, tzinfo=UTC)),
        previous_digest=previous_digest,
        actions=run.plan.actions,
        corrects=corrects,
        salt_key=key,
    )


RUN = a_run(
    a_task("X", assignments=HELPED, title="一"),
    a_task("Y", assignments=SUPERVISED, publish=False),
    reports=[a_report("X", values={"X.I": "30"}), a_report("Y", unit="U2", values={"Y.I": "20"})],
)


def test_the_manifest_holds_the_digest_of_every_leaf() -> None:
    publication = a_publication(RUN)
    leaves = {unit: leaf_digest(leaf) for unit, leaf in publication.leaves.items()}
    assert publication.manifest["leaves"] == leaves
    assert sorted(leaves) == ["U1", "U2", "U3"]
    assert publication.digest == digest_of(publication.manifest)


def test_the_manifest_says_what_the_result_rests_on() -> None:
    manifest = a_publication(RUN, previous_digest="ab").manifest
    said = {
        name: manifest[name]
        for name in ("kind", "plan", "period", "version", "plan_version", "cutoff", "previous")
    }
    assert said == {
        "kind": "period",
        "plan": "town",
        "period": "2022-B2",
        "version": 1,
        "plan_version": 1,
        "cutoff": {"position": 17, "at": "2022-05-18T01:00:00Z"},
        "previous": "ab",
    }
    assert manifest["corrects"] is None


def test_the_manifest_holds_every_setting_of_the_rulebook() -> None:
    rulebook = a_rulebook(separation="off", quota={"excellent": "0.25"})
    held = a_publication(replace(RUN, rulebook=rulebook)).manifest["rulebook"]
    assert (held["id"], held["separation"], held["quota"]["excellent"]) == (
        "town-rules",
        "off",
        "0.25",
    )
    assert Rulebook.model_validate_json(json.dumps(held)) == rulebook


def test_every_action_stands_in_the_manifest_with_its_score_and_weight() -> None:
    plan = a_plan(a_task(), a_task("T2", action="A2"), actions={"A1": "2.5", "A2": "1"})
    assert a_publication(a_run(plan=plan)).manifest["actions"] == [
        {"action": "A1", "score": "0.00", "weight": "2.5"},
        {"action": "A2", "score": "0.00", "weight": "1"},
    ]


def test_the_formulas_are_those_that_were_used() -> None:
    rulebook = a_rulebook(ranking="dense", rounding={"mode": "half_even"})
    formulas = set(a_publication(replace(RUN, rulebook=rulebook)).manifest["formulas"])
    assert formulas == {
        *("attainment.cumulative/1", "expectation.linear_month/1", "score.component/1"),
        *("share.split/1", "quality.complete/1", "timeliness.per_day/1", "rates.expected/1"),
        *("unit.mean/1", "action.mean/1", "plan.mean/1", "grade.bands/1"),
        *("light.ratio/1", "quota.exclude_all/1", "rank.dense/1", "rounding.half_even/1"),
    }


def test_the_group_tables_put_the_best_first_and_the_unranked_last() -> None:
    (table,) = a_publication(RUN).manifest["groups"].values()
    assert [(row["unit"], row["score"], row["rank"]) for row in table] == [
        ("U1", "92.00", 1),
        ("U2", "73.54", 2),
        ("U3", None, None),
    ]


def test_a_leaf_holds_the_lines_of_the_tasks_the_unit_has_a_share_in() -> None:
    leaves = a_publication(RUN).leaves
    lines = {unit: [line["task"] for line in leaf["tasks"]] for unit, leaf in leaves.items()}
    assert lines == {"U1": ["X"], "U2": ["X", "Y"], "U3": []}


def test_a_hidden_task_is_marked_in_its_leaf() -> None:
    tasks = a_publication(RUN).leaves["U2"]["tasks"]
    assert {line["task"]: line["public"] for line in tasks} == {"X": True, "Y": False}


def test_a_published_line_reads_back_as_it_was() -> None:
    leaf = a_publication(RUN).leaves["U1"]
    (line, _) = run_period(RUN).tasks
    assert TaskLine.model_validate_json(json.dumps(leaf["tasks"][0])) == line


def test_the_order_of_the_file_and_of_the_reports_does_not_show() -> None:
    plan = RUN.plan
    turned = replace(
        plan,
        units=plan.units[::-1],
        actions=plan.actions[::-1],
        groups=plan.groups[::-1],
        tasks=tuple(
            (
                action,
                task.model_copy(update={"assignments": task.assignments[::-1]}),
            )
            for action, task in reversed(plan.tasks)
        ),
    )
    other = a_publication(replace(RUN, plan=turned, reports=RUN.reports[::-1]))
    this = a_publication(RUN)
    assert canonical(other.manifest) == canonical(this.manifest)
    assert [canonical(other.leaves[unit]) for unit in sorted(other.leaves)] == [
        canonical(this.leaves[unit]) for unit in sorted(this.leaves)
    ]


def test_one_changed_value_changes_the_digest() -> None:
    changed = replace(RUN, reports=(a_report("X", values={"X.I": "30.000001"}), RUN.reports[1]))
    assert a_publication(changed).digest != a_publication(RUN).digest


def test_a_document_is_written_in_one_way_only() -> None:
    assert canonical({"b": "二", "a": [1, None, True]}) == '{"a":[1,null,true],"b":"二"}'.encode()


@pytest.mark.parametrize("number", [0.5, float("nan"), 1e300])
def test_a_document_with_a_float_is_refused(number: float) -> None:
    with pytest.raises(TypeError, match="decimal string"):
        canonical({"a": [{"b": number}]})


def test_a_plan_without_units_has_a_manifest_all_the_same() -> None:
    run = a_run(plan=replace(a_plan(a_task()), units=(), tasks=()))
    assert a_publication(run).manifest["leaves"] == {}


def test_a_leafs_digest_is_that_of_its_result_and_of_its_lines_digests() -> None:
    leaf = a_publication(RUN).leaves["U2"]
    lines = [sha256(canonical(line)).hexdigest() for line in leaf["tasks"]]
    assert leaf_digest(leaf) == sha256(canonical({**leaf, "tasks": lines})).hexdigest()


def test_the_public_copy_seals_a_hidden_line_and_has_the_same_digest() -> None:
    leaf = a_publication(RUN).leaves["U2"]
    public = public_copy(leaf)
    assert [line.get("task") for line in public["tasks"]] == ["X", None]
    assert public["tasks"][1] == {"sha256": digest_of(leaf["tasks"][1])}
    assert leaf_digest(public) == leaf_digest(leaf)
    assert public_copy(public) == public
    assert public["result"]["score"] == "73.54"
    assert '"Y' not in canonical(public).decode()


def test_only_a_hidden_line_has_a_salt_and_it_depends_on_the_key_alone() -> None:
    def salts(key: bytes) -> list[str | None]:
        return [line.get("salt") for line in a_publication(RUN, key=key).leaves["U2"]["tasks"]]

    shown, hidden = salts(b"one")
    assert (shown, hidden) == (None, salts(b"one")[1])
    assert hidden is not None
    assert hidden != salts(b"two")[1]


def test_every_hidden_line_has_a_salt_of_its_own() -> None:
    run = a_run(*(a_task(name, publish=False) for name in ("X", "Y")))
    other = replace(run, plan=replace(run.plan, version=2))
    b1 = a_run(plan=run.plan, period="2022-B1")
    salts = [line["salt"] for one in (run, b1) for line in a_publication(one).leaves["U1"]["tasks"]]
    assert len(set(salts)) == 4
    again = [line["salt"] for line in a_publication(other).leaves["U1"]["tasks"]]
    assert again == salts[:2]


def test_without_a_key_a_hidden_line_is_refused() -> None:
    with pytest.raises(ValueError, match="Y is hidden: give a salt_key"):
        a_publication(RUN, key=None)


def test_a_correction_names_its_reason_its_causes_and_the_lines_that_changed() -> None:
    first = run_period(RUN)
    corrected = replace(
        RUN, reports=(a_report("X", values={"X.I": "20"}), *RUN.reports[1:]), zeroed=frozenset("X")
    )
    amends = Amends(reason="a typing error", submissions=("s-2",), zero=("X", "Y"))
    correction = Correction(amends=amends, before=first.tasks)
    assert a_publication(corrected, corrects=correction).manifest["corrects"] == {
        "reason": "a typing error",
        "submissions": ["s-2"],
        "exemptions": [],
        "zero": ["X"],
        "changed": ["X"],
        "hidden_changed": 0,
    }


def test_a_correction_counts_the_hidden_lines_that_changed_and_does_not_name_them() -> None:
    first = run_period(RUN)
    corrected = replace(RUN, reports=RUN.reports[:1])
    correction = Correction(amends=Amends(reason="false data", zero=("Y",)), before=first.tasks)
    manifest = a_publication(corrected, corrects=correction).manifest
    assert (manifest["corrects"]["changed"], manifest["corrects"]["hidden_changed"]) == ([], 1)
    assert '"Y"' not in canonical(manifest).decode()


def test_a_result_of_another_kind_is_published_likewise() -> None:
    lines = [
        Line(id="X/X.I", document={"a": "0.5"}, public=True),
        Line(id="Y/Y.I", document={"a": "0.6"}, public=False),
    ]
    whole: dict[str, Any] = {"plan_score": "80.00"}
    year = compose(
        kind="year",
        plan="town",
        period="2022",
        version=1,
        whole=whole,
        leaves={"U1": Leaf(result={"unit": "U1"}, lines=lines)},
        previous_digest="ab",
        salt_key=b"key",
    )
    (shown, hidden) = year.leaves["U1"]["tasks"]
    assert shown == {"a": "0.5", "public": True}
    assert hidden.keys() == {"a", "public", "salt"}
    assert year.manifest == {
        "format": "duban.publication/2",
        "kind": "year",
        "plan": "town",
        "period": "2022",
        "version": 1,
        "plan_score": "80.00",
        "leaves": {"U1": leaf_digest(public_copy(year.leaves["U1"]))},
        "previous": "ab",
    }
