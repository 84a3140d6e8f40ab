"""Who wants no more mail that asks for no answer."""

from notify.store.tables import Unsubscribed
from shared.kit.clock import Clock
from shared.kit.db import Database


class Subscriptions:
    """Warnings are a duty and go out all the same; news of a plan can be ended, and begun again."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def holds(self, plan: str, email: str) -> bool:
        """Whether this address gets the plan's news."""
        async with self._db.read() as session:
            return await session.get(Unsubscribed, (plan, email)) is None

    async def end(self, plan: str, email: str) -> None:
        """No more news of the plan to this address."""
        async with self._db.write(plan) as session:
            if await session.get(Unsubscribed, (plan, email)) is None:
                at = self._clock.business_now()
                session.add(Unsubscribed(plan=plan, email=email, at=at))

    async def begin(self, plan: str, email: str) -> None:
        """News again."""
        async with self._db.write(plan) as session:
            row = await session.get(Unsubscribed, (plan, email))
            if row is not None:
                await session.delete(row)
