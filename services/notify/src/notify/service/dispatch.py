"""The dispatcher: sends what is due with no transaction open, then stores how it ended."""

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Final, Literal

import structlog
from sqlmodel import col, select, update

from notify.channels import DeliveryResult
from notify.channels.mail import MailMessage, MailSender
from notify.channels.webhook import WebhookSender
from notify.domain.retry import next_attempt
from notify.metrics import NotifyMetrics
from notify.service.caller import refuse
from notify.store.tables import Delivery, Endpoint
from shared.contracts.notify import DeliveryFinished
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.journal import Journal

log = structlog.get_logger(__name__)

_POLL_SECONDS: Final = 1.0
_AT_ONCE: Final = 16
_LEASE: Final = timedelta(minutes=2)
_JITTER_STEPS: Final = 1000


class Dispatcher:
    """Takes deliveries to their recipients. At least once, always under the same id."""

    def __init__(
        self,
        *,
        db: Database,
        journal: Journal,
        webhooks: WebhookSender,
        mail: MailSender,
        clock: Clock,
        metrics: NotifyMetrics,
        member: str,
    ) -> None:
        self._db = db
        self._journal = journal
        self._webhooks = webhooks
        self._mail = mail
        self._clock = clock
        self._metrics = metrics
        self._member = member
        self._written = db.written.listener()
        self._under_way: dict[asyncio.Task[None], str] = {}

    async def run(self) -> None:
        """Send until cancelled."""
        await self._resume()
        try:
            while True:
                for delivery in await self._claim():
                    self._start(delivery)
                await self._written.wait(at_most=_POLL_SECONDS)
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def redeliver(self, delivery_id: str) -> Delivery:
        """Send a delivery again, under its own id.

        Raises:
            Refused: `unknown_delivery`.
        """
        async with self._db.write() as session:
            delivery = await session.get(Delivery, delivery_id)
            if delivery is None:
                raise refuse("unknown_delivery", "there is no such delivery")
            delivery.state, delivery.attempts = "pending", 0
            delivery.next_attempt_at, delivery.finished_at = self._clock.wall_now(), None
            session.add(delivery)
        return delivery

    async def test(self, endpoint: str) -> DeliveryResult:
        """Send a signed test message to an endpoint now.

        Raises:
            Refused: `unknown_endpoint`.
        """
        async with self._db.read() as session:
            row = await session.get(Endpoint, endpoint)
        if row is None:
            raise refuse("unknown_endpoint", f"there is no endpoint {endpoint}")
        now = self._clock.wall_now()
        return await self._webhooks.send(
            url=row.url,
            secrets=[row.secret],
            message_id=f"msg-test-{int(now.timestamp())}",
            body=b'{"type":"test","data":{}}',
            now=now,
        )

    async def _resume(self) -> None:
        """What this process was sending when it died, it sends again at once."""
        mine = (col(Delivery.state) == "pending") & (col(Delivery.claimed_by) == self._member)
        async with self._db.write() as session:
            await session.execute(
                update(Delivery).where(mine).values(next_attempt_at=self._clock.wall_now())
            )

    async def _claim(self) -> Sequence[Delivery]:
        """Deliveries that are due; each is leased, so that a crash only delays it."""
        now = self._clock.wall_now()
        free = _AT_ONCE - len(self._under_way)
        if free <= 0:
            return []
        due = (
            select(Delivery)
            .where(
                Delivery.state == "pending",
                col(Delivery.next_attempt_at) <= now,
                col(Delivery.id).not_in(self._under_way.values()),
            )
            .order_by(col(Delivery.next_attempt_at), col(Delivery.id))
            .limit(free)
        )
        async with self._db.read() as session:
            if (await session.execute(due)).first() is None:
                return []
        async with self._db.write() as session:
            claimed = (await session.execute(due.with_for_update(skip_locked=True))).scalars().all()
            for delivery in claimed:
                delivery.next_attempt_at, delivery.claimed_by = now + _LEASE, self._member
                session.add(delivery)
        return claimed

    def _start(self, delivery: Delivery) -> None:
        task = asyncio.create_task(self._deliver(delivery), name=delivery.id)
        self._under_way[task] = delivery.id
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        self._written.raise_()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a delivery was interrupted and will be tried again", error=str(error))

    async def _deliver(self, delivery: Delivery) -> None:
        result = await self._send(delivery)
        self._metrics.deliveries.labels(delivery.channel, result.outcome).inc()
        await self._store(delivery.id, result)

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
                    date=delivery.created_at.replace(tzinfo=UTC),
                )
            )
        async with self._db.read() as session:
            endpoint = await session.get(Endpoint, delivery.recipient)
        if endpoint is None or endpoint.disabled_at is not None:
            return DeliveryResult(outcome="gone", reason="endpoint_disabled")
        return await self._webhooks.send(
            url=endpoint.url,
            secrets=[endpoint.secret],
            message_id=delivery.id,
            body=delivery.body,
            now=self._clock.wall_now(),
        )

    async def _store(self, delivery_id: str, result: DeliveryResult) -> None:
        now = self._clock.wall_now()
        async with self._db.write() as session:
            delivery = await session.get_one(Delivery, delivery_id)
            delivery.attempts, delivery.claimed_by = delivery.attempts + 1, None
            delivery.last_status, delivery.last_reason = result.status, result.reason
            delivery.last_detail = result.detail or None
            again = self._again(delivery, result, now)
            session.add(delivery)
            if again is not None:
                delivery.next_attempt_at = again
                return
            outcome: Literal["delivered", "refused", "gone", "expired"] = (
                "expired" if result.outcome == "retry" else result.outcome
            )
            delivery.state, delivery.finished_at = outcome, now
            if result.outcome == "gone" and delivery.channel == "webhook":
                endpoint = await session.get(Endpoint, delivery.recipient)
                if endpoint is not None and endpoint.disabled_at is None:
                    endpoint.disabled_at, endpoint.disabled_reason = now, result.reason
                    session.add(endpoint)
            finished = DeliveryFinished(
                plan=delivery.plan,
                alert=delivery.alert,
                delivery=delivery.id,
                channel="mail" if delivery.channel == "mail" else "webhook",
                outcome=outcome,
                attempts=delivery.attempts,
                finished_at=now,
            )
            await self._journal.record(
                session, finished, at=self._clock.business_now(), correlation=delivery.correlation
            )

    @staticmethod
    def _again(delivery: Delivery, result: DeliveryResult, now: datetime) -> datetime | None:
        if result.outcome != "retry":
            return None
        jitter = Fraction(random.randrange(_JITTER_STEPS), _JITTER_STEPS)  # noqa: S311  # no secret
        return next_attempt(
            attempt=delivery.attempts,
            failed_at=now,
            retry_after=result.retry_after,
            jitter=jitter,
        )
