"""What is owed follows from the plan alone: which report, by whom, for which period."""

from collections.abc import Collection
from datetime import date

import pytest
from intake_cast import LAKE_TOWN, edited, plan_of

from intake.domain.obligations import figures_of, lead_of, obligations
from shared.contracts.decisions import Amended, Change, Rest


def owed(period: str, text: str = LAKE_TOWN, *, waived: Collection[str] = ()) -> dict[str, str]:
    """Who owes which task for a period."""
    plan, calendar = plan_of(text)
    found = list(obligations(plan, calendar, calendar.period(period), waived=waived))
    assert len({one.task.id for one in found}) == len(found), "a task is owed twice"
    return {one.task.id: one.unit for one in found}


def asked(task: str, period: str, text: str = LAKE_TOWN) -> tuple[str, ...]:
    """The figures a report is asked for."""
    plan, calendar = plan_of(text)
    (found,) = (one for one in plan.actions[0].tasks if one.id == task)
    return figures_of(found, calendar, calendar.period(period))


def test_exactly_the_lead_of_each_task_owes_its_report() -> None:
    assert owed("2022-B3") == {"trees": "water", "clean": "works", "bridge": "east", "hall": "east"}


def test_a_joint_lead_owes_nothing_besides_the_lead() -> None:
    text = edited("{unit: works, role: cooperating}", "{unit: works, role: joint_lead}")
    assert owed("2022-B3", text)["trees"] == "water"


@pytest.mark.parametrize(("period", "unit"), [("2022-B1", "works"), ("2022-B2", "east")])
def test_the_unit_assigned_on_the_last_day_owes_the_report(period: str, unit: str) -> None:
    assert owed(period)["bridge"] == unit


def test_a_task_nobody_leads_on_the_last_day_is_owed_by_nobody() -> None:
    text = edited("          - {unit: east, role: lead, valid: {from: 2022-04-16}}\n", "")
    assert "bridge" in owed("2022-B1", text)
    assert "bridge" not in owed("2022-B2", text)


@pytest.mark.parametrize(("to", "owes"), [("2022-04-30", True), ("2022-04-29", False)])
def test_a_unit_owes_nothing_for_a_period_whose_end_it_does_not_see(to: str, *, owes: bool) -> None:
    unit = "title: Water bureau, group: bureaus"
    text = edited(unit, f"{unit}, valid: {{to: {to}}}")
    assert ("trees" in owed("2022-B2", text)) is owes


def test_an_assignment_holds_on_its_first_and_on_its_last_day() -> None:
    plan, calendar = plan_of()
    bridge = plan.actions[0].tasks[2]
    day = calendar.period("2022-B2").last
    assert [lead_of(bridge, plan.units, day.replace(day=number)) for number in (15, 16)] == [
        "works",
        "east",
    ]


def test_a_task_is_owed_from_the_period_in_which_it_starts() -> None:
    assert "hall" not in owed("2022-B1")
    assert "hall" in owed("2022-B2")


def test_a_task_is_owed_until_the_end_of_the_year_it_is_due_in() -> None:
    text = edited("due: 2023-12-31\n        measure", "due: 2022-07-31\n        measure")
    assert "hall" in owed("2022-B6", text)
    assert "hall" not in owed("2023-B1", text)


def test_a_later_date_of_one_figure_does_not_keep_its_task_open() -> None:
    text = edited('target: "500"', 'target: "500", due: 2023-12-31')
    assert "fish" in owed("2022-B6", text)
    assert "fish" not in owed("2023-B6", text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("measure: percent", "measure: percent\n        assumed: [weight]"),
        ("title: Open the hall", "title: Open the hall\n        assumed: [due]"),
    ],
)
def test_a_task_that_nobody_confirmed_owes_nothing(old: str, new: str) -> None:
    assert "hall" not in owed("2022-B2", edited(old, new))
    confirmed = edited(old, f"{new}\n        confirmed_by: the mayor")
    assert "hall" in owed("2022-B2", confirmed)


def test_a_task_with_an_unconfirmed_node_or_figure_owes_nothing() -> None:
    node = edited("due: 2022-03-31}", "due: 2022-03-31, assumed: [weight]}")
    figure = edited('baseline: "50", ', "")
    assert "bridge" not in owed("2022-B2", node)
    assert "clean" not in owed("2022-B2", figure)


def test_an_unconfirmed_action_waives_all_its_tasks() -> None:
    text = edited("title: A clean lake", "title: A clean lake\n    assumed: [weight]")
    assert owed("2022-B2", text) == {}


def test_a_year_only_task_is_owed_where_the_year_of_its_figure_ends() -> None:
    periods = [f"2022-B{number}" for number in range(1, 7)]
    assert [period for period in periods if "fish" in owed(period)] == ["2022-B6"]


def test_a_quarterly_figure_is_owed_in_the_periods_that_hold_a_quarters_end() -> None:
    text = edited("cadence: annual}\n", "cadence: quarterly}\n", LAKE_TOWN[-200:])
    text = LAKE_TOWN[:-200] + text
    periods = [f"2022-B{number}" for number in range(1, 7)]
    with_quarters_end = ["2022-B2", "2022-B3", "2022-B5", "2022-B6"]
    assert [period for period in periods if "fish" in owed(period, text)] == with_quarters_end


def test_a_task_with_a_milestone_beside_slow_figures_is_owed_each_period() -> None:
    fish = LAKE_TOWN.index("- id: fish")
    slow = (
        LAKE_TOWN[fish:]
        + "        measure: both\n        milestones: [{id: nets, title: Nets, due: 2022-06-30}]\n"
    )
    assert "fish" in owed("2022-B2", LAKE_TOWN[:fish] + slow)


def test_milestones_that_score_nothing_do_not_make_a_year_only_task_owed() -> None:
    fish = LAKE_TOWN.index("- id: fish")
    slow = (
        LAKE_TOWN[fish:]
        + "        measure: indicators\n"
        + "        milestones: [{id: nets, title: Nets, due: 2022-06-30}]\n"
    )
    assert "fish" not in owed("2022-B2", LAKE_TOWN[:fish] + slow)
    assert "fish" in owed("2022-B6", LAKE_TOWN[:fish] + slow)


def test_a_finished_task_is_waived() -> None:
    assert set(owed("2022-B2")) - set(owed("2022-B2", waived={"hall", "trees"})) == {
        "hall",
        "trees",
    }


def test_a_report_asks_for_the_units_own_figures_only() -> None:
    assert asked("trees", "2022-B2") == ("planted", "alive")
    assert asked("clean", "2022-B2") == ("clarity",)
    assert asked("hall", "2022-B2") == ()


def test_a_slower_figure_is_asked_for_where_its_own_period_ends() -> None:
    text = edited('target: "90"', 'target: "90", cadence: annual')
    assert asked("trees", "2022-B2", text) == ("planted",)
    assert asked("trees", "2022-B6", text) == ("planted", "alive")


def test_a_figure_is_asked_for_from_its_own_start_on() -> None:
    text = edited('target: "90"', 'target: "90", start: 2022-06-30')
    assert asked("trees", "2022-B2", text) == ("planted",)
    assert asked("trees", "2022-B3", text) == ("planted", "alive")


# --- what decisions change (assessment 3.2, 4.7)


def owed_after(period: str, task: str, amended: Amended, text: str = LAKE_TOWN) -> bool:
    plan, calendar = plan_of(text)
    found = obligations(plan, calendar, calendar.period(period), waived=(), amended={task: amended})
    return task in {one.task.id for one in found}


def resting(*, extend: bool = False) -> Amended:
    """Suspended in May and June."""
    first, last = date(2022, 5, 1), date(2022, 6, 30)
    return Amended(rests=(Rest(periods=("2022-B3",), first=first, last=last, extend=extend),))


def test_a_suspended_period_owes_nothing_and_its_neighbours_do() -> None:
    owes = [owed_after(f"2022-B{number}", "trees", resting()) for number in (2, 3, 4)]
    assert owes == [True, False, True]


def test_a_cancelled_task_owes_nothing_from_the_period_of_the_decision_on() -> None:
    for day, owes in ((date(2022, 5, 1), True), (date(2022, 4, 30), False)):
        amended = Amended(cancelled_on=day)
        assert owed_after("2022-B2", "trees", amended) is owes
        assert not owed_after("2022-B3", "trees", amended)


def test_a_task_is_closed_after_the_year_of_its_new_last_day() -> None:
    sooner = Change(
        decision="d",
        effective="2022-B6",
        first=date(2022, 11, 1),
        indicator=None,
        target=None,
        due=date(2022, 12, 31),
        year_targets=None,
        mode="same_curve",
    )
    amended = Amended(changes=(sooner,))
    assert owed_after("2022-B6", "trees", amended)
    assert not owed_after("2023-B1", "trees", amended)


def test_a_suspension_that_extends_a_task_keeps_it_open_into_another_year() -> None:
    text = edited("due: 2023-12-31\n        measure", "due: 2022-11-30\n        measure")
    assert not owed_after("2023-B1", "hall", resting(), text)
    assert owed_after("2023-B1", "hall", resting(extend=True), text)


def test_a_task_measured_by_a_rubric_owes_a_report_without_values() -> None:
    text = edited(
        "due: 2023-12-31\n        measure: percent", "due: 2023-12-31\n        measure: rubric"
    )
    plan, calendar = plan_of(text)
    period = calendar.period("2022-B2")
    (hall,) = (
        one for one in obligations(plan, calendar, period, waived=()) if one.task.id == "hall"
    )
    assert hall.figures == ()
