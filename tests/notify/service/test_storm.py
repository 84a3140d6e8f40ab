"""Thousands of events at once stay a drizzle: a message an interval, no more than the cap a day.

The long form: STORM=10000 pytest tests/notify/service/test_storm.py
"""

import json
import os
from collections import Counter
from typing import Final

import kit_cast
import pytest
from notify_house import REPORTER, House, Json, standing

from shared.contracts.scoring import StandingChanged

STORM: Final = int(os.environ.get("STORM", "300"))
BATCH: Final = 100
LIN: Final = REPORTER["email"]
TIMING: Final[Json] = {"group_wait": "30s", "group_interval": "4h"}

pytestmark = pytest.mark.timeout(120 + STORM // 5)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """One message of ten thousand alerts takes longer than anything else does."""
    monkeypatch.setattr(kit_cast, "PATIENCE", kit_cast.PATIENCE + STORM / 50)


def turned_yellow(task: str) -> StandingChanged:
    """The live light of a task of the port changes."""
    event = standing("green", "yellow").model_dump(mode="json") | {"task": task}
    return StandingChanged.model_validate_json(json.dumps(event))


async def strikes(house: House, name: str, *, tasks: int) -> None:
    for first in range(0, tasks, BATCH):
        numbers = range(first, min(first + BATCH, tasks))
        await house.hear(*(turned_yellow(f"{name}{number}") for number in numbers))


async def told(house: House) -> list[str]:
    return [one.subject for one in await house.deliveries() if one.recipient == LIN]


async def test_a_storm_becomes_one_message_an_interval(house: House) -> None:
    bundled = {"to": [{"role": "reporter"}], "group_by": ["unit"]} | TIMING
    await house.set_routes({"default": bundled})
    await strikes(house, "a", tasks=STORM)
    await house.pass_until("2022-05-11 12:01")
    (first,) = [one for one in await house.deliveries() if one.recipient == LIN]
    assert first.subject == f"【督办】港口局：进度提醒{STORM}项"
    assert first.body.decode().count("\n· ") <= 20
    assert f"另有 {STORM - 20} 项" in first.body.decode()
    await strikes(house, "b", tasks=STORM)
    await house.pass_until("2022-05-11 16:00")
    assert len(await told(house)) == 1
    await house.pass_until("2022-05-12 12:00")
    assert await told(house) == [first.subject] * 2
    assert len(await house.alerts()) == 2 * STORM


async def test_whoever_is_to_hear_of_each_alone_hears_of_the_rest_in_one_digest(
    house: House,
) -> None:
    alone = {"to": [{"role": "reporter"}], "group_by": ["task"]} | TIMING
    await house.set_routes({"default": alone, "daily_cap": 5})
    many = STORM // 10
    await strikes(house, "a", tasks=many)
    await house.pass_until("2022-05-12 12:00")
    days = Counter(subject.partition("】")[2][:4] for subject in await told(house))
    assert days == {"进度提醒": 5, "今日汇总": 1}
    (digest,) = [one for one in await told(house) if "今日汇总" in one]
    assert digest == f"【督办】今日汇总（2022-05-11）：进度提醒{many - 5}项"
