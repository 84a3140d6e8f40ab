"""The alert list of scenarios, line by line, worked out from the rule text (assessment 4.15)."""

from pathlib import Path
from typing import Any

from local.conftest import Duban
from local.test_simulate import invest, publish, report, town, written

LADDER = {
    "ladder": [
        {"after_working_days": 0, "role": "reporter"},
        {"after_working_days": 3, "role": "head"},
        {"after_working_days": 5, "role": "office"},
    ]
}
START = "2022-04-20T00:00:00+08:00"
NEWS = {"published", "verified", "corrected", "ranking"}
IN_TIME = "2022-05-09T10:00:00+08:00"


def told(account: dict[str, Any]) -> list[tuple[str, str, str | None, str]]:
    """When, which kind, at what level and to whom; without news."""
    return [
        (one["at"][5:16], one["kind"], one["level"], " ".join(one["to"]))
        for one in account["alerts"]
        if one["kind"] not in NEWS
    ]


def test_a_silent_report_is_spoken_of_across_a_holiday_and_its_make_up_day(
    duban: Duban, tmp_path: Path
) -> None:
    """Labour Day 2022: 30 April to 4 May are off, Saturday 7 May is worked."""
    file = written(tmp_path, town(invest("T1")), start=START, until="2022-05-18T09:00:00+08:00")
    account = duban.answer("simulate", file)
    both = "reporter@U1 head@U1"
    assert told(account) == [
        ("04-27T09:00", "due_soon", None, "reporter@U1"),
        ("05-06T09:00", "due_soon", None, "reporter@U1"),
        ("05-09T09:00", "due_soon", None, "reporter@U1"),
        ("05-11T09:00", "overdue", None, both),
        ("05-16T09:00", "closing", None, both),
        ("05-18T09:00", "missing", None, both),
    ]
    assert [one["reason"] for one in account["alerts"]] == [
        "opened(period=2022-B2, due=2022-05-10, close=2022-05-17, working_days=7)",
        "due_soon(period=2022-B2, due=2022-05-10, close=2022-05-17, working_days=3)",
        "due_soon(period=2022-B2, due=2022-05-10, close=2022-05-17, working_days=1)",
        "not_reported(period=2022-B2, due=2022-05-10, close=2022-05-17)",
        "closing(period=2022-B2, due=2022-05-10, close=2022-05-17, working_days=1)",
        "closed(period=2022-B2, due=2022-05-10, close=2022-05-17)",
    ]
    states = [one["state"] for one in account["alerts"]]
    assert states == ["resolved"] * 5 + ["raised"]


def lagging(tmp_path: Path, *timeline: object, until: str, **notify: object) -> Path:
    """A task that is published yellow (R = 0.9) on 18 May."""
    plan = town(invest("T1")) | {"escalation": LADDER}
    first = report(IN_TIME, "T1", values={"T1.I": "30"}), publish()
    return written(tmp_path, plan, *first, *timeline, until=until, notify=notify)


def test_a_lag_without_an_answer_goes_up_the_ladder_by_working_days(
    duban: Duban, tmp_path: Path
) -> None:
    account = duban.answer("simulate", lagging(tmp_path, until="2022-05-31T12:00:00+08:00"))
    assert [one for one in told(account) if one[1] != "early"] == [
        ("05-18T09:30", "lag", "yellow", "reporter@U1 head@U1"),
        ("05-23T09:00", "escalation", "yellow", "head@U1"),
        ("05-25T09:00", "escalation", "yellow", "office@town"),
    ]
    reasons = [one["reason"] for one in account["alerts"] if one["kind"] == "escalation"]
    assert [reason.partition("(")[0] for reason in reasons] == ["no_answer", "no_answer"]
    assert reasons[0].endswith("working_days=3, role=head)")


def test_an_answer_stops_the_ladder_until_it_expires(duban: Duban, tmp_path: Path) -> None:
    """Two days had passed on 20 May; the answer holds until 25 May; the third day is the 26th."""
    answer = {"task": "T1", "unit": "U1", "kind": "lag", "by": "Ms Lin"}
    file = lagging(
        tmp_path,
        {"at": "2022-05-20T10:00:00+08:00", "acknowledge": answer},
        until="2022-05-27T12:00:00+08:00",
    )
    account = duban.answer("simulate", file)
    assert [one for one in told(account) if one[1] == "escalation"] == [
        ("05-26T09:00", "escalation", "yellow", "head@U1"),
    ]
    (lag,) = [one for one in account["alerts"] if one["kind"] == "lag"]
    assert lag["state"] == "escalated"
    file = lagging(
        tmp_path,
        {"at": "2022-05-20T10:00:00+08:00", "acknowledge": answer},
        until="2022-05-21T12:00:00+08:00",
    )
    account = duban.answer("simulate", file)
    (lag,) = [one for one in account["alerts"] if one["kind"] == "lag"]
    assert (lag["state"], account["refused"]) == ("acknowledged", [])


def test_a_correction_that_undoes_the_cause_takes_the_alert_back(
    duban: Duban, tmp_path: Path
) -> None:
    more = {"task": "T1", "unit": "U1", "values": {"T1.I": "33"}}
    correct = {"period": "2022-B2", "reason": "a bill was missing", "submit": more}
    file = lagging(
        tmp_path,
        {"at": "2022-05-19T10:00:00+08:00", "correct": correct},
        until="2022-05-31T12:00:00+08:00",
    )
    account = duban.answer("simulate", file)
    assert [(one["kind"], one["state"]) for one in account["alerts"] if one["kind"] == "lag"] == [
        ("lag", "withdrawn")
    ]
    assert "escalation" not in {one["kind"] for one in account["alerts"]}
    assert "corrected" in {one["kind"] for one in account["alerts"]}
