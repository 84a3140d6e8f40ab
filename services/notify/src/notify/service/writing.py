"""A message is written, and stored before it is sent: one delivery tells one recipient."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID, uuid5

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from notify.domain.facts import Figures
from notify.domain.kinds import NEWS, Change, Details, Kind, LateMilestone, Level, Summons
from notify.domain.messages import render
from notify.domain.robots import robot_body
from notify.domain.sentences import AlertFacts
from notify.domain.webhook_body import webhook_body
from notify.service.endpoints import robot_of
from notify.service.links import Links
from notify.service.plans import KnownPlan
from notify.store.tables import Alert, Delivery, Endpoint, GroupRow, Notice
from shared.contracts.plan import Language
from shared.kit.clock import Clock

_NAMESPACE: Final = UUID("0f8f6c6a-7f0c-5a6b-9a51-0b8f7d1f9c33")
_DETAILS: Final[TypeAdapter[Details]] = TypeAdapter(Details)


@dataclass(frozen=True, kw_only=True)
class Told:
    """An alert, and the notice by which its recipient hears of it."""

    alert: Alert
    notice: Notice


class Writing:
    """Makes the delivery of a group, in the transaction that flushes it."""

    def __init__(self, *, links: Links, clock: Clock) -> None:
        self._links = links
        self._clock = clock

    async def write(
        self,
        session: AsyncSession,
        group: GroupRow,
        told: Sequence[Told],
        *,
        plan: KnownPlan,
        now: datetime,
        digest: bool,
    ) -> str:
        """One message that tells all of it; its id, the same for the same notices."""
        names = "/".join(sorted(one.notice.id for one in told))
        delivery_id = f"msg-{uuid5(_NAMESPACE, f'{group.id}/{names}')}"
        facts = [facts_of(one, plan) for one in told]
        wall = self._clock.wall_now()
        delivery = Delivery(
            id=delivery_id,
            alert=told[0].alert.id,
            plan=group.plan,
            channel=group.channel,
            recipient=group.recipient,
            body=b"",
            next_attempt_at=wall,
            created_at=wall,
            correlation=told[0].notice.correlation,
        )
        link = self._links.message(delivery_id)
        day = plan.calendar.day_of(now) if digest else None
        if group.channel == "mail":
            self._as_mail(delivery, told, facts, link=link, day=day)
        else:
            endpoint = await session.get_one(Endpoint, group.recipient)
            language = _language(told[0].notice.language or endpoint.language)
            if endpoint.format == "standard":
                delivery.body = webhook_body(facts, timestamp=now, link=link)
            else:
                message = render(facts, language, link=link)
                delivery.body = robot_body(
                    robot_of(endpoint),
                    title=message.subject,
                    lines=message.lines,
                    link=link,
                    link_text=message.link_text,
                )
        session.add(delivery)
        return delivery_id

    def _as_mail(
        self,
        delivery: Delivery,
        told: Sequence[Told],
        facts: Sequence[AlertFacts],
        *,
        link: str,
        day: date | None,
    ) -> None:
        language = _language(told[0].notice.language)
        message = render(facts, language, link=link, digest=day)
        delivery.language, delivery.subject = language, message.subject
        delivery.body, delivery.html = message.text.encode(), message.html
        roots = {one.alert.parent or one.alert.id for one in told}
        if len(roots) == 1:
            delivery.thread = f"alert-{roots.pop()}"
        if all(one.kind in NEWS for one in facts):
            delivery.unsubscribe = self._links.unsubscribe(delivery.plan, delivery.recipient)


def _language(name: str) -> Language:
    return "en" if name == "en" else "zh-CN"


def facts_of(told: Told, plan: KnownPlan) -> AlertFacts:
    """An alert with all that a message, or the page of one, names."""
    alert = told.alert
    kind: Kind = alert.kind  # type: ignore[assignment]  # stored from a Kind
    level: Level | None = alert.level  # type: ignore[assignment]  # stored from a Level
    change: Change = told.notice.change  # type: ignore[assignment]  # stored from a Change
    figures = Figures(a=alert.a, e=alert.e, r=alert.r, gap=alert.gap)
    known = any((alert.a, alert.e, alert.r, alert.gap))
    details = _DETAILS.validate_json(alert.details) if alert.details else None
    late = details.milestone if isinstance(details, Summons) else details
    whose = late.unit if isinstance(late, LateMilestone) else alert.unit
    return AlertFacts(
        id=alert.id,
        kind=kind,
        change=change,
        level=level,
        plan=alert.plan,
        plan_title=plan.title,
        task=alert.task,
        task_title=plan.task_title(alert.task) if alert.task else None,
        unit=alert.unit,
        unit_title=plan.unit_title(alert.unit),
        other_title=plan.unit_title(whose) if whose != alert.unit else None,
        period=alert.period,
        figures=figures if known else None,
        since=alert.since,
        next_by=alert.next_by,
        details=details,
        raised_at=alert.raised_at,
        correlation_id=told.notice.correlation,
    )
