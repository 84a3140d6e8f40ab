"""In its normal form a plan says what its file leaves to a default, and names no person."""

import pytest
from plan_cast import HARBOUR_CITY, edited, plan_of

from intake.domain.plan_normal import contacts_of, normalise, unconfirmed
from shared.contracts.plan import PlanDocument, Task


def tasks_of(text: str) -> dict[str, Task]:
    return {task.id: task for action in normalise(plan_of(text)).actions for task in action.tasks}


def grey(plan: PlanDocument) -> list[str]:
    return [t.id for action in plan.actions for t in action.tasks if unconfirmed(t, action)]


def test_no_person_is_left_in_the_plan_and_each_is_handed_over_with_a_scope() -> None:
    plan = plan_of(HARBOUR_CITY)
    assert "@" not in normalise(plan).model_dump_json()
    assert [(one.scope, one.id, one.contact.email) for one in contacts_of(plan)] == [
        ("plan", "harbour-plan", "office@harbour.example"),
        ("unit", "port", "head@port.example"),
        ("action", "A1", "group@harbour.example"),
    ]


def test_a_task_is_measured_by_what_it_lists() -> None:
    measures = {name: task.measure for name, task in tasks_of(HARBOUR_CITY).items()}
    assert measures == {"quay": "milestones", "trees": "indicators", "hall": "percent"}


def test_milestones_and_yes_or_no_go_by_steps_and_all_else_is_linear() -> None:
    tasks = tasks_of(edited("kind: cumulative", "kind: yes_no"))
    curves = {name: task.expectation.curve for name, task in tasks.items()}
    assert curves == {"quay": "steps", "trees": "linear", "hall": "linear"}
    own = [one.expectation and one.expectation.curve for one in tasks["trees"].indicators]
    assert own == ["steps", "linear", "linear"]
    assert (
        tasks_of(edited("measure: percent", "measure: yes_no"))["hall"].expectation.curve == "steps"
    )


def test_with_both_an_unnamed_curve_is_steps_for_milestones_and_linear_for_indicators() -> None:
    both = (
        "measure: both\n        milestones: [{id: m, title: M, due: 2021-06-30}]\n        funnel:"
    )
    unnamed = tasks_of(edited("funnel:", both))["trees"]
    named = tasks_of(edited("funnel:", f"expectation: {{curve: steps}}\n        {both}"))["trees"]
    assert unnamed.expectation.curve == named.expectation.curve == "steps"
    assert {one.expectation.curve for one in unnamed.indicators if one.expectation} == {"linear"}
    assert {one.expectation.curve for one in named.indicators if one.expectation} == {"steps"}


def test_a_basis_of_the_task_holds_for_its_indicators() -> None:
    trees = tasks_of(edited("funnel:", "expectation: {basis: day}\n        funnel:"))["trees"]
    assert {one.expectation.basis for one in trees.indicators if one.expectation} == {"day"}


def test_an_indicator_without_dates_has_those_of_what_it_belongs_to() -> None:
    plan = normalise(plan_of(HARBOUR_CITY))
    planted = plan.actions[0].tasks[1].indicators[0]
    assert (str(planted.start), str(planted.due)) == ("2021-01-01", "2025-12-31")
    (figure,) = plan.plan.indicators
    assert (str(figure.start), str(figure.due)) == ("2021-01-01", "2035-12-31")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("confirmed_by: the mayor", "note: nobody"),
        ('target: "100"', 'target: "100", deadline_basis: report_year'),
        ('baseline: "50", assumed: [baseline], confirmed_by: the mayor', "ratio: false"),
        ("title: Plant trees", "title: Plant trees\n        assumed: [weight]"),
    ],
)
def test_a_task_waits_while_a_field_of_it_is_unconfirmed_in_either_form(old: str, new: str) -> None:
    plan = plan_of(edited(old, new))
    assert grey(plan) == grey(normalise(plan)) == ["trees"]
    # Whoever reads only `assumed` of the normal form comes to the same end.
    trees = normalise(plan).actions[0].tasks[1]
    parts = (trees, *trees.indicators)
    assert any(part.assumed and part.confirmed_by is None for part in parts)


def test_all_tasks_of_an_unconfirmed_action_wait() -> None:
    plan = plan_of(edited("title: A better harbour", "title: A\n    assumed: [weight]"))
    assert grey(plan) == ["quay", "trees", "hall"]
    assert grey(plan_of(HARBOUR_CITY)) == []


def test_normalising_again_changes_nothing() -> None:
    once = normalise(plan_of(HARBOUR_CITY))
    assert normalise(once) == once
