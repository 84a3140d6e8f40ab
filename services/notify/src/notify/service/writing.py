"""Messages are written when the alert is: one delivery for each person and each endpoint."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from notify.domain.alerts import Addressee, Figures, Kind, Level
from notify.domain.messages import AlertFacts, Change, Message, render, webhook_body
from notify.metrics import NotifyMetrics, count
from notify.service.directory import Directory
from notify.service.plans import KnownPlan
from notify.store.tables import Alert, Contact, DecisionRow, Delivery, Endpoint
from shared.contracts.plan import Language
from shared.kit.clock import Clock

_NAMESPACE: Final = UUID("0f8f6c6a-7f0c-5a6b-9a51-0b8f7d1f9c33")


@dataclass(frozen=True, kw_only=True)
class Cause:
    """The event that is answered, and what its alert is about; `at` is business time."""

    plan: KnownPlan
    task: str
    unit: str
    action: str
    kind: Kind
    period: str
    figures: Figures | None
    since: date
    next_by: date | None
    event: str
    at: datetime
    correlation: str


class Writing:
    """Makes the deliveries of an alert, in the transaction of the alert."""

    def __init__(
        self, *, directory: Directory, clock: Clock, public_url: str, metrics: NotifyMetrics
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._public_url = public_url
        self._metrics = metrics

    async def write(
        self,
        session: AsyncSession,
        alert: Alert,
        *,
        tell: Sequence[Addressee],
        change: Change,
        cause: Cause,
    ) -> None:
        """One delivery for each person behind an addressee, and for each endpoint of the route.

        Whom it cannot reach is a decision of its own (`no_contact`, `endpoint_disabled`).
        """
        routes = await self._directory.routes(session)
        facts = _facts(alert, cause)
        roles = dict.fromkeys([*(one.role for one in tell), *routes.roles()])
        for person in await self._people(session, alert, list(roles), cause):
            language: Language = "en" if person.language == "en" else "zh-CN"
            message = render(facts, language, base_url=self._public_url)
            await _keep(session, self._mail(alert, cause, person.email, language, message))
        body = webhook_body(facts, change=change, timestamp=cause.at, base_url=self._public_url)
        for hook in routes.hooks():
            endpoint = await session.get_one(Endpoint, hook)
            if endpoint.disabled_at is None:
                await _keep(session, self._webhook(alert, cause, hook, body))
            else:
                self._note(session, alert, cause, "endpoint_disabled", hook)

    async def _people(
        self, session: AsyncSession, alert: Alert, roles: Sequence[str], cause: Cause
    ) -> Sequence[Contact]:
        """Everybody behind these roles, each address once: the first role decides the language."""
        people: dict[str, Contact] = {}
        for role in roles:
            scope, subject = _place(role, alert)
            found = await self._directory.people(
                session, alert.plan, role=role, scope=scope, subject=subject
            )
            if not found:
                self._note(session, alert, cause, "no_contact", f"{role}@{subject}")
            people = {one.email: one for one in found} | people
        return [people[email] for email in sorted(people)]

    def _mail(
        self, alert: Alert, cause: Cause, email: str, language: Language, message: Message
    ) -> Delivery:
        delivery = self._delivery(alert, cause, "mail", email, message.text.encode())
        delivery.language, delivery.subject, delivery.html = language, message.subject, message.html
        return delivery

    def _webhook(self, alert: Alert, cause: Cause, hook: str, body: bytes) -> Delivery:
        return self._delivery(alert, cause, "webhook", hook, body)

    def _delivery(
        self, alert: Alert, cause: Cause, channel: str, recipient: str, body: bytes
    ) -> Delivery:
        now = self._clock.wall_now()
        # The same event told to the same recipient is the same message, however often tried.
        name = f"{alert.id}/{cause.event}/{channel}/{recipient}"
        return Delivery(
            id=f"msg-{uuid5(_NAMESPACE, name)}",
            alert=alert.id,
            plan=alert.plan,
            channel=channel,
            recipient=recipient,
            body=body,
            next_attempt_at=now,
            created_at=now,
            correlation=cause.correlation,
        )

    def _note(
        self, session: AsyncSession, alert: Alert, cause: Cause, reason: str, addressee: str
    ) -> None:
        session.add(
            DecisionRow(
                alert=alert.id,
                plan=alert.plan,
                task=alert.task,
                unit=alert.unit,
                kind=alert.kind,
                effect="nothing",
                reason=reason,
                event=cause.event,
                addressee=addressee,
                at=cause.at,
            )
        )
        count(session, self._metrics.decisions.labels(reason))


async def _keep(session: AsyncSession, delivery: Delivery) -> None:
    """Store a message to be sent, or complete one of which only its end is known any more."""
    ended = await session.get(Delivery, delivery.id)
    if ended is None:
        session.add(delivery)
        return
    for name in ("recipient", "language", "subject", "body", "html", "created_at"):
        setattr(ended, name, getattr(delivery, name))


def _place(role: str, alert: Alert) -> tuple[str, str]:
    """Where a role stands: `group` at the action, `office` at the plan, every other at the unit."""
    if role == "group":
        return "action", alert.action
    return ("plan", alert.plan) if role == "office" else ("unit", alert.unit)


def _facts(alert: Alert, cause: Cause) -> AlertFacts:
    level: Level | None = alert.level  # type: ignore[assignment]  # stored from a Level
    return AlertFacts(
        id=alert.id,
        kind=cause.kind,
        level=level,
        plan=alert.plan,
        task=alert.task,
        task_title=cause.plan.task_title(alert.task),
        unit=alert.unit,
        unit_title=cause.plan.unit_title(alert.unit),
        period=alert.period,
        figures=cause.figures,
        since=alert.since,
        next_by=alert.next_by,
        correlation_id=cause.correlation,
    )
