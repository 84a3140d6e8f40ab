"""A change that breaks a reader is told from one that does not: by pairs made by hand."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from docs.generate.__main__ import main
from docs.generate.compatible import breaks_callers, breaks_events
from docs.generate.snapshots import BreaksReaders, broken, committed, write

TEXT = {"type": "string"}
NUMBER = {"type": "integer"}


def fields(required: list[str], **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties}


def events(payload: dict[str, Any], **others: dict[str, Any]) -> dict[str, Any]:
    """A document of one topic with one event."""
    kafka = {"partitions": 12, "topicConfiguration": {"cleanup.policy": ["delete"]}}
    message = {"headers": fields(["ce_id"], ce_id=TEXT), "payload": payload}
    return {
        "channels": {
            "duban.intake": {
                "address": "duban.intake",
                "messages": {"said.v1": {}},
                "bindings": {"kafka": kafka},
            }
        },
        "components": {"messages": {"said.v1": message}, "schemas": others},
    }


def api(
    *,
    sent: dict[str, Any] | None = None,
    answered: dict[str, Any] | None = None,
    parameters: list[dict[str, Any]] | None = None,
    status: str = "200",
    body_required: bool = True,
) -> dict[str, Any]:
    """A document of one route."""
    route: dict[str, Any] = {
        "parameters": parameters or [],
        "responses": {status: {"content": {"application/json": {"schema": answered or {}}}}},
    }
    if sent is not None:
        content = {"application/json": {"schema": sent}}
        route["requestBody"] = {"required": body_required, "content": content}
    return {"paths": {"/v1/reports": {"post": route}}, "components": {"schemas": {}}}


def either(*several: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": list(several)}


OLD = fields(["plan"], plan=TEXT, note=TEXT)

HARMLESS = {
    "nothing at all": (OLD, OLD),
    "a field is added": (OLD, fields(["plan"], plan=TEXT, note=TEXT, more=TEXT)),
    "a description changes": (OLD, fields(["plan"], plan={**TEXT, "description": "!"}, note=TEXT)),
    "a default grows with its object": (
        fields([], lights={"type": "object", "default": {"green": "0.95"}}),
        fields([], lights={"type": "object", "default": {"green": "0.95", "blue": "1"}}),
    ),
    "an open list grows": (
        fields(["kind"], kind={"type": "string", "enum": ["lag"], "x-open": True}),
        fields(["kind"], kind={"type": "string", "enum": ["lag", "early"], "x-open": True}),
    ),
}
BREAKING = {
    "a field is gone": (OLD, fields(["plan"], plan=TEXT), "note: the field is gone"),
    "a field may be absent": (OLD, fields([], plan=TEXT, note=TEXT), "plan: may be absent now"),
    "a field is required": (
        OLD,
        fields(["plan", "note"], plan=TEXT, note=TEXT),
        "note: is required now",
    ),
    "another type": (OLD, fields(["plan"], plan=NUMBER, note=TEXT), "plan: may be of type integer"),
    "a null": (
        OLD,
        fields(["plan"], plan=either(TEXT, {"type": "null"}), note=TEXT),
        "plan: may be of type null",
    ),
    "no null any more": (
        fields(["plan"], plan=either(TEXT, {"type": "null"})),
        fields(["plan"], plan=TEXT),
        "plan: the type null is no longer taken",
    ),
    "a new value": (
        fields(["kind"], kind={"type": "string", "enum": ["lag"]}),
        fields(["kind"], kind={"type": "string", "enum": ["lag", "early"]}),
        "'early' is new",
    ),
    "a value less": (
        fields(["kind"], kind={"type": "string", "enum": ["lag", "early"]}),
        fields(["kind"], kind={"type": "string", "enum": ["lag"]}),
        "'early' is no longer taken",
    ),
    "any value": (
        fields(["kind"], kind={"type": "string", "enum": ["lag"]}),
        fields(["kind"], kind=TEXT),
        "'any value' is new",
    ),
    "longer than before": (
        fields(["note"], note={"type": "string", "maxLength": 200}),
        fields(["note"], note={"type": "string", "maxLength": 2000}),
        "maxLength was 200, is 2000",
    ),
    "shorter than before": (
        fields(["note"], note={"type": "string", "maxLength": 200}),
        fields(["note"], note={"type": "string", "maxLength": 20}),
        "maxLength was 200, is 20",
    ),
    "another pattern": (
        fields(["id"], id={"type": "string", "pattern": "^[a-z]+$"}),
        fields(["id"], id={"type": "string", "pattern": "^[a-z0-9]+$"}),
        "pattern was",
    ),
    "another default": (
        fields([], weight={"type": "string", "default": "1"}),
        fields([], weight={"type": "string", "default": "2"}),
        "left out it meant '1'",
    ),
    "another default inside": (
        fields([], lights={"type": "object", "default": {"green": "0.95"}}),
        fields([], lights={"type": "object", "default": {"green": "0.90"}}),
        "left out it meant {'green': '0.95'}",
    ),
    "inside a list": (
        {"type": "array", "items": OLD},
        {"type": "array", "items": fields(["plan"], plan=TEXT)},
        "[].note: the field is gone",
    ),
    "inside a mapping": (
        {"type": "object", "additionalProperties": OLD},
        {"type": "object", "additionalProperties": fields(["plan"], plan=TEXT)},
        "[].note: the field is gone",
    ),
    "names of another pattern": (
        {"type": "object", "patternProperties": {"^a$": TEXT}},
        {"type": "object", "patternProperties": {"^b$": TEXT}},
        "its names follow another pattern",
    ),
}


@pytest.mark.parametrize(("old", "new"), HARMLESS.values(), ids=HARMLESS)
def test_a_change_that_breaks_nobody_passes(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert breaks_events(events(old), events(new)) == []


@pytest.mark.parametrize(("old", "new", "said"), BREAKING.values(), ids=BREAKING)
def test_a_change_of_an_event_that_breaks_a_reader_is_named(
    old: dict[str, Any], new: dict[str, Any], said: str
) -> None:
    found = breaks_events(events(old), events(new))
    assert [one for one in found if said in one], found


def test_a_change_behind_a_reference_is_found_and_named_once() -> None:
    here = fields(["task"], task={"$ref": "#/components/schemas/Task"})
    old = events(here, Task=OLD)
    new = events(here, Task=fields(["plan"], plan=TEXT))
    assert breaks_events(old, new) == ["said.v1 payload.task.note: the field is gone"]


def test_a_schema_that_holds_itself_is_compared_to_its_end() -> None:
    here = {"$ref": "#/components/schemas/Tree"}
    tree = fields(["name"], name=TEXT, inside={"type": "array", "items": here})
    changed = fields(["name"], name=NUMBER, inside={"type": "array", "items": here})
    assert breaks_events(events(here, Tree=tree), events(here, Tree=tree)) == []
    assert breaks_events(events(here, Tree=tree), events(here, Tree=changed))


def test_one_alternative_of_several_may_change_only_as_a_whole_may() -> None:
    old = fields(["value"], value=either(TEXT, fields(["own"], own=TEXT)))
    more = fields(["value"], value=either(TEXT, fields(["own"], own=TEXT, other=TEXT)))
    less = fields(["value"], value=either(TEXT, fields([], own=TEXT)))
    assert breaks_events(events(old), events(more)) == []
    assert breaks_events(events(old), events(less)) == [
        "said.v1 payload.value.own: may be absent now"
    ]


def test_an_event_a_topic_and_its_partitions_must_stay() -> None:
    old = events(OLD)
    without = deepcopy(old)
    del without["components"]["messages"]["said.v1"]
    assert "said.v1: the event is gone" in breaks_events(old, without)

    moved = deepcopy(old)
    moved["channels"]["duban.intake"]["bindings"]["kafka"]["partitions"] = 24
    was, now = ("duban.intake, 12 partitions, delete", "duban.intake, 24 partitions, delete")
    assert breaks_events(old, moved) == [f"duban.intake: was {was}, is {now}"]

    assert breaks_events(old, {**old, "channels": {}}) == ["duban.intake: the topic is gone"]


def test_a_second_version_beside_the_first_breaks_nobody() -> None:
    old = events(OLD)
    new = deepcopy(old)
    new["components"]["messages"]["said.v2"] = {"headers": {}, "payload": fields([])}
    assert breaks_events(old, new) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (api(sent=OLD), api(sent=fields(["plan"], plan=TEXT)), "note: the field is gone"),
        (api(sent=OLD), api(sent=fields(["plan", "note"], plan=TEXT, note=TEXT)), "is required"),
        (
            api(sent={"type": "string", "maxLength": 9}),
            api(sent={"type": "string", "maxLength": 8}),
            "maxLength was 9, is 8",
        ),
        (api(sent={"type": "object"}), api(sent={**OLD, "additionalProperties": False}), "unknown"),
        (api(answered=OLD), api(answered=fields([], plan=TEXT, note=TEXT)), "may be absent"),
        (api(answered=OLD), api(answered=fields(["plan"], plan=TEXT)), "note: the field is gone"),
        (api(status="202"), api(status="200"), "the status 202 is gone"),
        (api(), api(sent=OLD), "a body is required now"),
        (
            api(parameters=[{"in": "query", "name": "plan", "schema": TEXT}]),
            api(),
            "the parameter plan is gone",
        ),
        (
            api(),
            api(parameters=[{"in": "query", "name": "plan", "required": True, "schema": TEXT}]),
            "the parameter plan is required now",
        ),
        (api(), {"paths": {}}, "POST /v1/reports: the route is gone"),
    ],
)
def test_a_change_of_an_api_that_breaks_a_caller_is_named(
    old: dict[str, Any], new: dict[str, Any], said: str
) -> None:
    found = breaks_callers(old, new)
    assert [one for one in found if said in one], found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (api(sent=OLD), api(sent=fields([], plan=TEXT, note=TEXT, more=TEXT))),
        (api(sent=OLD), api(sent=OLD, body_required=False)),
        (
            api(sent={"type": "string", "enum": ["a"]}),
            api(sent={"type": "string", "enum": ["a", "b"]}),
        ),
        (api(sent={"type": "string", "maxLength": 9}), api(sent=TEXT)),
        (api(sent=TEXT), api(sent=either(TEXT, {"type": "null"}))),
        (api(answered=either(TEXT, {"type": "null"})), api(answered=TEXT)),
        (api(answered=OLD), api(answered=fields(["plan", "note"], plan=TEXT, note=TEXT, x=TEXT))),
        (
            api(answered={"type": "string", "enum": ["a", "b"]}),
            api(answered={"type": "string", "enum": ["a"]}),
        ),
        (api(), api(parameters=[{"in": "query", "name": "unit", "schema": TEXT}])),
    ],
)
def test_taking_more_and_answering_more_exactly_breaks_no_caller(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    assert breaks_callers(old, new) == []


def test_a_document_that_breaks_a_reader_is_not_written_unless_told_to(tmp_path: Path) -> None:
    old = {"openapi/intake.json": json.dumps(api(answered=OLD))}
    new = {"openapi/intake.json": json.dumps(api(answered=fields([])))}
    write(old, folder=tmp_path)
    with pytest.raises(BreaksReaders, match="plan: the field is gone"):
        write(new, folder=tmp_path)
    assert committed(tmp_path) == old
    write(new, folder=tmp_path, breaking=True)
    assert committed(tmp_path) == new


def test_who_breaks_readers_says_why_in_the_changelog(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    docs, changelog = tmp_path / "docs", tmp_path / "CHANGELOG.md"
    changelog.write_text("# Changelog\n\n## 0.2.0: next\n\n- New.\n\n## 0.1.0: first\n\n- Old.\n")
    promised = {"openapi/intake.json": json.dumps({"paths": {"/v1/old": {"get": {}}}})}
    write(promised, folder=docs)

    assert main([], docs=docs) == 1
    assert "GET /v1/old: the route is gone" in capsys.readouterr().err
    assert committed(docs) == promised

    assert main(["--breaking", "nobody asked for it"], docs=docs) == 0
    assert committed(docs).keys() > promised.keys()
    assert changelog.read_text() == (
        "# Changelog\n\n## 0.2.0: next\n\n- **Breaks readers:** nobody asked for it\n- New.\n"
        "\n## 0.1.0: first\n\n- Old.\n"
    )


def test_a_document_that_is_gone_breaks_its_readers() -> None:
    assert broken({"openapi/intake.json": "{}"}, {}) == [
        "breaks a reader: openapi/intake.json: the document is gone"
    ]
