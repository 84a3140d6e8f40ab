"""What a decision may say, and what it makes of a plan."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from intake_cast import LAKE_TOWN, at, edited, plan_of
from pydantic import TypeAdapter

from intake.domain.amended import as_changed, due_on
from intake.domain.amending import AmendedPlan, Basis, amend, amended_of, carried
from intake.domain.decision_check import refusals_of
from intake.domain.plan_normal import unconfirmed
from shared.contracts.decisions import UNAMENDED, Decision
from shared.contracts.plan import PlanDocument, Task

B1 = {"2022-B1": date(2022, 2, 28)}
TO_B2 = {**B1, "2022-B2": date(2022, 4, 30)}
READ: TypeAdapter[Decision] = TypeAdapter(Decision)

GREY = edited(
    'weight: "20"\n        start: 2021-01-01\n        due: 2022-12-31',
    'weight: "20"\n        assumed: [weight]\n        start: 2021-01-01\n        due: 2022-12-31',
)
GREY = edited("title: A clean lake", "title: A clean lake\n    assumed: [title]", GREY)
GREY = edited(
    'kind: cumulative, target: "500"', 'kind: cumulative, target: "500", deadline_basis: none', GREY
)
"""The fish wait for somebody's word: the task's weight, its figure's day, its action's title."""

PIER: dict[str, Any] = {
    "id": "pier",
    "title": "Build a pier",
    "weight": "5",
    "start": "2022-05-01",
    "due": "2022-12-31",
    "measure": "percent",
    "assignments": [{"unit": "east", "role": "lead"}],
}


def decision(**said: Any) -> Decision:  # noqa: ANN401  # JSON
    return READ.validate_json(json.dumps(said), extra="forbid")


def basis(
    text: str = LAKE_TOWN,
    *,
    published: dict[str, date] | None = None,
    now: str = "2022-05-06 10:00",
    after: AmendedPlan | None = None,
    name: str = "d-0",
) -> Basis:
    plan, calendar = plan_of(text)
    document, amended = after or (plan, {})
    return Basis(
        name=name,
        document=document,
        amended=amended,
        calendar=calendar,
        published=B1 if published is None else published,
        now=at(now),
    )


def refused(said: dict[str, Any], held_against: Basis | None = None) -> list[tuple[str, str]]:
    """Code and field of each refusal."""
    return [(one.code, one.path) for one in refusals_of(decision(**said), held_against or basis())]


def made(*said: dict[str, Any], text: str = LAKE_TOWN, now: str = "2022-05-06 10:00") -> Basis:
    """The plan after decisions that hold."""
    held = basis(text, now=now)
    for count, one in enumerate(said, start=1):
        read = decision(**one)
        assert refusals_of(read, held) == []
        held = basis(text, now=now, after=amend(read, held), name=f"d-{count}")
    return held


def task(document: PlanDocument, name: str) -> Task:
    (found,) = (one for action in document.actions for one in action.tasks if one.id == name)
    return found


EXTEND = {
    "type": "extend",
    "task": "trees",
    "unit": "water",
    "period": "2022-B2",
    "working_days": 3,
}
ADJUST = {"type": "adjust", "task": "trees", "indicator": "planted", "effective": "2022-B2"}
SUSPEND = {"type": "suspend", "task": "trees", "periods": ["2022-B3", "2022-B4"]}
CANCEL = {"type": "cancel", "task": "trees"}
ADD = {"type": "add", "action": "A1", "task": PIER}
EXEMPT = {"type": "exempt", "id": "X1", "task": "trees", "unit": "works", "kind": "E1"}


@pytest.mark.parametrize(
    "said",
    [
        EXTEND,
        {**ADJUST, "target": "90"},
        {**ADJUST, "indicator": None, "due": "2022-12-31"},
        SUSPEND,
        {**SUSPEND, "periods": ["2022-B4", "2022-B3"]},
        CANCEL,
        ADD,
        {"type": "confirm", "task": "trees", "by": "the mayor"},
        {**EXEMPT, "periods": ["2022-B1"]},
        {**EXEMPT, "kind": "E2"},
        {**EXEMPT, "kind": "E3", "matter": "the flood"},
        {"type": "award", "unit": "water", "level": "city", "matter": "a prize"},
        {"type": "award", "unit": "water", "points": "0.7", "matter": "a prize"},
        {"type": "penalty", "unit": "water", "points": "1", "matter": "late"},
        {"type": "veto", "unit": "water", "matter": "false data", "cap": "poor"},
        {"type": "rating", "unit": "water", "year": 2022, "score": "100"},
    ],
)
def test_a_decision_that_the_rules_know_holds(said: dict[str, Any]) -> None:
    assert refused(said) == []


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({**EXTEND, "task": "moon"}, [("unknown_task", "task")]),
        ({**EXTEND, "unit": "moon"}, [("unknown_unit", "unit")]),
        ({**EXTEND, "period": "2022-M05"}, [("unknown_period", "period")]),
        ({**ADJUST, "target": "1", "effective": "2024-B1"}, [("unknown_period", "effective")]),
        ({**SUSPEND, "periods": ["2022-B3", "2022-B9"]}, [("unknown_period", "periods[1]")]),
        ({**ADD, "action": "A9"}, [("unknown_action", "action")]),
        (
            {**EXEMPT, "task": "x", "unit": "y"},
            [("unknown_unit", "unit"), ("unknown_task", "task")],
        ),
        ({"type": "cancel", "task": "A1"}, [("unknown_task", "task")]),
        (
            {"type": "penalty", "unit": "moon", "points": "1", "matter": "m"},
            [("unknown_unit", "unit")],
        ),
    ],
)
def test_what_a_decision_names_is_of_the_plan(
    said: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    assert refused(said) == found


# --- extensions (assessment 3.2)


def test_a_report_is_extended_until_the_last_moment_of_its_due_day() -> None:
    assert refused(EXTEND, basis(now="2022-05-10 23:59")) == []
    assert refused(EXTEND, basis(now="2022-05-11 00:00")) == [("extension_late", "period")]


def test_an_extended_report_may_be_extended_again_before_its_new_day() -> None:
    first = made(EXTEND)  # until Friday 13 May
    assert (
        refused(EXTEND, basis(now="2022-05-13 12:00", after=(first.document, first.amended))) == []
    )
    late = basis(now="2022-05-14 00:00", after=(first.document, first.amended))
    assert refused(EXTEND, late) == [("extension_late", "period")]


def test_extensions_of_one_report_add_up_and_touch_no_other() -> None:
    amended = made(EXTEND, {**EXTEND, "working_days": 2}).of("trees")
    assert amended.working_days_more("water", "2022-B2") == 5
    assert len(amended.later) == 1
    assert amended.working_days_more("works", "2022-B2") == 0
    assert amended.working_days_more("water", "2022-B3") == 0


def test_only_who_owes_a_report_is_given_more_time() -> None:
    assert refused({**EXTEND, "unit": "works"}) == [("wrong_unit", "unit")]
    assert refused({**EXTEND, "task": "bridge", "unit": "east"}) == []  # it leads since 16 April


def test_a_published_report_is_not_extended() -> None:
    early = basis(published=TO_B2)
    assert refused(EXTEND, early) == [("period_published", "period")]


def test_an_extension_into_a_year_without_holiday_table_is_refused_with_the_mend() -> None:
    text = edited("end: 2023-12-31\n  activate", "end: 2026-12-31\n  activate")
    far = {**EXTEND, "period": "2026-B5", "working_days": 250}
    (found,) = refusals_of(decision(**far), basis(text))
    assert (found.code, found.path) == ("year_not_loaded", "working_days")
    assert "calendar.holidays" in found.message


# --- adjustments (assessment 4.7)


def test_an_adjustment_holds_from_its_period_on_and_leaves_the_file_as_it_was() -> None:
    after = made({**ADJUST, "target": "90", "effective": "2022-B3", "mode": "rebase"})
    filed = task(after.document, "trees")
    assert filed.indicators[0].target == Decimal(100)
    (change,) = after.of("trees").changes
    assert (change.decision, change.first, change.mode) == ("d-0", date(2022, 5, 1), "rebase")
    in_force = [
        as_changed(filed, after.of("trees"), day).indicators[0].target
        for day in (date(2022, 4, 30), date(2022, 5, 1))
    ]
    assert in_force == [Decimal(100), Decimal(90)]


def test_the_later_of_two_adjustments_stands_on_the_earlier() -> None:
    after = made({**ADJUST, "target": "90"}, {**ADJUST, "due": "2022-12-31"})
    figure = as_changed(task(after.document, "trees"), after.of("trees"), date(2022, 4, 30))
    assert (figure.indicators[0].target, figure.indicators[0].due) == (
        Decimal(90),
        date(2022, 12, 31),
    )


def test_the_tasks_day_takes_its_figures_with_it_but_not_those_with_a_day_of_their_own() -> None:
    own = 'target: "90"}'
    text = edited(own, 'target: "90", due: 2023-06-30}')
    after = made({**ADJUST, "indicator": None, "due": "2022-12-31"}, text=text)
    moved = as_changed(task(after.document, "trees"), after.of("trees"), date(2022, 4, 30))
    assert [moved.due, *(one.due for one in moved.indicators)] == [
        date(2022, 12, 31),
        date(2022, 12, 31),
        date(2023, 6, 30),
    ]


@pytest.mark.parametrize("effective", ["2021-B6", "2022-B1"])
def test_what_is_published_is_not_adjusted(effective: str) -> None:
    said = {**ADJUST, "target": "90", "effective": effective}
    assert refused(said) == [("period_published", "effective")]


CLARITY = {**ADJUST, "task": "clean", "indicator": "clarity"}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (ADJUST, [("no_change", "target")]),
        ({**ADJUST, "indicator": "clarity", "target": "1"}, [("unknown_indicator", "indicator")]),
        ({**ADJUST, "indicator": None, "target": "1"}, [("indicator_required", "indicator")]),
        ({**ADJUST, "target": "0"}, [("not_positive", "target")]),
        ({**ADJUST, "target": "90.5"}, [("not_whole", "target")]),
        ({**ADJUST, "due": "2020-12-31"}, [("dates_reversed", "due")]),
        ({**CLARITY, "target": "50"}, [("no_way_to_go", "target")]),
        ({**ADJUST, "indicator": None, "due": "2030-12-31"}, [("outside_plan", "due")]),
        ({**ADJUST, "year_targets": {"2031": "5"}}, [("year_outside", "year_targets")]),
        ({**ADJUST, "year_targets": {"2022": "0"}}, [("not_positive", "year_targets")]),
        (
            {**ADJUST, "task": "bridge", "indicator": None, "due": "2023-03-31"},
            [("outside_task", "due")],
        ),
    ],
)
def test_a_senseless_adjustment_is_refused_with_its_field(
    said: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    assert refused(said) == found


def test_a_new_target_leaves_the_yearly_targets_it_does_not_name_alone() -> None:
    years = 'target: "100", integer: true, year_targets: {2021: "30", 2022: "30", 2023: "40"}'
    text = edited('target: "100", integer: true', years)
    assert refused({**ADJUST, "target": "90"}, basis(text)) == []
    wrong = {**ADJUST, "target": "90", "year_targets": {"2021": "30", "2022": "30", "2023": "40"}}
    assert refused(wrong, basis(text)) == [("year_targets_sum", "year_targets")]


# --- confirmations (assessment 4.5)


def test_a_confirmation_settles_all_that_keeps_the_task_grey() -> None:
    before = basis(GREY)
    assert unconfirmed(task(before.document, "fish"), before.document.actions[0])
    after = made({"type": "confirm", "task": "fish", "by": "the mayor"}, text=GREY)
    action = after.document.actions[0]
    fish = task(after.document, "fish")
    assert not unconfirmed(fish, action)
    assert {fish.confirmed_by, fish.indicators[0].confirmed_by, action.confirmed_by} == {
        "the mayor"
    }
    assert task(after.document, "trees").confirmed_by is None  # it assumes nothing


def test_a_confirmation_does_not_take_another_task_out_of_the_grey() -> None:
    text = edited("title: Plant trees", "title: Plant trees\n        assumed: [title]", GREY)
    after = made({"type": "confirm", "task": "fish", "by": "the mayor"}, text=text)
    assert unconfirmed(task(after.document, "trees"), after.document.actions[0])


def test_a_level_is_not_confirmed_without_the_figure_it_counts_from() -> None:
    text = edited('kind: level, baseline: "50", target: "80"', 'kind: level, target: "80"')
    said = {"type": "confirm", "task": "clean", "by": "the mayor"}
    (found,) = refusals_of(decision(**said), basis(text))
    assert (found.code, found.path) == ("baseline_required", "task")
    assert "clarity" in found.message


# --- suspensions and cancellations (assessment 4.7)


def test_a_task_rests_from_the_first_day_to_the_last_of_its_periods() -> None:
    after = made({**SUSPEND, "periods": ["2022-B4", "2022-B3"]})
    (rest,) = after.of("trees").rests
    assert rest.periods == ("2022-B3", "2022-B4")
    assert (rest.first, rest.last) == (date(2022, 5, 1), date(2022, 8, 31))
    assert not rest.extend


def test_a_suspension_moves_the_last_day_only_where_it_says_so() -> None:
    for extend, day in ((False, date(2023, 12, 31)), (True, date(2024, 5, 2))):  # 123 days
        after = made({**SUSPEND, "extend": extend})
        trees = task(after.document, "trees")
        assert due_on(trees, after.of("trees"), date(2022, 5, 1)) == day
        assert due_on(trees, after.of("trees"), date(2022, 4, 30)) == date(2023, 12, 31)


@pytest.mark.parametrize(
    ("periods", "found"),
    [
        (["2022-B3", "2022-B5"], [("not_consecutive", "periods")]),
        (["2022-B3", "2022-B3"], [("not_consecutive", "periods")]),
        (["2022-B1", "2022-B2"], [("period_published", "periods")]),
    ],
)
def test_a_suspension_names_one_stretch_that_is_not_published(
    periods: list[str], found: list[tuple[str, str]]
) -> None:
    assert refused({**SUSPEND, "periods": periods}) == found


def test_a_task_is_not_suspended_twice_in_one_period() -> None:
    after = made(SUSPEND)
    assert refused({**SUSPEND, "periods": ["2022-B4"]}, after) == [("already_suspended", "periods")]
    assert refused({**SUSPEND, "periods": ["2022-B5"]}, after) == []


def test_a_task_is_cancelled_once_on_the_local_day_of_the_decision() -> None:
    after = made(CANCEL, now="2022-05-07 00:30")  # in Greenwich it is still the day before
    assert after.of("trees").cancelled_on == date(2022, 5, 7)
    assert refused(CANCEL, after) == [("already_cancelled", "task")]


def test_of_a_cancelled_task_nothing_is_decided_for_what_comes() -> None:
    after = made(CANCEL)  # in 2022-B3
    assert refused(SUSPEND, after) == [("already_cancelled", "periods")] * 2
    assert refused({**ADJUST, "target": "1", "effective": "2022-B3"}, after) == [
        ("already_cancelled", "effective")
    ]
    assert refused(EXTEND, after) == []  # of the period before, which still counts


# --- additions (assessment 4.7)


def test_a_task_joins_its_action_in_its_normal_form() -> None:
    after = made(ADD)
    pier = after.document.actions[0].tasks[-1]
    assert (pier.id, pier.measure, pier.expectation.curve) == ("pier", "percent", "linear")
    assert after.amended == {}


def test_a_task_that_joins_starts_after_what_is_published() -> None:
    start = {**PIER, "start": "2022-02-28"}
    assert refused({**ADD, "task": start}) == [("period_published", "task.start")]
    assert refused({**ADD, "task": {**PIER, "start": "2022-03-01"}}) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"weight": "0"}, ("not_positive", "task.weight")),
        ({"id": "trees"}, ("duplicate_id", "task.id")),
        ({"id": "planted"}, ("duplicate_id", "task.id")),
        ({"due": "2022-03-01"}, ("dates_reversed", "task.due")),
        ({"measure": None}, ("measure_required", "task.measure")),
        (
            {"assignments": [{"unit": "moon", "role": "lead"}]},
            ("unknown_unit", "task.assignments[0].unit"),
        ),
        ({"assignments": []}, ("no_lead", "task.assignments")),
        ({"funnel": ["moon"]}, ("unknown_indicator", "task.funnel[0]")),
    ],
)
def test_a_task_that_joins_is_held_to_the_checks_of_a_plan_file(
    change: dict[str, Any], found: tuple[str, str]
) -> None:
    assert found in refused({**ADD, "task": {**PIER, **change}})


# --- exemptions and entries (assessment 4.8, 4.9, 4.14)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"unit": "east", "periods": ["2022-B2"]}, [("no_share", "unit")]),
        ({}, [("periods_required", "periods")]),
        ({"kind": "E4"}, [("periods_required", "periods")]),
        ({"kind": "E5"}, [("periods_required", "periods")]),
        ({"kind": "E3"}, [("matter_required", "matter")]),
    ],
)
def test_an_exemption_names_a_sharing_unit_and_what_it_holds_for(
    change: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    assert refused({**EXEMPT, **change}) == found


def test_who_only_supervises_cannot_be_excused() -> None:
    text = edited("{unit: works, role: cooperating}", "{unit: works, role: supervising}")
    assert refused({**EXEMPT, "periods": ["2022-B2"]}, basis(text)) == [("no_share", "unit")]


def test_an_award_has_a_level_or_points() -> None:
    said = {"type": "award", "unit": "water", "matter": "a prize"}
    assert refused(said) == [("points_required", "points")]


@pytest.mark.parametrize("year", [2020, 2024])
def test_a_rating_is_of_a_year_of_the_plan(year: int) -> None:
    said = {"type": "rating", "unit": "water", "year": year, "score": "80"}
    assert refused(said) == [("year_outside", "year")]


def test_what_changes_no_task_leaves_the_plan_as_it_is() -> None:
    held = basis()
    for said in (
        {**EXEMPT, "periods": ["2022-B2"]},
        {"type": "penalty", "unit": "water", "points": "1", "matter": "late"},
        {"type": "confirm", "task": "trees", "by": "the mayor"},
    ):
        assert amend(decision(**said), held) == (held.document, held.amended)


# --- a new file


def test_a_new_file_keeps_what_was_added_and_confirmed() -> None:
    confirm = {"type": "confirm", "task": "fish", "by": "the mayor"}
    old = made(ADD, confirm, text=GREY)
    heavier, _ = plan_of(edited('weight: "30"', 'weight: "35"', GREY))
    new = carried(heavier, old.document, [decision(**ADD), decision(**confirm)])
    assert task(new, "pier") == task(old.document, "pier")
    assert task(new, "fish") == task(old.document, "fish")
    assert new.actions[0].confirmed_by == "the mayor"
    assert task(new, "bridge").weight == Decimal(35)


def test_a_file_that_has_the_added_task_itself_is_taken_at_its_word() -> None:
    old = made(ADD)
    own, _ = plan_of(LAKE_TOWN.replace("id: hall", "id: pier"))
    assert carried(own, old.document, [decision(**ADD)]) == own


def test_what_a_new_file_assumes_beyond_what_was_confirmed_stays_grey() -> None:
    confirm = {"type": "confirm", "task": "fish", "by": "the mayor"}
    old = made(confirm, text=GREY)
    more, _ = plan_of(edited("assumed: [weight]", "assumed: [weight, due]", GREY))
    new = carried(more, old.document, [decision(**confirm)])
    assert unconfirmed(task(new, "fish"), new.actions[0])
    assert new.actions[0].confirmed_by == "the mayor"


def test_amendments_of_what_a_new_file_lacks_are_dropped() -> None:
    old = made({**ADJUST, "indicator": "alive", "target": "80"}, SUSPEND, CANCEL)
    text = edited('          - {id: alive, title: Alive, kind: cumulative, target: "90"}\n', "")
    fewer, _ = plan_of(edited("        funnel: [planted, alive]\n", "", text))
    left = amended_of(fewer, {**old.amended, "moon": UNAMENDED})
    assert left.keys() == {"trees"}
    assert left["trees"].changes == ()
    assert left["trees"].rests == old.of("trees").rests
