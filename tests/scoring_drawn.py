"""Plans, reports, decisions and rulebooks drawn for the tests that hold of every run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from scoring_cast import (
    Json,
    a_milestone,
    a_plan,
    a_report,
    a_rulebook,
    a_run,
    a_task,
    an_indicator,
    the_period,
)
from scoring_year_cast import entered, rating, veto, waiver

from scoring.domain.facts import Entered, Item, MilestoneReport, Previous, Report, RunFacts
from scoring.domain.memory import finished_after, previous_of
from scoring.domain.period_run import PeriodResult, run_period
from shared.contracts.decisions import Amended, Exemption, Later, Rest

UNITS = {
    "U1": "departments",
    "U2": "departments",
    "U3": "departments",
    "P1": "parks",
    "P2": "parks",
}
PERIODS = ["2021-B6", *(f"2022-B{n}" for n in range(1, 7)), "2023-B1"]
SPANS = [
    ("2022-01-01", "2022-12-31"),
    ("2021-03-17", "2023-06-30"),
    ("2021-01-01", "2025-12-31"),
    ("2022-04-12", "2022-08-20"),
    ("2021-02-01", "2022-02-10"),
]
STRICTLY: list[Json] = [{}, {"strict": True}, {"strict": True, "integer": True}]
KEPT: list[Json] = [{}, {"tolerance": "13"}, {"target": "0"}, {"target": "-40", "tolerance": "5"}]
WAYS: list[tuple[str, list[Json]]] = [
    ("cumulative", STRICTLY),
    ("level", [{"baseline": base, **way} for base in ("-10", "40") for way in STRICTLY]),
    ("level", [{"ratio": True}]),
    ("at_most", [{"baseline": "150"}, {"baseline": "220"}]),
    ("at_most", [{"baseline": "60"}, {}, {"baseline": "100", "tolerance": "13"}]),
    ("hold", KEPT),
    ("maintain", KEPT),
    ("ceiling", [{}, {"tolerance": "0.5"}]),
    ("growth", [{}, {"target": "40"}]),
    ("rank", [{"target": "20"}]),
    ("yes_no", [{}]),
    ("compound", [{"target": "7", "years": 5}]),
    ("recurring", [{"expectation": {"curve": curve}} for curve in ("linear", "smooth")]),
    ("relation", [{"target": None}, {"target": None, "tolerance": "1.5"}]),
    ("range", [{"target_high": "120"}, {"target_high": "120", "baseline": "40"}]),
    ("about", [{}, {"baseline": "40"}, {"tolerance": "0.2"}]),
    ("register", [{"target": None}]),
]
"""Each kind with the shapes it comes in; a target is 100 unless told otherwise."""
MEASURES = [
    *("indicators", "indicators", "indicators"),
    *("milestones", "both", "percent", "yes_no", "rubric"),
]

weights = st.sampled_from(["1", "2.5", "7", "20"])
amounts = st.one_of(
    st.sampled_from(["0", "25", "50", "80", "95", "99.9", "100", "101", "130"]),
    st.decimals(min_value=-20, max_value=220, places=1).map(str),
)
plenty = st.decimals(min_value=0, max_value=180, places=1).map(str)


@st.composite
def curves(draw: st.DrawFn, start: str, due: str) -> Json:
    curve = draw(st.sampled_from(["linear", "linear", "smooth", "table", "yearly"]))
    told: Json = {"curve": curve, "basis": draw(st.sampled_from(["month", "day"]))}
    if curve == "table":
        days = sorted(
            {start, due, *(day for day in ("2022-02-14", "2022-06-30") if start < day < due)}
        )
        rising = [str(Decimal(n) / len(days))[:6] for n in range(len(days))]
        told["table"] = [
            {"by": day, "share": share} for day, share in zip(days, [*rising[1:], "1"], strict=True)
        ]
        told["between"] = draw(st.sampled_from(["linear", "step"]))
    if curve == "yearly":
        years = range(int(start[:4]), int(due[:4]) + 1)
        if draw(st.booleans()):
            shares = sorted(draw(st.lists(st.sampled_from(["0.1", "0.35", "0.6"]),
                                          min_size=len(years), max_size=len(years))))  # fmt: skip
            told["yearly"] = dict(zip(map(str, years), [*shares[1:], "1"], strict=True))
        told["inside"] = draw(st.sampled_from(["linear", "smooth"]))
    return told


@st.composite
def figures(draw: st.DrawFn, name: str, start: str, due: str) -> Json:
    kind, shapes = draw(st.sampled_from(WAYS))
    told: Json = {"weight": draw(weights), **draw(st.sampled_from(shapes))}
    if draw(st.integers(0, 4)) == 0:
        told["data_from"] = "statistics"
    if draw(st.integers(0, 4)) == 0:
        told["start"] = start[:8] + "28"
    if draw(st.integers(0, 5)) == 0:
        told["cadence"] = "annual"
    if "expectation" not in told and draw(st.integers(0, 3)) == 0:
        told["expectation"] = draw(curves(told.get("start", start), due))
    made = an_indicator(name, kind, **told)
    return {key: value for key, value in made.items() if value is not None}


@st.composite
def assignments(draw: st.DrawFn) -> list[Json]:
    names = draw(st.permutations(sorted(UNITS)))
    roles = ["lead", *draw(st.lists(st.sampled_from(
        ["joint_lead", "cooperating", "cooperating", "supervising"]), max_size=3))]  # fmt: skip
    told = [{"unit": unit, "role": role} for unit, role in zip(names, roles, strict=False)]
    if draw(st.integers(0, 5)) == 0:  # two roles of one unit
        told.append({"unit": names[0], "role": "cooperating"})
    elif roles == ["lead", "cooperating"] and draw(st.booleans()):
        told = [{**told[0], "share": "0.55"}, {**told[1], "share": "0.45"}]
    return told


@st.composite
def tasks(draw: st.DrawFn, name: str) -> Json:
    start, due = draw(st.sampled_from(SPANS))
    measure = draw(st.sampled_from(MEASURES))
    told: Json = {
        "start": start,
        "due": due,
        "weight": draw(weights),
        "action": draw(st.sampled_from(["A1", "A2"])),
        "measure": measure,
        "assignments": draw(assignments()),
        "evidence": draw(st.sampled_from(["optional", "required"])),
    }
    if measure in {"indicators", "both"}:
        count = draw(st.integers(1, 3))
        told["indicators"] = [draw(figures(f"{name}.{n}", start, due)) for n in range(count)]
    if measure in {"milestones", "both"}:
        days = draw(st.lists(st.sampled_from(["2022-01-31", "2022-03-10", "2022-06-15", due]),
                             min_size=1, max_size=3, unique=True))  # fmt: skip
        told["milestones"] = [
            a_milestone(f"{name}.m{n}", day, weight=draw(weights), partial=draw(st.booleans()))
            for n, day in enumerate(sorted(day for day in days if start <= day <= due) or [due])
        ]
    if measure == "both":
        told["milestone_weight"] = draw(weights)
    if measure != "milestones":
        told["expectation"] = draw(curves(start, due))
    return a_task(name, **told)


@st.composite
def reports(draw: st.DrawFn, task: Json, period: str) -> Report:
    last, blank = the_period(period).last, draw(st.integers(0, 3)) == 0
    said: dict[str, Any] = {"values": {}, "relations": {}, "registers": {}}
    no_data = set()
    for one in task.get("indicators", []):
        begun = one.get("start", task["start"]) <= last.isoformat()
        if not begun or (blank and draw(st.booleans())):
            continue
        if one.get("data_from") == "statistics" and draw(st.booleans()):
            no_data.add(one["id"])
        else:
            field = {"relation": "relations", "register": "registers"}.get(one["kind"], "values")
            said[field][one["id"]] = draw(answers(one["kind"], last))
    if task["measure"] in {"percent", "yes_no"} and not blank:
        steps = ["0", "100"] if task["measure"] == "yes_no" else ["0", "33.3", "70", "100"]
        said["percent"] = draw(st.sampled_from(steps))
    if task["measure"] == "rubric":
        said["rubric"] = draw(st.sampled_from([None, "A", "B", "C", "D"]))
    made = a_report(
        task["id"],
        period,
        unit=task["assignments"][0]["unit"],
        received=draw(instants()) if period == "2022-B2" else None,
        no_data=frozenset(no_data),
        has_evidence=draw(st.booleans()),
        marks=Decimal(draw(st.sampled_from([0, 0, 5, 120]))),
        **said,
    )
    made = replace(made, verified=draw(st.booleans()))
    if draw(st.integers(0, 7)) == 0:
        made = replace(made, returned_at=made.received_at)
    if draw(st.integers(0, 5)) == 0:  # a repair that keeps the instant of what it repairs
        made = replace(made, timely_at=min(made.timely_at, a_report(period=period).timely_at))
    if task["measure"] not in {"milestones", "both"} or blank:
        return made
    nodes = {one["id"]: draw(words(one, last)) for one in task["milestones"]}
    known = {name: word for name, word in nodes.items() if word is not None}
    return replace(made, milestones=known)


def answers(kind: str, last: date) -> st.SearchStrategy[object]:
    """What may be said of a figure."""
    if kind == "relation":
        rate = st.integers(30, 90).map(lambda tenths: Decimal(tenths) / 10)
        return st.tuples(rate, rate)
    if kind == "register":
        return items(last)
    if kind == "yes_no":
        return st.sampled_from(["0", "1"])
    if kind == "compound":
        return st.sampled_from(["-2", "4.5", "7", "9.25"])
    return plenty if kind in {"cumulative", "recurring", "ceiling", "rank"} else amounts


@st.composite
def items(draw: st.DrawFn, last: date) -> Mapping[str, Item]:
    days = [date(2022, 1, 20), date(2022, 4, 30), date(2022, 9, 9)]
    told: dict[str, Item] = {}
    for name in draw(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, unique=True)):
        closed = draw(st.sampled_from([None, min(days[1], last)]))
        due = draw(st.sampled_from(days))
        told[name] = Item(due=due, closed=closed, void=draw(st.integers(0, 5)) == 0)
    return told


@st.composite
def words(draw: st.DrawFn, node: Json, last: date) -> MilestoneReport | None:
    said = draw(st.sampled_from(["done", "done", "nothing", "taken", "share"]))
    if said == "done":
        return MilestoneReport(completed_on=draw(st.sampled_from([last, date(2021, 12, 3)])))
    if said == "share" and node["partial"]:
        return MilestoneReport(share=draw(st.sampled_from([Decimal("0.4"), Decimal("0.9")])))
    return MilestoneReport() if said == "taken" else None


def instants() -> st.SearchStrategy[str]:
    """From before the window's due (10 May 2022) to after its close (17 May)."""
    return st.tuples(st.integers(1, 20), st.sampled_from(["00:00", "12:30", "23:59"])).map(
        lambda at: f"2022-05-{at[0]:02}T{at[1]}:00"
    )


@st.composite
def rulebooks(draw: st.DrawFn, /, **fixed: object) -> Json:
    def one_of(*options: object) -> Any:  # noqa: ANN401  # whatever a setting takes
        return draw(st.sampled_from(options))

    return {
        "missing": one_of("zero", "carry"),
        "verification": one_of("on_publish", "on_publish", "required"),
        "lateness": {
            "mode": one_of("component", "deduction"),
            "unit": one_of("working_day", "calendar_day"),
            "per_day": one_of("10", "30"),
        },
        "weights": one_of(
            {"progress": "0.8", "timeliness": "0.1", "quality": "0.1"},
            {"progress": "0.55", "timeliness": "0.2", "quality": "0.25"},
        ),
        "lights": {
            "preset": one_of("ratio", "ratio", "gap_pp", "overdue_only"),
            "max_step": one_of(1, 2),
            "early_floor": one_of("0.10", "0.4"),
        },
        "shares": {"mode": one_of("split", "coefficient")},
        "ranking": one_of("competition", "dense", "modified", "ordinal"),
        "tie_break": draw(
            st.permutations(["fewer_red", "progress", "on_time_rate", "last_period"])
        ),
        "quota": {
            "excellent": one_of("0.30", "0.50"),
            "ties": one_of("exclude_all", "include_all", "tie_break"),
            "small_groups": one_of("floor", "pool"),
        },
        "grades": {"excellent": one_of("90", "60"), "good": "50", "fair": "30"},
        "events": {"level": one_of("year", "period"), "bonus_max": one_of("5", "2")},
        "coverage_guard": one_of("0.50", "0.9"),
        "rounding": {"mode": one_of("half_up", "half_even"), "places": one_of(2, 2, 1)},
        **fixed,
    }


@st.composite
def decided(draw: st.DrawFn) -> list[Entered]:
    made = []
    for n in range(draw(st.integers(0, 4))):
        told: Json = {
            "unit": draw(st.sampled_from(["U1", "P1"])),
            "matter": draw(st.sampled_from("MN")),
        }
        if draw(st.booleans()):
            won = [{"level": "national"}, {"level": "city"}, {"points": "3.5"}]
            told |= {"type": "award", **draw(st.sampled_from(won))}
        else:
            points = draw(st.sampled_from(["0.5", "4", "9"]))
            told |= {"type": "penalty", "points": points, "uncapped": draw(st.booleans())}
        on = draw(st.sampled_from(["2022-01-10", "2022-03-01", "2022-04-30", "2022-12-31"]))
        made.append(replace(entered(on, **told), decision=f"d{n}"))
    return made


@st.composite
def excuses(draw: st.DrawFn, every: Sequence[Json]) -> tuple[Exemption, ...]:
    made = []
    for n in range(draw(st.integers(0, 3))):
        task = draw(st.sampled_from(every))
        kind = draw(st.sampled_from(["E1", "E3", "E4"]))
        made.append(
            waiver(
                id=f"x{n}",
                task=task["id"],
                unit=draw(st.sampled_from([one["unit"] for one in task["assignments"]])),
                kind=kind,
                periods=draw(st.lists(st.sampled_from(PERIODS[1:4]), min_size=1)),
                matter="M" if kind == "E3" else None,
            )
        )
    return tuple(made)


@st.composite
def amended(draw: st.DrawFn, every: Sequence[Json]) -> Mapping[str, Amended]:
    """A task that is cancelled, one that rests in the last of all periods, a report put off."""
    found = {}
    if draw(st.integers(0, 4)) == 0:
        found[every[0]["id"]] = Amended(cancelled_on=date(2022, 3, 30))
    if len(every) > 1 and draw(st.integers(0, 4)) == 0:
        rest = Rest(
            periods=("2023-B1",), first=date(2023, 1, 1), last=date(2023, 2, 28), extend=False
        )
        found[every[1]["id"]] = Amended(rests=(rest,))
    if draw(st.integers(0, 2)) == 0:
        task = every[-1]
        later = Later(unit=task["assignments"][0]["unit"], period="2022-B2", working_days=2)
        known = found.get(task["id"], Amended())
        found[task["id"]] = known.model_copy(update={"later": (later,)})
    return found


@st.composite
def chains(draw: st.DrawFn, count: int = 3) -> list[RunFacts]:
    """The runs of some periods of one plan, one after the other, without what was before."""
    every = [draw(tasks(f"T{n}")) for n in range(draw(st.integers(1, count)))]
    first = draw(st.integers(0, len(PERIODS) - 1))
    names = PERIODS[first : first + draw(st.integers(1, 3))]
    sent = [
        draw(reports(task, name)) for name in names for task in every if draw(st.integers(0, 3))
    ]
    plan = a_plan(*every, units=UNITS, actions={"A1": "1", "A2": "2.5"})
    plan = replace(plan, amended=draw(amended(every)))
    rulebook = a_rulebook(**draw(rulebooks()))
    entries, exemptions = tuple(draw(decided())), draw(excuses(every))
    return [
        replace(
            a_run(plan=plan, period=name, reports=known_by(sent, name), rulebook=rulebook),
            entries=entries,
            exemptions=exemptions,
        )
        for name in names
    ]


def known_by(sent: Sequence[Report], period: str) -> list[Report]:
    return [report for report in sent if report.period <= period]


@st.composite
def fields(draw: st.DrawFn) -> RunFacts:
    """Many units of one task each, in groups of every size, with many ties."""
    sizes = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
    units = {f"{group}{n}": f"g{group}" for group, size in enumerate(sizes) for n in range(size)}
    every, sent = [], []
    for unit in units:
        lead = [{"unit": unit, "role": "lead"}]
        for n in range(draw(st.integers(1, 2))):
            name = f"{unit}.T{n}"
            every.append(a_task(name, measure="percent", assignments=lead))
            done = draw(st.sampled_from(["30", "31.65", "33.3", "32.5", "10"]))
            if draw(st.integers(0, 6)):
                sent.append(a_report(name, unit=unit, percent=done, received=draw(instants())))
    excused = draw(excuses(every))
    now = tuple(one.model_copy(update={"periods": ("2022-B2",)}) for one in excused)
    previous = Previous(
        period=the_period("2022-B1"),
        lines={},
        scores={unit: draw(st.sampled_from([None, Decimal(80), Decimal(90)])) for unit in units},
    )
    run = a_run(
        plan=a_plan(*every, units=units),
        reports=sent,
        rulebook=a_rulebook(**draw(rulebooks())),
        previous=previous,
    )
    return replace(run, exemptions=now)


@st.composite
def years(draw: st.DrawFn) -> list[RunFacts]:
    """The runs of the last periods of 2022, with targets of the year, and its settings."""
    every = [draw(tasks(f"T{n}")) for n in range(draw(st.integers(1, 3)))]
    for one in (one for task in every for one in task.get("indicators", [])):
        if one["kind"] not in {"relation", "register", "yes_no"} and draw(st.booleans()):
            goal = {"rank": ["10"], "compound": ["6"]}.get(one["kind"], ["50", "90"])
            one["year_targets"] = {"2022": draw(st.sampled_from(goal))}
    names = PERIODS[7 - draw(st.integers(1, 3)) : 7]
    told = [*names, *draw(st.sampled_from([[], ["2021-B6"]]))]
    sent = [draw(reports(task, name)) for name in told for task in every if draw(st.integers(0, 4))]
    listed = ["0.05", "0.1", "0.15", "0.2", "0.2", "0.3"]
    settings = {
        "periods": "0.5",
        "attainment": "0.3",
        "public": "0.2",
        "period_weights": draw(st.sampled_from(["equal", listed])),
        "order": draw(st.sampled_from(["period_first", "task_first"])),
        "min_periods": draw(st.integers(1, 3)),
        "overshoot_bonus": draw(
            st.sampled_from([None, {"step": "0.10", "points": "1", "max": "5"}])
        ),
    }
    plan = a_plan(*every, units=UNITS, actions={"A1": "1", "A2": "2.5"})
    plan = replace(plan, amended=draw(amended(every)))
    rulebook = a_rulebook(**draw(rulebooks(year=settings)))
    entries, exemptions = [*draw(decided())], draw(excuses(every))
    entries += [
        draw(st.sampled_from([veto("fair"), veto("poor", unit="P1"), rating("70"), rating("40.5")]))
        for _ in range(draw(st.integers(0, 2)))
    ]
    return [
        replace(
            a_run(plan=plan, period=name, reports=known_by(sent, name), rulebook=rulebook),
            entries=tuple(entries),
            exemptions=exemptions,
        )
        for name in names
    ]


def chain(runs: Sequence[RunFacts]) -> list[PeriodResult]:
    """The results of periods, each with the memory of those before."""
    results: list[PeriodResult] = []
    previous: Previous | None = None
    finished: dict[str, int | None] = {}
    for run in runs:
        results.append(run_period(replace(run, previous=previous, finished=finished)))
        previous = previous_of(run.period, results[-1].tasks, results[-1].units)
        finished = finished_after(finished, run.period, results[-1].tasks)
    return results
