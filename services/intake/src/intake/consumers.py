"""What intake hears: which reports a publication counted."""

from collections.abc import Mapping

from intake.service.duties import Duties
from shared.contracts.envelope import Event
from shared.contracts.scoring import PublicationReleased
from shared.kit.bus.loop import Handler


def handlers(*, duties: Duties) -> Mapping[type[Event], Handler]:
    """The event types intake acts on; it skips every other."""
    return {PublicationReleased: duties.on_published}
