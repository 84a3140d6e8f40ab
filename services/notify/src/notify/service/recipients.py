"""Who hears of an alert: the people whom its kind concerns, and whom its routes name."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from notify.domain.alerts import Addressee, addressee
from notify.domain.notices import NoticeReason
from notify.domain.routes import ToRole
from notify.domain.routing import Taken
from notify.service.directory import Directory
from notify.store.tables import Alert, Endpoint
from shared.contracts.plan import Language

Channel = Literal["mail", "webhook"]


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """A person by mail, or an endpoint; `taken` is the route that brings the alert there."""

    channel: Channel
    address: str
    addressee: str
    """As role@id; an endpoint's own id."""
    language: Language | None
    """Null: the endpoint's."""
    hours: str | None
    """Their own hours as JSON; null: everybody's."""
    taken: Taken


@dataclass(frozen=True, kw_only=True)
class Found:
    """Who hears of it, each once, and who does not, with the reason."""

    recipients: Sequence[Recipient]
    missed: Sequence[tuple[NoticeReason, str]]


@dataclass
class _Search:
    """Collects recipients: whoever was found first keeps language and route."""

    directory: Directory
    session: AsyncSession
    plan: str
    found: dict[tuple[Channel, str], Recipient] = field(default_factory=dict)
    missed: dict[tuple[NoticeReason, str], None] = field(default_factory=dict)

    async def role(self, to: Addressee, taken: Taken) -> None:
        scope = {"group": "action", "office": "plan"}.get(to.role, "unit")
        people = await self.directory.people(
            self.session, self.plan, role=to.role, scope=scope, subject=to.at
        )
        if not people:
            self.missed["no_contact", str(to)] = None
        for one in people:
            language: Language = "en" if one.language == "en" else "zh-CN"
            if one.endpoint is None:
                self._add("mail", one.email, str(to), language, one.hours, taken)
            else:
                await self.endpoint(one.endpoint, taken, to=str(to), language=language)

    async def endpoint(
        self, hook: str, taken: Taken, *, to: str | None = None, language: Language | None = None
    ) -> None:
        endpoint = await self.session.get(Endpoint, hook)
        if endpoint is None or endpoint.disabled_at is not None:
            self.missed["endpoint_disabled", hook] = None
        else:
            self._add("webhook", hook, to or hook, language, None, taken)

    def _add(
        self,
        channel: Channel,
        address: str,
        to: str,
        language: Language | None,
        hours: str | None,
        taken: Taken,
    ) -> None:
        self.found.setdefault(
            (channel, address),
            Recipient(
                channel=channel,
                address=address,
                addressee=to,
                language=language,
                hours=hours,
                taken=taken,
            ),
        )


async def find_recipients(
    session: AsyncSession,
    directory: Directory,
    alert: Alert,
    *,
    tell: Sequence[Addressee],
    taken: Sequence[Taken],
) -> Found:
    """Everybody behind the addressees and behind what the routes name."""
    search = _Search(directory=directory, session=session, plan=alert.plan)
    for to in tell:
        await search.role(to, taken[0])
    for route in taken:
        for entry in route.to:
            if isinstance(entry, ToRole):
                at = addressee(entry.role, unit=alert.unit, action=alert.action, plan=alert.plan)
                if at is not None:
                    await search.role(at, route)
            else:
                await search.endpoint(entry.endpoint, route)
    if not any(route.to for route in taken):
        search.missed["no_route", taken[0].path] = None
    return Found(recipients=list(search.found.values()), missed=list(search.missed))
