"""Why somebody is told now, later, or not at all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from notify.domain.kinds import Change, Kind
from notify.domain.notices import Muted, NoticeFacts, decide_notice, to_digest

NOW = datetime(2022, 5, 11, 4, tzinfo=UTC)
LATER = NOW + timedelta(hours=16)
PLAIN = NoticeFacts(
    kind="lag",
    change="raised",
    over=False,
    newer=False,
    refused=False,
    muted=None,
    inhibited_by=None,
    opens=NOW,
)
MUTED = Muted(mute="m1", by="Ms Lin", until=LATER, reason="the flood")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("raised", "first_notification"),
        ("got_worse", "got_worse"),
        ("repeated", "repeat_due"),
        ("withdrawn", "withdrawn"),
    ],
)
def test_what_nothing_stands_against_is_sent_for_what_it_tells(change: Change, reason: str) -> None:
    verdict = decide_notice(replace(PLAIN, change=change), now=NOW)
    assert (verdict.effect, verdict.reason) == ("send", reason)


def test_of_two_about_the_same_alert_only_the_newer_goes_out() -> None:
    verdict = decide_notice(replace(PLAIN, newer=True), now=NOW)
    assert (verdict.effect, verdict.reason) == ("drop", "nothing_new")


def test_what_is_over_before_it_was_told_need_not_be_told() -> None:
    verdict = decide_notice(replace(PLAIN, over=True), now=NOW)
    assert (verdict.effect, verdict.reason) == ("drop", "over_before_told")
    back = decide_notice(replace(PLAIN, over=True, change="withdrawn"), now=NOW)
    assert back.effect == "send"


def test_a_mute_says_whose_it_is_until_when_and_why() -> None:
    verdict = decide_notice(replace(PLAIN, muted=MUTED), now=NOW)
    assert (verdict.effect, verdict.reason, verdict.until) == ("hold", "muted", LATER)
    assert verdict.operands == {"by": "Ms Lin", "mute": "m1", "why": "the flood"}


def test_an_inhibited_notice_names_the_alert_that_explains_it_and_waits_for_its_end() -> None:
    verdict = decide_notice(replace(PLAIN, inhibited_by="a1"), now=NOW)
    assert (verdict.effect, verdict.reason, verdict.until) == ("hold", "inhibited", None)
    assert verdict.operands == {"by": "a1"}
    back = decide_notice(replace(PLAIN, inhibited_by="a1", change="withdrawn"), now=NOW)
    assert back.effect == "send"


def test_outside_hours_it_waits_for_the_opening() -> None:
    verdict = decide_notice(replace(PLAIN, opens=LATER), now=NOW)
    assert (verdict.effect, verdict.reason, verdict.until) == ("hold", "outside_hours", LATER)


@pytest.mark.parametrize("kind", ["interview", "returned"])
def test_an_interview_and_a_returned_report_do_not_wait_for_hours(kind: Kind) -> None:
    assert decide_notice(replace(PLAIN, kind=kind, opens=LATER), now=NOW).effect == "send"


def test_whoever_unsubscribed_gets_no_news_and_every_warning() -> None:
    news = decide_notice(replace(PLAIN, kind="published", refused=True), now=NOW)
    assert (news.effect, news.reason) == ("drop", "unsubscribed")
    assert decide_notice(replace(PLAIN, refused=True), now=NOW).effect == "send"


def test_over_the_daily_cap_it_waits_for_the_digest() -> None:
    verdict = to_digest(LATER, cap=5)
    assert (verdict.effect, verdict.reason, verdict.until) == ("hold", "over_daily_cap", LATER)
    assert verdict.operands == {"cap": "5"}
