"""One task in one period, through the whole run."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from scoring_cast import (
    SHANGHAI,
    WORKDAYS,
    Json,
    a_milestone,
    a_plan,
    a_report,
    a_rulebook,
    a_run,
    a_task,
    an_indicator,
    instant,
    printed,
    the_line,
    the_window,
)

from scoring.domain.task_score import timely_instant

NUMBERS = ("a", "e", "r", "p", "light")
TAIJIANG = a_task(indicators=[an_indicator("I1", target="254.6")])
UNIVERSITY_TOWN = a_task(
    start="2021-01-01",
    due="2023-12-31",
    milestones=[
        a_milestone("M1", "2021-06-30", weight="30", partial=True),
        a_milestone("M2", "2021-12-31", weight="30"),
        a_milestone("M3", "2023-12-31", weight="40"),
    ],
)
LEVEL_TASK = a_task(indicators=[an_indicator("I1", "level", baseline="189", target="280")])


def scores(task: Json, value: str, period: str = "2022-B3") -> tuple[str | None, ...]:
    report = a_report(period=period, values={"I1": value})
    return printed(the_line(a_run(task, period=period, reports=[report])), *NUMBERS)


def test_a_third_of_the_time_expects_a_third_of_the_work() -> None:
    report = a_report(values={"I1": "76.38"})
    line = the_line(a_run(TAIJIANG, reports=[report]))
    assert printed(line, *NUMBERS, "gap") == (
        "0.3000",
        "0.3333",
        "0.9000",
        "90.00",
        "yellow",
        "3.3333",
    )


def test_on_the_day_basis_the_days_count() -> None:
    by_day = TAIJIANG | {"expectation": {"curve": "linear", "basis": "day"}}
    report = a_report(values={"I1": "76.38"})
    line = the_line(a_run(by_day, reports=[report]))
    assert printed(line, "e", "r", "p") == ("0.3288", "0.9125", "91.25")


def test_a_third_of_the_work_in_a_third_of_the_time_is_on_schedule() -> None:
    report = a_report(values={"T1.I": "33.333333"})
    third = a_task(indicators=[an_indicator("T1.I", target="99.999999")])
    assert printed(the_line(a_run(third, reports=[report])), "r", "p", "light") == (
        "1.0000",
        "100.00",
        "green",
    )


@pytest.mark.parametrize(
    ("period", "done", "expected"),
    [
        ("2021-B3", {}, ("0.0000", "0.3000", "0.0000", "0.00", "red")),
        ("2021-B3", {"M1": "0.9"}, ("0.2700", "0.3000", "0.9000", "90.00", "yellow")),
        ("2021-B4", {"M1": "2021-07-20"}, ("0.3000", "0.3000", "1.0000", "100.00", "green")),
        ("2021-B6", {"M1": "2021-07-20"}, ("0.3000", "0.6000", "0.5000", "50.00", "red")),
    ],
)
def test_milestones_score_what_is_done_of_what_was_due(
    period: str, done: dict[str, str | None], expected: tuple[str, ...]
) -> None:
    report = a_report(period=period, milestones=done)
    line = the_line(a_run(UNIVERSITY_TOWN, period=period, reports=[report]))
    assert printed(line, *NUMBERS) == expected


def test_before_the_first_milestone_is_due_nothing_is_expected() -> None:
    report = a_report(period="2021-B1", milestones={"M2": "2021-02-01"})
    line = the_line(a_run(UNIVERSITY_TOWN, period="2021-B1", reports=[report]))
    assert line.left_out == "no_expectation"
    assert printed(line, *NUMBERS, "score") == ("0.3000", "0.0000", None, None, "grey", None)
    assert line.expected
    assert not line.finished


def test_a_share_counts_only_of_a_milestone_that_allows_it() -> None:
    report = a_report(period="2021-B6", milestones={"M2": "0.9"})
    line = the_line(a_run(UNIVERSITY_TOWN, period="2021-B6", reports=[report]))
    assert printed(line, "a") == ("0.0000",)


def test_tax_time_is_scored_on_the_way_down() -> None:
    tax = a_task(indicators=[an_indicator("I1", "at_most", target="90", baseline="110")])
    assert scores(tax, "104") == ("0.3000", "0.5000", "0.6000", "60.00", "red")
    assert scores(tax, "88", "2022-B6")[:4] == ("1.1000", "1.0000", "1.1000", "100.00")


def test_a_limit_is_expected_in_full_from_the_first_day() -> None:
    mortality = a_task(indicators=[an_indicator("I1", "hold", target="6")])
    assert scores(mortality, "6.3", "2022-B1")[:4] == ("0.7500", "1.0000", "0.7500", "75.00")


@pytest.mark.parametrize(("start", "e"), [("2022-04-30", "1.0000"), ("2022-05-01", "0.0000")])
def test_a_limit_is_not_expected_before_its_own_start(start: str, e: str) -> None:
    mortality = a_task(indicators=[an_indicator("I1", "hold", target="6", start=start)])
    assert scores(mortality, "6", "2022-B2")[1] == e


def test_a_level_and_a_running_total_at_mid_year() -> None:
    jobs = a_task(indicators=[an_indicator("I1", target="13000")])
    growth = a_task(indicators=[an_indicator("I1", "level", ratio=True, target="280")])
    assert scores(LEVEL_TASK, "220")[:4] == ("0.3407", "0.5000", "0.6813", "68.13")
    assert scores(growth, "220")[3] == "100.00"
    assert scores(jobs, "7150")[:4] == ("0.5500", "0.5000", "1.1000", "100.00")


def test_a_level_below_its_baseline_is_shown_and_scored_as_nothing() -> None:
    assert scores(LEVEL_TASK, "180")[:4] == ("-0.0989", "0.5000", "-0.1978", "0.00")


@pytest.mark.parametrize(
    ("received", "lateness", "expected"),
    [
        ("2022-05-10T23:59:59", {}, ("100.00", "91.00")),
        ("2022-05-11T00:00:00", {}, ("90.00", "90.00")),
        ("2022-05-13T09:00:00", {}, ("70.00", "88.00")),
        ("2022-05-13T09:00:00", {"mode": "deduction"}, ("70.00", "88.50")),
        ("2022-05-16T09:00:00", {}, ("60.00", "87.00")),
        ("2022-05-16T09:00:00", {"unit": "calendar_day"}, ("40.00", "85.00")),
        ("2022-05-14T09:00:00", {}, ("60.00", "87.00")),
    ],
)
def test_a_late_report_costs_ten_points_a_working_day(
    received: str, lateness: Json, expected: tuple[str, ...]
) -> None:
    report = a_report(received=received, values={"I1": "76.38"}, marks=Decimal(10))
    run = a_run(TAIJIANG, reports=[report], rulebook=a_rulebook(lateness=lateness))
    assert printed(the_line(run), "p", "q", "t", "score") == ("90.00", "90.00", *expected)


def test_a_report_after_close_is_missing_and_scores_nothing() -> None:
    report = a_report(received="2022-05-18T00:00:00", values={"I1": "76.38"})
    line = the_line(a_run(TAIJIANG, reports=[report]))
    assert printed(line, "p", "t", "q", "score", "a", "r") == (
        "0.00",
        "0.00",
        "0.00",
        "0.00",
        "0.0000",
        "0.0000",
    )
    assert line.missing
    assert line.left_out is None
    later = a_report(period="2022-B3", values={})
    next_line = the_line(a_run(TAIJIANG, period="2022-B3", reports=[report, later]))
    assert printed(next_line, "a") == ("0.3000",)


def test_a_missing_line_keeps_the_newest_value_and_is_yellow_at_best() -> None:
    earlier = a_report(period="2022-B1", values={"I1": "254.5"})
    line = the_line(a_run(TAIJIANG, reports=[earlier]))
    assert printed(line, "a", "score", "light") == ("0.9996", "0.00", "yellow")
    assert line.light_steps == ("ratio_green", "missing")


def test_each_required_field_left_out_costs_its_part_of_quality() -> None:
    task = a_task(
        measure="both",
        indicators=[
            an_indicator("I1"),
            an_indicator("I2"),
            an_indicator("I3", data_from="statistics"),
            an_indicator("I4", cadence="annual"),
            an_indicator("I5", start="2022-07-01"),
        ],
        milestones=[a_milestone("M1", "2022-03-31")],
        evidence="required",
    )
    report = a_report(values={"I1": "30"}, has_evidence=True)
    line = the_line(a_run(task, reports=[report]))
    assert line.completeness is not None
    assert line.completeness.missing_fields == ("I2", "milestones")
    assert printed(line, "q") == ("50.00",)


def test_two_rates_fill_the_field_of_a_relation() -> None:
    task = a_task(indicators=[an_indicator("I1", "relation", target=None)])
    report = a_report(relations={"I1": (Decimal(6), Decimal(6))})
    line = the_line(a_run(task, reports=[report]))
    assert printed(line, "q", "score") == ("100.00", "100.00")
    assert printed(the_line(a_run(task, reports=[a_report()])), "q") == ("0.00",)


def test_a_percentage_is_required_where_it_is_the_measure() -> None:
    task = a_task(measure="percent")
    earlier = a_report(period="2022-B1", percent="30")
    line = the_line(a_run(task, reports=[earlier, a_report()]))
    assert printed(line, "a", "q") == ("0.3000", "0.00")


def test_review_marks_never_take_quality_below_nothing() -> None:
    report = a_report(values={"I1": "76.38"}, marks=Decimal(120))
    assert printed(the_line(a_run(TAIJIANG, reports=[report])), "q") == ("0.00",)


def test_one_overshoot_does_not_hide_the_failure_of_another() -> None:
    task = a_task(indicators=[an_indicator("I1"), an_indicator("I2", weight="3")])
    report = a_report(values={"I1": "100", "I2": "20"})
    line = the_line(a_run(task, reports=[report]))
    assert printed(line, "a", "e", "r", "p", "gap") == (
        "0.4000",
        "0.3333",
        "0.7000",
        "70.00",
        "10.0000",
    )


def test_with_both_the_milestones_are_one_more_part() -> None:
    task = a_task(
        measure="both",
        milestone_weight="3",
        indicators=[an_indicator("I1")],
        milestones=[a_milestone("M1", "2022-03-31"), a_milestone("M2", "2022-12-31")],
        expectation={"curve": None},
    )
    report = a_report(values={"I1": "20"}, milestones={"M1": "2022-03-01"})
    line = the_line(a_run(task, reports=[report]))
    assert [(part.id, str(part.e)) for part in line.parts] == [
        ("milestones", "1/2"),
        ("I1", "1/3"),
    ]
    assert printed(line, "p") == ("90.00",)


def test_yes_or_no_is_expected_on_its_due_day() -> None:
    task = a_task(measure="yes_no", due="2022-04-30")
    before = the_line(a_run(task, period="2022-B1", reports=[a_report(period="2022-B1")]))
    assert before.left_out == "no_expectation"
    no = the_line(a_run(task, reports=[a_report(percent="0")]))
    yes = the_line(a_run(task, reports=[a_report(percent="100")]))
    assert printed(no, "p", "light") == ("0.00", "red")
    assert printed(yes, "p", "light") == ("100.00", "blue")


def test_each_year_of_a_recurring_target_starts_anew() -> None:
    task = a_task(
        start="2021-01-01",
        due="2023-12-31",
        indicators=[an_indicator("I1", "recurring", target="60")],
    )
    last_year = a_report(period="2021-B6", values={"I1": "60"})
    nothing_yet = the_line(a_run(task, reports=[last_year, a_report()]))
    assert printed(nothing_yet, "a", "e") == ("0.0000", "0.3333")
    line = the_line(a_run(task, reports=[last_year, a_report(values={"I1": "15"})]))
    assert printed(line, "a", "e", "p") == ("0.2500", "0.3333", "75.00")
    full = the_line(a_run(task, period="2021-B6", reports=[last_year]))
    assert printed(full, "p", "light") == ("100.00", "green")


def test_an_indicator_has_its_own_dates() -> None:
    task = a_task(
        indicators=[an_indicator("I1"), an_indicator("I2", start="2022-05-01", due="2022-08-31")]
    )
    report = a_report(values={"I1": "30"})
    early = the_line(a_run(task, reports=[report]))
    assert [part.left_out for part in early.parts] == [None, "no_expectation"]
    assert printed(early, "p", "q") == ("90.00", "100.00")
    later = a_report(period="2022-B3", values={"I1": "50", "I2": "25"})
    both = the_line(a_run(task, period="2022-B3", reports=[later]))
    assert printed(both, "p") == ("75.00",)
    end = a_report(period="2022-B6", values={"I1": "100", "I2": "25"})
    assert str(the_line(a_run(task, period="2022-B6", reports=[end])).parts[1].e) == "1"


@pytest.mark.parametrize(
    ("change", "period", "reason"),
    [
        ({"start": "2022-05-01"}, "2022-B2", "not_started"),
        ({"start": "2021-01-01", "due": "2021-06-30"}, "2022-B2", "closed"),
        ({"assumed": ["due"]}, "2022-B2", "unconfirmed"),
        ({"indicators": [an_indicator("I1", cadence="annual")]}, "2022-B2", "year_only"),
        ({"indicators": [an_indicator("I1", start="2022-06-01")]}, "2022-B2", "no_expectation"),
        (
            {"indicators": [an_indicator("I1", data_from="statistics")]},
            "2022-B2",
            "no_data",
        ),
    ],
)
def test_the_first_condition_that_holds_leaves_a_task_out(
    change: Json, period: str, reason: str
) -> None:
    task = a_task() | change
    line = the_line(a_run(task, period=period, reports=[a_report(period=period)]))
    assert (line.left_out, line.light) == (reason, "grey")
    assert printed(line, "p", "t", "q", "r", "score") == (None,) * 5


def test_an_overdue_task_stays_expected_to_the_end_of_its_year() -> None:
    task = a_task(due="2022-06-30")
    line = the_line(
        a_run(task, period="2022-B6", reports=[a_report(period="2022-B6", values={"T1.I": "50"})])
    )
    assert printed(line, "e", "p") == ("1.0000", "50.00")


def test_what_is_assumed_counts_once_somebody_stands_for_it() -> None:
    reports = [a_report(values={"T1.I": "30"})]
    for confirmed_by, reason in ((None, "unconfirmed"), ("office", None)):
        task = a_task(
            indicators=[an_indicator("T1.I", assumed=["target"], confirmed_by=confirmed_by)]
        )
        assert the_line(a_run(task, reports=reports)).left_out == reason


def test_a_source_that_is_not_out_leaves_the_mean_and_is_named() -> None:
    task = a_task(
        indicators=[an_indicator("I1"), an_indicator("I2", data_from="statistics", weight="9")]
    )
    earlier = a_report(period="2022-B1", values={"I1": "10", "I2": "1"})
    report = a_report(values={"I1": "30"}, no_data=frozenset({"I2"}))
    line = the_line(a_run(task, reports=[earlier, report]))
    assert printed(line, "p", "score") == ("90.00", "92.00")
    assert line.flags == ("source_pending",)


def test_without_a_word_on_the_source_its_last_value_stands() -> None:
    task = a_task(indicators=[an_indicator("I1"), an_indicator("I2", data_from="statistics")])
    earlier = a_report(period="2022-B1", values={"I1": "10", "I2": "1"})
    line = the_line(a_run(task, reports=[earlier, a_report(values={"I1": "30"})]))
    assert printed(line, "p") == ("46.50",)


def test_what_is_year_only_owes_a_report_when_its_own_period_ends() -> None:
    task = a_task(indicators=[an_indicator("I1", cadence="half_year")])
    owed = [the_line(a_run(task, period=f"2022-B{n}")).expected for n in (1, 2, 3, 4, 5, 6)]
    assert owed == [False, False, True, False, False, True]


def test_an_annual_plan_takes_an_annual_indicator_into_its_period() -> None:
    plan = a_plan(a_task(indicators=[an_indicator("I1", cadence="annual")]), cadence="annual")
    report = a_report(period="2022", values={"I1": "80"})
    line = the_line(a_run(plan=plan, period="2022", reports=[report]))
    assert printed(line, "p") == ("80.00",)


def test_the_publication_that_finds_a_task_finished_is_blue() -> None:
    line = the_line(a_run(TAIJIANG, reports=[a_report(values={"I1": "254.6"})]))
    assert (line.light, line.finished) == ("blue", True)
    assert printed(line, "score") == ("100.00",)


def test_a_task_is_finished_only_when_every_part_of_it_is() -> None:
    two = a_task(indicators=[an_indicator("I1"), an_indicator("I2", cadence="annual")])
    line = the_line(a_run(two, reports=[a_report(values={"I1": "100"})]))
    assert (line.light, line.finished) == ("green", False)
    both = the_line(a_run(two, reports=[a_report(values={"I1": "100", "I2": "100"})]))
    assert both.light == "blue"
    kept = a_task(indicators=[an_indicator("I1"), an_indicator("I2", "hold", target="6")])
    assert the_line(a_run(kept, reports=[a_report(values={"I1": "100", "I2": "5"})])).light == (
        "green"
    )


def test_a_finished_task_keeps_full_marks_without_a_report_until_its_year_ends() -> None:
    line = the_line(a_run(TAIJIANG, period="2022-B3", finished={"T1": 2022}))
    assert printed(line, "p", "t", "q", "score", "light") == (
        "100.00",
        "100.00",
        "100.00",
        "100.00",
        "blue",
    )
    assert not line.expected
    long_task = a_task(due="2023-12-31")
    after = the_line(a_run(long_task, period="2022-B3", finished={"T1": 2021}))
    assert (after.left_out, after.light) == ("done", "blue")


def test_finished_before_anything_was_expected_waits_and_then_scores_full() -> None:
    done = a_report(period="2021-B1", milestones=dict.fromkeys(("M1", "M2", "M3"), "2021-02-01"))
    early = the_line(a_run(UNIVERSITY_TOWN, period="2021-B1", reports=[done]))
    assert (early.left_out, early.finished) == ("no_expectation", True)
    waiting = a_run(UNIVERSITY_TOWN, period="2021-B2", reports=[done], finished={"T1": None})
    assert the_line(waiting).left_out == "no_expectation"
    assert not the_line(waiting).expected
    counted = a_run(UNIVERSITY_TOWN, period="2021-B3", reports=[done], finished={"T1": None})
    assert printed(the_line(counted), "score", "light") == ("100.00", "blue")


def test_where_verification_is_required_the_unverified_is_provisional() -> None:
    rules = a_rulebook(verification="required")
    percent = a_task(measure="percent", due="2022-04-30")
    line = the_line(a_run(percent, reports=[a_report(percent="100")], rulebook=rules))
    assert printed(line, "a", "light") == ("0.9500", "green")
    assert line.flags == ("provisional",)
    part_way = the_line(a_run(percent, reports=[a_report(percent="40")], rulebook=rules))
    assert printed(part_way, "a") == ("0.4000",)
    verified = a_report(percent="100", verified=True)
    line = the_line(a_run(percent, reports=[verified], rulebook=rules))
    assert (printed(line, "a", "light"), line.flags) == (("1.0000", "blue"), ())
    whole = a_report(values={"I1": "254.6"})
    assert the_line(a_run(TAIJIANG, reports=[whole], rulebook=rules)).light == "green"
    done = a_report(period="2021-B3", milestones={"M1": "2021-06-01"})
    line = the_line(a_run(UNIVERSITY_TOWN, period="2021-B3", reports=[done], rulebook=rules))
    assert printed(line, "a") == ("0.0000",)


def test_a_task_whose_lead_has_left_without_a_successor_is_closed() -> None:
    left = a_task(
        assignments=[{"unit": "U1", "role": "lead", "valid": {"from": None, "to": "2022-04-29"}}]
    )
    line = the_line(a_run(left))
    assert (line.left_out, line.unit, line.expected) == ("closed", "U1", False)


def test_who_leads_on_the_last_day_answers_for_the_period() -> None:
    handed_over = a_task(
        assignments=[
            {"unit": "U1", "role": "lead", "valid": {"from": None, "to": "2022-03-31"}},
            {"unit": "U2", "role": "lead", "valid": {"from": "2022-04-01", "to": None}},
        ]
    )
    reports = [
        a_report(period="2022-B1", values={"T1.I": "30"}),
        a_report(values={"T1.I": "50"}, received="2022-03-10T09:00:00"),
    ]
    line = the_line(a_run(handed_over, reports=reports))
    assert (line.unit, line.missing, printed(line, "a")) == ("U2", True, ("0.3000",))


REPAIR = [
    ("2022-05-09T10:00:00", True, "2022-05-12T23:59:59", True),
    ("2022-05-09T10:00:00", True, "2022-05-13T00:00:00", False),
    ("2022-05-09T10:00:00", False, "2022-05-11T10:00:00", False),
    ("2022-05-11T00:00:00", True, "2022-05-11T10:00:00", False),
]


@pytest.mark.parametrize(("first", "complete", "second", "kept"), REPAIR)
def test_a_good_report_repaired_within_two_working_days_keeps_its_instant(
    first: str, *, complete: bool, second: str, kept: bool
) -> None:
    returned = a_report(received=first, returned_at=instant("2022-05-10T17:00:00"))
    timely = timely_instant(
        received_at=instant(second),
        repaired=returned,
        complete=complete,
        window=the_window("2022-B2"),
        tz=SHANGHAI,
        workdays=WORKDAYS,
    )
    assert timely == instant(first if kept else second)


def test_the_window_of_the_worked_example_counts_the_make_up_saturday() -> None:
    window = the_window("2022-B2")
    assert window.due == date(2022, 5, 10)
    assert window.due_end(SHANGHAI) == datetime(2022, 5, 10, 16, tzinfo=UTC)
