"""The topics. A topic's key is the plan's id, so that one plan is one total order."""

from typing import Final

INTAKE: Final = "duban.intake"
SCORING: Final = "duban.scoring"
NOTIFY: Final = "duban.notify"
CREDENTIALS: Final = "duban.credentials"
"""Compacted; the key is the token's id."""
DEAD: Final = "duban.dead"
"""What a consumer rejected, with its reason; the key is that of the rejected record."""

PARTITIONS: Final = 12
"""Of every topic, never altered: another number would send a key to another partition."""
