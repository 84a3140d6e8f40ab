"""What decisions make of a line: cancelled, at rest, later, changed, corrected (assessment 4.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from scoring_cast import (
    Json,
    a_milestone,
    a_plan,
    a_report,
    a_rulebook,
    a_run,
    a_task,
    an_indicator,
    printed,
    the_line,
    the_period,
)

from scoring.domain.facts import Previous, PreviousLine, Report, RunFacts
from scoring.domain.memory import finished_after, previous_of
from scoring.domain.period_run import run_period
from scoring.domain.standing import Standing, standing
from scoring.domain.task_line import TaskLine
from shared.calendar.periods import PeriodScheme
from shared.contracts.decisions import Amended, Change, Exemption, Later, Rest
from shared.contracts.scoring import Light

TOTAL = a_task(indicators=[an_indicator("I")])
TWO_YEARS = a_task(due="2023-12-31", indicators=[an_indicator("I")])


def amended(run: RunFacts, what: Amended) -> RunFacts:
    """The run with what decisions changed of T1."""
    return replace(run, plan=replace(run.plan, amended={"T1": what}))


def line_of(
    task: Json, what: Amended, *reports: Report, period: str = "2022-B2", **fields: object
) -> TaskLine:
    run = a_run(task, period=period, reports=reports)
    return the_line(replace(amended(run, what), **fields))  # type: ignore[arg-type]  # any field


def told(value: str, period: str = "2022-B2", **fields: object) -> Report:
    return a_report(period=period, values={"I": value}, **fields)  # type: ignore[arg-type]  # any


def a_rest(*periods: str) -> Rest:
    first, last = the_period(periods[0]).first, the_period(periods[-1]).last
    return Rest(periods=periods, first=first, last=last, extend=False)


def a_change(effective: str, *, indicator: str | None = "I", **fields: object) -> Change:
    return Change.model_validate(
        {
            "decision": f"D-{effective}",
            "effective": effective,
            "first": the_period(effective).first,
            "indicator": indicator,
            "target": None,
            "due": None,
            "year_targets": None,
            "mode": "same_curve",
            **fields,
        }
    )


CANCELLED = Amended(cancelled_on=date(2022, 4, 30))
RESTING = Amended(rests=(a_rest("2022-B2", "2022-B3"),))


@pytest.mark.parametrize(
    ("decided", "period", "reason"),
    [
        ("2022-04-30", "2022-B2", "cancelled"),
        ("2022-03-01", "2022-B2", "cancelled"),
        ("2022-02-28", "2022-B2", "cancelled"),
        ("2022-05-01", "2022-B2", None),
    ],
)
def test_a_task_is_cancelled_from_the_period_that_contains_the_decision(
    decided: str, period: str, reason: str | None
) -> None:
    what = Amended(cancelled_on=date.fromisoformat(decided))
    line = line_of(TOTAL, what, told("30", period), period=period)
    assert line.left_out == reason
    assert line.expected == (reason is None)


@pytest.mark.parametrize(
    ("period", "reason"),
    [("2022-B1", None), ("2022-B2", "suspended"), ("2022-B3", "suspended"), ("2022-B4", None)],
)
def test_a_suspended_task_rests_in_the_periods_named(period: str, reason: str | None) -> None:
    line = line_of(TOTAL, RESTING, told("90", period), period=period)
    assert line.left_out == reason
    assert line.expected == (reason is None)


def test_a_resting_task_is_grey_and_shows_where_it_stands() -> None:
    line = line_of(TOTAL, RESTING, told("30"))
    assert printed(line, "a", "r", "p", "t", "q", "score") == ("0.3000", *[None] * 5)
    assert (line.light, line.light_steps) == ("grey", ("suspended",))


E1 = Exemption(id="X1", task="T1", unit="U1", kind="E1", periods=("2022-B2",))
STATISTICS = an_indicator("I", data_from="statistics")
IN_ORDER: list[tuple[str, Json, Json]] = [
    ("cancelled", {}, {"amended": {"cancelled_on": date(2022, 4, 1)}}),
    ("not_started", {"start": "2022-06-01"}, {}),
    ("unconfirmed", {"assumed": ["due"]}, {}),
    ("suspended", {}, {"amended": {"rests": (a_rest("2022-B2"),)}}),
    ("done", {}, {"finished": {"T1": 2021}}),
    ("exempt", {}, {"exemptions": (E1,)}),
    ("no_expectation", {"indicators": [an_indicator("I", start="2022-06-01")]}, {}),
]


@pytest.mark.parametrize("first", range(len(IN_ORDER)))
def test_of_several_conditions_the_first_decides(first: int) -> None:
    task, facts = dict(TOTAL), dict[str, object]()
    what: Json = {}
    for _, change, more in IN_ORDER[first:]:
        task |= change
        what |= more.get("amended", {})
        facts |= {name: value for name, value in more.items() if name != "amended"}
    line = line_of(task, Amended.model_validate(what), told("30"), **facts)  # type: ignore[arg-type]  # any field
    assert line.left_out == IN_ORDER[first][0]


def test_closed_comes_before_unconfirmed_and_year_only_before_missing() -> None:
    over = a_task(start="2021-01-01", due="2021-12-31", assumed=["due"])
    assert the_line(a_run(over)).left_out == "closed"
    yearly = a_task(indicators=[an_indicator("I", cadence="annual")])
    assert the_line(a_run(yearly)).left_out == "year_only"
    exempt = replace(a_run(yearly), exemptions=(E1,))
    assert the_line(exempt).left_out == "exempt"


def test_without_a_report_a_line_is_missing_before_it_is_without_data() -> None:
    task = a_task(indicators=[STATISTICS])
    assert the_line(a_run(task)).left_out is None
    assert printed(the_line(a_run(task)), "score") == ("0.00",)
    assert the_line(a_run(task, reports=[a_report()])).left_out == "no_data"


def test_a_later_due_day_keeps_a_task_open_for_its_year() -> None:
    task = a_task(start="2021-01-01", due="2021-12-31", indicators=[an_indicator("I")])
    moved = a_change("2021-B6", indicator=None, due="2022-06-30")
    assert line_of(task, Amended(), told("30")).left_out == "closed"
    assert line_of(task, Amended(changes=(moved,)), told("30")).left_out is None


@pytest.mark.parametrize(("period", "a"), [("2022-B2", "0.3000"), ("2022-B3", "0.6000")])
def test_a_new_target_holds_from_the_period_named(period: str, a: str) -> None:
    what = Amended(changes=(a_change("2022-B3", target="50"),))
    assert printed(line_of(TOTAL, what, told("30", period), period=period), "a") == (a,)


@pytest.mark.parametrize("weights", [("10", "5"), ("5", "10")])
def test_cancelled_weight_is_not_active_and_suspended_weight_is_left_out(
    weights: tuple[str, str],
) -> None:
    plan = a_plan(a_task("T0"), a_task("T1", weight=weights[0]), a_task("T2", weight=weights[1]))
    plan = replace(plan, amended={"T1": CANCELLED, "T2": RESTING})
    unit = run_period(a_run(plan=plan, reports=[a_report("T0", values={"T0.I": "50"})])).units[0]
    assert (str(unit.counted_weight), str(unit.left_out_weight)) == ("10", weights[1])
    assert unit.reasons == ()


def extension(unit: str, period: str, days: int) -> Amended:
    return Amended(later=(Later(unit=unit, period=period, working_days=days),))


@pytest.mark.parametrize(
    ("what", "received", "late_days"),
    [
        # due Tue 10 May, closing Tue 17 May
        (Amended(), "2022-05-13T23:59:59", 3),
        (extension("U1", "2022-B2", 3), "2022-05-13T23:59:59", 0),
        (extension("U1", "2022-B2", 3), "2022-05-16T09:00:00", 1),
        (extension("U1", "2022-B2", 3), "2022-05-20T23:59:59", 5),
        (extension("U1", "2022-B2", 3), "2022-05-21T00:00:00", None),
        (extension("U2", "2022-B2", 3), "2022-05-13T23:59:59", 3),
        (extension("U1", "2022-B3", 3), "2022-05-13T23:59:59", 3),
    ],
)
def test_an_extension_moves_due_and_close_of_its_units_report(
    what: Amended, received: str, late_days: int | None
) -> None:
    line = line_of(TOTAL, what, told("30", received=received))
    assert line.missing == (late_days is None)
    if late_days is not None:
        assert line.timeliness is not None
        assert line.timeliness.late_days == late_days
        assert printed(line, "t") == (f"{100 - 10 * late_days}.00",)


def test_the_line_prints_the_window_the_extension_gave() -> None:
    punctual = line_of(TOTAL, extension("U1", "2022-B2", 3), told("30")).timeliness
    assert punctual is not None
    assert (punctual.due, punctual.close) == (date(2022, 5, 13), date(2022, 5, 20))


def left(light: Light, *, missing: bool = False) -> Previous:
    line = PreviousLine(unit="U1", light=light, missing=missing)
    return Previous(period=the_period("2022-B1"), lines={"T1": line})


@pytest.mark.parametrize(
    ("change", "light"),
    [
        (None, "yellow"),
        (a_change("2022-B1", target="110"), "yellow"),
        (a_change("2022-B2", target="110"), "green"),
        (a_change("2022-B2", indicator=None, due="2022-11-30"), "green"),
        (a_change("2022-B3", target="110"), "yellow"),
        (a_change("2022-B2", year_targets={"2022": "60"}), "yellow"),
    ],
)
def test_a_changed_target_clears_the_lights_memory(change: Change | None, light: str) -> None:
    what = Amended(changes=(change,) if change else ())
    assert line_of(TOTAL, what, told("60"), previous=left("red")).light == light


def test_a_changed_target_does_not_forget_a_silence() -> None:
    what = Amended(changes=(a_change("2022-B2", target="110"),))
    line = line_of(TOTAL, what, told("60", "2022-B1"), previous=left("green", missing=True))
    assert (line.light, line.light_steps[-1]) == ("red", "missing_again")


def a_year(
    task: Json, what: Amended, values: Mapping[str, str | None], **facts: Mapping[str, object]
) -> list[TaskLine]:
    """The lines of one period after the other, each publication feeding the next."""
    previous: Previous | None = None
    finished: dict[str, int | None] = {}
    reports = [told(value, period) for period, value in values.items() if value is not None]
    lines = []
    for period in values:
        run = a_run(task, period=period, reports=reports, previous=previous, finished=finished)
        lines.append(the_line(replace(amended(run, what), **facts.get(period, {}))))  # type: ignore[arg-type]  # any field
        previous = previous_of(run.period, lines[-1:])
        finished = finished_after(finished, run.period, lines[-1:])
    return lines


def test_after_a_rest_the_light_begins_anew() -> None:
    values = {"2022-B1": "1", "2022-B2": "20", "2022-B3": "30", "2022-B4": "90"}
    assert [line.light for line in a_year(TOTAL, RESTING, values)] == [
        "red",
        "grey",
        "grey",
        "green",
    ]


def test_a_silence_before_a_rest_is_not_counted_after_it() -> None:
    values = {"2022-B1": None, "2022-B2": None, "2022-B3": None, "2022-B4": None}
    lines = a_year(TOTAL, RESTING, values)
    assert lines[3].light_steps[-1] == "missing"
    assert lines[3].missing


def test_a_silence_while_the_lead_was_exempt_is_the_first_of_two() -> None:
    values = {"2022-B1": "40", "2022-B2": None, "2022-B3": None}
    lines = a_year(TOTAL, Amended(), values, **{"2022-B2": {"exemptions": (E1,)}})
    assert [line.light for line in lines] == ["green", "grey", "red"]
    assert lines[2].light_steps[-1] == "missing_again"


def test_a_silent_line_remembers_its_light_like_any_other() -> None:
    # R = 0.27 · 3 = 0.81: yellow by itself, and not yet firmly better than red
    line = line_of(TOTAL, Amended(), told("27", "2022-B1"), previous=left("red"))
    assert (line.light, line.light_steps) == ("red", ("ratio_yellow", "held_red", "missing"))


def kinds(lines: Sequence[TaskLine]) -> list[str | None]:
    return [line.left_out or line.basis for line in lines]


def test_a_later_target_reopens_a_finished_task() -> None:
    what = Amended(changes=(a_change("2022-B4", target="200"),))
    values = {"2022-B2": "100", "2022-B3": None, "2022-B4": "120", "2022-B5": None}
    lines = a_year(TOTAL, what, values)
    assert kinds(lines) == [
        "score.component/1",
        "score.finished/1",
        "score.component/1",
        "score.missing/1",
    ]
    assert [line.light for line in lines] == ["blue", "blue", "yellow", "red"]
    # 120/200 against 8/12, then 10/12
    assert printed(lines[2], "a", "p") == ("0.6000", "90.00")


def test_a_later_target_that_is_reached_already_reopens_nothing() -> None:
    what = Amended(changes=(a_change("2022-B4", target="90"),))
    values = {"2022-B2": "100", "2022-B3": None, "2022-B4": None, "2022-B5": None}
    assert kinds(a_year(TOTAL, what, values))[1:] == ["score.finished/1"] * 3


def test_a_target_changed_before_it_was_reached_reopens_nothing() -> None:
    level = a_task(indicators=[an_indicator("I", "level", baseline="0")])
    what = Amended(changes=(a_change("2022-B2", target="90"),))
    values = {"2022-B1": "10", "2022-B2": "90", "2022-B3": "80", "2022-B4": None}
    assert kinds(a_year(level, what, values))[2:] == ["score.finished/1"] * 2


def test_a_task_of_an_earlier_year_is_reopened_too_and_may_be_finished_again() -> None:
    what = Amended(changes=(a_change("2023-B2", target="200"),))
    values = {
        "2022-B6": "100",
        "2023-B1": None,
        "2023-B2": "150",
        "2023-B3": "200",
        "2023-B4": None,
    }
    lines = a_year(TWO_YEARS, what, values)
    assert kinds(lines)[1:3] == ["done", "score.component/1"]
    assert [line.light for line in lines[2:]] == ["green", "blue", "blue"]
    assert kinds(lines)[4] == "score.finished/1"


def test_a_task_reopened_while_it_rests_is_not_finished_after_it() -> None:
    what = Amended(
        changes=(a_change("2022-B3", target="200"),), rests=(a_rest("2022-B3", "2022-B4"),)
    )
    values = {"2022-B2": "100", "2022-B3": None, "2022-B4": None, "2022-B5": None}
    assert kinds(a_year(TOTAL, what, values))[1:] == ["suspended", "suspended", "score.missing/1"]


def test_a_finished_line_prints_full_marks_and_owes_nothing() -> None:
    line = line_of(TOTAL, Amended(), finished={"T1": 2022})
    assert printed(line, "p", "t", "q", "score") == ("100.00",) * 4
    assert (line.light, line.expected) == ("blue", False)


def test_false_data_score_nothing_and_say_so() -> None:
    line = line_of(TOTAL, Amended(), told("30"), zeroed=frozenset({"T1"}))
    assert printed(line, "p", "t", "q", "score") == ("0.00",) * 4
    assert (line.basis, line.flags) == ("score.zeroed/1", ("corrected",))
    assert printed(line, "a", "r", "light") == ("0.3000", "0.9000", "yellow")
    other = line_of(TOTAL, Amended(), told("30"), zeroed=frozenset({"T2"}))
    assert printed(other, "score") == ("92.00",)


def test_false_data_finish_nothing() -> None:
    zeroed = {"2022-B2": {"zeroed": frozenset({"T1"})}}
    lines = a_year(TOTAL, Amended(), {"2022-B2": "100", "2022-B3": None}, **zeroed)
    assert (lines[0].light, lines[0].finished) == ("green", False)
    assert lines[1].missing


def test_false_data_of_what_is_left_out_change_nothing() -> None:
    line = line_of(TOTAL, CANCELLED, told("30"), zeroed=frozenset({"T1"}))
    assert (line.left_out, line.score, line.flags) == ("cancelled", None, ())


def test_a_corrected_report_marks_its_own_line_only() -> None:
    first = told("30", marks=Decimal(10), corrected=True)
    assert line_of(TOTAL, Amended(), first).flags == ("corrected",)
    later = line_of(TOTAL, Amended(), first, told("50", "2022-B3"), period="2022-B3")
    assert later.flags == ()


def stands(
    task: Json,
    day: str,
    *reports: Report,
    what: Amended,
    finished: Mapping[str, int | None] | None = None,
    exemptions: Sequence[Exemption] = (),
) -> Standing:
    plan, today = a_plan(task), date.fromisoformat(day)
    scheme = PeriodScheme(cadence="bimonthly")
    return standing(
        plan.tasks[0][1],
        action=plan.actions[0],
        units={unit.id: unit for unit in plan.units},
        reports=reports,
        rulebook=a_rulebook(),
        scheme=scheme,
        period=scheme.containing(today),
        day=today,
        finished=finished or {},
        amended=what,
        exemptions=exemptions,
    )


@pytest.mark.parametrize(
    ("day", "what", "exemptions", "reason"),
    [
        ("2022-04-29", CANCELLED, (), None),
        ("2022-04-30", CANCELLED, (), "cancelled"),
        ("2022-02-28", RESTING, (), None),
        ("2022-03-01", RESTING, (), "suspended"),
        ("2022-07-01", RESTING, (), None),
        ("2022-03-01", Amended(), (E1,), "exempt"),
        ("2022-03-01", Amended(), (E1.model_copy(update={"kind": "E4"}),), None),
        ("2022-03-01", Amended(), (E1.model_copy(update={"unit": "U2"}),), None),
        ("2022-05-01", Amended(), (E1,), None),
    ],
)
def test_on_the_board_too_a_task_is_left_out_by_what_was_decided(
    day: str, what: Amended, exemptions: Sequence[Exemption], reason: str | None
) -> None:
    now = stands(TOTAL, day, what=what, exemptions=exemptions)
    assert now.left_out == reason
    assert (now.light.light == "grey") == (reason is not None)


def test_the_board_judges_by_the_target_in_force() -> None:
    what = Amended(changes=(a_change("2022-B3", target="50"),))
    assert str(stands(TOTAL, "2022-04-30", told("25"), what=what).a) == "0.2500"
    assert str(stands(TOTAL, "2022-05-01", told("25"), what=what).a) == "0.5000"


def test_on_the_board_a_later_target_reopens_what_does_not_reach_it() -> None:
    what = Amended(changes=(a_change("2022-B3", target="200"),))
    finished = {"T1": 2022}
    report = told("100")
    before = stands(TOTAL, "2022-04-30", report, what=what, finished=finished)
    after = stands(TOTAL, "2022-05-01", report, what=what, finished=finished)
    reached = stands(TOTAL, "2022-05-01", told("200"), what=what, finished=finished)
    lights = [now.light.light for now in (before, after, reached)]
    assert lights == ["blue", "green", "blue"]


def test_an_overdue_milestone_of_a_resting_task_turns_nothing_red() -> None:
    task = a_task(milestones=[a_milestone("M", "2022-01-15")])
    assert line_of(task, RESTING, a_report(milestones={})).light == "grey"
