"""Endpoints at work: how each is spoken to, what its failures lead to, its secrets."""

import json
import os
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4, uuid5

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, update

from notify.channels import DeliveryResult
from notify.channels.robot import RobotSender
from notify.channels.webhook import WebhookSender, new_secret
from notify.domain.messages import disabled_message
from notify.domain.robots import Robot, robot_body
from notify.service.caller import refuse
from notify.service.directory import ROUTES, SECRET_BYTES, Directory
from notify.store.tables import Delivery, Endpoint
from shared.contracts.notify import EndpointDisabled
from shared.contracts.plan import Language
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.journal import Journal

_NAMESPACE: Final = UUID("7d6f1f0a-2f4f-5a0e-8a51-4f0e1c9d5b20")
_BOTH_SIGN: Final = timedelta(hours=24)
"""So long after a rotation the former secret signs too."""
_GIVE_UP: Final = timedelta(days=5)
"""An endpoint at which every attempt has failed for so long is switched off."""
_GONE: Final = "gone"
_FAILING: Final = "failing"


class Endpoints:
    """Speaks to endpoints, and switches off what does not listen."""

    def __init__(
        self,
        *,
        db: Database,
        journal: Journal,
        directory: Directory,
        webhooks: WebhookSender,
        robots: RobotSender,
        clock: Clock,
    ) -> None:
        self._db = db
        self._journal = journal
        self._directory = directory
        self._webhooks = webhooks
        self._robots = robots
        self._clock = clock

    async def send(self, endpoint: Endpoint, *, message_id: str, body: bytes) -> DeliveryResult:
        """One attempt, in the way of its format."""
        now = self._clock.wall_now()
        given = os.environ.get(endpoint.secret_env) if endpoint.secret_env else None
        if endpoint.secret_env and not given:
            detail = f"set {endpoint.secret_env} in the environment of notify, and start it again"
            return DeliveryResult(outcome="retry", reason="no_secret", detail=detail)
        if endpoint.format == "standard":
            return await self._webhooks.send(
                url=endpoint.url,
                secrets=[given] if given else _secrets(endpoint, now),
                message_id=message_id,
                body=body,
                now=now,
            )
        return await self._robots.send(
            robot_of(endpoint), url=endpoint.url, secret=given, body=body, now=now
        )

    async def test(self, name: str) -> DeliveryResult:
        """Send a test message to an endpoint now, also to a disabled one.

        Raises:
            Refused: `unknown_endpoint`.
        """
        async with self._db.read() as session:
            endpoint = await _find(session, name)
        now = self._clock.wall_now().isoformat()
        body = json.dumps({"type": "test", "timestamp": now, "data": {"endpoint": name}}).encode()
        if endpoint.format != "standard":
            body = robot_body(
                robot_of(endpoint),
                title="督办 Duban",
                lines=(f"测试消息 · test message · {name} · {now}",),
                link=self._directory.public_url,
                link_text="督办 Duban",
            )
        return await self.send(endpoint, message_id=f"msg-{uuid4()}", body=body)

    async def rotate(self, name: str) -> str:
        """A new secret, told this once; for 24 hours the former one signs too.

        Raises:
            Refused: `unknown_endpoint`, `no_made_secret`, `still_rotating`.
        """
        now = self._clock.wall_now()
        async with self._db.write(ROUTES) as session:
            endpoint = await _find(session, name)
            if endpoint.format != "standard" or endpoint.secret_env is not None:
                message = "its secret is not made here: change it where it comes from"
                raise refuse("no_made_secret", message, path="endpoint")
            if endpoint.previous_until is not None and endpoint.previous_until > now:
                # A third secret would silence receivers that still know only the first.
                message = (
                    f"the former secret signs until {endpoint.previous_until.isoformat()}: rotate "
                    "again after that, or make a new endpoint"
                )
                raise refuse("still_rotating", message, path="endpoint")
            made = new_secret(secrets.token_bytes(SECRET_BYTES))
            endpoint.previous_secret, endpoint.secret = endpoint.secret, made
            endpoint.previous_until = now + _BOTH_SIGN
        return made

    async def enable(self, name: str) -> Endpoint:
        """Let an endpoint be spoken to again.

        Raises:
            Refused: `unknown_endpoint`.
        """
        async with self._db.write(ROUTES) as session:
            endpoint = await _find(session, name)
            endpoint.disabled_at = endpoint.disabled_reason = endpoint.failing_since = None
        return endpoint

    async def learn(
        self, session: AsyncSession, delivery: Delivery, result: DeliveryResult, now: datetime
    ) -> None:
        """What came of an attempt: a pause, a disabled endpoint, or a clean slate."""
        endpoint = await session.get_one(Endpoint, delivery.recipient, with_for_update=True)
        if endpoint.disabled_at is not None:
            return
        if result.outcome == "delivered":
            endpoint.failing_since = None
            return
        if result.reason == "rate_limited" and result.retry_after is not None:
            endpoint.next_at = max(endpoint.next_at or now, now + result.retry_after)
            return  # it listens, only not now
        endpoint.failing_since = endpoint.failing_since or now
        if result.reason == _GONE:
            await self._disable(session, endpoint, delivery, _GONE, now)
        elif now - endpoint.failing_since >= _GIVE_UP:
            await self._disable(session, endpoint, delivery, _FAILING, now)

    async def _disable(
        self,
        session: AsyncSession,
        endpoint: Endpoint,
        delivery: Delivery,
        reason: str,
        now: datetime,
    ) -> None:
        """It gets nothing any more, also not what waits for it; the office of the plan is told.

        What waits is due now, and ends when its turn comes, each in a transaction of its own plan.
        """
        since = endpoint.failing_since or now
        endpoint.disabled_at, endpoint.disabled_reason = now, reason
        waiting = (
            (col(Delivery.channel) == "webhook")
            & (col(Delivery.recipient) == endpoint.id)
            & (col(Delivery.state) == "pending")
            & (col(Delivery.claimed_by).is_(None))
        )
        await session.execute(update(Delivery).where(waiting).values(next_attempt_at=now))
        told = EndpointDisabled(
            plan=delivery.plan,
            endpoint=endpoint.id,
            reason="gone" if reason == _GONE else "failing",
            failing_since=since,
            disabled_at=now,
        )
        await self._journal.record(
            session, told, at=self._clock.business_now(), correlation=delivery.correlation
        )
        for person in await self._directory.people(
            session, delivery.plan, role="office", scope="plan", subject=delivery.plan
        ):
            language: Language = "en" if person.language == "en" else "zh-CN"
            message = disabled_message(
                endpoint.id,
                reason,
                since=since.date(),
                language=language,
                link=self._directory.public_url,
            )
            name = f"{endpoint.id}/{now.isoformat()}/{person.email}"
            session.add(
                Delivery(
                    id=f"msg-{uuid5(_NAMESPACE, name)}",
                    alert=delivery.alert,
                    plan=delivery.plan,
                    channel="mail",
                    recipient=person.email,
                    language=language,
                    subject=message.subject,
                    body=message.text.encode(),
                    html=message.html,
                    next_attempt_at=now,
                    created_at=now,
                    correlation=delivery.correlation,
                )
            )


def robot_of(endpoint: Endpoint) -> Robot:
    """Which robot an endpoint is."""
    robot: Robot = endpoint.format  # type: ignore[assignment]  # stored from a Format
    return robot


def _secrets(endpoint: Endpoint, now: datetime) -> Sequence[str]:
    former = endpoint.previous_secret
    holds = endpoint.previous_until is not None and now < endpoint.previous_until
    return [endpoint.secret, former] if former and holds else [endpoint.secret]


async def _find(session: AsyncSession, name: str) -> Endpoint:
    endpoint = await session.get(Endpoint, name)
    if endpoint is None:
        raise refuse("unknown_endpoint", f"there is no endpoint {name}")
    return endpoint
