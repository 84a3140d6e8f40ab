"""The very first token, made beside the service, whether or not it runs."""

from pydantic import TypeAdapter, ValidationError

from intake.config import MIGRATIONS
from intake.service.access import Access
from intake.store.tables import kit
from shared.contracts.values import Line
from shared.kit.auth import Credentials
from shared.kit.clock import SystemClock
from shared.kit.db import Database
from shared.kit.journal import Journal


async def first_token(*, url: str, holder: str) -> str:
    """The text of an operator's token; running services learn of it within seconds.

    Raises:
        ValueError: the holder's name is none.
        SchemaTooOld: the database has to be migrated first.
        Refused: `not_empty`, there are tokens already.
    """
    try:
        holder = TypeAdapter(Line).validate_python(holder)
    except ValidationError:
        raise ValueError("write the holder's name in one line of at most 200 characters") from None
    db = Database(url=url, migrations=MIGRATIONS)
    access = Access(
        db=db,
        journal=Journal(tables=kit),
        credentials=Credentials(tables=kit),
        clock=SystemClock(),
    )
    try:
        await db.check_schema()
        return await access.bootstrap(holder=holder)
    finally:
        await db.close()
