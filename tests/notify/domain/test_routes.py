"""The routes document: what it asks for, and what of that this release does not carry out."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from notify.domain.routes import (
    NO_ROUTES,
    EndpointSpec,
    Routes,
    RoutesDocument,
    unsupported,
    unsupported_of,
)


def routes(**parts: Any) -> Routes:  # noqa: ANN401  # as in the file
    text = json.dumps({"notify": parts})
    return RoutesDocument.model_validate_json(text, extra="forbid").notify


def test_where_nothing_is_set_the_reporter_is_told_by_mail() -> None:
    assert (NO_ROUTES.roles(), NO_ROUTES.hooks()) == (("reporter",), ())
    assert routes() == NO_ROUTES


def test_a_route_names_each_role_and_each_endpoint_once_and_in_its_order() -> None:
    to = [{"role": "office"}, {"endpoint": "b"}, {"role": "head"}, {"endpoint": "a"}]
    route = routes(default={"to": [*to, *to]})
    assert (route.roles(), route.hooks()) == (("office", "head"), ("b", "a"))


def test_an_empty_route_adds_nobody() -> None:
    route = routes(default={"to": []})
    assert (route.roles(), route.hooks()) == ((), ())


def test_a_default_that_is_written_out_asks_for_nothing_new() -> None:
    written = json.loads(NO_ROUTES.model_dump_json(by_alias=True))
    assert unsupported(routes(**written)) == []


def test_all_that_a_later_release_carries_out_is_named_by_its_path() -> None:
    asked = routes(
        endpoints=[
            {"id": "plain", "url": "https://a.example/"},
            {"id": "robot", "url": "https://b.example/", "format": "feishu", "secret_env": "S"},
        ],
        routes=[{"match": {"kind": ["lag"]}, "to": [{"role": "head"}]}],
        inhibit=[{"when": {"kind": ["overdue"]}}],
        hours={"from": "09:00"},
        daily_cap=1,
        acknowledge_expires_working_days=9,
    )
    assert unsupported(asked) == [
        "notify.routes",
        "notify.inhibit",
        "notify.hours",
        "notify.daily_cap",
        "notify.acknowledge_expires_working_days",
        "notify.endpoints[1].format",
        "notify.endpoints[1].secret_env",
    ]


def test_an_endpoint_in_the_standard_format_is_carried_out() -> None:
    assert unsupported_of(EndpointSpec(id="hook", url="https://a.example/")) == []


@pytest.mark.parametrize(
    "to", [{"role": "head", "endpoint": "hook"}, {}, {"unit": "port"}, {"role": "../x"}, "head"]
)
def test_a_recipient_is_one_role_or_one_endpoint(to: object) -> None:
    with pytest.raises(ValidationError, match="to"):
        routes(default={"to": [to]})


def test_a_key_nobody_knows_is_refused() -> None:
    with pytest.raises(ValidationError, match="daily_caps"):
        routes(daily_caps=5)
