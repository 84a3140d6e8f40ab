"""What needs a plan waits for it where it can still come, and is set aside where it cannot."""

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from databases import Databases
from kit_cast import until
from notify_house import (
    HEAD,
    REPORTER,
    House,
    make_house,
    overdue,
    plan_events,
    published,
    released,
    standing,
)
from structlog.testing import capture_logs

from shared.contracts.envelope import Event
from shared.contracts.intake import PlanVersioned


@pytest.fixture
async def empty(tmp_path: Path, databases: Databases) -> AsyncIterator[House]:
    """It knows whom to tell, and no plan."""
    async with make_house(tmp_path / "empty", databases=databases) as made:
        await made.set_contacts(REPORTER, HEAD)
        yield made


@pytest.mark.parametrize(
    ("said", "kind"),
    [((standing("green", "red"),), "early"), ((published("red"), released()), "lag")],
)
async def test_what_scoring_says_before_the_plan_has_come_through_takes_effect_afterwards(
    empty: House, said: Sequence[Event], kind: str
) -> None:
    with capture_logs() as logs:
        await empty.voice.say(*said)
        await until(lambda: any(one["event"] == "consumption waits" for one in logs))
    assert await empty.alerts() == []
    await empty.voice.say(*plan_events())
    await empty.take_in()
    alert = await empty.alert()
    assert (alert.kind, alert.level) == (kind, "red")
    assert await empty.letters() == []
    assert empty.figure("duban_alerts_raised_total", kind=kind, level="red") == 1


async def test_what_intake_says_about_a_plan_that_was_set_aside_does_not_stop_the_mended_plan(
    empty: House,
) -> None:
    await empty.hear(*plan_events(tasks=3), overdue("quay"))
    assert await empty.letters() == ["incomplete_plan", "unknown_plan"]
    await empty.hear(*plan_events(version=2), overdue("trees"))
    assert (await empty.alert()).task == "trees"


async def test_what_is_undone_and_taken_in_again_is_counted_once(house: House) -> None:
    await house.hear(overdue(), *plan_events(version=2, tasks=5))
    assert await house.letters() == ["incomplete_plan"]
    assert house.figure("duban_alerts_raised_total", kind="overdue", level="none") == 1
    assert house.figure("duban_alert_decisions_total", reason="not_reported") == 1


async def test_what_a_version_has_dropped_is_called_by_its_id(house: House) -> None:
    task, *_, closing = plan_events(version=2)
    head = closing.model_dump(mode="json", by_alias=True)
    units = [one for one in head["units"] if one["id"] != "parks"]
    changed = json.dumps(head | {"units": units, "tasks": 1})
    # Other keys come in any order: the version has to be in before the silence is told.
    await house.hear(task, PlanVersioned.model_validate_json(changed))
    await house.hear(overdue("trees"))
    reader = await house.visitor("office")
    page = (await reader.get(f"/alerts/{(await house.alert()).id}")).text
    assert "报送逾期提醒 · trees" in page
    assert "parks · 2022-B2" in page
