"""When a message may go out, across holidays (2022: 1–7 October off, 8 and 9 worked)."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from notify.domain.hours import next_digest, opening
from notify.domain.routes import Hours
from shared.calendar.workdays import WorkingDays

ZONE = ZoneInfo("Asia/Shanghai")
OFFICE = Hours()
ALWAYS = Hours.model_validate({"from": "00:00", "to": "24:00", "working_days_only": False})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2022-09-29 08:29", "2022-09-29 08:30"),
        ("2022-09-29 08:30", "2022-09-29 08:30"),
        ("2022-09-29 17:29", "2022-09-29 17:29"),
        ("2022-09-29 17:30", "2022-09-30 08:30"),
        ("2022-09-30 17:30", "2022-10-08 08:30"),
        ("2022-10-03 12:00", "2022-10-08 08:30"),
        ("2022-10-08 12:00", "2022-10-08 12:00"),
        ("2022-10-15 12:00", "2022-10-17 08:30"),
    ],
)
def test_outside_the_hours_a_message_waits_for_the_next_opening(now: str, opens: str) -> None:
    assert opening(at(now), OFFICE, WorkingDays(), ZONE) == at(opens)


def test_hours_without_end_are_always_open() -> None:
    for now in ("2022-10-03 00:00", "2022-10-03 23:59"):
        assert opening(at(now), ALWAYS, WorkingDays(), ZONE) == at(now)


def test_hours_are_those_of_the_plans_place() -> None:
    early = datetime.fromisoformat("2022-09-29T00:30:00+00:00")  # 08:30 there
    assert opening(early, OFFICE, WorkingDays(), ZONE) == early


def test_a_message_does_not_wait_for_a_holiday_table() -> None:
    assert opening(at("2099-05-04 12:00"), OFFICE, WorkingDays(), ZONE) == at("2099-05-04 12:00")


@pytest.mark.parametrize(
    ("now", "digest"),
    [
        ("2022-09-29 09:00", "2022-09-29 17:00"),
        ("2022-09-29 17:00", "2022-09-30 17:00"),
        ("2022-09-30 17:10", "2022-10-08 17:00"),
        ("2022-10-04 09:00", "2022-10-08 17:00"),
    ],
)
def test_the_digest_goes_out_at_five_of_the_next_working_day(now: str, digest: str) -> None:
    assert next_digest(at(now), OFFICE, WorkingDays(), ZONE) == at(digest)
