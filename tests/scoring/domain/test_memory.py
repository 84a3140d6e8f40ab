"""Publications one after the other: each leaves what the next must know."""

from scoring_cast import Json, a_milestone, a_report, a_run, a_task, an_indicator, the_line

from scoring.domain.facts import Previous, Report
from scoring.domain.memory import finished_after, previous_of
from scoring.domain.task_line import TaskLine


def publications(task: Json, *reports: Report, periods: list[str]) -> list[TaskLine]:
    previous: Previous | None = None
    finished: dict[str, int | None] = {}
    lines = []
    for period in periods:
        run = a_run(task, period=period, reports=reports, previous=previous, finished=finished)
        lines.append(the_line(run))
        previous = previous_of(run.period, lines[-1:])
        finished = finished_after(finished, run.period, lines[-1:])
    return lines


def test_a_light_recovers_one_step_a_period() -> None:
    lines = publications(
        a_task(indicators=[an_indicator("I1")]),
        a_report(period="2022-B1", values={"I1": "1"}),
        a_report(period="2022-B2", values={"I1": "40"}),
        a_report(period="2022-B3", values={"I1": "60"}),
        periods=["2022-B1", "2022-B2", "2022-B3"],
    )
    assert [line.light for line in lines] == ["red", "yellow", "green"]


def test_two_silences_in_a_row_are_red() -> None:
    lines = publications(
        a_task(indicators=[an_indicator("I1")]),
        a_report(period="2022-B1", values={"I1": "90"}),
        periods=["2022-B1", "2022-B2", "2022-B3"],
    )
    assert [line.light for line in lines] == ["green", "yellow", "red"]


def test_finished_work_is_waived_for_its_year_and_then_left_out() -> None:
    lines = publications(
        a_task(due="2023-12-31", indicators=[an_indicator("I1")]),
        a_report(period="2022-B5", values={"I1": "100"}),
        periods=["2022-B5", "2022-B6", "2023-B1", "2023-B2"],
    )
    assert [line.light for line in lines] == ["blue"] * 4
    assert [line.basis for line in lines] == ["score.component/1", "score.finished/1", None, None]
    assert [line.left_out for line in lines] == [None, None, "done", "done"]


def test_work_finished_before_its_first_node_counts_in_the_year_it_is_first_expected() -> None:
    lines = publications(
        a_task(due="2023-12-31", milestones=[a_milestone("M1", "2023-02-28")]),
        a_report(period="2022-B6", milestones={"M1": "2022-12-01"}),
        periods=["2022-B6", "2023-B1"],
    )
    assert [(line.left_out, line.light) for line in lines] == [
        ("no_expectation", "grey"),
        (None, "blue"),
    ]
    assert str(lines[1].score) == "100.00"
