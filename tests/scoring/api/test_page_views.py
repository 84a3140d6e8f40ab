"""What the pages show, before it is written: pure views of published results and of the plan."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from scoring_cast import Json, a_milestone, a_plan, a_report, a_run, a_task, the_period

from scoring.api import pages as pages_module
from scoring.api.board_page import Asked, board
from scoring.api.bulletin_page import Bulletin, bulletin
from scoring.api.charts import CHART
from scoring.api.page_sight import Issue, sees
from scoring.api.task_page import TaskView, expected_path, task_view
from scoring.api.unit_page import UnitView, unit_view
from scoring.api.versions_page import changed
from scoring.api.words import words
from scoring.domain.facts import Report
from scoring.domain.period_run import PeriodResult, run_period
from scoring.domain.rollup import UnitLine
from scoring.store.tables import StandingRow
from shared.calendar.periods import PeriodScheme
from shared.contracts.decisions import Amended, Change
from shared.kit.auth import Principal

SECOND = [{"unit": "U2", "role": "lead"}]
TOWN = (a_task("T1"), a_task("T2", assignments=SECOND))
OFFICE = Principal(token="t", holder="Ms Lin", unit=None, roles=frozenset({"office"}))
THE_SECOND = Principal(token="t", holder="U2", unit="U2", roles=frozenset({"submit"}))
PERIODS = PeriodScheme(cadence="bimonthly").between(date(2021, 1, 1), date(2025, 12, 31))


def a_period(
    period: str, *reached: tuple[str, str, str], tasks: Sequence[Json] = TOWN
) -> PeriodResult:
    """The result of a period in which tasks (with their units) reached these values."""
    reports: list[Report] = [
        a_report(task, period, unit=unit, values={f"{task}.I": value})
        for task, unit, value in reached
    ]
    return run_period(a_run(*tasks, period=period, reports=reports))


def issue(period: str, result: PeriodResult) -> Issue:
    return Issue(period=the_period(period), version=1, result=result)


def the_bulletin(
    result: PeriodResult, *history: Issue, reader: Principal | None = None
) -> Bulletin:
    plan = a_plan(*TOWN)
    return bulletin(
        result, history=history, groups=plan.groups, actions=plan.actions, reader=reader
    )


FIRST = a_period("2022-B1", ("T1", "U1", "20"), ("T2", "U2", "10"))
"""U1 is on schedule, U2 is behind with red."""
THEN = a_period("2022-B2", ("T1", "U1", "20"), ("T2", "U2", "34"))
"""U2 has caught up, U1 has stood still."""


def test_a_rank_is_told_beside_the_one_before() -> None:
    view = the_bulletin(THEN, issue("2022-B1", FIRST))
    (table,) = view.tables
    assert [(one.now.unit, one.now.rank, one.risen) for one in table.places] == [
        ("U2", 1, 1),
        ("U1", 2, -1),
        ("U3", None, None),
    ]
    assert [one.now.unit for one in view.risers] == ["U2"]
    assert [one.now.unit for one in view.fallers] == ["U1"]


def test_the_first_bulletin_has_nobody_who_moved() -> None:
    view = the_bulletin(FIRST)
    assert (view.moves, view.risers, view.fallers, view.risen) == ((), (), (), None)


def test_lights_that_moved_are_told_the_worse_first() -> None:
    view = the_bulletin(THEN, issue("2022-B1", FIRST))
    told = [(one.line.task, one.was, one.line.light, one.steps) for one in view.moves]
    assert told == [("T1", "green", "red", -2), ("T2", "red", "green", 2)]


def test_the_change_of_the_plans_score_is_the_difference_of_the_published_ones() -> None:
    now = a_period("2022-B2", ("T1", "U1", "40"), ("T2", "U2", "34"))
    assert (FIRST.plan_score, now.plan_score) == (Decimal("84.00"), Decimal("100.00"))
    assert the_bulletin(now, issue("2022-B1", FIRST)).risen == Decimal("16.00")


def test_silence_is_counted_back_to_its_first_period() -> None:
    silent = [a_period(period, ("T1", "U1", "50")) for period in ("2022-B1", "2022-B2", "2022-B3")]
    spoke = a_period("2021-B6", ("T2", "U2", "0"), tasks=(a_task("T2", assignments=SECOND),))
    history = [
        issue("2021-B6", spoke),
        issue("2022-B1", silent[0]),
        issue("2022-B2", silent[1]),
    ]
    (one,) = the_bulletin(silent[2], *history).silent
    assert (one.line.task, one.since, one.periods) == ("T2", "2022-B1", 3)


def test_the_matrix_has_each_task_once_under_its_lead() -> None:
    view = the_bulletin(THEN)
    assert view.columns == ("U1", "U2")
    (row,) = view.matrix
    assert row.action.action == "A1"
    assert [[line.task for line in cell] for cell in row.cells] == [["T1"], ["T2"]]


def test_a_hidden_line_is_in_no_part_of_a_strangers_bulletin() -> None:
    hidden = a_task("T2", assignments=SECOND, publish=False)
    before = a_period("2022-B1", ("T2", "U2", "20"), tasks=(TOWN[0], hidden))
    now = a_period("2022-B2", tasks=(TOWN[0], hidden))
    stranger = the_bulletin(now, issue("2022-B1", before))
    assert "T2" not in {line.task for line in stranger.lines}
    assert [one.line.task for one in stranger.silent] == ["T1"]
    assert "T2" not in {one.line.task for one in stranger.moves}
    office = the_bulletin(now, issue("2022-B1", before), reader=OFFICE)
    assert [one.line.task for one in office.silent] == ["T1", "T2"]


@pytest.mark.parametrize(
    ("reader", "may"),
    [(None, False), (replace(THE_SECOND, unit="U1"), False), (THE_SECOND, True), (OFFICE, True)],
)
def test_a_hidden_line_is_for_the_office_and_the_units_it_counts_for(
    reader: Principal | None, may: bool
) -> None:
    result = a_period("2022-B2", tasks=(a_task("T2", assignments=SECOND, publish=False),))
    assert sees(reader, result.tasks[0]) is may


def test_a_correction_names_every_printed_value_it_changed() -> None:
    now = a_period("2022-B1", ("T1", "U1", "20"), ("T2", "U2", "20"))
    told = {
        (one.kind, one.id, one.field): (one.was, one.now)
        for one in changed(FIRST, now, reader=None)
    }
    assert told["task", "T2", "light"] == ("red", "green")
    assert told["task", "T2", "a"] == ("0.1000", "0.2000")
    assert told["unit", "U2", "rank"] == ("2", "1")
    assert told["unit", "U2", "score"] == ("68.00", "100.00")
    assert not [key for key in told if key[:2] == ("task", "T1")]


def test_a_correction_of_a_hidden_task_names_it_to_nobody_outside() -> None:
    hidden = (a_task("T2", assignments=SECOND, publish=False),)
    was = a_period("2022-B1", ("T2", "U2", "5"), tasks=hidden)
    now = a_period("2022-B1", ("T2", "U2", "20"), tasks=hidden)
    assert "task" not in {one.kind for one in changed(was, now, reader=None)}
    assert "task" in {one.kind for one in changed(was, now, reader=OFFICE)}


def the_unit(
    result: PeriodResult,
    unit: str = "U1",
    *,
    issues: Sequence[Issue] = (),
    reader: Principal | None = None,
) -> UnitView:
    return unit_view(
        result,
        unit,
        day=date(2022, 4, 30),
        issues=issues,
        tasks={task.id: task for _, task in a_plan(*NODES).tasks},
        reader=reader,
    )


NODES = (
    a_task(
        "T1",
        assignments=[{"unit": "U1", "role": "lead"}, {"unit": "U2", "role": "cooperating"}],
        weight="20",
        milestones=[a_milestone("n1", "2022-02-01"), a_milestone("n2", "2022-11-01")],
    ),
    a_task("T2"),
)


def test_a_units_sum_is_written_out_with_the_published_scores() -> None:
    late = a_report("T2", values={"T2.I": "20"})
    result = run_period(a_run(*NODES, reports=[late, a_report("T1", milestones={})]))
    view = the_unit(result)
    assert view.sum is not None
    assert view.sum.earned == "14 × 20.00 + 10 × 68.00"
    assert view.sum.weights == "14 + 10"
    assert (view.sum.total, view.sum.weight) == ("960", "24")
    assert view.unit.score == Decimal("40.00")  # 960 ÷ 24
    assert [(step.line.task, step.nodes) for step in view.steps] == [("T1", ("n1",)), ("T2", ())]


def test_a_units_own_score_of_a_task_takes_the_place_of_the_tasks() -> None:
    result = run_period(a_run(*NODES, reports=[a_report("T1", milestones={"n1": "2022-02-01"})]))
    own = UnitLine(task="T1", score=None, left_out="exempt")
    excused = [
        one.model_copy(update={"lines": (own,)}) if one.unit == "U1" else one
        for one in result.units
    ]
    view = the_unit(result.model_copy(update={"units": tuple(excused)}))
    assert view.sum is not None
    assert view.sum.earned == "10 × 0.00"
    (term,) = [term for term in view.terms if term.line.task == "T1"]
    assert (term.own, term.score, term.left_out, term.weighed) == (True, None, "exempt", None)


def test_hidden_lines_stand_in_a_units_sum_as_one_term() -> None:
    hidden = a_task("T2", publish=False)
    result = a_period("2022-B2", ("T1", "U1", "40"), ("T2", "U1", "40"), tasks=(TOWN[0], hidden))
    view = the_unit(result)
    assert (view.hidden, len(view.terms)) == (1, 1)
    assert view.sum is not None
    assert (view.sum.earned, view.sum.weights) == ("10 × 100.00 + 1000", "10 + 10")


def test_a_silent_unit_is_told_of_its_silence_and_of_no_gap() -> None:
    view = the_unit(a_period("2022-B2", tasks=NODES))
    assert [line.task for line in view.silent] == ["T1", "T2"]
    assert view.steps == ()


def test_a_units_trend_is_its_published_places() -> None:
    view = the_unit(THEN, issues=[issue("2022-B1", FIRST), issue("2022-B2", THEN)])
    assert [(one.period, one.rank, one.of) for one in view.trend] == [
        ("2022-B1", 1, 2),
        ("2022-B2", 2, 2),
    ]


def the_task_page(task: Json, *issues: Issue, amended: Amended | None = None) -> TaskView:
    plan = replace(a_plan(task), amended={"T1": amended} if amended else {})
    return task_view(plan, "T1", issues=issues, periods=PERIODS, title=str)


def test_the_expected_line_goes_through_every_period_end_to_the_last_day() -> None:
    plan = a_plan(a_task("T1"))
    path = dict(expected_path(plan, plan.tasks[0][1], PERIODS))
    assert path[date(2022, 4, 30)] == Fraction(1, 3)
    assert path[date(2022, 12, 31)] == 1
    assert len([day for day in path if day > date(2022, 1, 1)]) == 6


def test_a_step_is_drawn_upright_at_its_node() -> None:
    plan = a_plan(a_task("T1", milestones=[a_milestone("n", "2022-05-15")]))
    path = dict(expected_path(plan, plan.tasks[0][1], PERIODS))
    assert (path[date(2022, 5, 14)], path[date(2022, 5, 15)]) == (Fraction(0), Fraction(1))


def test_the_chart_shows_what_was_published_against_what_was_expected() -> None:
    view = the_task_page(a_task("T1"), issue("2022-B1", FIRST), issue("2022-B2", THEN))
    assert [point.label for point in view.chart.actual.points] == [
        "2022-B1 2022-02-28: 20%",
        "2022-B2 2022-04-30: 20%",
    ]
    assert view.chart.expected.points[-1].y == CHART.top
    assert view.newest is not None
    assert view.newest.period.id == "2022-B2"


def test_more_than_all_and_less_than_nothing_stay_inside_the_picture() -> None:
    assert (CHART.y(Fraction(7, 5)), CHART.y(-1)) == (CHART.top, CHART.bottom)


def test_a_milestone_is_as_it_was_last_published() -> None:
    result = run_period(a_run(*NODES, reports=[a_report("T1", milestones={"n1": "2022-02-01"})]))
    told = [
        (one.milestone.id, one.done)
        for one in the_task_page(NODES[0], issue("2022-B2", result)).nodes
    ]
    assert told == [("n1", Fraction(1)), ("n2", Fraction(0))]
    assert [one.done for one in the_task_page(NODES[0]).nodes] == [None, None]


def test_an_old_target_stays_beside_the_new_one() -> None:
    change = Change(
        decision="d-1",
        effective="2022-B4",
        first=date(2022, 7, 1),
        indicator="T1.I",
        target=Decimal(80),
        due=None,
        year_targets=None,
        mode="same_curve",
    )
    (target,) = the_task_page(a_task("T1"), amended=Amended(changes=(change,))).targets
    assert target.now == 80
    assert [(one.was, one.change.effective) for one in target.adjusted] == [
        (Decimal(100), "2022-B4")
    ]


def a_standing(task: str, light: str, gap: str | None, *, action: str = "A1") -> StandingRow:
    return StandingRow(
        plan="town",
        task=task,
        action=action,
        unit="U1",
        period="2022-B2",
        day=date(2022, 4, 30),
        light=light,
        reason="ratio",
        gap=gap,
        reported_at=datetime(2022, 4, 30, tzinfo=UTC),
    )


STANDING = (
    a_standing("T1", "green", "1"),
    a_standing("T2", "red", "9.5"),
    a_standing("T3", "red", "10.1", action="A2"),
    a_standing("T4", "grey", None),
)
LABELLED = a_plan(a_task("T2", labels={"district": "north"})).tasks[0][1]


def on_the_board(**asked: str) -> list[str]:
    tasks = {("town", "T2"): LABELLED}
    return [row.task for row in board(STANDING, tasks=tasks, asked=Asked(**asked)).rows]


def test_the_board_begins_with_the_largest_gap_in_the_worst_light() -> None:
    assert on_the_board() == ["T3", "T2", "T1", "T4"]


def test_the_board_is_filtered_by_action_light_and_label() -> None:
    assert on_the_board(action="A2") == ["T3"]
    assert on_the_board(light="green") == ["T1"]
    assert on_the_board(label="district: north") == ["T2"]
    assert on_the_board(label="district: south") == []


def test_the_numbers_of_the_lights_do_not_follow_the_light_that_is_asked_for() -> None:
    view = board(STANDING, tasks={}, asked=Asked(light="green", action="A1"))
    assert view.lights == {"green": 1, "red": 1, "grey": 1}


def test_every_word_of_the_pages_is_there_in_both_languages() -> None:
    folder = Path(pages_module.__file__).parents[1] / "pages"
    asked = {
        name
        for page in folder.glob("*.html")
        for name in re.findall(r"""\bw\(["']([a-z_.]+)["']\)""", page.read_text())
    }
    assert len(asked) > 80
    chinese, english = words("zh-CN"), words("en")
    assert [name for name in sorted(asked) if chinese(name) == english(name)] == []


def test_the_reason_of_a_light_is_told_with_whom_it_is_about() -> None:
    assert words("en").because("milestone_overdue:n1").endswith(": n1")
    assert words("zh-CN").because("no_report") == "尚未报送"
