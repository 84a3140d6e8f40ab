"""Who is asking: tokens, sessions, and what each role may do.

A token is shown once and kept as a hash. Every service checks it in a table of its own, which
intake fills by the topic of credentials; so does a page's session, which only names the token.
"""

import asyncio
import hashlib
import hmac
import secrets
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import event, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from shared.contracts.intake import AccessRole, CredentialChanged
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.problems import Problem
from shared.kit.tables import KitTables

COOKIE: Final = "duban_session"
SESSION_SECONDS: Final = 12 * 3600
_PREFIX: Final = "duban"
_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"
_LONGEST: Final = 200
_USED_EVERY: Final = timedelta(minutes=1)
_REMEMBERED: Final = timedelta(seconds=1)
_MOST_REMEMBERED: Final = 10_000
_NOBODY: Final = "0" * 64


@dataclass(frozen=True, kw_only=True)
class Principal:
    """The holder of a token, with what the token allows. `unit` is None for the office's own."""

    token: str
    holder: str
    unit: str | None
    roles: frozenset[AccessRole]

    def require(self, *roles: AccessRole) -> None:
        """Refuse unless the token has one of `roles`.

        Raises:
            Problem: 403 `other_role`, naming the roles that would do.
        """
        if self.roles.isdisjoint(roles):
            raise Problem(
                403, "other_role", f"this needs a token with the role {' or '.join(roles)}"
            )

    def require_unit(self, unit: str) -> None:
        """Refuse a token that is bound to another unit.

        Raises:
            Problem: 403 `other_unit`.
        """
        if self.unit is not None and self.unit != unit:
            raise Problem(403, "other_unit", f"this token speaks for {self.unit} only")


@dataclass(frozen=True, kw_only=True)
class NewToken:
    """A token at its birth: the only moment its text exists here."""

    id: str
    text: str
    secret_sha256: str


def new_token() -> NewToken:
    """A fresh token: `duban_<id>_<secret><checksum>`."""
    token = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(40))
    return NewToken(
        id=token,
        text=f"{_PREFIX}_{token}_{secret}{_checksum(token + secret)}",
        secret_sha256=hashlib.sha256(secret.encode()).hexdigest(),
    )


class Credentials:
    """One service's table of credentials; `changes` counts what this process has changed there."""

    def __init__(self, *, tables: KitTables) -> None:
        self.changes = 0
        self._table = tables.credentials

    async def store(self, session: AsyncSession, changed: CredentialChanged) -> None:
        """Keep the newest state of a token, and when it was last used."""
        state = changed.model_dump(exclude={"token", "roles"}) | {"roles": ",".join(changed.roles)}
        if await self.find(session, changed.token) is None:
            await session.execute(insert(self._table).values(token=changed.token, **state))
        else:
            this = self._table.c.token == changed.token
            await session.execute(update(self._table).where(this).values(**state))
        # Not before: until the commit, whoever looks still sees the old state.
        event.listen(session.sync_session, "after_commit", self._changed, once=True)

    def _changed(self, _session: object) -> None:
        self.changes += 1

    async def find(self, session: AsyncSession, token: str) -> RowMapping | None:
        """The row of a token."""
        query = select(self._table).where(self._table.c.token == token)
        return (await session.execute(query)).mappings().first()

    async def all(self, session: AsyncSession) -> list[RowMapping]:
        """Every token, newest first."""
        query = select(self._table).order_by(self._table.c.issued_at.desc(), self._table.c.token)
        return list((await session.execute(query)).mappings())

    async def used(self, session: AsyncSession, token: str, at: datetime) -> None:
        """Remember when a token was last used."""
        await session.execute(
            update(self._table).where(self._table.c.token == token).values(last_used_at=at)
        )


class _Remembered(NamedTuple):
    """Who was let in, at what time, and until when that may be relied on."""

    since: datetime
    until: datetime
    principal: Principal


class Gate:
    """Turns a request into the principal it comes from.

    A bearer token that was let in is let in for one more second without a look at the table, so a
    revocation holds at once in the process that makes it or hears of it, and within a second in
    any other process on the same table. What was refused is looked up every time.
    """

    def __init__(
        self,
        *,
        db: Database,
        credentials: Credentials,
        clock: Clock,
        session_secret: str,
        remember_use: bool = False,
    ) -> None:
        """Only the owner of the tokens remembers when they were used (`remember_use`)."""
        self._db = db
        self._credentials = credentials
        self._clock = clock
        self._sessions = URLSafeTimedSerializer(session_secret, salt="duban-session")
        self._remember_use = remember_use
        self._remembered: dict[bytes, _Remembered] = {}
        self._remembered_at = 0
        self._looking: dict[tuple[int, bytes], asyncio.Task[Principal]] = {}

    async def __call__(self, request: Request) -> Principal:
        """Who asks, by bearer token or session cookie.

        Raises:
            Problem: 401, saying which of missing, malformed, unknown, revoked, expired.
        """
        header = request.headers.get("authorization")
        if header is not None:
            scheme, _, text = header.partition(" ")
            if scheme.lower() != "bearer":
                raise _unauthorised("token_malformed", "send Authorization: Bearer <token>")
            return await self.admit(text.strip())
        cookie = request.cookies.get(COOKIE)
        if cookie is None:
            raise _unauthorised("token_missing", "send Authorization: Bearer <token>, or sign in")
        try:
            token = str(self._sessions.loads(cookie, max_age=SESSION_SECONDS))
        except BadSignature as error:
            raise _unauthorised("session_expired", "the session is over: sign in") from error
        async with self._db.read() as session:
            row = await self._credentials.find(session, token)
        return self._principal(row)

    async def admit(self, text: str) -> Principal:
        """Who holds this token."""
        # What is kept between requests is a hash, as in the table.
        mark = hashlib.sha256(text.encode()).digest()
        if self._remembered_at != self._credentials.changes:
            self._remembered_at = self._credentials.changes
            self._remembered.clear()
        kept = self._remembered.get(mark)
        if kept is not None and kept.since <= self._clock.wall_now() < kept.until:
            return kept.principal
        token, secret = _parts_of(text)
        # Whoever comes with the same token meanwhile waits for the same look.
        place = (self._remembered_at, mark)
        looking = self._looking.get(place)
        if looking is None:
            looking = asyncio.create_task(self._look(token, secret, mark))
            self._looking[place] = looking
            looking.add_done_callback(lambda done: self._looked(place, done))
        return await asyncio.shield(looking)

    def _looked(self, place: tuple[int, bytes], done: asyncio.Task[Principal]) -> None:
        del self._looking[place]
        if not done.cancelled():
            done.exception()  # whoever waited has it; where nobody waits any more, it is no news

    async def _look(self, token: str, secret: str, mark: bytes) -> Principal:
        now, changes = self._clock.wall_now(), self._credentials.changes
        async with self._db.read() as session:
            row = await self._credentials.find(session, token)
        # An unknown token is compared too, so that it takes as long as a known one.
        stored = row["secret_sha256"] if row else _NOBODY
        if not hmac.compare_digest(stored, hashlib.sha256(secret.encode()).hexdigest()):
            row = None
        principal = self._principal(row)
        await self._note_use(row)
        if row is not None and changes == self._credentials.changes:
            until = now + _REMEMBERED
            if row["expires_at"] is not None:
                until = min(until, row["expires_at"])
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[mark] = _Remembered(now, until, principal)
        return principal

    def session_cookie(self, principal: Principal) -> str:
        """The signed value of a session; every service reads the same one."""
        return str(self._sessions.dumps(principal.token))

    def _principal(self, row: RowMapping | None) -> Principal:
        if row is None:
            raise _unauthorised("token_unknown", "no such token: ask the office for one")
        if row["revoked_at"] is not None:
            raise _unauthorised("token_revoked", "this token was revoked: ask for a new one")
        if row["expires_at"] is not None and row["expires_at"] <= self._clock.wall_now():
            raise _unauthorised("token_expired", "this token has expired: ask for a new one")
        return Principal(
            token=row["token"],
            holder=row["holder"],
            unit=row["unit"],
            roles=frozenset(row["roles"].split(",")),
        )

    async def _note_use(self, row: RowMapping | None) -> None:
        now = self._clock.wall_now()
        if not self._remember_use or row is None:
            return
        if row["last_used_at"] is None or now - row["last_used_at"] > _USED_EVERY:
            async with self._db.write() as session:
                await self._credentials.used(session, row["token"], now)


Authenticate = Callable[[Request], Awaitable[Principal]]
"""What a route depends on to know who asks."""


def _parts_of(text: str) -> tuple[str, str]:
    """A token's id and its secret."""
    parts = text.split("_")
    if (
        len(text) > _LONGEST
        or len(parts) != 3  # noqa: PLR2004  # prefix, id, secret with checksum
        or parts[0] != _PREFIX
        or not (text.isascii() and text.isprintable())
        or _checksum(parts[1] + parts[2][:-7]) != parts[2][-7:]
    ):
        raise _unauthorised("token_malformed", "this is not a token of Duban: copy it whole")
    return parts[1], parts[2][:-7]


def _unauthorised(code: str, detail: str) -> Problem:
    return Problem(401, code, detail, headers={"WWW-Authenticate": "Bearer"})


def _checksum(text: str) -> str:
    number = zlib.crc32(text.encode())
    digits = ""
    for _ in range(7):
        number, digit = divmod(number, len(_ALPHABET))
        digits += _ALPHABET[digit]
    return digits
