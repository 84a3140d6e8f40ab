"""Access: tokens are issued, listed and revoked here; every service learns of it as an event."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from intake.service.caller import Caller, refuse
from shared.contracts.intake import AccessRole, CredentialChanged
from shared.kit.auth import Credentials, new_token
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.journal import Journal

_FIRST: Final = "the first token"
"""The subject of the question whether there is one; no token has such an id."""


class Access:
    """Owns the tokens."""

    def __init__(
        self, *, db: Database, journal: Journal, credentials: Credentials, clock: Clock
    ) -> None:
        self._db = db
        self._journal = journal
        self._credentials = credentials
        self._clock = clock

    async def bootstrap(self, *, holder: str) -> str:
        """The first token, an operator's; the only one that is not asked for with a token.

        Raises:
            Refused: `not_empty`, there are tokens already.
        """
        async with self._db.write(_FIRST) as session:
            if await self._credentials.all(session):
                raise refuse("not_empty", "there are tokens already: ask an operator for one")
            _, text = await self._issue(session, holder, None, ["operator"], None, "bootstrap")
        return text

    async def issue(
        self,
        *,
        holder: str,
        unit: str | None,
        roles: Sequence[AccessRole],
        expires_at: datetime | None,
        caller: Caller,
    ) -> tuple[str, str]:
        """A token's id and its text; the text is shown this once."""
        async with self._db.write() as session:
            return await self._issue(session, holder, unit, roles, expires_at, caller.correlation)

    async def revoke(self, token: str, *, caller: Caller) -> None:
        """End a token; without effect where it has ended.

        Raises:
            Refused: `unknown_token`.
        """
        async with self._db.write(token) as session:
            row = await self._credentials.find(session, token)
            if row is None:
                raise refuse("unknown_token", "there is no such token")
            if row["revoked_at"] is not None:
                return
            await self._tell(
                session,
                CredentialChanged(
                    token=token,
                    holder=row["holder"],
                    unit=row["unit"],
                    roles=tuple(row["roles"].split(",")),
                    secret_sha256=row["secret_sha256"],
                    issued_at=row["issued_at"],
                    expires_at=row["expires_at"],
                    revoked_at=self._clock.wall_now(),
                ),
                caller.correlation,
            )

    async def all(self) -> list[RowMapping]:
        """Every token, newest first; never a secret."""
        async with self._db.read() as session:
            return await self._credentials.all(session)

    async def _issue(
        self,
        session: AsyncSession,
        holder: str,
        unit: str | None,
        roles: Sequence[AccessRole],
        expires_at: datetime | None,
        correlation: str,
    ) -> tuple[str, str]:
        fresh = new_token()
        await self._tell(
            session,
            CredentialChanged(
                token=fresh.id,
                holder=holder,
                unit=unit,
                roles=tuple(dict.fromkeys(roles)),
                secret_sha256=fresh.secret_sha256,
                issued_at=self._clock.wall_now(),
                expires_at=expires_at,
                revoked_at=None,
            ),
            correlation,
        )
        return fresh.id, fresh.text

    async def _tell(
        self, session: AsyncSession, changed: CredentialChanged, correlation: str
    ) -> None:
        await self._credentials.store(session, changed)
        await self._journal.record(
            session, changed, at=self._clock.wall_now(), correlation=correlation
        )
