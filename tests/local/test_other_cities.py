"""Cities with other cadences: their plan files are loaded, reported on and published, unchanged."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pytest
from local.conftest import Duban

from shared.calendar.periods import Period, ends_in
from shared.calendar.plan import PlanCalendar
from shared.contracts.plan import PlanDocument
from shared.kit.documents import read_document

Json = dict[str, Any]
CITIES: Final = Path(__file__).parents[1] / "system/cities"
EMPTY: Final[Mapping[str, Any]] = {}
NAMES: Final = sorted(path.stem for path in CITIES.glob("*.yaml"))


def city(name: str) -> Json:
    """The plan file of a city, as plain JSON."""
    loaded: Json = read_document((CITIES / f"{name}.yaml").read_bytes(), name=name).value
    return loaded


def played(duban: Duban, folder: Path, scenario: Json) -> Json:
    file = folder / "scenario.json"
    file.write_text(json.dumps(scenario))
    return duban.answer("simulate", file)


@dataclass(frozen=True, kw_only=True)
class Story:
    """A span of a city's life in which everybody reports on schedule, on each period's last day."""

    plan: Json
    first: date
    last: date

    @cached_property
    def calendar(self) -> PlanCalendar:
        return PlanCalendar(dates=PlanDocument.model_validate_json(json.dumps(self.plan)).plan)

    @cached_property
    def periods(self) -> list[Period]:
        return [one for one in self.calendar.periods if self.first <= one.last <= self.last]

    @property
    def tasks(self) -> Iterator[Json]:
        return (task for action in self.plan["actions"] for task in action["tasks"])

    def scenario(self, *then: Json) -> Json:
        """The plan, its reports and its bulletins, and what comes after them."""
        timeline = [entry for period in self.periods for entry in self.of(period)]
        return {"plan": self.plan, "timeline": [*timeline, *then]}

    def of(self, period: Period) -> Iterator[Json]:
        """The reports of a period, and its bulletin on the morning after its window closed."""
        sent = datetime.combine(period.last, time(18), self.calendar.tz).isoformat()
        for task in self.tasks:
            if task["start"] <= str(period.last) and self.owes(task, period):
                report = self.report(task, period)
                yield {"at": sent, "submit": report}
                if task.get("measure") == "rubric":
                    asked = {name: report[name] for name in ("task", "unit", "period")}
                    graded = {"submission": "last", **asked, "rubric": "B", "reason": "well made"}
                    yield {"at": sent, "verify": graded}
        for figure in self.plan["plan"].get("indicators", ()):
            if self.falls(figure, period):
                value = {figure["id"]: figure["target"]}
                whose = {"task": self.plan["plan"]["id"], "unit": figure["reporter"]}
                yield {"at": sent, "submit": {**whose, "period": period.id, "values": value}}
        closed = self.calendar.window(period).close_end(self.calendar.tz)
        morning = (closed + timedelta(hours=9)).isoformat()
        yield {"at": morning, "publish": {"period": period.id}}

    def owes(self, task: Json, period: Period) -> bool:
        closed = period.year > int(task["due"][:4])
        slow = all(not self.falls(one, period) for one in task.get("indicators", ()))
        year_only = slow and "milestones" not in task and "indicators" in task
        return not (closed or year_only)

    def falls(self, figure: Json, period: Period) -> bool:
        cadence = figure.get("cadence", self.calendar.cadence)
        return ends_in(cadence, period, anchor_month=self.calendar.scheme.anchor_month)

    def report(self, task: Json, period: Period) -> Json:
        [lead] = [one["unit"] for one in task["assignments"] if one["role"] == "lead"]
        said: Json = {"task": task["id"], "unit": lead, "period": period.id}
        share = self.share(task, period)
        if task.get("measure") in {"percent", "yes_no"}:
            whole = task["measure"] == "yes_no"
            said["percent"] = decimal(100 * (Fraction(share // 1) if whole else share))
        if task.get("evidence") == "required":
            said["evidence"] = [{"title": "A photograph", "url": "https://example.org/1"}]
        if "milestones" in task:
            dates = {one["id"]: one["due"] for one in task["milestones"]}
            said["milestones"] = {n: day for n, day in dates.items() if day <= str(period.last)}
        figures = [one for one in task.get("indicators", ()) if self.falls(one, period)]
        values = {one["id"]: value_of(one, self.share(task, period, one)) for one in figures}
        return said | ({"values": values} if values else {})

    def share(self, task: Json, period: Period, figure: Mapping[str, Any] = EMPTY) -> Fraction:
        """How much of the whole is done: days gone by, ahead of every curve by a tenth."""
        start = date.fromisoformat(str(figure.get("start", task["start"])))
        due = date.fromisoformat(str(figure.get("due", task["due"])))
        if figure.get("kind") == "recurring":
            start, due = max(start, date(period.year, 1, 1)), min(due, date(period.year, 12, 31))
        gone = Fraction((period.last - start).days + 1, (due - start).days + 1)
        return max(Fraction(0), min(Fraction(1), gone * Fraction(11, 10)))


def decimal(value: Fraction) -> str:
    return f"{float(round(value, 4)):.4f}".rstrip("0").rstrip(".")


def value_of(figure: Json, share: Fraction) -> object:
    """The figure at this share of its way; those without a way are simply met."""
    kind = figure["kind"]
    if kind == "relation":
        return {"own": "6.5", "other": "6.4"}
    if kind == "register":
        return [{"id": "r1", "title": "An item", "opened": "2021-01-04", "due": "2021-12-31"}]
    if kind == "yes_no":
        return str(share // 1)
    target = Fraction(figure["target"])
    if kind in {"cumulative", "recurring", "ceiling"}:
        reached = target * share * (Fraction(1, 2) if kind == "ceiling" else 1)
    elif "baseline" in figure:
        base = Fraction(figure["baseline"])
        reached = base + (target - base) * share
    else:
        reached = target
    if figure.get("integer"):
        reached = Fraction(-(-reached // 1))
    return decimal(reached + (1 if figure.get("strict") and share == 1 else 0))


@pytest.mark.parametrize("name", NAMES)
def test_the_plan_of_another_city_has_no_errors(duban: Duban, name: str) -> None:
    assert duban.answer("plan", "check", CITIES / f"{name}.yaml")["notices"] == []


def year(at: str, number: int) -> Json:
    return {"at": at, "year": {"year": number}}


SPANS: Final = {
    "monthly": (
        ("2022-01-01", "2022-12-31"),
        [f"2022-M{month:02}" for month in range(1, 13)],
        year("2023-01-20T10:00:00+08:00", 2022),
    ),
    "quarterly": (
        ("2026-10-01", "2027-09-30"),
        ["2026-Q4", "2027-Q1", "2027-Q2", "2027-Q3"],
        year("2027-10-25T10:00:00+06:00", 2026),
    ),
    # 2021-01-01 is a Friday of 2020-W53, whose last day makes it a week of 2021.
    "weekly": (
        ("2021-01-01", "2021-04-04"),
        ["2020-W53", *(f"2021-W{week:02}" for week in range(1, 14))],
        year("2021-04-12T10:00:00+08:00", 2021),
    ),
    "annual": (
        ("2021-01-01", "2022-12-31"),
        ["2021", "2022"],
        year("2023-02-20T10:00:00+08:00", 2022),
    ),
    # 2021-B6 is December and January, and so of 2022.
    "bimonthly": (
        ("2021-11-30", "2022-11-30"),
        ["2021-B5", "2021-B6", *(f"2022-B{number}" for number in range(1, 6))],
        year("2022-12-20T10:00:00+08:00", 2022),
    ),
    "half_year": (
        ("2021-01-01", "2022-06-30"),
        ["2021-H1", "2021-H2", "2022-H1"],
        year("2022-07-25T10:00:00+08:00", 2021),
    ),
}


def story(name: str, first: str, last: str) -> Story:
    return Story(plan=city(name), first=date.fromisoformat(first), last=date.fromisoformat(last))


@pytest.mark.parametrize("name", SPANS)
def test_every_period_and_the_year_of_another_city_are_published_and_nothing_is_refused(
    duban: Duban, tmp_path: Path, name: str
) -> None:
    span, periods, yearly = SPANS[name]
    account = played(duban, tmp_path, story(name, *span).scenario(yearly))
    assert account["refused"] == []
    assert [one["period"] for one in account["publications"]] == periods
    assert all(one["rates"]["on_time_rate"] == "100.00" for one in account["publications"])
    assert [one["year"] for one in account["years"]] == [yearly["year"]["year"]]
    hidden = [task["id"] for task in story(name, *span).tasks if task.get("publish") is False]
    assert hidden
    lines = {one["task"]: one for one in account["publications"][-1]["tasks"]}
    assert lines.keys() >= set(hidden)
    HAND[name](account)


def monthly_by_hand(account: Json) -> None:
    # 31 August: 243 of 365 days and a tenth more, 176 of 241 places; 3 x 4/9 - 2 x 8/27 = 20/27.
    [places] = [one for one in account["publications"][7]["tasks"] if one["task"] == "T3"]
    assert (places["a"], places["e"], places["p"]) == ("0.7303", "0.7407", "98.59")
    assert account["years"][0]["figures"][0]["a"] == "1.0000"


def quarterly_by_hand(account: Json) -> None:
    # Twelve of fifteen months; 365 of 457 days and a tenth more.
    [roads] = [one for one in account["publications"][-1]["tasks"] if one["task"] == "Q3"]
    assert (roads["a"], roads["e"]) == ("0.8786", "0.8000")


def weekly_by_hand(account: Json) -> None:
    # Two steps: 1/4 by 14 February, and of the 63 days 14 x 1.1 are done: 19.5556 of 80.
    [snow] = [one for one in account["publications"][6]["tasks"] if one["task"] == "W4"]
    assert (snow["a"], snow["e"], snow["score"]) == ("0.2444", "0.2500", "98.22")


def annual_by_hand(account: Json) -> None:
    # A pair of rates is a filled field like any other.
    [income] = [one for one in account["publications"][0]["tasks"] if one["task"] == "Y3"]
    assert (income["a"], income["q"], income["score"]) == ("1.0000", "100.00", "100.00")


def bimonthly_by_hand(account: Json) -> None:
    # (100 + 100 + 98.43 + 98.22 + 100 + 100) / 6: 2021-B6 is in, 2021-B5 is not.
    [lower] = [one for one in account["years"][0]["units"] if one["unit"] == "lower-town"]
    assert lower["periods"] == "99.44"


def half_year_by_hand(account: Json) -> None:
    # Graded B: 0.8 x 80 + 10 + 10.
    gates = [one["tasks"][0]["score"] for one in account["publications"]]
    assert gates == ["84.00", "84.00", "84.00"]


HAND: Final = {
    "monthly": monthly_by_hand,
    "quarterly": quarterly_by_hand,
    "weekly": weekly_by_hand,
    "annual": annual_by_hand,
    "bimonthly": bimonthly_by_hand,
    "half_year": half_year_by_hand,
}


def test_a_week_belongs_to_the_year_of_its_sunday(duban: Duban, tmp_path: Path) -> None:
    scenario = story("weekly", "2021-01-01", "2021-04-04").scenario(SPANS["weekly"][2])
    first = next(one for one in scenario["timeline"] if one.get("submit", {}).get("task") == "W1")
    assert first["submit"]["period"] == "2020-W53"
    scenario["timeline"].remove(first)
    account = played(duban, tmp_path, scenario)
    # W1 has weight 10 and W5 4: 400/14 = 28.57; (28.57 + 13 x 100) / 14.
    [builders] = [one for one in account["years"][0]["units"] if one["unit"] == "builders"]
    assert builders["periods"] == "94.90"


# Of each the working days after the period's last day, counted on the calendar by hand.
WINDOWS: Final = [
    # 31 January to 6 February 2022 are off: 7, 8, 9; 10, 11.
    ("monthly", "2022-M01", "2022-02-09", "2022-02-11", "+08:00"),
    # 30 April to 4 May are off, Saturday 7 May is worked: 5, 6, 7; 9, 10.
    ("monthly", "2022-M04", "2022-05-07", "2022-05-10", "+08:00"),
    # 1 to 7 October are off, 8 and 9 (a weekend) are worked: 8, 9, 10; 11, 12.
    ("monthly", "2022-M09", "2022-10-10", "2022-10-12", "+08:00"),
    ("weekly", "2020-W53", "2021-01-04", "2021-01-05", "+08:00"),
    # 11 to 17 February 2021 are off.
    ("weekly", "2021-W06", "2021-02-18", "2021-02-19", "+08:00"),
    # The city's own 2027: 5 and 6 April are off, Saturday 10 is worked:
    # 1, 2, 7-10, 12, 13; 14-16, 19.
    ("quarterly", "2027-Q1", "2027-04-13", "2027-04-19", "+06:00"),
    # 31 December to 2 January and 21 to 27 January are off, 28 and 29 (a weekend) are worked:
    # 3-6, 9-13, 16-20, 28-31, 1, 2; 3, 6-10, 13-16.
    ("annual", "2022", "2023-02-02", "2023-02-16", "+08:00"),
    ("half_year", "2022-H1", "2022-07-14", "2022-07-21", "+08:00"),
    # 1 to 3 January are off: 4-7, 10-14, 17; 18-21, 24.
    ("half_year", "2021-H2", "2022-01-17", "2022-01-24", "+08:00"),
    ("bimonthly", "2021-B6", "2022-02-10", "2022-02-15", "+08:00"),
    # 1 to 7 October are off, Saturday 9 is worked: 8, 9, 11, 12; 13-15.
    ("bimonthly", "2021-B4", "2021-10-12", "2021-10-15", "+08:00"),
]


@pytest.mark.parametrize(("name", "period", "due", "close", "offset"), WINDOWS)
def test_a_report_is_on_time_until_the_last_second_of_the_day_it_is_due(
    duban: Duban, tmp_path: Path, name: str, period: str, due: str, close: str, offset: str
) -> None:
    told = story(name, "2000-01-01", "2099-12-31")
    told.plan["plan"]["activate_from"] = period
    [asked] = [one for one in told.calendar.periods if one.id == period]
    reports = [one for one in told.of(asked) if "submit" in one]
    in_time, at_once = f"{due}T23:59:59{offset}", f"{after(due)}T00:00:00{offset}"
    for number, report in enumerate(reports):
        report["at"] = at_once if number else in_time
    too_soon = {"at": f"{close}T23:59:59{offset}", "publish": {"period": period}}
    closed = {"at": f"{after(close)}T00:00:00{offset}", "publish": {"period": period}}
    timeline = [*reports, too_soon, closed]
    account = played(duban, tmp_path, {"plan": told.plan, "timeline": timeline})
    assert [one["code"] for one in account["refused"]] == ["not_closed"]
    [publication] = account["publications"]
    assert publication["rates"]["on_time"] == 1
    assert publication["rates"]["late"] == len(reports) - 1


def after(day: str) -> str:
    return str(date.fromisoformat(day) + timedelta(days=1))


def test_two_runs_print_the_same_bytes(duban: Duban, tmp_path: Path) -> None:
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps(story("weekly", "2021-01-01", "2021-01-24").scenario()))
    first, second = (duban("simulate", file, "--json").stdout_bytes for _ in range(2))
    assert first == second


def test_the_order_of_what_stands_in_a_plan_file_does_not_matter(
    duban: Duban, tmp_path: Path
) -> None:
    told = story("monthly", "2022-01-01", "2022-03-31")
    scenario = told.scenario()
    before = played(duban, tmp_path, scenario)
    after = played(duban, tmp_path, {**scenario, "plan": reversed_lists(told.plan)})
    assert by_id(before["publications"]) == by_id(after["publications"])
    assert [one["digest"] for one in before["publications"]]


def reversed_lists(value: Any, key: str = "") -> Any:  # noqa: ANN401  # whatever a plan holds
    """The same with every list the other way round, but for tables, which are in order of time."""
    if isinstance(value, dict):
        return {name: reversed_lists(one, name) for name, one in reversed(value.items())}
    if isinstance(value, list) and key not in {"table", "ladder"}:
        return [reversed_lists(one) for one in reversed(value)]
    return value


def by_id(publications: list[Json]) -> list[Json]:
    """What each says of units, tasks and actions, in order of their ids."""
    return [
        {
            "units": sorted(one["units"], key=lambda unit: unit["unit"]),
            "tasks": sorted(one["tasks"], key=lambda task: task["task"]),
            "actions": sorted(one["actions"], key=lambda action: action["action"]),
            "plan_score": one["plan_score"],
        }
        for one in publications
    ]


def test_a_year_without_holidays_blocks_only_the_windows_that_need_it(
    duban: Duban, tmp_path: Path
) -> None:
    told = story("quarterly", "2026-10-01", "2027-09-30")
    needs_2028 = {"at": "2028-01-20T10:00:00+06:00", "publish": {"period": "2027-Q4"}}
    account = played(duban, tmp_path, told.scenario(needs_2028))
    assert [one["period"] for one in account["publications"]] == SPANS["quarterly"][1]
    assert [one["code"] for one in account["refused"]] == ["year_not_loaded"]
    scenario = {**told.scenario(needs_2028), "holidays": [{"year": 2028}]}
    account = played(duban, tmp_path, scenario)
    assert account["publications"][-1]["period"] == "2027-Q4"
    assert account["refused"] == []


def test_a_rulebook_that_begins_with_a_period_of_another_cadence_is_refused(
    duban: Duban, tmp_path: Path
) -> None:
    file = tmp_path / "scenario.yaml"
    plan = (CITIES / "monthly.yaml").read_text()
    (tmp_path / "monthly.yaml").write_text(plan)
    file.write_text("plan: monthly.yaml\nrulebook:\n  effective_from: 2022-B1\n")
    status, problem = duban.refusal("simulate", file)
    [error] = problem["errors"]
    assert (status, error["line"], error["path"]) == (1, 3, "rulebook.effective_from")
    assert (error["code"], error["mend"]) == ("unknown_period", 'write its id like "2021-M03"')
    (tmp_path / "rules.yaml").write_text(
        "rulebook:\n  id: r\n  version: 1\n  effective_from: 2022-B1\n"
    )
    status, problem = duban.refusal(
        "plan", "check", tmp_path / "monthly.yaml", "--rulebook", tmp_path / "rules.yaml"
    )
    assert (status, problem["errors"][0]["line"]) == (1, 4)


@pytest.mark.parametrize(
    ("first", "timeliness"),
    # Two working days late. A rulebook older than the plan holds from its first period on.
    [("2021-M01", "60.00"), ("2022-M01", "60.00"), ("2022-M02", "80.00")],
)
def test_a_rulebook_holds_from_its_first_period_on_even_if_that_came_before_the_plan(
    duban: Duban, tmp_path: Path, first: str, timeliness: str
) -> None:
    rulebook = {"effective_from": first, "lateness": {"per_day": "20"}}
    told = story("monthly", "2022-01-01", "2022-01-31")
    scenario = {**told.scenario(), "rulebook": rulebook}
    scenario["timeline"][0]["at"] = "2022-02-11T23:59:59+08:00"
    account = played(duban, tmp_path, scenario)
    assert account["publications"][0]["tasks"][0]["t"] == timeliness


def test_a_correction_remakes_the_year_of_the_last_day_of_its_period(
    duban: Duban, tmp_path: Path
) -> None:
    span, _, yearly = SPANS["bimonthly"]
    when = "2022-12-21T10:00:00+08:00"
    wrong = {"period": "2021-B6", "reason": "it was said too much", "zero": ["B2"]}
    then = [year(when, 2021), yearly, {"at": when, "correct": wrong}]
    account = played(duban, tmp_path, story("bimonthly", *span).scenario(*then))
    assert account["refused"] == []
    said = [(one["year"], one["version"]) for one in account["years"]]
    assert said == [(2022, 1), (2021, 1), (2022, 2)]
    # B1 and B2 weigh 10 and 0.7 x 10: 1000/17 = 58.82; (58.82 + 5 x 100) / 6.
    [lamps] = [one for one in account["years"][-1]["units"] if one["unit"] == "lamps"]
    assert (lamps["periods"], lamps["reasons"]) == ("93.14", ["vetoed"])
