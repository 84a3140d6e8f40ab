"""Many reports in one request: each has its own outcome, and none hangs on its neighbours."""

import json
from typing import Any

import httpx
import pytest
from intake_cast import Town, report, trees

from shared.contracts.intake import SubmissionAccepted

GOOD = trees("40", ref="row 1")
BAD = report("hall", "east", percent="101", ref="row 2")
REFUSED = trees("4.5", ref="row 3")
ALSO_GOOD = report("clean", "works", values={"clarity": "60"}, ref="row 4")


async def send(
    town: Town, body: bytes | str, *, kind: str = "json", by: str = "office"
) -> httpx.Response:
    headers = town.bearer(by) | {"content-type": f"application/{kind}"}
    return await town.web.post("/v1/submissions/batch", content=body, headers=headers)


async def outcomes(
    town: Town, items: list[Any], *, by: str = "office"
) -> list[tuple[str | None, int, str | None]]:
    """Reference, status and code of each item's outcome."""
    answer = await send(town, json.dumps(items), by=by)
    assert answer.status_code == 207, answer.text
    return [told(one) for one in answer.json()["items"]]


def told(one: dict[str, Any]) -> tuple[str | None, int, str | None]:
    return one["ref"], one["status"], one.get("problem", {}).get("code")


def tasks(town: Town) -> list[str]:
    """The tasks whose reports were stored."""
    return [one.task for one in town.said(SubmissionAccepted)]


async def test_one_bad_item_leaves_its_neighbours_stored(town: Town) -> None:
    assert await outcomes(town, [GOOD, BAD, REFUSED, ALSO_GOOD]) == [
        ("row 1", 202, None),
        ("row 2", 422, "invalid"),
        ("row 3", 422, "wrong_value"),
        ("row 4", 202, None),
    ]
    assert tasks(town) == ["trees", "clean"]


async def test_each_refused_item_names_its_fields(town: Town) -> None:
    answer = await send(town, json.dumps([BAD, REFUSED | {"x": 1}, REFUSED]))
    errors = [one["problem"]["errors"] for one in answer.json()["items"]]
    assert [[(one["path"], one["code"]) for one in reasons] for reasons in errors] == [
        [("percent", "invalid")],
        [("x", "invalid")],
        [("values.planted", "wrong_value")],
    ]


async def test_each_stored_item_has_the_receipt_it_would_have_alone(town: Town) -> None:
    answer = await send(town, json.dumps([GOOD]))
    (item,) = answer.json()["items"]
    alone = {name: value for name, value in GOOD.items() if name != "ref"}
    assert item["receipt"] == await town.accepted(alone)


async def test_lines_of_json_are_a_batch_too(town: Town) -> None:
    lines = "\n".join(json.dumps(one) for one in (GOOD, REFUSED)) + "\n\n"
    answer = await send(town, lines, kind="X-NDJSON; charset=utf-8")
    assert answer.status_code == 207
    assert [told(one)[:2] for one in answer.json()["items"]] == [("row 1", 202), ("row 3", 422)]


async def test_a_broken_line_is_the_fault_of_that_line_alone(town: Town) -> None:
    lines = [json.dumps(GOOD), '{"plan": ', '{"ref": "a", "ref": "b"}', json.dumps(ALSO_GOOD)]
    answer = await send(town, "\n".join(lines), kind="x-ndjson")
    assert [told(one) for one in answer.json()["items"]] == [
        ("row 1", 202, None),
        (None, 422, "not_json"),
        (None, 422, "duplicate_key"),
        ("row 4", 202, None),
    ]
    assert tasks(town) == ["trees", "clean"]


async def test_an_item_that_is_no_object_is_refused_by_itself(town: Town) -> None:
    found = await outcomes(town, [None, 5, "x", [], {"ref": 7}, GOOD])
    assert [status for _, status, _ in found] == [422, 422, 422, 422, 422, 202]
    assert [ref for ref, _, _ in found] == [None, None, None, None, None, "row 1"]


async def test_a_unit_reports_for_itself_only(town: Town) -> None:
    assert await outcomes(town, [GOOD, ALSO_GOOD], by="water") == [
        ("row 1", 202, None),
        ("row 4", 403, "other_unit"),
    ]
    assert tasks(town) == ["trees"]


async def test_an_observer_sends_no_batch(town: Town) -> None:
    answer = await send(town, json.dumps([GOOD]), by="observer")
    assert (answer.status_code, answer.json()["code"]) == (403, "other_role")


async def test_a_dry_run_tells_of_each_item_and_stores_none(town: Town) -> None:
    body = json.dumps([GOOD, BAD, REFUSED])
    headers = town.bearer("office") | {"content-type": "application/json"}
    answer = await town.web.post(
        "/v1/submissions/batch?dry_run=true", content=body, headers=headers
    )
    items = answer.json()["items"]
    assert [told(one) for one in items] == [
        ("row 1", 200, None),
        ("row 2", 422, "invalid"),
        ("row 3", 422, "wrong_value"),
    ]
    assert (items[0]["receipt"]["id"], items[0]["receipt"]["timeliness"]) == (None, "on_time")
    assert town.stored("submissions") == []
    assert tasks(town) == []


async def test_the_same_item_twice_is_one_report(town: Town) -> None:
    answer = await send(town, json.dumps([GOOD, GOOD | {"ref": "again"}]))
    first, second = answer.json()["items"]
    assert first["receipt"] == second["receipt"]
    assert tasks(town) == ["trees"]


@pytest.mark.parametrize("body", ["[]", "{}", "null", '"x"'])
async def test_an_empty_batch_is_refused(town: Town, body: str) -> None:
    answer = await send(town, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "not_a_batch")


async def test_no_lines_are_no_batch(town: Town) -> None:
    answer = await send(town, "\n\n", kind="x-ndjson")
    assert (answer.status_code, answer.json()["code"]) == (422, "not_a_batch")


async def test_a_batch_holds_ten_thousand_items_and_no_more(town: Town) -> None:
    full = "[" + ",".join(["{}"] * 10_000) + "]"
    answer = await send(town, full)
    assert answer.status_code == 207
    assert len(answer.json()["items"]) == 10_000
    for body, kind in ((f"[{{}},{full[1:]}", "json"), ("{}\n" * 10_001, "x-ndjson")):
        over = await send(town, body, kind=kind)
        assert (over.status_code, over.json()["code"]) == (413, "too_many_items")


async def test_an_undeclared_type_is_refused(town: Town) -> None:
    answer = await send(town, json.dumps([GOOD]), kind="csv")
    assert (answer.status_code, answer.json()["code"]) == (415, "wrong_media_type")
