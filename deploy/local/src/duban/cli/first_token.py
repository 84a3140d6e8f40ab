"""The very first token in the folder of `duban up`, whether or not it runs."""

import asyncio
from pathlib import Path

from sqlalchemy.exc import DBAPIError

import intake.service.first_token
from duban.cli.door import Stop
from duban.house import database_url
from intake.config import MIGRATIONS
from intake.service.caller import Refused
from shared.kit.db import migrate


def first_token(*, folder: Path, holder: str) -> str:
    """The text of an operator's token; running services learn of it within a second.

    Raises:
        Stop: there are tokens already, the holder's name is none, or the folder cannot be used.
    """
    url = database_url(folder, "intake")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return asyncio.run(_bootstrap(url, holder))
    except ValueError as error:
        raise Stop("bad_holder", str(error), status=2) from None
    except (OSError, DBAPIError) as error:
        raise Stop("folder_unusable", f"{folder} cannot be used: {error}") from None
    except Refused as refused:
        raise Stop(refused.refusals[0].code, str(refused)) from None


async def _bootstrap(url: str, holder: str) -> str:
    await migrate(url=url, migrations=MIGRATIONS)
    return await intake.service.first_token.first_token(url=url, holder=holder)
