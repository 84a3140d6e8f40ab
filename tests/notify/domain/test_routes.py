"""The routes document as it is written, and an alert's way through it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from notify.domain.routes import NO_ROUTES, Routes, RoutesDocument
from notify.domain.routing import Subject, group_key, matches, silences, taken_by


def routes(**parts: Any) -> Routes:  # noqa: ANN401  # as in the file
    text = json.dumps({"notify": parts})
    return RoutesDocument.model_validate_json(text, extra="forbid").notify


RED_LAG = Subject(
    kind="lag",
    level="red",
    plan="harbour",
    action="A1",
    task="quay",
    unit="port",
    roles=frozenset({"reporter", "head", "group"}),
    labels={"leader": "Ms Lin"},
)
OVERDUE = Subject(
    kind="overdue",
    level=None,
    plan="harbour",
    action="A1",
    task="quay",
    unit="port",
    roles=frozenset({"reporter", "head"}),
)


def paths(document: Routes, subject: Subject = RED_LAG) -> list[str]:
    return [route.path for route in taken_by(document, subject)]


def test_where_nothing_is_set_the_reporter_is_told_by_mail_within_hours_and_cap() -> None:
    (only,) = taken_by(NO_ROUTES, RED_LAG)
    assert [one.model_dump() for one in only.to] == [{"role": "reporter"}]
    assert (only.group_by, only.group_wait) == (("unit",), timedelta(seconds=30))
    assert (only.group_interval, only.repeat_working_days) == (timedelta(hours=4), ())
    assert (NO_ROUTES.hours.from_, NO_ROUTES.hours.to) == ("08:30", "17:30")
    assert (NO_ROUTES.daily_cap, NO_ROUTES.acknowledge_expires_working_days) == (5, 3)
    assert silences(NO_ROUTES.inhibit[0], OVERDUE, RED_LAG)
    assert routes() == NO_ROUTES


def test_a_document_that_is_written_out_reads_back_as_it_was() -> None:
    document = routes(
        routes=[{"match": {"kind": "lag"}, "group_wait": "1h30m", "group_interval": "1d"}],
        hours={"from": "00:00", "to": "24:00", "working_days_only": False},
    )
    again = json.loads(document.model_dump_json(by_alias=True))
    assert routes(**again) == document
    assert again["routes"][0]["group_wait"] == "90m"


def test_the_first_child_that_matches_takes_the_alert_and_none_behind_it() -> None:
    document = routes(
        routes=[
            {"match": {"kind": ["overdue"]}},
            {"match": {"kind": ["lag"], "level": ["red"]}},
            {"match": {"kind": ["lag"]}},
        ]
    )
    assert paths(document) == ["routes[1]"]
    assert paths(document, OVERDUE) == ["routes[0]"]


def test_continue_lets_the_routes_behind_take_it_too() -> None:
    first = {"match": {"kind": "lag"}, "continue": True}
    document = routes(routes=[first, {"match": {"unit": "port"}}, {"match": {}}])
    assert paths(document) == ["routes[0]", "routes[1]"]


def test_a_route_hands_what_it_takes_to_its_first_child_that_matches_else_keeps_it() -> None:
    tree = [
        {
            "match": {"kind": "lag"},
            "to": [{"role": "office"}],
            "group_by": ["action"],
            "routes": [
                {"match": {"level": "yellow"}},
                {"match": {"unit": "port"}, "group_wait": "5m"},
            ],
        }
    ]
    (taken,) = taken_by(routes(routes=tree), RED_LAG)
    assert taken.path == "routes[0].routes[1]"
    assert [one.model_dump() for one in taken.to] == [{"role": "office"}]
    assert (taken.group_by, taken.group_wait) == (("action",), timedelta(minutes=5))
    tree[0]["routes"] = [{"match": {"level": "yellow"}}]
    assert paths(routes(routes=tree)) == ["routes[0]"]


def test_what_no_route_takes_the_default_takes() -> None:
    document = routes(routes=[{"match": {"plan": "other"}}], default={"to": [{"role": "head"}]})
    assert paths(document) == ["default"]


@pytest.mark.parametrize(
    ("match", "holds"),
    [
        ({}, True),
        ({"kind": ["lag", "interview"]}, True),
        ({"kind": "early"}, False),
        ({"level": ["red"]}, True),
        ({"level": "yellow"}, False),
        ({"plan": "harbour", "action": "A1", "task": "quay", "unit": "port"}, True),
        ({"task": ["trees"]}, False),
        ({"role": ["group"]}, True),
        ({"role": "office"}, False),
        ({"labels": {"leader": "Ms Lin"}}, True),
        ({"labels": {"leader": ["Mr Chen", "Ms Lin"]}}, True),
        ({"labels": {"leader": "Mr Chen"}}, False),
        ({"labels": {"district": "east"}}, False),
    ],
)
def test_every_field_of_a_match_must_hold(match: dict[str, Any], *, holds: bool) -> None:
    document = routes(routes=[{"match": match}])
    assert matches(document.routes[0].match, RED_LAG) is holds


def test_a_group_is_what_the_alerts_agree_in() -> None:
    (taken,) = taken_by(routes(default={"to": [], "group_by": ["unit", "kind"]}), RED_LAG)
    assert group_key(taken, RED_LAG) == "unit=port, kind=lag"


def test_an_alert_silences_only_what_agrees_with_it() -> None:
    rule = routes().inhibit[0]
    other = Subject(kind="lag", level="red", plan="harbour", action="A1", task="trees", unit="port")
    assert silences(rule, OVERDUE, RED_LAG)
    assert not silences(rule, OVERDUE, other)
    assert not silences(rule, RED_LAG, OVERDUE)


def test_every_endpoint_of_the_tree_is_named_once() -> None:
    hook, robot = {"endpoint": "hook"}, {"endpoint": "robot"}
    tree = [{"to": [hook], "routes": [{"to": [robot, hook]}]}, {"to": [robot]}]
    assert routes(routes=tree, default={"to": [hook]}).hooks() == {
        "hook": "notify.default.to",
        "robot": "notify.routes[1].to",
    }


@pytest.mark.parametrize(
    ("parts", "where"),
    [
        ({"daily_caps": 5}, "daily_caps"),
        ({"daily_cap": 0}, "daily_cap"),
        ({"hours": {"from": "17:30", "to": "08:30"}}, "hours"),
        ({"hours": {"from": "8:30"}}, "from"),
        ({"hours": {"to": "25:00"}}, "to"),
        ({"default": {"to": [], "group_wait": "soon"}}, "group_wait"),
        ({"default": {"to": [], "group_wait": "8d"}}, "group_wait"),
        ({"default": {"to": [], "group_by": ["colour"]}}, "group_by"),
        ({"routes": [{"match": {"kind": ["lagging"]}}]}, "kind"),
        ({"routes": [{"match": {"level": []}}]}, "level"),
        ({"routes": [{"repeat_working_days": [0]}]}, "repeat_working_days"),
        ({"inhibit": [{"when": {}, "silence": {}, "same": []}]}, "same"),
        ({"acknowledge_expires_working_days": 0}, "acknowledge_expires_working_days"),
        ({"endpoints": [{"id": "a", "url": "https://a.example", "secret_env": "HOME"}]}, "secret"),
        ({"endpoints": [{"id": "a", "url": "https://a.example", "format": "slack"}]}, "format"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_named(parts: dict[str, Any], where: str) -> None:
    with pytest.raises(ValidationError, match=where):
        routes(**parts)


@pytest.mark.parametrize(
    "to", [{"role": "head", "endpoint": "hook"}, {}, {"unit": "port"}, {"role": "../x"}, "head"]
)
def test_a_recipient_is_one_role_or_one_endpoint(to: object) -> None:
    with pytest.raises(ValidationError, match="to"):
        routes(default={"to": [to]})
