from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from notify.domain.retry import next_attempt

NOON = datetime(2022, 5, 10, 12, 0, tzinfo=UTC)
NO_JITTER = Fraction(0)


def waits(jitter: Fraction = NO_JITTER) -> list[timedelta]:
    """The waits of a delivery that always fails."""
    found: list[timedelta] = []
    attempt = 1
    while at := next_attempt(attempt=attempt, failed_at=NOON, retry_after=None, jitter=jitter):
        found.append(at - NOON)
        attempt += 1
    return found


def test_the_first_tries_come_within_minutes_the_last_a_day_apart() -> None:
    assert waits()[:4] == [
        timedelta(seconds=5),
        timedelta(seconds=30),
        timedelta(minutes=2),
        timedelta(minutes=10),
    ]
    assert waits()[-1] == timedelta(hours=24)


def test_waits_never_shrink() -> None:
    assert waits() == sorted(waits())


def test_a_delivery_is_given_up_after_about_five_days() -> None:
    assert timedelta(days=4, hours=20) < sum(waits(), timedelta()) < timedelta(days=5)
    assert len(waits()) == 12


@pytest.mark.parametrize("attempt", [13, 14, 1000])
def test_a_schedule_that_is_used_up_stays_used_up(attempt: int) -> None:
    day = timedelta(hours=24)
    assert next_attempt(attempt=attempt, failed_at=NOON, retry_after=day, jitter=NO_JITTER) is None


def test_the_receiver_may_ask_for_a_longer_wait_but_not_a_shorter_one() -> None:
    for asked, wait in ((1, 30), (30, 30), (300, 300)):
        at = next_attempt(
            attempt=2, failed_at=NOON, retry_after=timedelta(seconds=asked), jitter=NO_JITTER
        )
        assert at == NOON + timedelta(seconds=wait)


def test_jitter_lengthens_a_wait_by_up_to_a_tenth() -> None:
    assert waits(Fraction(1))[0] == timedelta(seconds=5.5)
    assert waits(Fraction(1, 2))[4] == timedelta(minutes=63)
