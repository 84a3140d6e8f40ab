"""The documents of a publication, and their digests."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from scoring_cast import a_plan, a_report, a_run, a_task

from scoring.domain.facts import RunFacts
from scoring.domain.period_run import run_period
from scoring.domain.publication import Cutoff, Publication, build, canonical, digest_of
from scoring.domain.task_line import TaskLine

HELPED = [{"unit": "U1", "role": "lead"}, {"unit": "U2", "role": "cooperating"}]
SUPERVISED = [{"unit": "U2", "role": "lead"}, {"unit": "U3", "role": "supervising"}]


def a_publication(run: RunFacts, previous_digest: str | None = None) -> Publication:
    return build(
        run_period(run),
        plan="town",
        plan_version=1,
        rulebook=run.rulebook,
        period=run.period.id,
        version=1,
        cutoff=Cutoff(position=17, at=datetime(2022, 5, 18, 1, tzinfo=UTC)),
        previous_digest=previous_digest,
    )


RUN = a_run(
    a_task("X", assignments=HELPED, title="一"),
    a_task("Y", assignments=SUPERVISED, publish=False),
    reports=[a_report("X", values={"X.I": "30"}), a_report("Y", unit="U2", values={"Y.I": "20"})],
)


def test_the_manifest_holds_the_digest_of_every_leaf() -> None:
    publication = a_publication(RUN)
    leaves = {
        unit: sha256(canonical(leaf)).hexdigest() for unit, leaf in publication.leaves.items()
    }
    assert publication.manifest["leaves"] == leaves
    assert sorted(leaves) == ["U1", "U2", "U3"]
    assert publication.digest == digest_of(publication.manifest)


def test_the_manifest_says_what_the_result_rests_on() -> None:
    manifest = a_publication(RUN, previous_digest="ab").manifest
    said = {
        name: manifest[name]
        for name in ("plan", "period", "version", "plan_version", "rulebook", "cutoff", "previous")
    }
    assert said == {
        "plan": "town",
        "period": "2022-B2",
        "version": 1,
        "plan_version": 1,
        "rulebook": {"id": "town-rules", "version": 1},
        "cutoff": {"position": 17, "at": "2022-05-18T01:00:00Z"},
        "previous": "ab",
    }
    assert {"attainment.cumulative/1", "expectation.linear_month/1", "score.component/1"} <= set(
        manifest["formulas"]
    )


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
