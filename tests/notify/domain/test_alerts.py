"""When an alert begins, gets worse, ends or is taken back, and whom it concerns."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from notify.domain.alerts import (
    Decision,
    alert_id,
    audience,
    decide_early,
    decide_end,
    decide_lag,
    decide_once,
    decide_red_ended,
    is_red_twice,
    is_yellow_twice,
)
from notify.domain.facts import Figures, Light, OpenAlert, PublishedLine, StandingChange
from notify.domain.kinds import Kind

BEHIND = Figures(a="0.3000", e="0.3333", r="0.9000", gap="3.3333")
FURTHER_BEHIND = Figures(a="0.2000", e="0.3333", r="0.6000", gap="13.3333")

HARBOUR: dict[str, Any] = {
    "plan": "fuzhou-3820",
    "task": "A1.T1",
    "unit": "port-office",
    "action": "A1",
    "period": "2022-B2",
    "as_of": date(2022, 4, 30),
}


def moved(
    before: Light | None, after: Light, figures: Figures = BEHIND, event: str = "e1"
) -> StandingChange:
    return StandingChange(**HARBOUR, before=before, after=after, figures=figures, event_id=event)


def published(
    before: Light | None, after: Light, figures: Figures = BEHIND, event: str = "p1", **more: object
) -> PublishedLine:
    facts = HARBOUR | {"version": 1, "digest": "sha256:00"} | more
    return PublishedLine(**facts, before=before, after=after, figures=figures, event_id=event)


def opened(decision: Decision, kind: str, figures: Figures | None = BEHIND) -> OpenAlert:
    """The alert that a decision raised."""
    assert decision.effect == "raise"
    facts: dict[str, Any] = {
        "id": decision.alert_id,
        "kind": kind,
        "level": decision.level,
        "episode": decision.episode,
    }
    return OpenAlert(**facts, figures=figures)


def told(decision: Decision) -> list[str]:
    return [str(one) for one in decision.tell]


@pytest.mark.parametrize("level", ["yellow", "red"])
@pytest.mark.parametrize("before", [None, "green", "grey", "blue"])
def test_a_live_standing_that_enters_a_level_is_told_to_the_reporter_alone(
    before: Light | None, level: Light
) -> None:
    decision = decide_early(moved(before, level), None)
    assert (decision.effect, decision.reason, decision.level) == ("raise", "entered", level)
    assert told(decision) == ["reporter@port-office"]


def test_a_published_yellow_is_told_to_reporter_and_head() -> None:
    decision = decide_lag(published("green", "yellow"), None)
    assert (decision.effect, decision.reason) == ("raise", "entered")
    assert told(decision) == ["reporter@port-office", "head@port-office"]


def test_a_published_red_is_told_to_the_contacts_of_the_action_too() -> None:
    decision = decide_lag(published("green", "red"), None)
    assert told(decision) == ["reporter@port-office", "head@port-office", "group@A1"]


def test_a_level_that_stays_is_told_once() -> None:
    alert = opened(decide_lag(published("green", "yellow"), None), "lag")
    decision = decide_lag(published("yellow", "yellow", event="p2"), alert)
    assert (decision.effect, decision.reason, decision.tell) == ("nothing", "unchanged", ())


def test_new_figures_at_the_same_level_move_the_alert_and_tell_nobody() -> None:
    alert = opened(decide_early(moved("green", "yellow"), None), "early")
    decision = decide_early(moved("yellow", "yellow", FURTHER_BEHIND, "e2"), alert)
    assert (decision.effect, decision.reason, decision.tell) == ("update", "figures_changed", ())
    assert decision.alert_id == alert.id


def test_a_new_version_that_changes_nothing_sends_nothing() -> None:
    alert = opened(decide_lag(published("green", "red"), None), "lag")
    decision = decide_lag(published("red", "red", event="p2", version=2, digest="sha256:01"), alert)
    assert (decision.effect, decision.tell) == ("nothing", ())


def test_yellow_that_turns_red_is_the_same_episode_and_tells_the_action_too() -> None:
    alert = opened(decide_lag(published("green", "yellow"), None), "lag")
    decision = decide_lag(published("yellow", "red", FURTHER_BEHIND, "p2"), alert)
    assert (decision.effect, decision.reason, decision.level) == ("update", "got_worse", "red")
    assert (decision.alert_id, decision.episode) == (alert.id, alert.episode)
    assert told(decision) == ["reporter@port-office", "head@port-office", "group@A1"]


def test_a_live_yellow_that_turns_red_moves_the_alert_and_tells_nobody() -> None:
    alert = opened(decide_early(moved("green", "yellow"), None), "early")
    decision = decide_early(moved("yellow", "red", FURTHER_BEHIND, "e2"), alert)
    assert (decision.effect, decision.reason, decision.tell) == ("update", "got_worse", ())


def test_red_that_turns_yellow_moves_the_alert_and_tells_nobody() -> None:
    alert = opened(decide_lag(published("green", "red"), None), "lag")
    decision = decide_lag(published("red", "yellow", event="p2"), alert)
    assert (decision.effect, decision.reason, decision.level) == ("update", "got_better", "yellow")
    assert decision.tell == ()


@pytest.mark.parametrize(
    ("after", "reason"), [("green", "on_schedule"), ("blue", "done"), ("grey", "not_counted")]
)
def test_a_level_that_is_left_ends_the_episode_quietly(after: Light, reason: str) -> None:
    alert = opened(decide_lag(published("green", "red"), None), "lag")
    decision = decide_lag(published("red", after, event="p2"), alert)
    assert (decision.effect, decision.reason, decision.tell) == ("resolve", reason, ())
    assert decision.alert_id == alert.id


@pytest.mark.parametrize("after", ["green", "blue", "grey"])
def test_a_task_that_is_not_behind_has_no_alert(after: Light) -> None:
    assert decide_early(moved(None, after), None).effect == "nothing"


def test_a_level_entered_again_is_a_new_episode_with_a_new_alert() -> None:
    first = decide_lag(published("green", "yellow", event="p1"), None)
    again = decide_lag(published("green", "yellow", event="p3"), None)
    assert again.effect == "raise"
    assert first.alert_id != again.alert_id


@pytest.mark.parametrize(
    ("before", "after"), [("yellow", "yellow"), ("red", "red"), ("red", "yellow")]
)
def test_a_level_that_was_not_entered_raises_nothing_anew(before: Light, after: Light) -> None:
    decision = decide_lag(published(before, after), None)
    assert (decision.effect, decision.reason) == ("nothing", "stays")


def test_a_withdrawn_yellow_that_turns_red_is_raised_again() -> None:
    assert decide_lag(published("yellow", "red"), None).effect == "raise"


def test_the_correction_of_an_older_period_moves_no_alert() -> None:
    newest = date(2022, 6, 30)
    decision = decide_lag(published("green", "red"), None, newest)
    assert (decision.effect, decision.reason) == ("nothing", "older_period")
    assert decide_lag(published("green", "red"), None, date(2022, 4, 30)).effect == "raise"


def test_the_same_facts_give_the_same_alert_everywhere() -> None:
    decision = decide_early(moved("green", "yellow"), None)
    assert decision == decide_early(moved("green", "yellow"), None)
    assert decision.alert_id == "e3f829ab-67c4-5b4e-a04b-14e11e38d20e"


def test_an_early_alert_is_not_the_lag_alert_of_the_same_event() -> None:
    early = decide_early(moved("green", "yellow", event="x"), None)
    lag = decide_lag(published("green", "yellow", event="x"), None)
    assert early.alert_id != lag.alert_id


def overdue(*, raised: bool) -> Decision:
    return decide_once(
        kind="overdue",
        reason="not_reported",
        plan="fuzhou-3820",
        task="A1.T1",
        unit="port-office",
        episode="2022-B2",
        raised=raised,
        action="A1",
    )


def test_an_overdue_report_is_told_to_reporter_and_head() -> None:
    decision = overdue(raised=False)
    assert (decision.effect, decision.reason, decision.level) == ("raise", "not_reported", None)
    assert told(decision) == ["reporter@port-office", "head@port-office"]


def test_an_overdue_report_is_told_once_per_period() -> None:
    decision = overdue(raised=True)
    assert (decision.effect, decision.reason, decision.tell) == ("nothing", "already_raised", ())
    assert overdue(raised=False).alert_id == alert_id(
        kind="overdue", plan="fuzhou-3820", task="A1.T1", unit="port-office", episode="2022-B2"
    )


def test_the_arrival_of_the_report_resolves_its_overdue_alert() -> None:
    alert = opened(overdue(raised=False), "overdue", None)
    decision = decide_end("report_arrived", alert)
    assert (decision.effect, decision.reason) == ("resolve", "report_arrived")
    assert (decision.alert_id, decision.tell) == (alert.id, ())


@pytest.mark.parametrize(
    ("kind", "roles"),
    [
        ("due_soon", ["reporter@u"]),
        ("overdue", ["reporter@u", "head@u"]),
        ("closing", ["reporter@u", "head@u"]),
        ("missing", ["reporter@u", "head@u"]),
        ("early", ["reporter@u"]),
        ("lag", ["reporter@u", "head@u"]),
        ("interview", ["head@u", "group@A1", "office@p"]),
        ("milestone_overdue", ["reporter@u", "head@u"]),
        ("published", ["reporter@u", "head@u"]),
        ("corrected", ["reporter@u", "head@u"]),
        ("ranking", ["reporter@u", "head@u"]),
        ("appeal", ["reporter@u", "head@u"]),
        ("returned", ["reporter@u", "head@u"]),
        ("verified", ["reporter@u"]),
        ("escalation", []),
    ],
)
def test_each_kind_concerns_whom_the_rule_text_names(kind: Kind, roles: list[str]) -> None:
    told_to = audience(kind=kind, level=None, unit="u", action="A1", plan="p")
    assert [str(one) for one in told_to] == roles


def test_what_belongs_to_no_action_tells_no_contact_of_one() -> None:
    told_to = audience(kind="interview", level="red", unit="u", action=None, plan="p")
    assert [str(one) for one in told_to] == ["head@u", "office@p"]


def begun(alert: OpenAlert, period: str) -> OpenAlert:
    return replace(alert, entered=period)


def test_a_correction_of_the_period_in_which_the_level_was_entered_takes_the_alert_back() -> None:
    alert = begun(opened(decide_lag(published("green", "red"), None), "lag"), "2022-B2")
    decision = decide_lag(published("green", "green", event="p2", version=2), alert)
    assert (decision.effect, decision.reason) == ("withdraw", "corrected_away")
    assert (decision.alert_id, decision.level) == (alert.id, "red")


def test_a_correction_of_a_later_period_ends_the_alert_without_taking_it_back() -> None:
    alert = begun(opened(decide_lag(published("green", "red"), None), "lag"), "2022-B1")
    decision = decide_lag(published("red", "green", event="p2", version=2), alert)
    assert (decision.effect, decision.reason) == ("resolve", "on_schedule")


def test_a_first_version_takes_nothing_back() -> None:
    alert = begun(opened(decide_lag(published("green", "red"), None), "lag"), "2022-B2")
    assert decide_lag(published("red", "green", event="p2"), alert).effect == "resolve"


@pytest.mark.parametrize(
    ("before", "after", "red", "yellow"),
    [
        ("red", "red", True, False),
        ("yellow", "yellow", False, True),
        ("yellow", "red", False, False),
        ("red", "yellow", False, False),
        (None, "red", False, False),
        ("grey", "yellow", False, False),
    ],
)
def test_twice_running_means_the_same_light_in_the_publication_before(
    before: Light | None, after: Light, *, red: bool, yellow: bool
) -> None:
    line = published(before, after)
    assert (is_red_twice(line), is_yellow_twice(line)) == (red, yellow)


def test_an_interview_is_over_when_red_ends_and_taken_back_when_its_period_is_corrected() -> None:
    interview = begun(opened(overdue(raised=False), "interview", None), "2022-B2")
    later = published("red", "yellow", event="p3", period="2022-B3")
    assert decide_red_ended(later, interview).effect == "resolve"
    corrected = published("red", "yellow", event="p4", version=2)
    assert decide_red_ended(corrected, interview).effect == "withdraw"
