"""Notify restored from a backup makes its alerts again, and sends nobody a message twice."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from databases import Databases
from kit_cast import Backup, back_up, restore, say_again, until
from notify_house import Hook, House, open_app, open_hook, plan_events, standing
from sqlalchemy import func, select

from notify.config import MIGRATIONS
from notify.service.restoring import MEMORY
from notify.store.tables import Base, kit
from shared.contracts import topics
from shared.contracts.notify import AlertRaised, AlertResolved, DeliveryFinished
from shared.kit import log_guard as guard_module
from shared.kit.adopt import adopt
from shared.kit.db import Database
from shared.kit.foundation import topics_of

pytestmark = pytest.mark.enable_socket


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_module, "_AGAIN_SECONDS", 0.05)


async def all_sent(house: House) -> None:
    """Nothing waits, neither an event nor a message."""

    async def nothing_waits() -> bool:
        if "pending" in {one.state for one in await house.deliveries()}:
            return False  # the event that it has ended is written with its end, and sent after
        unsent = select(func.count()).where(kit.journal.c.sent_at.is_(None))
        async with house.db.read() as session:
            return not await session.scalar(unsent)

    await until(nothing_waits)


async def put_back(house: House, backup: Backup) -> None:
    db = Database(url=house.url, migrations=MIGRATIONS)
    await restore(db, backup)
    await db.close()


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with open_hook() as receiver:
        yield receiver


@pytest.mark.parametrize("before_the_second", [False, True], ids=["before all", "amid an alert"])
async def test_an_alert_that_is_made_again_is_the_same_and_is_told_to_nobody_again(
    tmp_path: Path, databases: Databases, hook: Hook, before_the_second: bool
) -> None:
    allow = {"allow_targets": f"127.0.0.1/32:{hook.port}"}
    async with open_app(tmp_path, databases=databases, **allow) as house:
        backup = await told_of_two(house, hook, amid=before_the_second)
        alerts = [(one.id, one.state, one.reason) for one in await house.alerts()]
        deliveries = [(one.id, one.state, one.recipient) for one in await house.deliveries()]
        said = [*await house.said(AlertRaised), *await house.said(AlertResolved)]
        ended = await house.said(DeliveryFinished)
        ids = list(hook.ids)
        assert len(ids) == 2
    await put_back(house, backup)

    async with open_app(tmp_path, databases=databases, **allow) as house:
        guard = house.notify.parts.guard
        await until(lambda: guard.refusal() is not None)
        await adopt(
            bus=house.bus,
            db=house.db,
            tables=kit,
            guard=guard,
            topics=topics_of("notify"),
            memory=MEMORY,
            clock=house.clock,
        )
        await until(lambda: not guard.finding)
        for topic in (topics.INTAKE, topics.SCORING):
            await say_again(house.bus, topic)
        await house.take_in()
        await all_sent(house)

        assert [(one.id, one.state, one.reason) for one in await house.alerts()] == alerts
        assert sorted(
            (one.id, one.state, one.recipient) for one in await house.deliveries()
        ) == sorted(deliveries)
        assert [*await house.said(AlertRaised), *await house.said(AlertResolved)] == said
        assert await house.said(DeliveryFinished) == ended
        assert hook.ids == ids


async def told_of_two(house: House, hook: Hook, *, amid: bool) -> Backup:
    """A standing falls, recovers and falls again; the backup is from before, or from amid it."""
    await house.hear(*plan_events())
    await house.add_endpoint("hook", hook.url)
    await house.route({"endpoint": "hook"})
    await house.hear(standing("green", "green"))
    backup = await back_up(house.db, Base.metadata)
    await house.hear(standing("green", "yellow"))
    if amid:
        backup = await back_up(house.db, Base.metadata)
    await all_sent(house)
    await house.hear(standing("yellow", "green"), standing("green", "red"))
    await all_sent(house)
    return backup
