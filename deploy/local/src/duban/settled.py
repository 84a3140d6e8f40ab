"""When the house is quiet: everything said was heard, everything due was done."""

import asyncio
from typing import Final

from sqlmodel import func, select

from duban.house import House
from notify.store.tables import Delivery
from scoring.store.tables import PublicationRow
from shared.kit.clock import Clock
from shared.kit.journal import backlog
from shared.kit.parts import Parts
from shared.kit.timers import Timers

_LOOK_SECONDS: Final = 0.05
_TWICE: Final = 2


async def settle(house: House, *, clock: Clock, at_most: float = 120) -> None:
    """Return when nothing is under way in any of the three services.

    Raises:
        TimeoutError: something still is after `at_most` seconds.
    """
    async with asyncio.timeout(at_most):
        quiet = 0
        while quiet < _TWICE:  # one look may fall between two services
            quiet = quiet + 1 if await _is_quiet(house, clock) else 0
            await asyncio.sleep(_LOOK_SECONDS)


async def fired(house: House, *, clock: Clock, at_most: float = 120) -> None:
    """Return when no timer is due any more: what time has brought stands in the plan's order.

    Raises:
        TimeoutError: one still is after `at_most` seconds.
    """
    parts = house.intake.parts
    timers, written = Timers(tables=parts.tables), parts.db.written.listener()
    async with asyncio.timeout(at_most):
        while True:
            async with parts.db.read() as session:
                if not await timers.due(session, now=clock.business_now()):
                    return
            await written.wait(at_most=_LOOK_SECONDS)


async def _is_quiet(house: House, clock: Clock) -> bool:
    for parts in (house.intake.parts, house.scoring.parts, house.notify.parts):
        if not await _has_said_and_heard_all(parts, clock):
            return False
    async with house.scoring.parts.db.read() as session:
        waiting = select(func.count()).where(PublicationRow.state == "waiting")
        if await session.scalar(waiting):
            return False
    async with house.notify.parts.db.read() as session:
        pending = select(func.count()).where(Delivery.state == "pending")
        return not await session.scalar(pending)


async def _has_said_and_heard_all(parts: Parts, clock: Clock) -> bool:
    async with parts.db.read() as session:
        unsent, _ = await backlog(session, parts.tables)
        due = await Timers(tables=parts.tables).due(session, now=clock.business_now())
    heard = parts.consumer is None or await parts.consumer.drained()
    return not unsent and not due and heard
