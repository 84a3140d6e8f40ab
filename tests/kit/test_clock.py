"""Business time may be moved, forward only, and is kept; wall time is nobody's to move."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from kit_cast import NOON

from shared.kit.clock import MovableClock, SystemClock

HOUR = timedelta(hours=1)


def test_business_time_stands_still_until_it_is_moved(tmp_path: Path) -> None:
    clock = MovableClock(path=tmp_path / "clock", start=NOON)
    assert clock.business_now() == NOON
    assert clock.business_now() == NOON
    clock.advance(HOUR)
    assert clock.business_now() == NOON + HOUR


def test_business_time_is_where_it_was_after_a_restart(tmp_path: Path) -> None:
    MovableClock(path=tmp_path / "clock", start=NOON).move_to(NOON + HOUR)
    again = MovableClock(path=tmp_path / "clock", start=NOON + 100 * HOUR)
    assert again.business_now() == NOON + HOUR


def test_business_time_does_not_go_back(tmp_path: Path) -> None:
    clock = MovableClock(path=tmp_path / "clock", start=NOON)
    clock.advance(HOUR)
    with pytest.raises(ValueError, match="forward"):
        clock.move_to(NOON)
    assert clock.business_now() == NOON + HOUR


def test_business_time_does_not_move_where_the_move_cannot_be_kept(tmp_path: Path) -> None:
    clock = MovableClock(path=tmp_path / "gone" / "clock", start=NOON)
    rung = clock.moved.listener()
    with pytest.raises(FileNotFoundError):
        clock.advance(HOUR)
    assert clock.business_now() == NOON
    assert not rung._event.is_set()


def test_business_time_is_told_in_utc_however_it_was_set(tmp_path: Path) -> None:
    local = NOON.astimezone(timezone(8 * HOUR))
    clock = MovableClock(path=tmp_path / "clock", start=local)
    assert clock.business_now().tzinfo is UTC
    clock.move_to(local + HOUR)
    assert clock.business_now().tzinfo is UTC
    assert clock.business_now() == NOON + HOUR


def test_wall_time_runs_on_whatever_business_time_does(tmp_path: Path) -> None:
    clock = MovableClock(path=tmp_path / "clock", start=NOON)
    before = datetime.now(UTC)
    clock.advance(100 * HOUR)
    assert before <= clock.wall_now() <= datetime.now(UTC)


def test_the_systems_clock_shows_the_wall_twice() -> None:
    clock, before = SystemClock(), datetime.now(UTC)
    assert before <= clock.business_now() <= clock.wall_now() <= datetime.now(UTC)
