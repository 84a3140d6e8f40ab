"""What scoring's own events can bring back into a database that was restored from a backup.

Facts and standings are heard from intake again. A publication is not: its lines and what explains
them were never said, and a new draft would have another cut-off.
"""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.scoring import PublicationReleased
from shared.kit.adopt import Memory


async def _publication(_session: AsyncSession, event: PublicationReleased) -> str | None:
    return (
        f"the publication of {event.plan} {event.period} v{event.version}, released at "
        f"{event.released_at.isoformat()} with the digest {event.digest}: draft, approve and "
        "release the period anew, and tell its readers why it differs"
    )


MEMORY: Final = Memory(losses={PublicationReleased: _publication})
