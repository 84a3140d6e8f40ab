"""An auditor's table: small cases worked out with a pocket calculator from the rule text alone.

Unless a case says otherwise a task runs through 2022, so that E is 1/6, 1/3, 1/2, 2/3, 5/6 and 1 at
the ends of its six periods, and S = 0.8·P + 0.1·T + 0.1·Q.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
    instant,
    printed,
    the_line,
    the_period,
)

from scoring.domain.facts import Previous, PreviousLine, Report
from scoring.domain.memory import finished_after, previous_of
from scoring.domain.period_run import PeriodResult, run_period
from scoring.domain.rollup import UnitResult

TOTAL = a_task(indicators=[an_indicator("I")])
TWO_YEARS = a_task(due="2023-12-31", indicators=[an_indicator("I")])
PAIR = a_task(indicators=[an_indicator("I"), an_indicator("J")])
NODES = a_task(milestones=[a_milestone("M", "2022-03-31"), a_milestone("N", "2022-12-31")])
PERCENT = a_task(measure="percent")
LEVEL = an_indicator("I", "level", baseline="100", target="200")
REQUIRED: Json = {"verification": "required"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One line worked out by hand: what the run reads, and the columns that must be printed."""

    told: str
    task: Json
    expected: Mapping[str, object]
    period: str = "2022-B2"
    reports: Sequence[Report] = ()
    rules: Json = field(default_factory=dict)
    previous: Previous | None = None
    finished: Mapping[str, int | None] = field(default_factory=dict)


def told(value: str, period: str = "2022-B2", **fields: object) -> Report:
    """A report of the figure I."""
    return a_report(period=period, values={"I": value}, **fields)  # type: ignore[arg-type]  # any


def left(period: str, light: str, *, missing: bool = False) -> Previous:
    """What the publication before left of the task."""
    line = PreviousLine(unit="U1", light=light, missing=missing)  # type: ignore[arg-type]  # one of five
    return Previous(period=the_period(period), lines={"T1": line})


TIME_AND_CURVES = [
    Case(
        told="a task that starts on 16 March has a month and a half behind it at the end of April",
        # (16/31 + 1) / (16/31 + 9) = 47/295; R = 0.1 · 295/47; S = 0.8 · 62.7660 + 20
        task=a_task(start="2022-03-16", indicators=[an_indicator("I")]),
        reports=[told("10")],
        expected={"e": "0.1593", "r": "0.6277", "p": "62.77", "score": "70.21", "light": "red"},
    ),
    Case(
        told="a task that starts in mid-April is yellow at worst while under a tenth is expected",
        # 0.5 / 8.5 = 1/17; R = 0.04 · 17 = 0.68; S = 54.4 + 20
        task=a_task(start="2022-04-16", indicators=[an_indicator("I")]),
        reports=[told("4")],
        expected={"e": "0.0588", "r": "0.6800", "score": "74.40", "light": "yellow"},
    ),
    Case(
        told="on the day basis a task's first day already counts as one of its 246",
        # 30 April … 31 December: 1/246
        task=a_task(start="2022-04-30", expectation={"basis": "day"}),
        reports=[a_report()],
        expected={"e": "0.0041", "p": "0.00", "q": "0.00", "score": "10.00", "light": "yellow"},
    ),
    Case(
        told="an indicator with a start of its own is expected from there",
        # J as above 47/295: P = (90 + 62.7660) / 2; gap = 100 · (1/30 + 0.0593220) / 2
        task=a_task(indicators=[an_indicator("I"), an_indicator("J", start="2022-03-16")]),
        reports=[a_report(values={"I": "30", "J": "10"})],
        expected={
            "a": "0.2000",
            "e": "0.2463",
            "r": "0.7638",
            "p": "76.38",
            "gap": "4.6328",
            "score": "81.11",
        },
    ),
    Case(
        told="an indicator due before its task is expected in full until the task closes",
        # P is the mean of 90 for I and, its time being over, 60 for J
        task=a_task(indicators=[an_indicator("I"), an_indicator("J", due="2022-02-28")]),
        reports=[a_report(values={"I": "30", "J": "60"})],
        expected={"a": "0.4500", "e": "0.6667", "p": "75.00", "score": "80.00"},
    ),
    Case(
        told="an indicator due after its task keeps its own pace",
        # 12 of 24 months: 0.4 / 0.5
        task=a_task(indicators=[an_indicator("I", due="2023-12-31")]),
        period="2022-B6",
        reports=[told("40", "2022-B6")],
        expected={"e": "0.5000", "r": "0.8000", "score": "84.00", "light": "yellow"},
    ),
    Case(
        told="a later due day of an indicator does not keep its task open",
        task=a_task(indicators=[an_indicator("I", due="2023-12-31")]),
        period="2023-B1",
        reports=[told("40", "2023-B1")],
        expected={"left_out": "closed", "score": None, "light": "grey", "expected": False},
    ),
    Case(
        told="under the steps of its task an indicator is expected in full when it is due itself",
        # nodes 1 of 2 due, but J was due in March: I 0.25 / 0.5, J 0.25 / 1, milestones 1
        task=a_task(
            measure="both",
            expectation={"curve": "steps"},
            milestones=[a_milestone("M", "2022-03-31"), a_milestone("N", "2022-12-31")],
            indicators=[an_indicator("I"), an_indicator("J", due="2022-03-31")],
        ),
        reports=[
            a_report(values={"I": "25", "J": "25"}, milestones={"M": "2022-03-01"}),
        ],
        expected={"p": "58.33", "r": "0.5833"},
    ),
    Case(
        told="under the steps of its task an indicator is not expected before it starts",
        # M was due in March, I begins in May: only the milestones count, 0.5 / 0.5
        task=a_task(
            measure="both",
            expectation={"curve": "steps"},
            milestones=[a_milestone("M", "2022-03-31"), a_milestone("N", "2022-12-31")],
            indicators=[an_indicator("I", start="2022-05-01")],
        ),
        reports=[a_report(milestones={"M": "2022-03-01"})],
        expected={"p": "100.00", "q": "100.00", "e": "0.5000"},
    ),
    Case(
        told="a named line serves the milestones of a task measured by both",
        # milestones 0.5 / (1/3), capped; I 0.2 / (1/3) = 0.6; (3 · 1 + 0.6) / 4
        task=NODES
        | {
            "measure": "both",
            "milestone_weight": "3",
            "expectation": {"curve": "linear"},
            "indicators": [an_indicator("I")],
        },
        reports=[a_report(values={"I": "20"}, milestones={"M": "2022-03-01"})],
        expected={"p": "90.00", "score": "92.00"},
    ),
    Case(
        told="named steps serve the indicators of a task measured by both",
        # I 0.2 / 0.5; (3 · 1 + 0.4) / 4
        task=NODES
        | {
            "measure": "both",
            "milestone_weight": "3",
            "expectation": {"curve": "steps"},
            "indicators": [an_indicator("I")],
        },
        reports=[a_report(values={"I": "20"}, milestones={"M": "2022-03-01"})],
        expected={"p": "85.00", "score": "88.00"},
    ),
    Case(
        told="what recurs starts anew on New Year's Day, also in a task that began in March",
        # the second year: 4 of 12 months, 20 of 100; last year's 100 is forgotten
        task=a_task(
            start="2021-03-01",
            due="2023-06-30",
            indicators=[an_indicator("I", "recurring", target="100")],
        ),
        reports=[told("100", "2021-B6"), told("20")],
        expected={"a": "0.2000", "e": "0.3333", "p": "60.00", "score": "68.00"},
    ),
    Case(
        told="in its last year what recurs is due when the task is",
        # 4 of 6 months, 40 of 100
        task=a_task(
            start="2021-03-01",
            due="2023-06-30",
            indicators=[an_indicator("I", "recurring", target="100")],
        ),
        period="2023-B2",
        reports=[told("40", "2023-B2")],
        expected={"e": "0.6667", "p": "60.00"},
    ),
    Case(
        told="a task is closed after the last day of the year it is due in",
        task=a_task(start="2021-01-01", due="2021-03-31"),
        period="2022-B1",
        expected={"left_out": "closed", "expected": False},
    ),
]

PARTS = [
    Case(
        told="overshoot, a source that is not out and a fall below the baseline, in one task",
        # I capped 1 (w 1), J out (w 2), K -0.1 counts 0 (w 3): P = 100 · 1/4;
        # a = (0.5 - 0.3) / 4; gap = 100 · (0 + 3/3) / 4
        task=a_task(
            indicators=[
                an_indicator("I"),
                an_indicator("J", weight="2", data_from="statistics"),
                LEVEL | {"id": "K", "weight": "3"},
            ]
        ),
        reports=[a_report(values={"I": "50", "K": "90"})],
        expected={
            "a": "0.0500",
            "e": "0.3333",
            "r": "0.2500",
            "p": "25.00",
            "gap": "25.0000",
            "score": "40.00",
            "light": "red",
            "flags": ["source_pending"],
        },
    ),
    Case(
        told="alone, an index below nothing is shown as it is",
        # a = -10/100; R = -0.3; gap = 100 · (1/3 + 1/10)
        task=a_task(indicators=[LEVEL]),
        reports=[told("90")],
        expected={"a": "-0.1000", "r": "-0.3000", "gap": "43.3333", "score": "20.00"},
    ),
    Case(
        told="an omitted figure keeps its last value and costs its half of completeness",
        # I 0.9, J 0.2 · 3 = 0.6: P 75, Q 50
        task=PAIR,
        reports=[a_report(period="2022-B1", values={"I": "20", "J": "20"}), told("30")],
        expected={"p": "75.00", "q": "50.00", "score": "75.00"},
    ),
    Case(
        told="an omitted figure that never had a value counts as nothing",
        # P = 90 / 2, Q 50: 36 + 10 + 5
        task=PAIR,
        reports=[told("30")],
        expected={"p": "45.00", "score": "51.00"},
    ),
    Case(
        told="where no source is out and the unit is silent, the unit is missing",
        task=a_task(indicators=[an_indicator("I", data_from="third_party")]),
        expected={"left_out": None, "score": "0.00", "a": "0.0000", "light": "red"},
    ),
    Case(
        told="where no source is out and the unit has said so, the task is left out",
        task=a_task(indicators=[an_indicator("I", data_from="third_party")]),
        reports=[a_report(no_data=frozenset({"I"}))],
        expected={"left_out": "no_data", "score": None, "light": "grey", "expected": True},
    ),
    Case(
        told="a slower figure neither scores nor is missed",
        task=a_task(indicators=[an_indicator("I"), an_indicator("J", cadence="quarterly")]),
        reports=[told("30")],
        expected={"p": "90.00", "q": "100.00"},
    ),
    Case(
        told="only slower figures leave a task to the year",
        task=a_task(indicators=[an_indicator("I", cadence="quarterly")]),
        reports=[told("30")],
        expected={"left_out": "year_only", "score": None, "expected": True},
    ),
    Case(
        told="a limit passed by a tenth of its tolerance loses a tenth",
        # tol = 20 % of 60 = 12; 61.2 is 1.2 over: 0.9 against E = 1
        task=a_task(indicators=[an_indicator("I", "hold", target="60")]),
        reports=[told("61.2")],
        expected={"a": "0.9000", "e": "1.0000", "p": "90.00", "light": "yellow"},
    ),
    Case(
        told="a level kept too low loses by its own tolerance",
        # one below, of the four it may miss
        task=a_task(indicators=[an_indicator("I", "maintain", target="60", tolerance="4")]),
        reports=[told("59")],
        expected={"a": "0.7500", "p": "75.00", "light": "red"},
    ),
    Case(
        told="a limit already met at the start is a limit to hold, and never blue",
        task=a_task(indicators=[an_indicator("I", "at_most", target="60", baseline="50")]),
        reports=[told("55")],
        expected={"a": "1.0000", "e": "1.0000", "light": "green", "finished": False},
    ),
    Case(
        told="reaching a strict target scores in full and is not done",
        task=a_task(indicators=[an_indicator("I", strict=True)]),
        reports=[told("100")],
        expected={"a": "1.0000", "p": "100.00", "light": "green", "finished": False},
    ),
    Case(
        told="a strict target in whole numbers is one more",
        # (280 - 189) / (281 - 189) = 91/92; S = 0.8 · 98.9130 + 20
        task=a_task(
            indicators=[
                an_indicator("I", "level", baseline="189", target="280", strict=True, integer=True)
            ]
        ),
        period="2022-B6",
        reports=[told("280", "2022-B6")],
        expected={"a": "0.9891", "p": "98.91", "score": "99.13", "light": "green"},
    ),
    Case(
        told="one more than a strict target in whole numbers is done",
        task=a_task(
            indicators=[
                an_indicator("I", "level", baseline="189", target="280", strict=True, integer=True)
            ]
        ),
        reports=[told("281")],
        expected={"a": "1.0000", "r": "3.0000", "light": "blue", "finished": True},
    ),
    Case(
        told="a yes in a third of the task waits for its day",
        # J is due in December: only I counts
        task=a_task(indicators=[an_indicator("I"), an_indicator("J", "yes_no", weight="2")]),
        reports=[a_report(values={"I": "30", "J": "0"})],
        expected={"a": "0.3000", "p": "90.00", "q": "100.00"},
    ),
]

KINDS = [
    Case(
        told="a year's growth is held against the whole target at any time",
        # W4: 6 of 8, E = 1
        task=a_task(indicators=[an_indicator("I", "growth", target="8")]),
        reports=[told("6")],
        expected={"a": "0.7500", "e": "1.0000", "p": "75.00", "light": "red", "finished": False},
    ),
    Case(
        told="a fall where growth was promised is no growth and scores nothing",
        task=a_task(indicators=[an_indicator("I", "growth", target="8")]),
        reports=[told("-2")],
        expected={"a": "0.0000", "r": "0.0000", "p": "0.00", "score": "20.00"},
    ),
    Case(
        told="a relation is in step within half a point",
        # 0.7 behind: 1 - 0.2/0.5
        task=a_task(indicators=[an_indicator("I", "relation", target=None)]),
        reports=[
            a_report(values={}, relations={"I": (Decimal("5.7"), Decimal("6.4"))}, submission="S-9")
        ],
        expected={"a": "0.6000", "e": "1.0000", "p": "60.00"},
    ),
    Case(
        told="a ceiling allows what its curve expects by now",
        # 4/12 of 120 is 40, 44 is 4 over, of 8: 0.5
        task=a_task(indicators=[an_indicator("I", "ceiling", target="120")]),
        reports=[told("44")],
        expected={"a": "0.5000", "e": "1.0000", "p": "50.00", "light": "red"},
    ),
    Case(
        told="before its first step a ceiling allows nothing and is expected all the same",
        task=NODES
        | {
            "measure": "both",
            "expectation": {"curve": "steps"},
            "milestones": [a_milestone("M", "2022-12-31")],
            "indicators": [an_indicator("I", "ceiling")],
        },
        reports=[a_report(values={"I": "1"}, milestones={})],
        expected={"a": "0.0000", "e": "1.0000", "p": "0.00"},
    ),
    Case(
        told="a ceiling that has not begun expects nothing",
        task=a_task(
            indicators=[an_indicator("I"), an_indicator("J", "ceiling", start="2022-05-01")]
        ),
        reports=[told("30")],
        expected={"p": "90.00", "q": "100.00"},
    ),
    Case(
        told="a rank counts in the year only, and is asked for all the same",
        # I alone scores; J is a required field that was left blank
        task=a_task(indicators=[an_indicator("I"), an_indicator("J", "rank", target="10")]),
        reports=[told("30")],
        expected={"p": "90.00", "q": "50.00", "finished": False},
    ),
    Case(
        told="a task with a rank alone waits for the year",
        task=a_task(indicators=[an_indicator("I", "rank", target="10")]),
        reports=[told("3")],
        expected={"left_out": "year_only", "score": None, "expected": True, "light": "grey"},
    ),
    Case(
        told="a compound rate takes the newest figure of each year",
        # W15, with a first word on 2023 that was corrected: a 0.515679 against 0.6
        task=a_task(
            start="2021-01-01",
            due="2025-12-31",
            indicators=[an_indicator("I", "compound", target="7")],
        ),
        period="2023-B6",
        reports=[
            told("8", "2021-B6"),
            told("4", "2022-B6"),
            told("1", "2023-B3"),
            told("6", "2023-B6"),
        ],
        expected={"a": "0.5157", "e": "0.6000", "r": "0.8595", "p": "85.95", "light": "yellow"},
    ),
    Case(
        told="about a target from a baseline comes its way to a twentieth below it",
        # (30 - 5) / (95 - 5) against 1/3
        task=a_task(indicators=[an_indicator("I", "about", baseline="5")]),
        reports=[told("30")],
        expected={"a": "0.2778", "e": "0.3333", "p": "83.33"},
    ),
    Case(
        told="the rulebook says how far below about still is",
        # 1 - 10 %: 90 is reached
        task=a_task(indicators=[an_indicator("I", "about")]),
        rules={"tolerances": {"about": "0.10"}},
        reports=[told("90")],
        expected={"a": "1.0000", "e": "1.0000", "light": "green", "finished": False},
    ),
    Case(
        told="a range from a baseline is finished at its lower end",
        task=a_task(indicators=[an_indicator("I", "range", target_high="120", baseline="50")]),
        reports=[told("100")],
        expected={"a": "1.0000", "light": "blue", "finished": True},
    ),
    Case(
        told="a grade is held against the best at any time",
        task=a_task(measure="rubric"),
        reports=[a_report(rubric="B")],
        expected={"a": "0.8000", "e": "1.0000", "p": "80.00", "q": "100.00", "finished": False},
    ),
    Case(
        told="the best grade finishes nothing",
        task=a_task(measure="rubric"),
        reports=[a_report(rubric="A")],
        expected={"a": "1.0000", "light": "green", "finished": False},
    ),
    Case(
        told="the grade of an earlier report stands until there is a newer one",
        task=a_task(measure="rubric"),
        reports=[a_report(period="2022-B1", rubric="C"), a_report()],
        expected={"a": "0.6000", "p": "60.00"},
    ),
    Case(
        told="what nobody has graded has no data",
        task=a_task(measure="rubric"),
        reports=[a_report()],
        expected={"left_out": "no_data", "score": None, "light": "grey", "expected": True},
    ),
    Case(
        told="an S-curve is kinder early on than a line",
        # W16: 0.25 against 7/27
        task=a_task(measure="percent", expectation={"curve": "smooth"}),
        reports=[a_report(percent="25")],
        expected={"e": "0.2593", "r": "0.9643", "p": "96.43", "light": "green"},
    ),
    Case(
        told="a named curve serves milestones and figures",
        # 7/27 for both: milestones 0.5, capped; 0.2 · 27/7
        task=NODES
        | {
            "measure": "both",
            "expectation": {"curve": "smooth"},
            "indicators": [an_indicator("I")],
        },
        reports=[a_report(values={"I": "20"}, milestones={"M": "2022-03-01"})],
        expected={"e": "0.2593", "p": "88.57"},
    ),
]

MILESTONES = [
    Case(
        told="a milestone done after the period's end counts from the next one",
        # done on 2 May, due on 30 March: 31 days over at the end of April
        task=a_task(milestones=[a_milestone("M", "2022-03-30")]),
        reports=[a_report(received="2022-05-03T09:00:00", milestones={"M": "2022-05-02"})],
        expected={"a": "0.0000", "e": "1.0000", "score": "20.00", "light": "red"},
    ),
    Case(
        told="a milestone thirty-one days over is red although the rest is well ahead",
        # 29 of 30 due: 0.9667
        task=a_task(
            milestones=[
                a_milestone("M", "2022-02-28", weight="29"),
                a_milestone("N", "2022-03-30"),
            ]
        ),
        reports=[a_report(milestones={"M": "2022-02-01"})],
        expected={"r": "0.9667", "p": "96.67", "light": "red"},
    ),
    Case(
        told="a milestone thirty days over is not yet",
        task=a_task(
            milestones=[
                a_milestone("M", "2022-02-28", weight="29"),
                a_milestone("N", "2022-03-31"),
            ]
        ),
        reports=[a_report(milestones={"M": "2022-02-01"})],
        expected={"r": "0.9667", "light": "green"},
    ),
    Case(
        told="a milestone once reported need not be repeated, and the empty map is complete",
        task=NODES,
        reports=[
            a_report(period="2022-B1", milestones={"M": "2022-02-01"}),
            a_report(milestones={}),
        ],
        expected={"a": "0.5000", "p": "100.00", "q": "100.00", "light": "green"},
    ),
    Case(
        told="a milestone taken back is no longer done",
        task=NODES,
        reports=[
            a_report(period="2022-B1", milestones={"M": "2022-02-01"}),
            a_report(milestones={"M": None}, correction=True),
        ],
        expected={"a": "0.0000", "p": "0.00", "score": "20.00"},
    ),
    Case(
        told="a part of a milestone counts where parts are allowed",
        # 0.6 · 1 of 2; E = 1/2
        task=a_task(
            milestones=[
                a_milestone("M", "2022-03-31", partial=True),
                a_milestone("N", "2022-12-31"),
            ]
        ),
        reports=[a_report(milestones={"M": "0.6", "N": "0.9"})],
        expected={"a": "0.3000", "p": "60.00"},
    ),
    Case(
        told="early completion shows while nothing is expected, and a report is owed all the same",
        task=a_task(milestones=[a_milestone("M", "2022-06-30"), a_milestone("N", "2022-12-31")]),
        reports=[a_report(milestones={"M": "2022-04-01"})],
        expected={
            "left_out": "no_expectation",
            "a": "0.5000",
            "e": "0.0000",
            "r": None,
            "score": None,
            "light": "grey",
            "expected": True,
            "finished": False,
        },
    ),
]

REPORTS = [
    Case(
        told="a value dated earlier does not replace one dated later, whenever it came",
        task=TOTAL,
        reports=[told("30", "2022-B1"), told("28", as_of="2022-02-15")],
        expected={"a": "0.3000", "q": "100.00"},
    ),
    Case(
        told="a value dated after the period is not yet true in it",
        task=TOTAL,
        reports=[told("20", "2022-B1"), told("40", as_of="2022-05-01")],
        expected={"a": "0.2000", "p": "60.00", "q": "100.00", "score": "68.00"},
    ),
    Case(
        told="a report after close leaves its period missing",
        task=TOTAL,
        reports=[told("20", "2022-B1"), told("30", received="2022-05-18T00:00:00")],
        expected={"a": "0.2000", "r": "0.6000", "score": "0.00", "light": "red", "t": "0.00"},
    ),
    Case(
        told="a report after close is read by the next period",
        # 0.3 / 0.5
        task=TOTAL,
        period="2022-B3",
        reports=[told("30", received="2022-05-18T00:00:00"), a_report(period="2022-B3")],
        expected={"a": "0.3000", "p": "60.00", "q": "0.00", "score": "58.00"},
    ),
    Case(
        told="a replacement after close does not touch the report that came in time",
        task=TOTAL,
        reports=[told("30"), told("33", received="2022-05-19T09:00:00")],
        expected={"a": "0.3000", "t": "100.00", "score": "92.00"},
    ),
    Case(
        told="a replacement after due is taken whole, with its own instant",
        # Fri 13 May: 3 days after the 10th; J was only in the first: (0.99 + 0) / 2, Q 50
        task=PAIR,
        reports=[
            a_report(values={"I": "30", "J": "30"}),
            told("33", received="2022-05-13T09:00:00"),
        ],
        expected={"p": "49.50", "t": "70.00", "q": "50.00", "score": "51.60"},
    ),
    Case(
        told="a returned report is missing, and leaves nothing of the one it replaced",
        task=TOTAL,
        reports=[
            told("20", "2022-B1"),
            told("30", received="2022-05-05T09:00:00"),
            told("31", received="2022-05-06T09:00:00", returned_at=instant("2022-05-07T09:00:00")),
        ],
        expected={"a": "0.2000", "score": "0.00"},
    ),
    Case(
        told="a repair after close counts by the instant it kept",
        task=TOTAL,
        reports=[
            told("99", received="2022-05-09T09:00:00", returned_at=instant("2022-05-17T09:00:00")),
            told("30", received="2022-05-19T09:00:00", timely_at=instant("2022-05-09T09:00:00")),
        ],
        expected={"a": "0.3000", "t": "100.00", "score": "92.00"},
    ),
    Case(
        told="a repair that kept no instant is late by its own",
        # Mon 16 May: 4 working days
        task=TOTAL,
        reports=[
            told("99", received="2022-05-09T09:00:00", returned_at=instant("2022-05-10T09:00:00")),
            told("30", received="2022-05-16T09:00:00"),
        ],
        expected={"t": "60.00", "score": "88.00"},
    ),
    Case(
        told="a report on the Saturday of the autumn holiday is late by three working days",
        # due Wed 7 September; 8, 9, then 10-12 off, 13: P = 100 · 0.6 · 3/2
        task=TOTAL,
        period="2022-B4",
        reports=[told("60", "2022-B4", received="2022-09-10T09:00:00")],
        expected={"p": "90.00", "t": "70.00", "score": "89.00"},
    ),
    Case(
        told="counted by calendar days, the days off count",
        # 8, 9, 10, 11, 12 September
        task=TOTAL,
        period="2022-B4",
        rules={"lateness": {"unit": "calendar_day"}},
        reports=[told("60", "2022-B4", received="2022-09-12T09:00:00")],
        expected={"t": "50.00", "score": "87.00"},
    ),
    Case(
        told="a window that reaches into January is counted on the new year's table",
        # 31 Dec-2 Jan off: due Mon 9 January, received Sun 15 → Mon 16: 10, 11, 12, 13, 16
        task=TOTAL,
        period="2022-B6",
        reports=[told("90", "2022-B6", received="2023-01-15T09:00:00")],
        expected={"p": "90.00", "t": "50.00", "score": "87.00"},
    ),
    Case(
        told="deductions end at nothing",
        # 0.9 · 0 + 0.1 · 0 - 3 · 0.5
        task=TOTAL,
        rules={"lateness": {"mode": "deduction"}},
        reports=[told("0", received="2022-05-13T09:00:00", marks=Decimal(100))],
        expected={"p": "0.00", "t": "70.00", "q": "0.00", "score": "0.00"},
    ),
    Case(
        told="a tie goes to the even hundredth where the rulebook says so",
        # 72 + 10 + 0.1 · 99.65 = 91.965
        task=TOTAL,
        rules={"rounding": {"mode": "half_even"}},
        reports=[told("30", marks=Decimal("0.35"))],
        expected={"q": "99.65", "score": "91.96"},
    ),
    Case(
        told="a tie goes up by default",
        task=TOTAL,
        reports=[told("30", marks=Decimal("0.35"))],
        expected={"q": "99.65", "score": "91.97"},
    ),
]

LIGHTS = [
    Case(
        told="a task that has just begun is yellow when its report is missing",
        # 2 of 24 months
        task=TWO_YEARS,
        period="2022-B1",
        expected={"e": "0.0833", "score": "0.00", "light": "yellow"},
    ),
    Case(
        told="the second missing report in a row is red, whatever has come meanwhile",
        # the report for B1 came after its close: R = 0.4 · 3
        task=TOTAL,
        reports=[told("40", "2022-B1", received="2022-04-01T09:00:00")],
        previous=left("2022-B1", "yellow", missing=True),
        expected={"a": "0.4000", "r": "1.2000", "score": "0.00", "light": "red"},
    ),
    Case(
        told="a missing report of the old year is forgotten in the new",
        task=TWO_YEARS,
        period="2023-B1",
        reports=[told("60", "2022-B6")],
        previous=left("2022-B6", "red", missing=True),
        expected={"r": "1.0286", "light": "yellow"},
    ),
    Case(
        told="a light that is held red is yellow all the same while it is early",
        # E = 2/24, R = 0.0675 · 12 = 0.81: yellow by itself, held red, softened to yellow
        task=a_task(start="2022-03-01", due="2024-02-29", indicators=[an_indicator("I")]),
        reports=[told("6.75")],
        previous=left("2022-B1", "red"),
        expected={"r": "0.8100", "light": "yellow"},
    ),
]

VERIFIED = [
    Case(
        told="an unverified percentage counts up to the cap",
        task=PERCENT,
        period="2022-B6",
        rules=REQUIRED,
        reports=[a_report(period="2022-B6", percent="100")],
        expected={
            "a": "0.9500",
            "p": "95.00",
            "score": "96.00",
            "light": "green",
            "flags": ["provisional"],
        },
    ),
    Case(
        told="an unverified yes counts in full and is not blue",
        task=a_task(due="2022-04-30", indicators=[an_indicator("I", "yes_no")]),
        rules=REQUIRED,
        reports=[told("1")],
        expected={"a": "1.0000", "p": "100.00", "light": "green", "flags": ["provisional"]},
    ),
    Case(
        told="an unverified total counts in full and is not blue",
        task=TOTAL,
        rules=REQUIRED,
        reports=[told("100")],
        expected={"a": "1.0000", "p": "100.00", "light": "green", "flags": ["provisional"]},
    ),
    Case(
        told="a verified milestone stands while its repetition waits",
        task=NODES,
        rules=REQUIRED,
        reports=[
            a_report(period="2022-B1", milestones={"M": "2022-02-01"}, verified=True),
            a_report(milestones={"M": "2022-02-01", "N": "2022-04-01"}),
        ],
        expected={"a": "0.5000", "p": "100.00", "flags": ["provisional"]},
    ),
    Case(
        told="a milestone taken back counts no longer, verified or not",
        task=NODES,
        rules=REQUIRED,
        reports=[
            a_report(
                period="2022-B1",
                milestones=dict.fromkeys(("M", "N"), "2022-02-01"),
                verified=True,
            ),
            a_report(milestones={"N": None}, correction=True),
        ],
        expected={"a": "0.5000", "light": "green", "finished": False, "flags": ["provisional"]},
    ),
    Case(
        told="a line that waits for a milestone's verification is provisional",
        # M waits since B1; the office's delay does not make it overdue
        task=NODES | {"milestones": [a_milestone("M", "2022-03-01"), *NODES["milestones"][1:]]},
        rules=REQUIRED,
        reports=[
            a_report(period="2022-B1", milestones={"M": "2022-02-01"}),
            a_report(milestones={}, verified=True),
        ],
        expected={
            "a": "0.0000",
            "light": "red",
            "light_steps": ["ratio_red"],
            "flags": ["provisional"],
        },
    ),
    Case(
        told="an unverified report makes its line provisional, whatever it says",
        task=TOTAL,
        rules=REQUIRED,
        reports=[told("30", "2022-B1", verified=True), a_report()],
        expected={"p": "90.00", "q": "0.00", "flags": ["provisional"]},
    ),
    Case(
        told="a finished task that reports again is not provisional",
        task=TOTAL,
        rules=REQUIRED,
        finished={"T1": 2022},
        reports=[told("101")],
        expected={"score": "100.00", "light": "blue", "flags": []},
    ),
    Case(
        told="what is not expected yet makes no line provisional",
        task=a_task(indicators=[an_indicator("I"), an_indicator("J", start="2022-05-01")]),
        rules=REQUIRED,
        reports=[
            a_report(period="2022-B1", values={"J": "1"}),
            told("30", verified=True),
        ],
        expected={"p": "90.00", "flags": []},
    ),
]

FINISHED = [
    Case(
        told="a finished task is waived to the end of its year",
        task=TWO_YEARS,
        period="2022-B6",
        finished={"T1": 2022},
        expected={"p": "100.00", "t": "100.00", "score": "100.00", "light": "blue"},
    ),
    Case(
        told="from the next year on a finished task is done",
        task=TWO_YEARS,
        period="2023-B1",
        finished={"T1": 2022},
        expected={"left_out": "done", "light": "blue", "score": None, "expected": False},
    ),
    Case(
        told="found finished before anything was expected, a task stays finished",
        task=a_task(milestones=[a_milestone("M", "2022-06-30")]),
        finished={"T1": None},
        expected={"left_out": "no_expectation", "expected": False, "finished": True},
    ),
    Case(
        told="a report that is missing finishes nothing",
        task=TOTAL,
        reports=[told("100", "2022-B1", received="2022-04-01T09:00:00")],
        expected={"a": "1.0000", "score": "0.00", "light": "yellow", "finished": False},
    ),
    Case(
        told="a task with a slower figure is finished with it, not before",
        task=a_task(indicators=[an_indicator("I"), an_indicator("J", cadence="annual")]),
        reports=[a_report(values={"I": "100", "J": "99"})],
        expected={"p": "100.00", "light": "green", "finished": False},
    ),
]


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.told)
        for case in (
            *TIME_AND_CURVES,
            *PARTS,
            *KINDS,
            *MILESTONES,
            *REPORTS,
            *LIGHTS,
            *VERIFIED,
            *FINISHED,
        )
    ],
)
def test_a_line_is_what_the_pocket_calculator_says(case: Case) -> None:
    line = the_line(
        a_run(
            case.task,
            period=case.period,
            reports=case.reports,
            rulebook=a_rulebook(**case.rules),
            previous=case.previous,
            finished=case.finished,
        )
    )
    row = line.model_dump(mode="json")
    assert {name: row[name] for name in case.expected} == case.expected


def a_year(task: Json, values: Sequence[str | None], first: str = "2022-B1") -> list[str]:
    """The lights of one period after the other, each publication feeding the next."""
    year, number = int(first[:4]), int(first[-1])
    previous: Previous | None = None
    finished: dict[str, int | None] = {}
    reports: list[Report] = []
    lights = []
    for step, value in enumerate(values, start=number - 1):
        period = f"{year + step // 6}-B{step % 6 + 1}"
        reports += [told(value, period)] if value is not None else []
        run = a_run(task, period=period, reports=reports, previous=previous, finished=finished)
        lines = run_period(run).tasks
        lights.append(lines[0].light)
        previous = previous_of(the_period(period), lines)
        finished = finished_after(finished, the_period(period), lines)
    return [str(light) for light in lights]


@pytest.mark.parametrize(
    ("values", "lights"),
    [
        # R 0.60, 0.81, 0.82, 0.96, 0.972, 0.94
        (("10", "27", "41", "64", "81", "94"), "red red yellow yellow green yellow"),
        # R 0.60, 1.20, 1.20: one step at a time
        (("10", "40", "60"), "red yellow green"),
        # R 0.96, then silent twice (0.48, 0.32), then 0.96: up again from red, one step
        (("16", None, None, "64"), "green red red yellow"),
        # done in B2, silent afterwards
        (("10", "100", None, None), "red blue blue blue"),
    ],
)
def test_a_light_remembers_the_publication_before(
    values: Sequence[str | None], lights: str
) -> None:
    assert a_year(TOTAL, values) == lights.split()


def test_a_light_remembers_nothing_of_the_year_before() -> None:
    # 2022-B6: R 0.30/0.50; 2023-B1: 0.56/(14/24) = 0.96, which would be yellow inside a year
    assert a_year(TWO_YEARS, ("30", "56"), first="2022-B6") == ["red", "green"]


LEAD = {"unit": "U1", "role": "lead"}
U2_HELPS, U2_LEADS = {"unit": "U2", "role": "cooperating"}, {"unit": "U2", "role": "lead"}
U3_HELPS, U3_LEADS = {"unit": "U3", "role": "cooperating"}, {"unit": "U3", "role": "lead"}


def scored(name: str, value: str | None, *assignments: Json, weight: str = "10") -> Json:
    """A task with the value its lead reports for B2: 30 scores 92.00, 40 scores 100.00."""
    return {
        "task": a_task(
            name,
            weight=weight,
            indicators=[an_indicator(f"{name}.I")],
            assignments=list(assignments or (LEAD,)),
        ),
        "value": value,
    }


def published(*tasks: Json, **units: str) -> PeriodResult:
    """The result of B2; `units` names the group of each unit."""
    plan = a_plan(*(one["task"] for one in tasks), units=units or None)
    reports = [
        a_report(
            one["task"]["id"],
            unit=next(a["unit"] for a in one["task"]["assignments"] if a["role"] == "lead"),
            values={f"{one['task']['id']}.I": one["value"]},
        )
        for one in tasks
        if one["value"] is not None
    ]
    return run_period(a_run(plan=plan, reports=reports))


def bulletin(result: PeriodResult) -> dict[str, tuple[object, ...]]:
    """Score, rank and grade of each unit."""

    def row(unit: UnitResult) -> tuple[object, ...]:
        return (None if unit.score is None else str(unit.score), unit.rank, unit.grade)

    return {unit.unit: row(unit) for unit in result.units}


def test_joint_leads_and_a_helper_each_have_their_part_of_the_weight() -> None:
    joint = U2_LEADS | {"role": "joint_lead"}
    result = published(
        scored("X", "30", LEAD, joint, U3_HELPS, weight="20"),
        scored("Y", None, U2_LEADS),
        scored("Z", "40", U3_LEADS, weight="5"),
    )
    # U1 92; U2 (7 · 92 + 10 · 0) / 17; U3 (6 · 92 + 5 · 100) / 11; of three nobody has a seat
    assert bulletin(result) == {
        "U1": ("92.00", 2, "good"),
        "U2": ("37.88", 3, "poor"),
        "U3": ("95.64", 1, "good"),
    }
    # (20 · 92 + 10 · 0 + 5 · 100) / 35
    assert (str(result.actions[0].score), str(result.plan_score)) == ("66.86", "66.86")


def test_an_explicit_share_weighs_as_it_is_written() -> None:
    result = published(
        scored("X", "30", LEAD | {"share": "0.6"}, U2_HELPS | {"share": "0.4"}),
        scored("Y", None, U2_LEADS, weight="2"),
    )
    # U2 (4 · 92 + 2 · 0) / 6
    assert [row[0] for row in bulletin(result).values()] == ["92.00", "61.33", None]


def test_two_roles_count_once_and_supervising_counts_for_nothing() -> None:
    result = published(
        scored("X", "30", U2_HELPS | {"unit": "U1"}, LEAD, U3_HELPS | {"role": "supervising"}),
        scored("Y", "40", U2_LEADS, LEAD | {"role": "cooperating"}),
    )
    # U1 has all of X and 0.3 of Y: (10 · 92 + 3 · 100) / 13
    assert bulletin(result) == {
        "U1": ("93.85", 2, "good"),
        "U2": ("100.00", 1, "good"),
        "U3": (None, None, None),
    }


def test_a_helper_that_left_during_the_period_leaves_its_part_to_the_lead() -> None:
    gone = U2_HELPS | {"valid": {"from": None, "to": "2022-04-29"}}
    line = published(scored("X", "30", LEAD, gone)).tasks[0]
    assert {unit: str(share) for unit, share in line.shares.items()} == {"U1": "1"}


def test_ties_at_the_only_seat_leave_it_empty() -> None:
    units = {f"U{n}": "departments" for n in range(1, 5)}
    leads = [{"unit": unit, "role": "lead"} for unit in units]
    tied = published(
        *(scored(f"T{n}", v, leads[n]) for n, v in enumerate(("40", "40", "30", "0"))), **units
    )
    # floor(0.3 · 4) = 1 seat for the two at 100
    assert list(bulletin(tied).values()) == [
        ("100.00", 1, "good"),
        ("100.00", 1, "good"),
        ("92.00", 3, "good"),
        ("20.00", 4, "poor"),
    ]
    clear = published(
        *(scored(f"T{n}", v, leads[n]) for n, v in enumerate(("40", "30", "30", "0"))), **units
    )
    assert [row[2] for row in bulletin(clear).values()] == ["excellent", "good", "good", "poor"]


def test_the_only_ranked_unit_of_its_group_has_no_rank_and_no_quota() -> None:
    result = published(scored("X", "30"), scored("Y", "40", U3_LEADS), U1="a", U2="a", U3="b")
    assert bulletin(result) == {
        "U1": ("92.00", None, "excellent"),
        "U2": (None, None, None),
        "U3": ("100.00", None, "excellent"),
    }


@pytest.mark.parametrize(("mode", "score"), [("half_up", "91.99"), ("half_even", "91.98")])
def test_a_unit_is_the_mean_of_published_scores(mode: str, score: str) -> None:
    plan = a_plan(a_task("X"), a_task("Y"))
    # 91.994 and 91.976 are published as 91.99 and 91.98, whose mean is 91.985 (theirs is too)
    reports = [
        a_report("X", values={"X.I": "30"}, marks=Decimal("0.06")),
        a_report("Y", values={"Y.I": "30"}, marks=Decimal("0.24")),
    ]
    run = a_run(plan=plan, reports=reports, rulebook=a_rulebook(rounding={"mode": mode}))
    assert str(run_period(run).units[0].score) == score


def test_who_takes_over_inside_a_period_answers_with_what_was_reported_before() -> None:
    task = a_task(
        indicators=[an_indicator("I")],
        assignments=[
            LEAD | {"valid": {"from": None, "to": "2022-04-29"}},
            U2_LEADS | {"valid": {"from": "2022-04-30", "to": None}},
        ],
    )
    reports = [told("10", "2022-B1"), a_report(unit="U2", values={"I": "30"})]
    line = the_line(a_run(task, reports=reports))
    assert (line.unit, *printed(line, "a", "score")) == ("U2", "0.3000", "92.00")
