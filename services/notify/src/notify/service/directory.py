"""Whom messages can go to: contacts behind roles, webhook endpoints, and the route between."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, delete, select

from notify.channels import Refused as TargetRefused
from notify.channels.guard import TargetGuard, TargetUnresolved
from notify.channels.mail import check_address
from notify.channels.webhook import new_secret
from notify.domain.routes import (
    NO_ROUTES,
    EndpointSpec,
    Routes,
    RoutesDocument,
    unsupported_of,
)
from notify.service.caller import Refusal, Refused, refuse
from notify.store.tables import Contact, Endpoint, RouteDocument
from shared.kit.clock import Clock
from shared.kit.db import Database

_SECRET_BYTES: Final = 32
_ROUTES: Final = "the routes and their endpoints"
"""The subject of whoever changes either; no plan has such an id."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """A contact as it is set."""

    scope: str
    subject: str
    role: str
    name: str | None
    email: str
    language: str
    endpoint: str | None = None
    hours: str | None = None


class Directory:
    """Keeps contacts, endpoints and the route."""

    def __init__(self, *, db: Database, guard: TargetGuard, clock: Clock) -> None:
        self._db = db
        self._guard = guard
        self._clock = clock

    async def set_contacts(self, plan: str, people: Sequence[Person]) -> int:
        """Replace all contacts of a plan.

        Raises:
            Refused: `bad_address`, naming each.
        """
        refusals = []
        rows: dict[tuple[str, str, str, str], Contact] = {}
        for index, one in enumerate(people):
            try:
                email = check_address(one.email)
            except TargetRefused as refused:
                refusals.append(
                    Refusal(code="bad_address", path=f"[{index}].email", message=str(refused))
                )
                continue
            rows[one.scope, one.subject, one.role, email] = Contact(
                plan=plan,
                scope=one.scope,
                subject=one.subject,
                role=one.role,
                email=email,
                name=one.name,
                language=one.language,
                endpoint=one.endpoint,
                hours=one.hours,
            )
        if refusals:
            raise Refused(refusals)
        async with self._db.write(plan) as session:
            await session.execute(delete(Contact).where(col(Contact.plan) == plan))
            session.add_all(rows.values())
        return len(rows)

    async def contacts(self, plan: str) -> Sequence[Contact]:
        """All contacts of a plan."""
        query = select(Contact).where(Contact.plan == plan)
        async with self._db.read() as session:
            rows = (await session.execute(query)).scalars().all()
        # Text is put into order here, never by a query: each database has an order of its own.
        return sorted(rows, key=lambda row: (row.scope, row.subject, row.role, row.email))

    async def people(
        self, session: AsyncSession, plan: str, *, role: str, scope: str, subject: str
    ) -> Sequence[Contact]:
        """Who stands behind a role; `scope` tells what `subject` is: a unit, an action, a plan."""
        query = select(Contact).where(
            Contact.plan == plan,
            Contact.role == role,
            Contact.scope == scope,
            Contact.subject == subject,
        )
        rows = (await session.execute(query)).scalars().all()
        return sorted(rows, key=lambda row: row.email)

    async def add_endpoint(self, spec: EndpointSpec) -> str:
        """A new webhook endpoint; its secret is told this once.

        Raises:
            Refused: `already_there`, `not_supported`, or the target is not acceptable.
        """
        _refuse_later(unsupported_of(spec))
        await self._check(spec.url, path="url")
        async with self._db.write(_ROUTES) as session:
            if await session.get(Endpoint, spec.id) is not None:
                raise refuse("already_there", f"there is an endpoint {spec.id}", path="id")
            return _create(session, spec)

    async def endpoints(self) -> Sequence[Endpoint]:
        """Every endpoint."""
        async with self._db.read() as session:
            rows = (await session.execute(select(Endpoint))).scalars().all()
        return sorted(rows, key=lambda row: row.id)

    async def set_routes(self, document: RoutesDocument, *, by: str) -> tuple[int, dict[str, str]]:
        """Put a route in force: its version, and the secrets of endpoints it brings along, once.

        An endpoint that is there gets the URL written here, keeps its secret, and is enabled.

        Raises:
            Refused: `not_supported` for what this release does not carry out,
                `unknown_endpoint`, or a target that is not acceptable.
        """
        for index, spec in enumerate(document.notify.endpoints):
            _refuse_later([f"notify.endpoints[{index}].{path}" for path in unsupported_of(spec)])
            await self._check(spec.url, path=f"notify.endpoints[{index}].url")
        async with self._db.write(_ROUTES) as session:
            made = await _put_endpoints(session, document.notify.endpoints)
            for hook in document.notify.hooks():
                if await session.get(Endpoint, hook) is None:
                    message = f"create the endpoint {hook} first"
                    raise refuse("unknown_endpoint", message, path="notify")
            newest = await _newest(session)
            version = newest.version + 1 if newest else 1
            session.add(
                RouteDocument(
                    version=version,
                    document=document.model_dump_json(by_alias=True),
                    set_at=self._clock.business_now(),
                    set_by=by,
                )
            )
        return version, made

    async def routes(self, session: AsyncSession) -> Routes:
        """The route in force."""
        return _routes(await _newest(session))

    async def routes_in_force(self) -> tuple[int, Routes]:
        """The route in force and its version, 0 where none was ever set."""
        async with self._db.read() as session:
            newest = await _newest(session)
            return newest.version if newest else 0, _routes(newest)

    async def _check(self, url: str, *, path: str) -> None:
        """Checked when it is saved, and again whenever something is sent to it."""
        try:
            await self._guard.resolve(self._guard.check_url(url))
        except TargetRefused as refused:
            raise refuse(refused.code, str(refused), path=path) from refused
        except TargetUnresolved as unresolved:
            raise refuse("unresolved", str(unresolved), path=path) from unresolved


async def _put_endpoints(session: AsyncSession, specs: Sequence[EndpointSpec]) -> dict[str, str]:
    """Make them, or set them as written; the secrets of those that are new."""
    made = {}
    for spec in specs:
        endpoint = await session.get(Endpoint, spec.id)
        if endpoint is None:
            made[spec.id] = _create(session, spec)
            await session.flush()
        else:
            endpoint.url = spec.url
            endpoint.disabled_at = endpoint.disabled_reason = None
    return made


def _create(session: AsyncSession, spec: EndpointSpec) -> str:
    secret = new_secret(secrets.token_bytes(_SECRET_BYTES))
    session.add(Endpoint(id=spec.id, url=spec.url, secret=secret))
    return secret


def _refuse_later(paths: Sequence[str]) -> None:
    message = "not in this release: leave it out"
    if paths:
        raise Refused([Refusal(code="not_supported", path=path, message=message) for path in paths])


async def _newest(session: AsyncSession) -> RouteDocument | None:
    query = select(RouteDocument).order_by(col(RouteDocument.version).desc()).limit(1)
    return (await session.execute(query)).scalars().first()


def _routes(row: RouteDocument | None) -> Routes:
    return RoutesDocument.model_validate_json(row.document).notify if row else NO_ROUTES
