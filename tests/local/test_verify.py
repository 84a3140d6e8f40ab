"""A publication is what it was, and follows from itself: what `duban verify` finds, and says."""

import ast
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from local.conftest import Duban
from scoring_cast import (
    a_milestone,
    a_plan,
    a_report,
    a_rulebook,
    a_run,
    a_task,
    an_indicator,
    the_period,
)

import duban.verify
from duban.verify import main
from scoring.domain.corrections import Amends
from scoring.domain.documents import canonical, digest_of, leaf_digest, public_copy
from scoring.domain.facts import RunFacts
from scoring.domain.memory import previous_of
from scoring.domain.period_run import run_period
from scoring.domain.publication import Correction, Cutoff, build
from shared.contracts.decisions import Exemption

Json = dict[str, Any]
Change = Callable[[Json], object]
VERIFIER = Path(duban.verify.__file__)


def led_by(unit: str, *helpers: str) -> list[Json]:
    helping = [{"unit": helper, "role": "cooperating"} for helper in helpers]
    return [{"unit": unit, "role": "lead"}, *helping]


NODES = [a_milestone("m1", "2022-03-01", weight="30"), a_milestone("m2", "2022-11-30", weight="70")]
TASKS = (
    a_task("roads", assignments=led_by("U1", "U2"), weight="20"),
    a_task(
        "air",
        assignments=led_by("U2"),
        indicators=[
            an_indicator("dust", "at_most", target="30", baseline="50", weight="3"),
            an_indicator("trees", "maintain", target="10"),
        ],
    ),
    a_task("hall", assignments=led_by("U3"), milestones=NODES, action="A2"),
    a_task("talks", assignments=led_by("U3"), publish=False),
    a_task("later", assignments=led_by("U1"), start="2022-06-01"),
    a_task("silent", assignments=led_by("U4", "U3"), action="A2"),
)
PLAN = a_plan(
    *TASKS,
    units={**dict.fromkeys(("U1", "U2", "U3", "U4"), "departments"), "U5": "districts"},
    actions={"A1": "2", "A2": "1"},
)
REPORTS = (
    a_report("roads", values={"roads.I": "31"}, received="2022-05-13T12:00"),
    a_report("air", unit="U2", values={"dust": "47", "trees": "9.5"}),
    a_report("hall", unit="U3", milestones={"m1": "2022-03-02"}),
    a_report("talks", unit="U3", values={"talks.I": "29"}),
)
RUN = a_run(plan=PLAN, reports=REPORTS)


def documents(
    run: RunFacts = RUN,
    *,
    version: int = 1,
    previous: str | None = None,
    reader: str = "office",
    corrects: Correction | None = None,
) -> Json:
    """What is fetched of the publication of a run."""
    publication = build(
        run_period(run),
        plan="town",
        plan_version=1,
        rulebook=run.rulebook,
        period=run.period.id,
        version=version,
        cutoff=Cutoff(position=17, at=datetime(2022, 5, 18, 1, tzinfo=UTC)),
        previous_digest=previous,
        actions=run.plan.actions,
        corrects=corrects,
        salt_key=b"a secret of the office",
    )
    one = {
        "reader": reader,
        "digest": publication.digest,
        "manifest": publication.manifest,
        "leaves": {
            unit: public_copy(leaf) if reader == "public" else leaf
            for unit, leaf in publication.leaves.items()
        },
    }
    copy: Json = json.loads(canonical(one))
    return copy


def forged(one: Json) -> Json:
    """The publication with its digests made to fit: only its numbers give it away."""
    one["manifest"]["leaves"] = {unit: leaf_digest(leaf) for unit, leaf in one["leaves"].items()}
    one["digest"] = digest_of(one["manifest"])
    return one


def line_of(one: Json, task: str, unit: str) -> Json:
    lines: list[Json] = one["leaves"][unit]["tasks"]
    return next(line for line in lines if line.get("task") == task)


class Desk:
    """A folder to verify in."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder = folder
        self._capsys = capsys
        self._files = 0

    def file(self, *publications: Json, name: str | None = None) -> Path:
        self._files += 1
        path = self._folder / (name or f"{self._files}.json")
        body = {"format": "duban.documents/1", "publications": list(publications)}
        path.write_bytes(canonical(body))
        return path

    def verify(self, *files: Path) -> tuple[int, list[str], list[str]]:
        """The exit status, what is printed, and the errors."""
        status = main([str(file) for file in files])
        printed = self._capsys.readouterr()
        return status, printed.out.splitlines(), printed.err.splitlines()

    def errors(self, *publications: Json) -> list[str]:
        """What is wrong, by place."""
        status, _, told = self.verify(*(self.file(one) for one in publications))
        assert status == (1 if told else 0)
        return [line.partition(": ")[2] for line in told[1:]]


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


def test_a_publication_as_it_was_released_follows_from_itself(desk: Desk) -> None:
    one = documents()
    status, [told], errors = desk.verify(desk.file(one))
    assert (status, errors) == (0, [])
    head, _, numbers = told.partition(", chain ok, unsigned, ")
    assert head == "town 2022-B2 v1: 5 leaves, 6 lines"
    count, _, digest = numbers.partition(" numbers recomputed; digest ")
    assert int(count) > 150
    assert digest == one["digest"]


def test_the_public_copy_has_the_same_digest_and_says_what_it_cannot_tell(desk: Desk) -> None:
    office, public = documents(), documents(reader="public")
    status, (first, second, note), errors = desk.verify(desk.file(office), desk.file(public))
    assert (status, errors) == (0, [])
    assert "6 lines (1 hidden)" in second
    assert first.rpartition(" ")[2] == second.rpartition(" ")[2] == office["digest"]
    assert note == "  what rests on hidden lines is taken as given"
    assert "talks" not in json.dumps(public)


@pytest.mark.parametrize(
    "settings",
    [
        {"lateness": {"mode": "deduction", "unit": "calendar_day"}},
        {"ranking": "dense", "rounding": {"mode": "half_even", "places": 1}},
        {"ranking": "modified", "rounding": {"places": 0}},
        {"shares": {"mode": "coefficient"}, "coverage_guard": "0.05"},
        {"grades": {"excellent": "50", "good": "40", "fair": "10"}, "quota": {"excellent": "0.5"}},
        {"verification": "required", "lights": {"green": "0.9", "early_floor": "0.5"}},
        {"missing": "carry", "lights": {"preset": "gap_pp", "gap_green": "1"}},
        {"lights": {"preset": "overdue_only"}},
        {
            "grades": {"excellent": "50", "good": "40", "fair": "10"},
            "quota": {"ties": "include_all"},
        },
        {"quota": {"excellent": "0.5", "small_groups": "pool"}},
    ],
)
def test_a_publication_follows_by_whatever_rulebook_it_was_made(desk: Desk, settings: Json) -> None:
    assert desk.errors(documents(replace(RUN, rulebook=a_rulebook(**settings)))) == []


def test_finished_tasks_and_lights_with_a_memory_follow_too(desk: Desk) -> None:
    before = run_period(a_run(plan=PLAN, period="2022-B1"))
    run = replace(
        RUN,
        previous=previous_of(the_period("2022-B1"), before.tasks),
        finished={"hall": 2022, "roads": 2021},
        reports=(*REPORTS[1:3], a_report("talks", unit="U3", values={"talks.I": "27"})),
    )
    lines = {line.task: line for line in run_period(run).tasks}
    assert lines["talks"].light_steps == ("ratio_yellow", "held_red")
    assert lines["silent"].light_steps == ("ratio_red", "missing_again")
    assert (lines["hall"].basis, lines["roads"].left_out) == ("score.finished/1", "done")
    assert desk.errors(documents(run)) == []


EXCUSED = replace(
    RUN,
    exemptions=(
        Exemption(id="X1", task="roads", unit="U1", kind="E1", periods=("2022-B2",)),
        Exemption(id="X2", task="silent", unit="U4", kind="E4", periods=("2022-B2",)),
        Exemption(id="X3", task="talks", unit="U3", kind="E4", periods=("2022-B2",)),
        Exemption(id="X4", task="hall", unit="U3", kind="E1", periods=("2022-B2",)),
    ),
    zeroed=frozenset({"air"}),
)
"""A line left out, one lifted, one that needs no lift, and one whose data was false."""


@pytest.mark.parametrize("reader", ["office", "public"])
def test_what_is_excused_and_what_was_false_follow_too(desk: Desk, reader: str) -> None:
    result = run_period(EXCUSED)
    assert [unit.reasons for unit in result.units] == [
        ("no_counted_task",),
        (),
        ("exemption_limit",),
        ("exemption_limit",),
        ("no_counted_task",),
    ]
    assert desk.errors(documents(EXCUSED, reader=reader)) == []


def own(task: str, unit: str, **fields: object) -> Change:
    """In every leaf that holds the task's line."""

    def change(one: Json) -> None:
        lines = [line for leaf in one["leaves"].values() for line in leaf["tasks"]]
        for line in lines:
            for entry in line["own"] if line["task"] == task else ():
                if entry["unit"] == unit:
                    entry.update(fields)

    return change


@pytest.mark.parametrize(
    ("change", "should"),
    [
        (own("silent", "U4", score="80.00"), 'silent, U4, score: "80.00" is written, "60.00"'),
        (own("silent", "U3", score="60.00"), 'silent, U3, score: "60.00" is written, "0.00"'),
        (own("roads", "U2", score=None), "roads, U2, score: null is written, "),
        (own("roads", "U1", left_out=None), "roads, U1, left_out: null is written, "),
        (own("silent", "U4", exemption=None), "exemption_limit: true is written, false follows"),
    ],
)
def test_an_exemption_that_gives_more_than_it_may_is_named(
    desk: Desk, change: Change, should: str
) -> None:
    one = documents(EXCUSED)
    change(one)
    found = desk.errors(forged(one))
    assert any(should in error for error in found), found


def score(task: str, unit: str, text: str = "99.99") -> Change:
    return lambda one: line_of(one, task, unit).update(score=text)


def result(unit: str, **fields: object) -> Change:
    return lambda one: one["leaves"][unit]["result"].update(fields)


def manifest(**fields: object) -> Change:
    return lambda one: one["manifest"].update(fields)


def row(unit: str, **fields: object) -> Change:
    def change(one: Json) -> None:
        rows: list[Json] = one["manifest"]["groups"]["departments"]
        next(row for row in rows if row["unit"] == unit).update(fields)

    return change


def both(*changes: Change) -> Change:
    return lambda one: [change(one) for change in changes]


FORGERIES: dict[str, tuple[Change, str]] = {
    "a score": (score("air", "U2"), 'task air, score: "99.99" is written, "62.00" follows'),
    "a score in one leaf of two": (
        score("roads", "U2"),
        "task roads: its line in the leaf of U2 is another",
    ),
    "a score of a hidden line": (
        score("talks", "U3"),
        'task talks, score: "99.99" is written, "89.60" follows',
    ),
    "a missing report that scores": (
        lambda one: [score("silent", unit)(one) for unit in ("U3", "U4")],
        'task silent, score: "99.99" is written, "0.00" follows',
    ),
    "a left-out line that scores": (
        score("later", "U1"),
        'task later, score: "99.99" is written, null follows',
    ),
    "an attainment": (
        lambda one: line_of(one, "hall", "U3")["parts"][0].update(a="0.9"),
        "task hall, milestones, a: 9/10 is written, 3/10 follows",
    ),
    "an expectation": (
        lambda one: line_of(one, "talks", "U3")["parts"][0].update(e="0.3"),
        "task talks, talks.I, E: 3/10 is written, 1/3 follows",
    ),
    "a value": (
        lambda one: line_of(one, "talks", "U3")["parts"][0]["operands"].update(value="30"),
        "task talks, talks.I, a: 29/100 is written, 3/10 follows",
    ),
    "a schedule index": (
        lambda one: line_of(one, "talks", "U3").update(r="0.9700"),
        'task talks, r: "0.9700" is written, "0.8700" follows',
    ),
    "a light": (
        lambda one: line_of(one, "talks", "U3").update(light="green"),
        'task talks, light: "green" is written, "yellow" follows',
    ),
    "a step of a light": (
        lambda one: line_of(one, "talks", "U3").update(light_steps=["ratio_green"], light="green"),
        'task talks, light of ratio: "ratio_green" is written, "ratio_yellow" follows',
    ),
    "late days forgiven": (
        lambda one: [
            line_of(one, "roads", unit)["timeliness"].update(late_days=0) for unit in ("U1", "U2")
        ],
        'task roads, t: "70.00" is written, "100.00" follows',
    ),
    "a field said to be filled": (
        lambda one: line_of(one, "air", "U2")["completeness"].update(filled=1),
        "task air, filled: 1 is written, 2 follows",
    ),
    "weights of another rulebook": (
        lambda one: line_of(one, "air", "U2")["charges"].update(progress="0.9"),
        "task air, charges progress: 9/10 is written, 4/5 follows",
    ),
    "a basis nobody knows": (
        lambda one: line_of(one, "air", "U2").update(basis="score.kind/1"),
        "task air: basis score.kind/1 is not known here: no score can be told",
    ),
    "a formula left unnamed": (
        lambda one: one["manifest"]["formulas"].remove("attainment.at_most/1"),
        "task air: formula attainment.at_most/1 is not in the manifest",
    ),
    "a line that another unit has to answer for": (
        lambda one: one["leaves"]["U5"]["tasks"].append(line_of(one, "air", "U2")),
        "task air: U5 has no share in it",
    ),
    "a line left out of a leaf": (
        lambda one: one["leaves"]["U2"]["tasks"].remove(line_of(one, "roads", "U2")),
        "task roads: its line is missing in the leaf of U2",
    ),
    "a hidden line without its salt": (
        lambda one: line_of(one, "talks", "U3").pop("salt"),
        "hidden lines, and only these, have a salt",
    ),
    "a line sealed for the office": (
        lambda one: one["leaves"].update(U3=public_copy(one["leaves"]["U3"])),
        "is sealed in the office's copy",
    ),
    "a unit's score": (
        both(result("U1", score="99.99"), row("U1", score="99.99")),
        'unit U1, score: "99.99" is written, "91.40" follows',
    ),
    "a unit's weight": (
        result("U3", counted_weight="40"),
        'unit U3, counted_weight: "40" is written, "23" follows',
    ),
    "a reason": (
        both(
            result("U1", reasons=["insufficient_basis"]),
            row("U1", reasons=["insufficient_basis"]),
        ),
        "unit U1, insufficient_basis: true is written, false follows",
    ),
    "a rank": (
        both(result("U2", rank=1), row("U2", rank=1)),
        "unit U2, rank: 1 is written, 3 follows",
    ),
    "a grade": (
        both(result("U1", grade="good"), row("U1", grade="good")),
        'unit U1, grade: "good" is written, "excellent" follows',
    ),
    "a seat": (
        both(result("U1", reasons=["no_seat"]), row("U1", reasons=["no_seat"])),
        "unit U1, no_seat: true is written, false follows",
    ),
    "a table that is not the leaves'": (
        row("U2", score="92.00"),
        'group departments, U2, score: "92.00" is written, ',
    ),
    "the order of a table": (
        lambda one: one["manifest"]["groups"]["departments"].reverse(),
        'group departments, order: ["U4", ',
    ),
    "an action's score": (
        lambda one: one["manifest"]["actions"][1].update(score="99.99"),
        'action A2: "99.99" is written, "50.00" follows',
    ),
    "an action's weight": (
        lambda one: one["manifest"]["actions"][1].update(weight="9"),
        "plan score: ",
    ),
    "the plan's score": (manifest(plan_score="99.99"), 'plan score: "99.99" is written, '),
    "a count of reports": (
        lambda one: one["manifest"]["rates"].update(missing=0, expected=4),
        "rates, missing: 0 is written, 1 follows",
    ),
    "a rate": (
        lambda one: one["manifest"]["rates"].update(on_time_rate="100.00"),
        'rates, on_time_rate: "100.00" is written, "60.00" follows',
    ),
    "a correction of nothing": (
        manifest(corrects={"reason": "x"}),
        "manifest: the first version corrects nothing, every other names what",
    ),
    "a unit that is not there": (
        lambda one: one["leaves"]["U5"]["result"].update(unit="U6"),
        "unit U5: its leaf is that of U6",
    ),
    "a leaf of another publication": (
        lambda one: one["leaves"]["U5"].update(period="2022-B1"),
        "unit U5: its leaf is of period 2022-B1",
    ),
    "a format of its own": (manifest(format="mine/1"), "manifest: format mine/1 is not known here"),
    "a document that is not whole": (
        lambda one: line_of(one, "air", "U2").pop("parts"),
        "task air: cannot be worked out: KeyError 'parts'",
    ),
    "a number that is none": (
        lambda one: line_of(one, "air", "U2").update(weight="1e999999999"),
        "unit U2: cannot be worked out: ValueError '1e999999999' is no number",
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_whose_digests_fit_is_named_with_what_should_be(desk: Desk, name: str) -> None:
    change, should = FORGERIES[name]
    one = documents()
    change(one)
    found = desk.errors(forged(one))
    assert any(should in error for error in found), found


@pytest.mark.parametrize("name", sorted(FORGERIES.keys() - {"a line sealed for the office"}))
def test_whatever_is_changed_the_digests_tell(desk: Desk, name: str) -> None:
    one = documents()
    FORGERIES[name][0](one)
    assert any("digest is" in error for error in desk.errors(one))


def test_a_changed_line_is_found_by_the_digest_of_its_leaf(desk: Desk) -> None:
    one = documents()
    line_of(one, "hall", "U3")["note"] = "it was raining"
    [found] = desk.errors(one)
    assert found.startswith("unit U3: its leaf's digest is ")
    assert found.endswith(f"the manifest says {one['manifest']['leaves']['U3']}")


def test_lines_in_another_order_are_found(desk: Desk) -> None:
    one = documents()
    one["leaves"]["U3"]["tasks"].reverse()
    assert [error.partition(" is ")[0] for error in desk.errors(one)] == [
        "unit U3: its leaf's digest"
    ]


@pytest.mark.parametrize("reader", ["office", "public"])
def test_a_hidden_line_that_was_exchanged_is_found_in_either_copy(desk: Desk, reader: str) -> None:
    other = documents(replace(RUN, reports=REPORTS[:3]), reader=reader)
    one = documents(reader=reader)
    one["leaves"]["U3"]["tasks"] = other["leaves"]["U3"]["tasks"]
    assert any(error.startswith("unit U3: its leaf's digest") for error in desk.errors(one))


def test_a_public_copy_is_held_to_what_it_shows(desk: Desk) -> None:
    one = documents(reader="public")
    both(score("air", "U2"), manifest(plan_score="1.00"))(one)
    found = desk.errors(forged(one))
    assert len(found) == 3
    assert [error.partition(":")[0] for error in found] == [
        "task air, score",
        "unit U2, score",
        "plan score",
    ]


def test_a_leaf_that_is_missing_and_one_too_many_are_named(desk: Desk) -> None:
    one = documents()
    one["leaves"]["U9"] = one["leaves"].pop("U5")
    found = desk.errors(one)
    assert "unit U5: its leaf is missing" in found
    assert "unit U9: its leaf is not in the manifest" in found


def test_a_digest_that_is_not_the_manifests_is_named(desk: Desk) -> None:
    one = documents()
    real = one["digest"]
    one["digest"] = "0" * 64
    assert desk.errors(one) == [f"manifest: its digest is {real}, the file says {'0' * 64}"]


def test_a_formula_that_is_not_known_is_said_to_be_taken_as_given(desk: Desk) -> None:
    one = documents()
    line_of(one, "talks", "U3")["parts"][0]["formula"] = "attainment.new/1"
    one["manifest"]["formulas"].append("attainment.new/1")
    status, (_, note), errors = desk.verify(desk.file(forged(one)))
    assert (status, errors) == (0, [])
    assert note == "  taken as given, not known here: attainment.new/1"


def b1(previous: str | None = None) -> Json:
    return documents(a_run(plan=PLAN, period="2022-B1"), previous=previous)


def test_the_files_of_a_chain_may_come_in_any_order(desk: Desk) -> None:
    first = b1()
    second = documents(previous=first["digest"])
    status, told, errors = desk.verify(desk.file(second), desk.file(first))
    assert (status, errors) == (0, [])
    assert ["chain ok" in line for line in told] == [True, True]
    assert desk.verify(desk.file(first, second))[0] == 0


def test_a_chain_may_begin_anywhere_and_says_what_came_before(desk: Desk) -> None:
    _, [told], errors = desk.verify(desk.file(documents(previous="ab" * 32)))
    assert errors == []
    assert f"chain open, {'ab' * 32} comes before it, " in told


def test_a_gap_in_the_chain_is_named(desk: Desk) -> None:
    first = b1()
    second = documents(previous=first["digest"])
    third = documents(a_run(plan=PLAN, period="2022-B3"), previous=second["digest"])
    assert desk.errors(first, third) == [
        f"chain: gap: {second['digest']}, which comes before it, is not in the files"
    ]
    assert desk.errors(third, second) == []


def test_a_publication_exchanged_in_the_middle_breaks_the_chain(desk: Desk) -> None:
    first = b1()
    second = documents(previous=first["digest"])
    manifest(plan_version=2)(first)
    assert [error.partition(" ")[0] for error in desk.errors(forged(first), second)] == ["chain:"]


def test_two_publications_after_the_same_one_are_named(desk: Desk) -> None:
    first = b1()
    second = documents(previous=first["digest"])
    third = documents(a_run(plan=PLAN, period="2022-B3"), previous=first["digest"])
    assert desk.errors(first, second, third) == [
        "chain: it follows the same publication as town 2022-B2 v1"
    ]


def test_a_period_published_twice_as_the_same_version_is_named(desk: Desk) -> None:
    first = b1()
    again = b1(previous=first["digest"])
    assert desk.errors(first, again) == [
        f"chain: there is another of this name, digest {first['digest']}",
        "chain: it comes after version 1",
    ]


def test_copies_of_one_publication_are_one_link_of_the_chain(desk: Desk) -> None:
    first = b1()
    office, public = (
        documents(previous=first["digest"], reader=reader) for reader in ("office", "public")
    )
    assert desk.errors(first, office, public) == []


def corrected(first: Json, *, hidden: bool = False, reader: str = "office") -> Json:
    """Version 2: the roads were further on, or what is hidden was."""
    newer = a_report("roads", values={"roads.I": "33"}, received="2022-05-13T12:00")
    talks = a_report("talks", unit="U3", values={"talks.I": "33"})
    reports = (*REPORTS[:3], talks) if hidden else (newer, *REPORTS[1:])
    return documents(
        replace(RUN, reports=reports),
        version=2,
        previous=first["digest"],
        reader=reader,
        corrects=Correction(amends=Amends(reason="a typing error"), before=run_period(RUN).tasks),
    )


@pytest.mark.parametrize("reader", ["office", "public"])
@pytest.mark.parametrize("hidden", [False, True])
def test_a_correction_tells_which_lines_it_changes(desk: Desk, reader: str, hidden: bool) -> None:
    first = documents(reader=reader)
    second = corrected(first, hidden=hidden, reader=reader)
    assert second["manifest"]["corrects"]["hidden_changed"] == int(hidden)
    assert desk.errors(first, second) == []


@pytest.mark.parametrize("reader", ["office", "public"])
@pytest.mark.parametrize(
    ("kept", "hidden", "should"),
    [
        ({"changed": []}, False, 'changed: [] is written, ["roads"] follows'),
        ({"hidden_changed": 0}, True, "hidden_changed: 0 is written, 1 follows"),
    ],
)
def test_a_correction_that_keeps_a_change_to_itself_is_named(
    desk: Desk, reader: str, kept: Json, hidden: bool, should: str
) -> None:
    first = documents(reader=reader)
    second = corrected(first, hidden=hidden, reader=reader)
    second["manifest"]["corrects"].update(kept)
    assert desk.errors(first, forged(second)) == [f"corrects, {should}"]


def test_a_version_that_was_skipped_is_named(desk: Desk) -> None:
    first = documents()
    third = corrected(first)
    third["manifest"]["version"] = 3
    for leaf in third["leaves"].values():
        leaf["version"] = 3
    assert desk.errors(first, forged(third)) == ["chain: it comes after version 1"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no JSON of documents"),
        ("[" * 100_000, "is no JSON of documents"),
        ('{"format": "duban.documents/1", "format": 1}', "an object has a name twice"),
        ('{"format": "duban.documents/1", "publications": [1.5]}', "it holds the number 1.5"),
        ('{"format": "duban.documents/1", "publications": ["\\ud800"]}', "is no JSON of documents"),
        ('{"format": "duban.documents/1", "publications": []}', "holds no publications"),
        ('{"format": "duban.documents/1", "publications": [{"manifest": 1}]}', "with a manifest"),
        ('{"publications": [{}]}', "its format is not duban.documents/1"),
        ("[]", "is no file of documents"),
    ],
)
def test_what_is_no_file_of_documents_is_misuse(
    desk: Desk, tmp_path: Path, text: str, why: str
) -> None:
    file = tmp_path / "wrong.json"
    file.write_text(text)
    status, told, [error] = desk.verify(file)
    assert (status, told) == (2, [])
    assert error.startswith(f"unreadable_file: {file} ")
    assert why in error


@pytest.mark.parametrize("name", ["none.json", "."])
def test_a_file_that_is_not_there_is_misuse(desk: Desk, tmp_path: Path, name: str) -> None:
    status, _, [error] = desk.verify(tmp_path / name)
    assert status == 2
    assert "cannot be read" in error


def test_the_verifier_is_one_file_that_runs_alone(desk: Desk, tmp_path: Path) -> None:
    alone = tmp_path / "alone" / "verify.py"
    alone.parent.mkdir()
    alone.write_bytes(VERIFIER.read_bytes())
    words = [sys.executable, "-I", "-S", "-W", "error", str(alone), str(desk.file(documents()))]
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603  # ours
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("town 2022-B2 v1: 5 leaves, 6 lines, chain ok, ")


def test_the_verifier_imports_a_little_of_the_standard_library_and_nothing_else() -> None:
    names: set[str] = set()
    for node in ast.walk(ast.parse(VERIFIER.read_text(), feature_version=(3, 9))):
        if isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    assert names == {
        *("__future__", "argparse", "collections.abc", "decimal", "fractions"),
        *("base64", "hashlib", "json", "sys", "typing"),
    }


def test_the_command_says_the_same_as_the_file_alone(duban: Duban, desk: Desk) -> None:
    one = documents()
    good = desk.file(one, name="good.json")
    result = duban("verify", good)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == desk.verify(good)[1]
    answer = duban.answer("verify", good)
    [told] = answer["publications"]
    assert (answer["ok"], told["plan"], told["digest"]) == (True, "town", one["digest"])

    score("air", "U2")(one)
    status, problem = duban.refusal("verify", desk.file(forged(one)))
    assert (status, problem["code"]) == (1, "not_verified")
    assert problem["errors"][0] == {
        "publication": "town 2022-B2 v1",
        "where": "task air, score",
        "what": '"99.99" is written, "62.00" follows',
    }
    status, problem = duban.refusal("verify", "nowhere.json")
    assert (status, problem["code"]) == (2, "unreadable_file")
    assert duban("verify").exit_code == 2
