"""Bonus and deductions, and what a bulletin shows of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from scoring_cast import a_report, a_run, a_task

from scoring.domain.events import EventShown, bonus_and_deductions, with_floor_guard
from scoring.domain.facts import Entered
from scoring.domain.period_run import run_period
from shared.contracts.decisions import Award, Entry, Exemption, Penalty, Rating, Veto
from shared.contracts.rulebook import Events

EVENTS = Events()


def award(matter: str, **fields: object) -> Award:
    return Award.model_validate({"unit": "U1", "matter": matter, **fields})


def penalty(matter: str, points: str, *, uncapped: bool = False) -> Penalty:
    return Penalty.model_validate(
        {"unit": "U1", "matter": matter, "points": points, "uncapped": uncapped}
    )


def entered(*entries: Entry, on: str = "2022-03-15") -> tuple[Entered, ...]:
    return tuple(
        Entered(decision=f"D{n}", entry=entry, on=date.fromisoformat(on))
        for n, entry in enumerate(entries)
    )


def waiver(matter: str | None, unit: str = "U1", kind: str = "E3") -> Exemption:
    return Exemption.model_validate(
        {"id": "X1", "task": "T1", "unit": unit, "kind": kind, "matter": matter}
    )


def tally(*entries: Entry, exemptions: Sequence[Exemption] = ()) -> tuple[str, str]:
    found = bonus_and_deductions(entered(*entries), exemptions, EVENTS)
    return str(found.bonus), str(found.deductions)


@pytest.mark.parametrize(
    ("level", "points", "bonus"),
    [
        ("national", None, "2"),
        ("provincial", None, "1"),
        ("city", None, "1/2"),
        ("national", "0.3", "3/10"),
        (None, "4", "4"),
        (None, None, "0"),
    ],
)
def test_an_award_is_worth_its_points_or_else_its_level(
    level: str | None, points: str | None, bonus: str
) -> None:
    assert tally(award("M1", level=level, points=points)) == (bonus, "0")


def test_of_one_matter_the_highest_award_counts_and_matters_add_up() -> None:
    city, national = award("M1", level="city"), award("M1", level="national")
    other = award("M2", level="provincial")
    assert tally(city, national, other, city) == ("3", "0")
    found = bonus_and_deductions(entered(city, national, national), (), EVENTS)
    assert [event.counts for event in found.events] == [False, True, False]


def test_bonus_and_deductions_have_a_cap_each() -> None:
    awards = [award(f"M{n}", level="national") for n in range(3)]
    assert tally(*awards, penalty("P1", "6"), penalty("P1", "6")) == ("5", "10")


def test_false_data_and_major_accidents_stand_outside_the_cap() -> None:
    found = bonus_and_deductions(
        entered(penalty("P1", "12"), penalty("P2", "5", uncapped=True)), (), EVENTS
    )
    assert [str(one) for one in (found.capped, found.uncapped, found.deductions)] == [
        "10",
        "5",
        "15",
    ]


@pytest.mark.parametrize(
    ("exemption", "deductions"),
    [
        (waiver("P1"), "3"),
        (waiver("P2"), "2"),
        (waiver("P3"), "5"),
        (waiver(None), "5"),
        (waiver("P1", unit="U2"), "5"),
        (waiver("P1", kind="E1"), "5"),
    ],
)
def test_a_penalty_whose_matter_an_exemption_names_is_waived(
    exemption: Exemption, deductions: str
) -> None:
    assert tally(penalty("P1", "2"), penalty("P2", "3"), exemptions=[exemption]) == (
        "0",
        deductions,
    )


@pytest.mark.parametrize(
    ("score", "bonus", "deductions", "settled"),
    [
        ("69", "0", "2", "67"),  # the worked example, had the penalty not been waived
        ("69", "0", "0", "69"),
        ("85.5", "2.5", "3", "85"),
        ("58", "5", "0", "60"),
        ("58", "5", "3", "57"),
        ("58", "1", "0", "59"),
        ("60", "5", "0", "65"),
        ("98", "5", "0", "100"),
        ("98", "5", "4", "99"),
        ("4", "0", "10", "0"),
    ],
)
def test_below_the_floor_guard_a_bonus_lifts_up_to_it_only(
    score: str, bonus: str, deductions: str, settled: str
) -> None:
    exact = with_floor_guard(Fraction(score), Fraction(bonus), Fraction(deductions), EVENTS)
    assert exact == Fraction(settled)


def shown(*entries: Entered, exemptions: Sequence[Exemption] = ()) -> tuple[EventShown, ...]:
    """What the bulletin of March and April 2022 shows."""
    return run_period(
        replace(a_run(a_task()), entries=entries, exemptions=tuple(exemptions))
    ).events


@pytest.mark.parametrize(
    ("on", "there"),
    [("2022-02-28", 0), ("2022-03-01", 1), ("2022-04-30", 1), ("2022-05-01", 0)],
)
def test_a_bulletin_shows_the_events_decided_in_its_period(on: str, there: int) -> None:
    assert len(shown(*entered(penalty("P1", "2"), on=on))) == there


def test_an_event_is_shown_with_its_points_or_its_cap() -> None:
    veto = Veto(unit="U2", matter="safety", cap="fair")
    rating = Rating.model_validate({"unit": "U1", "year": 2022, "score": "90"})
    events = shown(
        *entered(award("M1", level="city"), penalty("P1", "2", uncapped=True), veto, rating)
    )
    assert [
        (event.type, event.unit, event.matter, event.points, event.cap, event.uncapped)
        for event in events
    ] == [
        ("award", "U1", "M1", Fraction(1, 2), None, False),
        ("penalty", "U1", "P1", Fraction(2), None, True),
        ("veto", "U2", "safety", None, "fair", False),
    ]


def test_an_award_is_shown_against_those_of_its_matter_in_the_year_so_far() -> None:
    before = entered(award("M1", level="national"), on="2022-02-01")
    now = Entered(decision="N", entry=award("M1", level="city"), on=date(2022, 3, 2))
    after = Entered(decision="A", entry=award("M2", level="national"), on=date(2022, 5, 2))
    other = Entered(decision="O", entry=award("M2", level="city"), on=date(2022, 4, 2))
    assert [(event.decision, event.counts) for event in shown(*before, now, after, other)] == [
        ("N", False),
        ("O", True),
    ]
    of_last_year = entered(award("M1", level="national"), on="2021-12-01")
    assert [event.counts for event in shown(*of_last_year, now)] == [True]


def test_a_waived_penalty_is_shown_with_what_waives_it() -> None:
    (event,) = shown(*entered(penalty("P1", "2")), exemptions=[waiver("P1")])
    assert (event.counts, event.waived_by) == (False, "X1")


def test_events_change_no_score_of_the_period() -> None:
    run = a_run(a_task(), reports=[a_report(values={"T1.I": "30"})])
    plain = run_period(run)
    eventful = run_period(replace(run, entries=entered(penalty("P1", "2"), award("M", points="5"))))
    assert eventful.summary() == plain.summary()
    assert len(eventful.events) == 2
