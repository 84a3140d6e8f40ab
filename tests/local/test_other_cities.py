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
                yield {"at": sent, "submit": self.report(task, period)}
        closed = self.calendar.window(period).close_end(self.calendar.tz)
        morning = (closed + timedelta(hours=9)).isoformat()
        yield {"at": morning, "publish": {"period": period.id}}

    def owes(self, task: Json, period: Period) -> bool:
        before = self.calendar.before(period)
        done = before is not None and task["due"] <= str(before.last)
        last_year = period.year > int(task["due"][:4])
        slow = all(not self.falls(one, period) for one in task.get("indicators", ()))
        year_only = slow and "milestones" not in task and "indicators" in task
        return not (done or last_year or year_only)

    def falls(self, figure: Json, period: Period) -> bool:
        cadence = figure.get("cadence", self.calendar.cadence)
        return ends_in(cadence, period, anchor_month=self.calendar.scheme.anchor_month)

    def report(self, task: Json, period: Period) -> Json:
        [lead] = [one["unit"] for one in task["assignments"] if one["role"] == "lead"]
        said: Json = {"task": task["id"], "unit": lead, "period": period.id}
        share = self.share(task, period)
        if task.get("measure") in {"percent", "yes_no"}:
            said["percent"] = decimal(100 * share if task["measure"] == "percent" else share // 1)
        if "milestones" in task:
            dates = {one["id"]: one["due"] for one in task["milestones"]}
            said["milestones"] = {n: day for n, day in dates.items() if day <= str(period.last)}
        figures = [one for one in task.get("indicators", ()) if self.falls(one, period)]
        values = {one["id"]: value_of(one, self.share(task, period, one)) for one in figures}
        return said | ({"values": values} if values else {})

    def share(self, task: Json, period: Period, figure: Json = EMPTY) -> Fraction:
        """How much of the whole is done: days gone by, ahead of every curve by a tenth."""
        start = date.fromisoformat(figure.get("start", task["start"]))
        due = date.fromisoformat(figure.get("due", task["due"]))
        if figure.get("kind") == "recurring":
            start, due = max(start, date(period.year, 1, 1)), min(due, date(period.year, 12, 31))
        gone = Fraction((period.last - start).days + 1, (due - start).days + 1)
        return max(Fraction(0), min(Fraction(1), gone * Fraction(11, 10)))


def decimal(value: Fraction) -> str:
    return f"{float(round(value, 4)):.4f}".rstrip("0").rstrip(".")


def value_of(figure: Json, share: Fraction) -> Any:
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
        reached = target * share
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
    assert duban.answer("plan", "check", CITIES / f"{name}.yaml")["errors"] == []
