"""The very first token, made by intake itself beside the services, whether or not they run."""

import asyncio
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.exc import DBAPIError

from duban.cli.door import Stop
from duban.house import database_url
from intake.config import MIGRATIONS
from intake.service.access import Access
from intake.service.caller import Refused
from intake.store.tables import kit
from shared.contracts.values import Line
from shared.kit.auth import Credentials
from shared.kit.clock import SystemClock
from shared.kit.db import Database, migrate
from shared.kit.journal import Journal


def first_token(*, folder: Path, holder: str) -> str:
    """The text of an operator's token; running services learn of it within a second.

    Raises:
        Stop: there are tokens already, the holder's name is none, or the folder cannot be used.
    """
    try:
        holder = TypeAdapter(Line).validate_python(holder)
    except ValidationError:
        why = "write the holder's name in one line of at most 200 characters"
        raise Stop("bad_holder", why, status=2) from None
    url = database_url(folder, "intake")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return asyncio.run(_bootstrap(url, holder))
    except (OSError, DBAPIError) as error:
        raise Stop("folder_unusable", f"{folder} cannot be used: {error}") from None
    except Refused as refused:
        raise Stop(refused.refusals[0].code, str(refused)) from None


async def _bootstrap(url: str, holder: str) -> str:
    await migrate(url=url, migrations=MIGRATIONS)
    db = Database(url=url, migrations=MIGRATIONS)
    access = Access(
        db=db,
        journal=Journal(tables=kit),
        credentials=Credentials(tables=kit),
        clock=SystemClock(),
    )
    try:
        return await access.bootstrap(holder=holder)
    finally:
        await db.close()
