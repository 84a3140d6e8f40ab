"""What notify's own events bring back into a database that was restored from a backup.

Alerts and their messages are made again from what intake and scoring say again, under the same ids;
how a message ended was said by notify alone, and keeps it from being sent a second time.
"""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from notify.store.tables import Delivery, Notice
from shared.contracts.notify import DeliveryFinished
from shared.kit.adopt import Memory
from shared.kit.bus.loop import Received


async def _on_finished(session: AsyncSession, received: Received[DeliveryFinished]) -> None:
    """A message has ended: what it told is not told again; `Notices` completes what it was."""
    event = received.event
    delivery = await session.get(Delivery, event.delivery)
    if delivery is None:
        delivery = Delivery(
            id=event.delivery,
            alert=event.alert,
            plan=event.plan,
            channel=event.channel,
            recipient="",
            body=b"",
            next_attempt_at=event.finished_at,
            created_at=event.finished_at,
            correlation=received.correlation,
        )
        session.add(delivery)
    for name in event.notices:
        if await session.get(Notice, name) is None:
            session.add(_told(name, event, received.correlation))
    delivery.state, delivery.attempts = event.outcome, event.attempts
    delivery.finished_at, delivery.claimed_by = event.finished_at, None


def _told(name: str, event: DeliveryFinished, correlation: str) -> Notice:
    return Notice(
        id=name,
        alert=event.alert,
        plan=event.plan,
        change="",
        group="",
        channel=event.channel,
        recipient="",
        addressee="",
        language="",
        route="",
        event="",
        state="sent",
        created_at=event.finished_at,
        delivery=event.delivery,
        correlation=correlation,
    )


MEMORY: Final = Memory(rows={DeliveryFinished: _on_finished})
