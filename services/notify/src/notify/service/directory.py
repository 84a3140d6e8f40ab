"""Whom messages can go to: contacts behind roles, webhook endpoints, and the route between."""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, delete, func, select

from notify.channels import Refused as TargetRefused
from notify.channels.guard import TargetGuard, TargetUnresolved
from notify.channels.mail import check_address
from notify.channels.webhook import SecretRefused, new_secret, secret_key
from notify.domain.routes import (
    NO_ROUTES,
    EndpointSpec,
    Routes,
    RoutesDocument,
)
from notify.service.caller import Refusal, Refused, refuse
from notify.store.tables import Contact, Endpoint, RouteDocument
from shared.kit.clock import Clock
from shared.kit.db import Database

SECRET_BYTES: Final = 32
_PEOPLE: Final = "people"
_ROUTES: Final = "routes"
"""What a transaction has read already: a storm asks for the same few a thousand times."""
ROUTES: Final = "the routes and their endpoints"
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

    def __init__(self, *, db: Database, guard: TargetGuard, clock: Clock, public_url: str) -> None:
        """`public_url` is where this service is read."""
        self.public_url = public_url
        self._db = db
        self._guard = guard
        self._clock = clock
        self._read: tuple[int, Routes] = (0, NO_ROUTES)

    async def set_contacts(self, plan: str, people: Sequence[Person]) -> int:
        """Replace all contacts of a plan.

        Raises:
            Refused: `bad_address`, `unknown_endpoint`, naming each.
        """
        known = {one.id for one in await self.endpoints()}
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
            if one.endpoint is not None and one.endpoint not in known:
                message = f"create the endpoint {one.endpoint} first"
                refusals.append(
                    Refusal(code="unknown_endpoint", path=f"[{index}].endpoint", message=message)
                )
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
        read: dict[tuple[str, ...], Sequence[Contact]] = session.info.setdefault(_PEOPLE, {})
        known = read.get((plan, role, scope, subject))
        if known is None:
            query = select(Contact).where(
                Contact.plan == plan,
                Contact.role == role,
                Contact.scope == scope,
                Contact.subject == subject,
            )
            rows = (await session.execute(query)).scalars().all()
            known = read[plan, role, scope, subject] = sorted(rows, key=lambda row: row.email)
        return known

    async def add_endpoint(self, spec: EndpointSpec) -> str | None:
        """A new endpoint; the secret that was made for it is told this once.

        Raises:
            Refused: `already_there`, `no_such_variable`, `bad_secret`, or the target is not
                acceptable.
        """
        await self._check(spec, path="")
        async with self._db.write(ROUTES) as session:
            if await session.get(Endpoint, spec.id) is not None:
                raise refuse("already_there", f"there is an endpoint {spec.id}", path="id")
            return _create(session, spec)

    async def endpoints(self) -> Sequence[Endpoint]:
        """Every endpoint."""
        async with self._db.read() as session:
            rows = (await session.execute(select(Endpoint))).scalars().all()
        return sorted(rows, key=lambda row: row.id)

    async def set_routes(self, document: RoutesDocument, *, by: str) -> tuple[int, dict[str, str]]:
        """Put routes in force: their version, and the secrets of endpoints they bring along, once.

        An endpoint that is there is set as it is written here, keeps its secret, and is enabled.

        Raises:
            Refused: `unknown_endpoint`, `duplicate_id`, `no_such_variable`, `bad_secret`, or a
                target that is not acceptable.
        """
        for index, spec in enumerate(document.notify.endpoints):
            await self._check(spec, path=f"notify.endpoints[{index}].")
        return await self.put_in_force(document, by=by)

    async def put_in_force(
        self, document: RoutesDocument, *, by: str
    ) -> tuple[int, dict[str, str]]:
        """As `set_routes`, without a look at the targets: where nothing is sent.

        Raises:
            Refused: `unknown_endpoint`, `duplicate_id`.
        """
        _check_ids(document.notify.endpoints)
        async with self._db.write(ROUTES) as session:
            made = await _put_endpoints(session, document.notify.endpoints)
            for hook, place in document.notify.hooks().items():
                if await session.get(Endpoint, hook) is None:
                    message = f"create the endpoint {hook} first"
                    raise refuse("unknown_endpoint", message, path=place)
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
        """The routes in force; each version is read once, and asked for once a transaction."""
        known: Routes | None = session.info.get(_ROUTES)
        if known is not None:
            return known
        version = await session.scalar(select(func.max(RouteDocument.version)))
        if version is not None and version != self._read[0]:
            self._read = version, _routes(await session.get(RouteDocument, version))
        session.info[_ROUTES] = self._read[1]
        return self._read[1]

    async def routes_in_force(self) -> tuple[int, Routes]:
        """The route in force and its version, 0 where none was ever set."""
        async with self._db.read() as session:
            newest = await _newest(session)
            return newest.version if newest else 0, _routes(newest)

    async def _check(self, spec: EndpointSpec, *, path: str) -> None:
        """Checked when it is saved, and again whenever something is sent to it."""
        if spec.secret_env is not None:
            _check_secret(spec, spec.secret_env, path=f"{path}secret_env")
        try:
            await self._guard.resolve(self._guard.check_url(spec.url))
        except TargetRefused as refused:
            raise refuse(refused.code, str(refused), path=f"{path}url") from refused
        except TargetUnresolved as unresolved:
            raise refuse("unresolved", str(unresolved), path=f"{path}url") from unresolved


def _check_ids(specs: Sequence[EndpointSpec]) -> None:
    seen: set[str] = set()
    for index, spec in enumerate(specs):
        if spec.id in seen:
            message = f"the endpoint {spec.id} stands twice: remove one of the two"
            raise refuse("duplicate_id", message, path=f"notify.endpoints[{index}].id")
        seen.add(spec.id)


def _check_secret(spec: EndpointSpec, variable: str, *, path: str) -> None:
    secret = os.environ.get(variable)
    if not secret:
        message = f"set {variable} in the environment of notify first"
        raise refuse("no_such_variable", message, path=path)
    if spec.format != "standard":
        return
    try:
        secret_key(secret)
    except SecretRefused as refused:
        raise refuse(refused.code, f"{variable} holds none: {refused}", path=path) from refused


async def _put_endpoints(session: AsyncSession, specs: Sequence[EndpointSpec]) -> dict[str, str]:
    """Make them, or set them as written; the secrets of those that are new."""
    made = {}
    for spec in specs:
        endpoint = await session.get(Endpoint, spec.id)
        if endpoint is None:
            secret = _create(session, spec)
            if secret is not None:
                made[spec.id] = secret
            await session.flush()
        else:
            endpoint.url, endpoint.format = spec.url, spec.format
            endpoint.language, endpoint.secret_env = spec.language, spec.secret_env
            endpoint.disabled_at = endpoint.disabled_reason = endpoint.failing_since = None
            if _needs_secret(spec) and not endpoint.secret:
                endpoint.secret = made[spec.id] = new_secret(secrets.token_bytes(SECRET_BYTES))
    return made


def _create(session: AsyncSession, spec: EndpointSpec) -> str | None:
    made = new_secret(secrets.token_bytes(SECRET_BYTES)) if _needs_secret(spec) else None
    session.add(
        Endpoint(
            id=spec.id,
            url=spec.url,
            format=spec.format,
            language=spec.language,
            secret_env=spec.secret_env,
            secret=made or "",
        )
    )
    return made


def _needs_secret(spec: EndpointSpec) -> bool:
    """A robot has its secret from its vendor, if any."""
    return spec.format == "standard" and spec.secret_env is None


async def _newest(session: AsyncSession) -> RouteDocument | None:
    query = select(RouteDocument).order_by(col(RouteDocument.version).desc()).limit(1)
    return (await session.execute(query)).scalars().first()


def _routes(row: RouteDocument | None) -> Routes:
    return RoutesDocument.model_validate_json(row.document).notify if row else NO_ROUTES
