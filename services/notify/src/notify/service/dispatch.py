"""The dispatcher: sends what is due with no transaction open, then stores how it ended."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Final, Literal

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select, update

from notify.channels import DeliveryResult
from notify.channels.mail import MailMessage, MailSender
from notify.domain.retry import next_attempt
from notify.metrics import NotifyMetrics
from notify.service.caller import refuse
from notify.service.endpoints import Endpoints
from notify.service.queue import Queue
from notify.store.tables import Alert, Delivery, Endpoint, Notice
from shared.contracts.notify import DeliveryFinished
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.journal import Journal

log = structlog.get_logger(__name__)

_POLL_SECONDS: Final = 1.0
_JITTER_STEPS: Final = 1000
_PAGE: Final = 500

_DISABLED: Final = DeliveryResult(outcome="gone", reason="endpoint_disabled")

Outcome = Literal["delivered", "refused", "gone", "expired"]


class Dispatcher:
    """Takes deliveries to their recipients. At least once, always under the same id."""

    def __init__(
        self,
        *,
        db: Database,
        journal: Journal,
        queue: Queue,
        endpoints: Endpoints,
        mail: MailSender,
        clock: Clock,
        metrics: NotifyMetrics,
    ) -> None:
        self._db = db
        self._queue = queue
        self._journal = journal
        self._endpoints = endpoints
        self._mail = mail
        self._clock = clock
        self._metrics = metrics
        self._written = db.written.listener()
        self._under_way: dict[asyncio.Task[None], Delivery] = {}

    async def run(self) -> None:
        """Send until cancelled."""
        await self._queue.resume()
        try:
            while True:
                for delivery in await self._queue.claim(self._under_way.values()):
                    task = asyncio.create_task(self._deliver(delivery), name=delivery.id)
                    self._under_way[task] = delivery
                    task.add_done_callback(self._ended)
                await self._written.wait(at_most=_POLL_SECONDS)
        finally:
            tasks = list(self._under_way)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def redeliver(self, delivery_id: str) -> Delivery:
        """Send a delivery again, under its own id.

        Raises:
            Refused: `unknown_delivery`, `text_lost`.
        """
        async with self._db.read() as session:
            found = await session.get(Delivery, delivery_id)
        if found is None:
            raise refuse("unknown_delivery", "there is no such delivery")
        if not found.body:  # it ended before a restore: only that is known
            raise refuse("text_lost", "its text was lost with the database it stood in", path="id")
        async with self._db.write(found.plan) as session:
            delivery = await session.get_one(Delivery, delivery_id)
            delivery.state, delivery.attempts = "pending", 0
            delivery.next_attempt_at, delivery.finished_at = self._clock.wall_now(), None
        return delivery

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        self._written.raise_()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a delivery was interrupted and will be tried again", error=str(error))

    async def _deliver(self, delivery: Delivery) -> None:
        result = await self._send(delivery)
        now = self._clock.wall_now()
        async with self._db.write(delivery.plan) as session:
            outcome = await self._store(session, delivery.id, result, now)
        self._metrics.deliveries.labels(delivery.channel, outcome).inc()

    async def _send(self, delivery: Delivery) -> DeliveryResult:
        if delivery.channel == "mail":
            return await self._mail.send(
                MailMessage(
                    delivery_id=delivery.id,
                    to=delivery.recipient,
                    subject=delivery.subject,
                    text=delivery.body.decode(),
                    html=delivery.html,
                    language=delivery.language,
                    date=delivery.created_at,
                    thread=delivery.thread,
                    unsubscribe=delivery.unsubscribe,
                )
            )
        async with self._db.read() as session:
            endpoint = await session.get_one(Endpoint, delivery.recipient)
        if endpoint.disabled_at is not None:
            return _DISABLED
        return await self._endpoints.send(endpoint, message_id=delivery.id, body=delivery.body)

    async def _store(
        self, session: AsyncSession, delivery_id: str, result: DeliveryResult, now: datetime
    ) -> str:
        delivery = await session.get_one(Delivery, delivery_id)
        delivery.claimed_by = None
        delivery.attempts += result is not _DISABLED  # then nothing was attempted
        delivery.last_status, delivery.last_reason = result.status, result.reason
        delivery.last_detail = result.detail or None
        if delivery.channel == "webhook" and result is not _DISABLED:
            await self._endpoints.learn(session, delivery, result, now)
        if result.outcome == "retry":
            again = _next_attempt(delivery, result, now)
            if again is not None:
                delivery.next_attempt_at = again
                return "retry"
            await self._finish(session, delivery, "expired", now)
            return "expired"
        await self._finish(session, delivery, result.outcome, now)
        return result.outcome

    async def _finish(
        self, session: AsyncSession, delivery: Delivery, outcome: Outcome, now: datetime
    ) -> None:
        delivery.state, delivery.finished_at = outcome, now
        told = select(Notice).where(Notice.delivery == delivery.id).order_by(col(Notice.id))
        notices = (await session.execute(told)).scalars().all()
        if outcome == "delivered":
            await _notified(session, [one.alert for one in notices])
        finished = DeliveryFinished(
            plan=delivery.plan,
            alert=delivery.alert,
            delivery=delivery.id,
            channel="mail" if delivery.channel == "mail" else "webhook",
            outcome=outcome,
            attempts=delivery.attempts,
            finished_at=now,
            notices=tuple(one.id for one in notices),
        )
        await self._journal.record(
            session, finished, at=self._clock.business_now(), correlation=delivery.correlation
        )


def _pages(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(names), _PAGE):
        yield names[first : first + _PAGE]


async def _notified(session: AsyncSession, alerts: Sequence[str]) -> None:
    """Somebody has been told of these alerts."""
    for page in _pages(alerts):
        fresh = (col(Alert.id).in_(page)) & (col(Alert.state) == "raised")
        await session.execute(update(Alert).where(fresh).values(state="notified"))


def _next_attempt(delivery: Delivery, result: DeliveryResult, now: datetime) -> datetime | None:
    jitter = Fraction(random.randrange(_JITTER_STEPS), _JITTER_STEPS)  # noqa: S311  # no secret
    return next_attempt(
        attempt=delivery.attempts, failed_at=now, retry_after=result.retry_after, jitter=jitter
    )
