"""When a delivery that failed is tried again."""

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

WAITS: Final = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
    timedelta(hours=24),
    timedelta(hours=24),
    timedelta(hours=24),
)
"""The wait after the first failed attempt, the second …: thirteen attempts in about five days."""

SPREAD: Final = Fraction(1, 10)
"""The most that jitter lengthens a wait by, as a share of it."""

_MICROSECOND: Final = timedelta(microseconds=1)


def next_attempt(
    *, attempt: int, failed_at: datetime, retry_after: timedelta | None, jitter: Fraction
) -> datetime | None:
    """A failed delivery is tried again after a growing wait, never sooner than the receiver asked.

    `attempt` counts the attempts made (1 after the first), `jitter` lies in [0, 1] and lengthens
    the wait by up to a tenth. None: the schedule is used up, the delivery has failed for good.
    """
    if attempt > len(WAITS):
        return None
    wait = max(WAITS[attempt - 1], retry_after or timedelta())
    return failed_at + int(wait // _MICROSECOND * (1 + SPREAD * jitter)) * _MICROSECOND
