"""What decisions change of a task: its targets, its dates, and how its curve is bent."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring_cast import Json, a_milestone, a_report, a_rulebook, a_task, an_indicator, the_task

from scoring.domain.amended import task_on
from scoring.domain.facts import Report
from scoring.domain.parts import all_done, overdue_milestones, parts_of
from scoring.domain.reading import Reading
from scoring.domain.task_line import Part
from shared.contracts.decisions import Amended, Change, Rest

RULES = a_rulebook()
TOTAL = a_task(indicators=[an_indicator("I")])
PERCENT = a_task(measure="percent")


def rest(first: str, last: str, *, extend: bool = False) -> Rest:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return Rest(periods=(), first=start, last=end, extend=extend)


def change(first: str, *, mode: str = "same_curve", **fields: object) -> Change:
    told = {"indicator": None, "target": None, "due": None, "year_targets": None, **fields}
    if isinstance(told["target"], str):
        told["target"] = Decimal(told["target"])
    if isinstance(told["due"], str):
        told["due"] = date.fromisoformat(told["due"])
    start = date.fromisoformat(first)
    return Change.model_validate(
        {"decision": "D1", "effective": "2022-B4", "first": start, "mode": mode, **told}
    )


def parts(
    task: Json, day: str, *decided: Rest | Change, reports: tuple[Report, ...] = ()
) -> dict[str, Part]:
    now = date.fromisoformat(day)
    known = sorted((one for one in reports if one.as_of <= now), key=lambda one: one.as_of)
    found = parts_of(
        the_task(task),
        Reading(own=None, history=tuple(reversed(known))),
        now,
        rulebook=RULES,
        cadence="bimonthly",
        amended=amended(*decided),
    )
    return {part.id: part for part in found}


def amended(*decided: Rest | Change) -> Amended:
    return Amended(
        rests=tuple(one for one in decided if isinstance(one, Rest)),
        changes=tuple(one for one in decided if isinstance(one, Change)),
    )


def e_on(day: str, *decided: Rest | Change, task: Json = TOTAL, part: str = "I") -> Fraction:
    return parts(task, day, *decided)[part].e


def told(value: str, as_of: str) -> Report:
    return a_report(values={"I": value}, as_of=as_of)


THIRD_AND_FOURTH = rest("2022-05-01", "2022-08-31")


@pytest.mark.parametrize(
    ("day", "e"),
    [
        ("2022-04-30", "1/3"),
        ("2022-05-01", "1/3"),
        ("2022-08-31", "1/3"),
        # Ef = 1/3, Er = 2/3; at the end of October E = 5/6: 1/3 + 2/3 · (1/6) / (1/3)
        ("2022-10-31", "2/3"),
        ("2022-12-31", "1"),
    ],
)
def test_after_a_rest_the_old_last_day_is_caught_up_with(day: str, e: str) -> None:
    assert e_on(day, THIRD_AND_FOURTH) == Fraction(e)
    assert e_on(day, THIRD_AND_FOURTH, task=PERCENT, part="percent") == Fraction(e)


def test_each_step_of_a_bent_expectation_is_told() -> None:
    part = parts(TOTAL, "2022-10-31", THIRD_AND_FOURTH)["I"]
    assert part.curve_operands == {"months_elapsed": 10, "months_total": 12}
    (bend,) = part.bends
    assert (bend.formula, bend.e) == ("expectation.resumed/1", Fraction(2, 3))
    assert bend.operands == {
        "expected": Fraction(5, 6),
        "eve": Fraction(1, 3),
        "rested": Fraction(2, 3),
    }
    assert parts(TOTAL, "2022-04-30", THIRD_AND_FOURTH)["I"].bends == ()


def test_a_task_whose_time_ran_out_at_rest_is_expected_whole_afterwards() -> None:
    over = rest("2022-11-01", "2023-02-28")
    assert e_on("2022-12-31", over) == Fraction(5, 6)
    assert e_on("2023-02-28", over) == Fraction(5, 6)
    assert e_on("2023-03-01", over) == 1


LONGER = rest("2022-05-01", "2022-08-31", extend=True)


@pytest.mark.parametrize(
    ("day", "e"),
    [
        ("2022-04-30", "1/3"),
        ("2022-08-31", "1/3"),
        # 123 days ago it was 30 June, 30 August (7 30/31 of 12 months), 30 December
        ("2022-10-31", "1/2"),
        ("2022-12-31", "247/372"),
        ("2023-05-02", "371/372"),
        ("2023-05-03", "1"),
    ],
)
def test_a_rest_that_gives_more_time_moves_the_curve_by_its_days(day: str, e: str) -> None:
    assert e_on(day, LONGER) == Fraction(e)


def test_more_time_is_told_as_the_days_it_was() -> None:
    (bend,) = parts(TOTAL, "2022-10-31", LONGER)["I"].bends
    assert (bend.formula, bend.operands["days"]) == ("expectation.extended/1", Fraction(123))


def test_a_rest_that_gives_more_time_moves_what_is_not_yet_due() -> None:
    task = the_task(
        a_task(
            milestones=[
                a_milestone("A", "2022-04-30"),
                a_milestone("B", "2022-05-01"),
                a_milestone("C", "2022-12-31"),
            ],
            indicators=[
                an_indicator("I", due="2022-03-31"),
                an_indicator("J", due="2022-12-31"),
                an_indicator("K"),
            ],
            measure="both",
        )
    )
    moved = task_on(task, amended(LONGER), date(2022, 5, 1))
    assert moved.due == date(2023, 5, 3)
    assert [node.due for node in moved.milestones] == [
        date(2022, 4, 30),
        date(2022, 9, 1),
        date(2023, 5, 3),
    ]
    assert [one.due for one in moved.indicators] == [date(2022, 3, 31), date(2023, 5, 3), None]
    assert task_on(task, amended(LONGER), date(2022, 4, 30)) == task


def test_milestones_given_more_time_step_when_they_are_due_now() -> None:
    nodes = a_task(milestones=[a_milestone("A", "2022-04-30"), a_milestone("B", "2022-06-30")])
    steps = [
        e_on(day, LONGER, task=nodes, part="milestones")
        for day in ("2022-06-30", "2022-10-30", "2022-10-31")
    ]
    assert steps == [Fraction(1, 2), Fraction(1, 2), 1]


def test_a_milestone_that_was_given_more_time_is_not_overdue_yet() -> None:
    task = the_task(a_task(milestones=[a_milestone("B", "2022-06-30")]))
    nothing = Reading(own=None, history=())
    for decided, found in ((amended(), ["B"]), (amended(LONGER), [])):
        overdue = overdue_milestones(
            task, nothing, date(2022, 10, 31), after_days=30, amended=decided
        )
        assert overdue == found


def test_two_rests_in_a_row_are_one() -> None:
    halves = (rest("2022-05-01", "2022-06-30"), rest("2022-07-01", "2022-08-31"))
    for day in ("2022-06-30", "2022-08-31", "2022-10-31"):
        assert e_on(day, *halves) == e_on(day, THIRD_AND_FOURTH)
    more = tuple(half.model_copy(update={"extend": True}) for half in halves)
    assert e_on("2022-11-30", *more) == e_on("2022-11-30", LONGER)


def test_a_new_target_holds_from_its_period_on_along_the_same_curve() -> None:
    lower = change("2022-07-01", indicator="I", target="50")
    reports = (told("30", "2022-04-30"),)
    before = parts(TOTAL, "2022-06-30", lower, reports=reports)["I"]
    after = parts(TOTAL, "2022-08-31", lower, reports=reports)["I"]
    assert (before.a, before.e) == (Fraction(3, 10), Fraction(1, 2))
    assert (after.a, after.e, after.bends) == (Fraction(3, 5), Fraction(2, 3), ())


def test_a_new_last_day_stretches_the_curve() -> None:
    later = change("2022-07-01", due="2023-12-31")
    assert e_on("2022-06-30", later) == Fraction(1, 2)
    assert e_on("2022-08-31", later) == Fraction(8, 24)


def test_a_new_last_day_takes_along_the_figures_that_end_with_the_task() -> None:
    task = the_task(
        a_task(
            indicators=[
                an_indicator("I", due="2022-12-31"),
                an_indicator("J", due="2022-06-30"),
                an_indicator("K"),
            ]
        )
    )
    whole = task_on(task, amended(change("2022-07-01", due="2023-06-30")), date(2022, 7, 1))
    assert whole.due == date(2023, 6, 30)
    dues = [one.due for one in whole.indicators]
    assert dues == [date(2023, 6, 30), date(2022, 6, 30), None]
    one = change("2022-07-01", indicator="J", due="2022-09-30")
    alone = task_on(task, amended(one), date(2022, 7, 1))
    assert (alone.due, alone.indicators[1].due) == (task.due, date(2022, 9, 30))


def test_year_targets_are_replaced_where_they_are_named() -> None:
    task = the_task(a_task(indicators=[an_indicator("I", year_targets={"2022": "60"})]))
    new = change("2022-07-01", indicator="I", year_targets={"2022": "40"})
    now = task_on(task, amended(new), date(2022, 7, 1))
    assert now.indicators[0].year_targets == {"2022": Decimal(40)}
    kept = change("2022-07-01", indicator="I", target="80")
    assert task_on(task, amended(kept), date(2022, 7, 1)).indicators[0].year_targets == {
        "2022": Decimal(60)
    }


REBASED = change("2022-07-01", mode="rebase", indicator="I", target="80")


@pytest.mark.parametrize(
    ("reports", "day", "e"),
    [
        # a0 = 20/80, E0 = 1/2; at the end of August 1/4 + 3/4 · (1/6) / (1/2)
        ({"2022-06-30": "20"}, "2022-08-31", "1/2"),
        ({"2022-06-30": "20"}, "2022-12-31", "1"),
        # a value of July is not true on its eve
        ({"2022-04-30": "20", "2022-07-15": "70"}, "2022-08-31", "1/2"),
        # within 0 and 1; without a value nothing was reached: 0 + 1 · (1/6) / (1/2)
        ({"2022-06-30": "100"}, "2022-08-31", "1"),
        ({}, "2022-08-31", "1/3"),
        ({"2022-06-30": "20"}, "2022-06-30", "1/2"),
    ],
)
def test_a_curve_that_begins_anew_starts_where_the_task_was(
    reports: Mapping[str, str], day: str, e: str
) -> None:
    sent = tuple(told(value, as_of) for as_of, value in reports.items())
    assert parts(TOTAL, day, REBASED, reports=sent)["I"].e == Fraction(e)


def test_a_new_beginning_with_a_new_last_day_runs_along_the_new_dates() -> None:
    later = change("2022-07-01", mode="rebase", due="2023-06-30")
    sent = (told("40", "2022-06-30"),)
    # 6 of 18 months on the eve, 8 at the end of August: 0.4 + 0.6 · (8 - 6) / (18 - 6)
    part = parts(TOTAL, "2022-08-31", later, reports=sent)["I"]
    assert part.e == Fraction(1, 2)
    assert part.bends[0].operands == {
        "expected": Fraction(8, 18),
        "reached": Fraction(2, 5),
        "eve": Fraction(6, 18),
    }


def test_a_new_beginning_after_the_last_day_expects_the_whole() -> None:
    late = change("2023-01-01", mode="rebase", indicator="I", target="200")
    part = parts(TOTAL, "2023-02-28", late, reports=(told("100", "2022-12-31"),))["I"]
    assert (part.a, part.e) == (Fraction(1, 2), Fraction(1))
    assert [bend.formula for bend in part.bends] == ["expectation.run_out/1"]


def test_a_new_beginning_bears_on_the_part_it_names_alone() -> None:
    pair = a_task(indicators=[an_indicator("I"), an_indicator("J")])
    found = parts(pair, "2022-08-31", REBASED, reports=(told("20", "2022-06-30"),))
    assert (found["I"].e, found["J"].e, found["J"].bends) == (Fraction(1, 2), Fraction(2, 3), ())


def test_a_new_beginning_of_the_task_bears_on_its_milestones() -> None:
    nodes = a_task(milestones=[a_milestone("A", "2022-03-31"), a_milestone("B", "2022-08-31")])
    anew = change("2022-07-01", mode="rebase", due="2023-06-30")
    # E0 = 1/2 and nothing done: at the end of August (1 - 1/2) / (1/2)
    assert e_on("2022-07-31", anew, task=nodes, part="milestones") == 0
    assert e_on("2022-08-31", anew, task=nodes, part="milestones") == 1


def test_bends_follow_one_another_in_the_order_of_their_days() -> None:
    sent = (told("20", "2022-06-30"),)
    # rested March and April: Ef 1/6, Er 1/3; June 1/6 + 5/6 · (1/6)/(2/3) = 3/8,
    # August 1/6 + 5/6 · (1/3)/(2/3) = 7/12; anew at 1/4: 1/4 + 3/4 · (7/12 - 3/8)/(5/8) = 1/2
    first = rest("2022-03-01", "2022-04-30")
    part = parts(TOTAL, "2022-08-31", REBASED, first, reports=sent)["I"]
    assert [bend.e for bend in part.bends] == [Fraction(7, 12), Fraction(1, 2)]
    # the other way round: anew at 1/4 in July, rested September and October at 1/2
    second = rest("2022-09-01", "2022-10-31")
    assert parts(TOTAL, "2022-10-31", REBASED, second, reports=sent)["I"].e == Fraction(1, 2)
    # November 7/8 against Er 3/4: 1/2 + 1/2 · (1/8)/(1/4)
    assert parts(TOTAL, "2022-11-30", REBASED, second, reports=sent)["I"].e == Fraction(3, 4)


def test_a_last_day_named_after_a_rest_is_the_last_day() -> None:
    named = change("2022-09-01", due="2023-06-30")
    assert e_on("2023-06-29", LONGER, named) < 1
    assert e_on("2023-06-30", LONGER, named) == 1


def test_what_is_always_expected_is_never_bent() -> None:
    kinds: list[Json] = [
        an_indicator("I", "hold"),
        an_indicator("I", "growth"),
        an_indicator("I", "relation", target=None),
    ]
    for kind in kinds:
        found = parts(a_task(indicators=[kind]), "2022-10-31", THIRD_AND_FOURTH, REBASED)["I"]
        assert found.e == 1
        assert found.bends == ()


def test_a_rest_bends_what_a_ceiling_allows_and_a_new_beginning_does_not() -> None:
    ceiling = a_task(indicators=[an_indicator("I", "ceiling")])
    rested = parts(ceiling, "2022-10-31", THIRD_AND_FOURTH, reports=(told("70", "2022-10-31"),))
    # allowed 2/3 of 100; 3 1/3 over, of the 13 1/3 that 20 % are
    assert (rested["I"].a, rested["I"].e) == (Fraction(3, 4), Fraction(1))
    anew = parts(ceiling, "2022-08-31", REBASED, reports=(told("50", "2022-06-30"),))["I"]
    assert anew.operands["allowed"] == Fraction(2, 3)


def test_a_figure_that_begins_after_a_rest_is_not_bent_by_it() -> None:
    late = a_task(indicators=[an_indicator("I", start="2022-09-01", due="2022-12-31")])
    # from 1 September to 3 May 2023: one of 8 months and 3 days of 31
    assert e_on("2022-09-30", LONGER, task=late) == Fraction(1) / (8 + Fraction(3, 31))


def test_what_recurs_keeps_its_year_through_a_rest() -> None:
    yearly = a_task(due="2023-12-31", indicators=[an_indicator("I", "recurring")])
    assert e_on("2022-10-31", LONGER, task=yearly) == Fraction(2, 3)
    assert e_on("2022-12-31", LONGER, task=yearly) == 1
    assert e_on("2023-02-28", LONGER, task=yearly) == Fraction(1, 6)


def test_a_lower_target_finishes_what_a_higher_one_left_open() -> None:
    task = the_task(TOTAL)
    reading = Reading(own=None, history=(told("80", "2022-06-30"),))
    for day, done in ((date(2022, 6, 30), False), (date(2022, 7, 1), True)):
        found = all_done(
            task, reading, day, rulebook=RULES, cadence="bimonthly", amended=amended(REBASED)
        )
        assert found is done


plain_days = st.dates(date(2021, 12, 1), date(2023, 12, 31))
rests = st.lists(
    st.builds(
        lambda first, days, extend: Rest(
            periods=(), first=first, last=first + timedelta(days=days), extend=extend
        ),
        st.dates(date(2022, 1, 1), date(2022, 12, 31)),
        st.integers(0, 120),
        st.booleans(),
    ),
    max_size=3,
).map(lambda found: [one for i, one in enumerate(found) if all(_apart(one, o) for o in found[:i])])
curves = st.sampled_from([None, "linear", "smooth", "yearly"])


def _apart(one: Rest, other: Rest) -> bool:
    return one.last < other.first or other.last < one.first


@given(rests, curves, plain_days, plain_days)
def test_rests_never_make_expected_progress_fall_or_pass_the_whole(
    rested: list[Rest], curve: str | None, one: date, other: date
) -> None:
    task = a_task(measure="percent", expectation={"curve": curve})
    earlier, later = (
        e_on(day.isoformat(), *rested, task=task, part="percent") for day in sorted((one, other))
    )
    assert 0 <= earlier <= later <= 1
    due = task_on(the_task(task), amended(*rested), date(2024, 12, 31)).due
    end = max(due, *(one.last + timedelta(days=1) for one in rested), due)
    assert e_on(end.isoformat(), *rested, task=task, part="percent") == 1
