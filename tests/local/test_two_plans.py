"""Two plans of different cadence over the same units: each gives what it gives alone."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from local.test_simulate_year import Json

from duban.simulate.callers import APPROVER, DRAFTER, RELEASER, as_intake, as_scoring
from duban.simulate.house import House
from duban.simulate.play import play
from duban.simulate.scenario import Scenario, read_scenario
from duban.simulate.timeline import Entry
from duban.simulate.verbs import Publish
from shared.contracts.submission import Submission


def a_scenario(
    folder: Path, name: str, cadence: str, periods: Sequence[tuple[str, ...]]
) -> Scenario:
    """Each period is reported on its last day and published on the day named."""
    tasks: list[Json] = [
        {
            "id": f"T{number}",
            "title": "A promise",
            "weight": "10",
            "start": "2022-01-01",
            "due": "2022-12-31",
            "measure": "percent",
            "assignments": [{"unit": f"U{number}", "role": "lead"}],
        }
        for number in (1, 2)
    ]
    calendar = {"cadence": cadence}
    head = {"id": name, "title": name, "start": "2022-01-01", "end": "2022-12-31"}
    plan = {
        "plan": {**head, "calendar": calendar, "activate_from": periods[0][0]},
        "groups": [{"id": "g", "title": "Bureaus"}],
        "units": [{"id": f"U{number}", "title": "Bureau", "group": "g"} for number in (1, 2)],
        "actions": [{"id": "A1", "title": "Action", "tasks": tasks}],
    }
    timeline: list[Json] = []
    for place, (period, reported, published) in enumerate(periods, start=1):
        said = {"task": "T1", "unit": "U1", "period": period, "percent": str(9 * place)}
        timeline.append({"at": f"{reported}T10:00:00+08:00", "submit": said})
        timeline.append({"at": f"{published}T10:00:00+08:00", "publish": {"period": period}})
    body: Any = {"plan": plan, "timeline": timeline, "start": "2022-01-04T09:00:00+08:00"}
    body["until"] = "2022-04-30T12:00:00+08:00"
    return read_scenario(folder / f"{name}.json", json.dumps(body).encode())


async def alone(scenario: Scenario) -> dict[str, str | None]:
    async with House(start=scenario.start) as house:
        assert await play(scenario, house, lambda _: None) == []
        return await digests(house, scenario.plan)


async def together(scenarios: Sequence[Scenario]) -> list[dict[str, str | None]]:
    """Both live through their days in one house, in order of the instants."""
    async with House(start=min(one.start for one in scenarios)) as house:
        for one in scenarios:
            office = as_intake(DRAFTER)
            await house.intake.plans.apply(one.plan, one.document, dry_run=False, caller=office)
        await house.settle()
        entries = [(entry, one.plan) for one in scenarios for entry in one.entries]
        for entry, plan in sorted(entries, key=lambda pair: pair[0].instant):
            await house.pass_until(entry.instant)
            await done(house, entry, plan)
            await house.settle()
        await house.pass_until(max(one.until for one in scenarios))
        return [await digests(house, one.plan) for one in scenarios]


async def done(house: House, entry: Entry, plan: str) -> None:
    match entry.body:
        case Submission() as report:
            await house.intake.submissions.submit(
                report, key=None, route="/v1/submissions", caller=as_intake(report.unit)
            )
        case Publish(period=period):
            scoring = house.scoring
            await scoring.drafts.draft(plan, period, forced=None, caller=as_scoring(DRAFTER))
            await house.compute()
            await scoring.publications.approve(plan, period, caller=as_scoring(APPROVER))
            await scoring.publications.release(plan, period, caller=as_scoring(RELEASER))


async def digests(house: House, plan: str) -> dict[str, str | None]:
    rows = await house.scoring.publications.all(plan=plan, drafts=False)
    return {row.period: row.digest for row in rows}


def test_a_weekly_and_a_bimonthly_plan_do_not_touch_each_other(tmp_path: Path) -> None:
    weekly = a_scenario(
        tmp_path,
        "weekly",
        "weekly",
        [
            ("2022-W08", "2022-02-27", "2022-03-15"),
            ("2022-W09", "2022-03-06", "2022-03-22"),
            ("2022-W10", "2022-03-13", "2022-03-29"),
        ],
    )
    slow = a_scenario(tmp_path, "slow", "bimonthly", [("2022-B1", "2022-02-28", "2022-03-16")])
    apart = [asyncio.run(alone(one)) for one in (weekly, slow)]
    assert [sorted(one) for one in apart] == [["2022-W08", "2022-W09", "2022-W10"], ["2022-B1"]]
    assert asyncio.run(together([weekly, slow])) == apart
