"""Messages are written when the alert is: one delivery for each person and each endpoint."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from notify.domain.alerts import Addressee, Figures, Kind, Level
from notify.domain.messages import AlertFacts, Change, render, webhook_body
from notify.metrics import NotifyMetrics
from notify.service.directory import Directory
from notify.service.plans import KnownPlan
from notify.store.tables import Alert, Contact, DecisionRow, Delivery
from shared.contracts.plan import Language
from shared.kit.clock import Clock

_NAMESPACE = UUID("0f8f6c6a-7f0c-5a6b-9a51-0b8f7d1f9c33")


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
        plan: KnownPlan,
        tell: Sequence[Addressee],
        change: Change,
        at: datetime,
    ) -> None:
        """One delivery for each person behind an addressee, and for each endpoint of the route.

        An addressee nobody stands behind is a decision of its own (`no_contact`), not silence.
        """
        routes = await self._directory.routes(session)
        facts = _facts(alert, plan)
        people: dict[str, Contact] = {}
        for role, subject in _audience(alert, plan, tell, routes.roles()):
            found = await self._directory.people(session, alert.plan, role=role, subject=subject)
            if not found:
                self._note_nobody(session, alert, f"{role}@{subject}", at)
            people |= {one.email: one for one in found}
        for email, person in sorted(people.items()):
            language: Language = "en" if person.language == "en" else "zh-CN"
            message = render(facts, language, base_url=self._public_url)
            session.add(
                self._delivery(
                    alert,
                    change,
                    channel="mail",
                    recipient=email,
                    language=language,
                    subject=message.subject,
                    body=message.text.encode(),
                    html=message.html,
                )
            )
        body = webhook_body(facts, change=change, timestamp=at, base_url=self._public_url)
        for hook in routes.hooks():
            session.add(
                self._delivery(
                    alert,
                    change,
                    channel="webhook",
                    recipient=hook,
                    language="",
                    subject="",
                    body=body,
                    html="",
                )
            )

    def _delivery(
        self,
        alert: Alert,
        change: Change,
        *,
        channel: str,
        recipient: str,
        language: str,
        subject: str,
        body: bytes,
        html: str,
    ) -> Delivery:
        now = self._clock.wall_now()
        # The same change told to the same recipient is the same message, however often tried.
        name = "/".join((alert.id, change, alert.level or "", channel, recipient))
        return Delivery(
            id=f"msg-{uuid5(_NAMESPACE, name)}",
            alert=alert.id,
            plan=alert.plan,
            channel=channel,
            recipient=recipient,
            language=language,
            subject=subject,
            body=body,
            html=html,
            next_attempt_at=now,
            created_at=now,
            correlation=alert.correlation,
        )

    def _note_nobody(
        self, session: AsyncSession, alert: Alert, addressee: str, at: datetime
    ) -> None:
        session.add(
            DecisionRow(
                alert=alert.id,
                plan=alert.plan,
                task=alert.task,
                unit=alert.unit,
                kind=alert.kind,
                effect="nothing",
                reason="no_contact",
                event=alert.episode,
                addressee=addressee,
                at=at,
            )
        )
        self._metrics.decisions.labels(alert.kind, "nothing", "no_contact").inc()


def _audience(
    alert: Alert, plan: KnownPlan, tell: Sequence[Addressee], roles: Sequence[str]
) -> list[tuple[str, str]]:
    """Whom the kind concerns, then whom the route adds; a role is sought where it stands."""
    where = {"group": alert.action, "office": plan.plan}
    added = [(role, where.get(role, alert.unit)) for role in roles]
    return list(dict.fromkeys([*((one.role, one.at) for one in tell), *added]))


def _facts(alert: Alert, plan: KnownPlan) -> AlertFacts:
    kind: Kind = alert.kind  # type: ignore[assignment]  # stored from a Kind
    level: Level | None = alert.level  # type: ignore[assignment]  # stored from a Level
    return AlertFacts(
        id=alert.id,
        kind=kind,
        level=level,
        plan=alert.plan,
        task=alert.task,
        task_title=plan.title(alert.task),
        unit=alert.unit,
        unit_title=plan.title(alert.unit),
        period=alert.period,
        figures=Figures(a=alert.a, e=alert.e, r=alert.r, gap=alert.gap),
        since=alert.since,
        next_by=alert.next_by,
        correlation_id=alert.correlation,
    )
