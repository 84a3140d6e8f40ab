"""One report on its way in: durable before it is answered, refused with every reason, sent once."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from databases import Databases
from intake_cast import LAKE_TOWN, PLAN, Town, codes, edited, report, running, trees
from structlog.testing import capture_logs

from shared.contracts.intake import SubmissionAccepted
from shared.kit.db import Database


async def refused(
    town: Town, body: dict[str, Any], *, by: str | None = None
) -> list[tuple[str, str]]:
    """The reasons of a refusal, which has to leave the store as it was."""
    before = town.stored("submissions"), len(town.stored("journal"))
    answer = await town.submit(body, by=by)
    assert answer.status_code == 422, answer.text
    assert (town.stored("submissions"), len(town.stored("journal"))) == before
    return codes(answer)


async def test_a_report_is_answered_with_its_receipt(town: Town) -> None:
    answer = await town.submit(trees("40"))
    receipt = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/submissions/{receipt['id']}"
    assert receipt.pop("id").startswith("s-")
    assert len(receipt.pop("digest")) == 64
    assert receipt == {
        "received_at": "2022-05-06T10:00:00+08:00",
        "period": "2022-B2",
        "due": "2022-05-10",
        "close": "2022-05-17",
        "timeliness": "on_time",
        "late_days": 0,
        "as_of": "2022-04-30",
        "plan_version": 1,
    }


@pytest.mark.parametrize(
    ("when", "timeliness", "late_days"),
    [
        ("2022-05-10 23:59", "on_time", 0),
        ("2022-05-11 00:00", "late", 1),
        ("2022-05-13 18:00", "late", 3),
        ("2022-05-14 12:00", "late", 4),  # a Saturday: it arrives on Monday
        ("2022-05-18 00:00", "missing", 0),
    ],
)
async def test_the_time_of_receipt_decides_timeliness(
    town: Town, when: str, timeliness: str, late_days: int
) -> None:
    await town.move_to(when)
    receipt = await town.accepted(trees(as_of="2022-03-31"))
    assert (receipt["timeliness"], receipt["late_days"]) == (timeliness, late_days)


async def test_what_was_answered_is_durable_with_its_event(town: Town) -> None:
    receipt = await town.accepted(trees("40.0", note="两行\nnotes"))

    fresh = Database(url=town.settings.database, migrations=town.folder)
    async with fresh.read() as session:
        found = (await session.connection()).exec_driver_sql
        rows = await found("SELECT id, digest FROM submissions")
        assert [tuple(row) for row in rows] == [(receipt["id"], receipt["digest"])]
    await fresh.close()
    (event,) = town.said(SubmissionAccepted)
    assert (event.submission, event.digest) == (receipt["id"], receipt["digest"])
    assert event.by == "water"
    assert event.model_dump(mode="json", include={"values", "note"}) == {
        "values": {"planted": "40"},
        "note": "两行\nnotes",
    }


async def test_a_report_that_cannot_be_journaled_is_not_stored_either(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("shared.kit.journal.Journal.record_all", fail)
    with capture_logs():
        answer = await town.submit(trees())
    assert answer.status_code == 500
    assert town.stored("submissions") == []


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        (trees() | {"unit": "works"}, "wrong_unit", "unit"),
        (trees() | {"period": "2022-B4"}, "too_early", "period"),
        (trees(as_of="2022-05-01"), "as_of_outside", "as_of"),
        (trees(as_of="2020-12-31"), "as_of_outside", "as_of"),
        (report("lake", "water"), "unknown_task", "task"),
        (report("trees", "water", "2022-Q1"), "unknown_period", "period"),
        (report("trees", "water", values={"clarity": "1"}), "unknown_item", "values.clarity"),
        (trees("-1"), "wrong_value", "values.planted"),
        (report("trees", "water", no_data=["planted"]), "no_data_refused", "no_data"),
        (
            report("bridge", "east", milestones={"drawings": "2022-05-07"}),
            "done_in_future",
            "milestones.drawings",
        ),
        (
            report("trees", "water", values={"planted": "4", "alive": "5"}),
            "funnel",
            "values.alive",
        ),
    ],
)
async def test_what_the_rules_refuse_changes_nothing(
    town: Town, body: dict[str, Any], code: str, path: str
) -> None:
    assert await refused(town, body, by="office") == [(code, path)]


async def test_several_reasons_are_all_named(town: Town) -> None:
    body = report("trees", "water", values={"planted": "4.5", "x": "1"}, percent="3")
    assert await refused(town, body) == [
        ("unknown_item", "values.x"),
        ("unknown_field", "percent"),
        ("wrong_value", "values.planted"),
    ]


async def test_a_plan_that_is_not_there_takes_no_report(town: Town) -> None:
    answer = await town.submit(trees() | {"plan": "sea-plan"})
    assert answer.status_code == 404
    assert codes(answer) == [("unknown_plan", "plan")]


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("values", {"planted": 40.5}, "values.planted"),
        ("values", {"planted": "1,000"}, "values.planted"),
        ("values", {"planted": True}, "values.planted"),
        ("percent", "101", "percent"),
        ("percent", "-1", "percent"),
        ("percent", "50%", "percent"),
        ("as_of", "2022-02-30", "as_of"),
        ("as_of", 1651800000, "as_of"),
        ("task", "../../x", "task"),
        ("task", "trees\n", "task"),
        ("note", "a\u0000b", "note"),
        ("note", "x" * 2001, "note"),
        ("is_admin", True, "is_admin"),
        ("correction", {"reason": ""}, "correction.reason"),
    ],
)
async def test_a_malformed_field_is_named(town: Town, field: str, value: Any, path: str) -> None:  # noqa: ANN401  # JSON
    paths = [where for _, where in await refused(town, trees() | {field: value})]
    assert path in {where[: len(path)] for where in paths}


async def test_a_total_below_the_published_one_needs_a_correction(town: Town) -> None:
    await town.accepted(trees("40"))
    await town.accepted(report("hall", "east", percent="30"))
    await town.accepted(report("bridge", "east", milestones={"drawings": "2022-03-20"}))
    await town.move_to("2022-05-19 10:00")
    await town.publish("2022-B2", "2022-04-30")

    later = {"period": "2022-B3"}
    assert await refused(town, trees("39") | later) == [("total_fell", "values.planted")]
    percent = report("hall", "east", "2022-B3", percent="29.9")
    assert await refused(town, percent) == [("total_fell", "percent")]
    undone = report("bridge", "east", "2022-B3", milestones={"drawings": None})
    assert await refused(town, undone) == [("total_fell", "milestones.drawings")]
    for body in (trees("39") | later, percent, undone):
        await town.accepted(body | {"correction": {"reason": "counted again"}})


async def test_before_a_publication_a_total_may_be_mended_freely(town: Town) -> None:
    await town.accepted(trees("40"))
    await town.accepted(trees("39"))


async def test_a_value_of_an_earlier_day_is_not_held_against_a_later_one(town: Town) -> None:
    await town.accepted(trees("40"))
    await town.move_to("2022-05-19 10:00")
    await town.publish("2022-B2", "2022-04-30")
    await town.accepted(trees("20", as_of="2022-04-29") | {"period": "2022-B3"})


async def test_what_came_after_the_cut_off_was_not_counted(town: Town) -> None:
    await town.accepted(trees("40"))
    await town.publish("2022-B2", "2022-04-30")
    await town.accepted(trees("60"))
    assert await refused(town, trees("39")) == [("total_fell", "values.planted")]
    await town.accepted(trees("41"))


async def test_what_came_after_the_close_was_not_counted(town: Town) -> None:
    await town.accepted(trees("40"))
    await town.move_to("2022-05-18 10:00")
    await town.accepted(trees("60"))
    await town.publish("2022-B2", "2022-04-30")
    await town.accepted(trees("41") | {"period": "2022-B3"})


async def test_what_was_said_for_a_later_period_was_not_counted(town: Town) -> None:
    await town.accepted(trees("40"))
    await town.accepted(trees("60", as_of="2022-04-30") | {"period": "2022-B3"})
    await town.publish("2022-B2", "2022-04-30")
    await town.accepted(trees("41"))


async def test_a_returned_report_binds_nobody_nor_does_the_one_it_replaced(town: Town) -> None:
    await town.accepted(trees("60"))
    second = await town.accepted(trees("50"))
    returned = await town.post(
        f"/v1/submissions/{second['id']}/return", {"reason": "wrong"}, by="office"
    )
    assert returned.status_code == 200
    await town.publish("2022-B2", "2022-04-30")
    await town.accepted(trees("30"))


async def test_after_the_close_a_correction_needs_the_office(town: Town) -> None:
    await town.accepted(trees("40"))
    await town.move_to("2022-05-18 00:00")
    correction = trees("30", correction={"reason": "counted twice"})
    assert await refused(town, correction) == [("window_closed", "correction")]
    await town.accepted(correction, by="office")


async def test_until_the_close_a_unit_corrects_its_own_report(town: Town) -> None:
    await town.accepted(trees("40"))
    await town.move_to("2022-05-17 23:59")
    receipt = await town.accepted(trees("30", correction={"reason": "counted twice"}))
    assert receipt["timeliness"] == "late"


async def test_a_first_report_is_taken_after_the_close(town: Town) -> None:
    await town.move_to("2022-05-18 00:00")
    receipt = await town.accepted(trees("30", correction={"reason": "fewer than last year"}))
    assert receipt["timeliness"] == "missing"


async def test_a_key_sent_again_with_the_same_body_gets_the_same_receipt(town: Town) -> None:
    first = await town.submit(trees("40"), **{"Idempotency-Key": "k1"})
    await town.accepted(trees("41"))
    await town.move_to("2022-05-11 12:00")
    again = await town.submit(trees("40"), **{"Idempotency-Key": "k1"})
    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["location"] == first.headers["location"]
    assert len(town.said(SubmissionAccepted)) == 2


async def test_a_key_sent_again_with_another_body_is_refused(town: Town) -> None:
    await town.submit(trees("40"), **{"Idempotency-Key": "k1"})
    answer = await town.submit(trees("41"), **{"Idempotency-Key": "k1"})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")
    assert len(town.said(SubmissionAccepted)) == 1


async def test_a_key_is_its_holders_own(town: Town) -> None:
    await town.submit(trees("40"), **{"Idempotency-Key": "k1"})
    other = await town.submit(trees("41"), by="office", **{"Idempotency-Key": "k1"})
    assert other.status_code == 202
    await town.issue("water", "submit", unit="water")
    same_holder = await town.submit(trees("42"), **{"Idempotency-Key": "k1"})
    assert same_holder.json()["code"] == "idempotency_mismatch"


async def test_a_key_is_forgotten_after_ninety_days(town: Town) -> None:
    await town.submit(trees("40"), **{"Idempotency-Key": "k1"})
    town.databases.execute(town.folder, "UPDATE idempotency_keys SET at = '2022-02-04 00:00:00'")
    answer = await town.submit(trees("41"), **{"Idempotency-Key": "k1"})
    assert answer.status_code == 202
    assert len(town.stored("idempotency_keys")) == 1


async def test_evidence_is_kept_and_must_be_a_web_address(town: Town) -> None:
    evidence = [{"title": "Photographs", "url": "https://lake.example/photos/4"}]
    receipt = await town.accepted(trees("40", evidence=evidence))
    kept = (await town.get(f"/v1/submissions/{receipt['id']}")).json()
    assert kept["evidence"] == evidence
    script = [{"title": "x", "url": "javascript:alert(1)"}]
    answer = await town.submit(trees("41", evidence=script))
    assert (answer.status_code, codes(answer)) == (422, [("bad_value", "evidence[0].url")])


async def test_a_refused_report_does_not_use_its_key_up(town: Town) -> None:
    await town.submit(trees("-1"), **{"Idempotency-Key": "k1"})
    mended = await town.submit(trees("1"), **{"Idempotency-Key": "k1"})
    assert mended.status_code == 202


async def test_without_a_key_the_same_content_is_the_same_report(town: Town) -> None:
    first = await town.accepted(trees("40", note="n"))
    await town.apply(edited('weight: "30"', 'weight: "25"'))
    await town.move_to("2022-05-19 10:00")
    again = await town.accepted(
        dict(reversed(trees("40.00", note="n", percent=None, no_data=[]).items()))
    )
    assert again == first
    assert len(town.said(SubmissionAccepted)) == 1


async def test_the_same_content_is_the_same_report_also_where_a_new_one_would_be_refused(
    town: Town,
) -> None:
    await town.accepted(trees("40"))
    body = trees("30", correction={"reason": "counted twice"})
    first = await town.accepted(body)
    await town.move_to("2022-05-18 00:00")
    assert await town.accepted(body) == first


async def test_content_sent_again_after_another_is_a_report_of_its_own(town: Town) -> None:
    first, _, third = [await town.accepted(trees(planted)) for planted in ("40", "41", "40")]
    assert third["id"] != first["id"]
    assert third["digest"] == first["digest"]


@pytest.mark.parametrize(
    "keys",
    [["a", "b"], ["a", "a"], ["x" * 600], ["x" * 256], ["a\tb"], ["a\x01b"], [""]],
    ids=["two", "the same twice", "600", "256", "tab", "control", "empty"],
)
async def test_a_bad_key_is_refused(town: Town, keys: list[str]) -> None:
    headers = [*town.bearer("water").items(), *(("Idempotency-Key", key) for key in keys)]
    answer = await town.web.post("/v1/submissions", json=trees(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_idempotency_key")
    assert town.stored("submissions") == []


async def test_a_key_may_have_255_characters(town: Town) -> None:
    answer = await town.submit(trees(), **{"Idempotency-Key": "x" * 255})
    assert answer.status_code == 202


async def test_a_dry_run_answers_and_stores_nothing(town: Town) -> None:
    async def rehearse(body: dict[str, Any]) -> httpx.Response:
        path = "/v1/submissions?dry_run=true"
        return await town.post(path, body, by="water", **{"Idempotency-Key": "k"})

    answer = await rehearse(trees())
    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["timeliness"]) == (None, "on_time")
    assert codes(await rehearse(trees("-1"))) == [("wrong_value", "values.planted")]
    assert town.stored("submissions") == town.stored("idempotency_keys") == []
    assert town.said(SubmissionAccepted) == []


@pytest.mark.parametrize(
    ("by", "code"),
    [("works", "other_unit"), ("observer", "other_role"), ("operator", "other_role")],
)
async def test_only_the_unit_and_the_office_report_for_a_unit(
    town: Town, by: str, code: str
) -> None:
    answer = await town.submit(trees(), by=by)
    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert town.stored("submissions") == []
    assert (await town.submit(trees(), by="office")).status_code == 202


async def test_a_report_is_read_by_its_unit_and_the_office_and_by_no_other_unit(
    town: Town,
) -> None:
    receipt = await town.accepted(trees("40", note="as counted"))
    path = f"/v1/submissions/{receipt['id']}"
    for reader in ("water", "office", "observer"):
        found = (await town.get(path, by=reader)).json()
        assert (found["state"], found["by"], found["note"]) == ("submitted", "water", "as counted")
        assert found["values"] == {"planted": "40"}
    hidden = await town.get(path, by="works")
    missing = await town.get("/v1/submissions/s-1", by="works")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.json() == missing.json()


async def test_a_unit_lists_its_own_reports_with_their_states(town: Town) -> None:
    mine = [(await town.accepted(trees(planted)))["id"] for planted in ("40", "41", "42")]
    theirs = (await town.accepted(report("hall", "east", percent="1")))["id"]
    await town.post(f"/v1/submissions/{mine[0]}/verify", {}, by="office")
    await town.post(f"/v1/submissions/{mine[1]}/return", {"reason": "?"}, by="office")

    async def listed(by: str, **query: str) -> list[str]:
        answer = (await town.get("/v1/submissions", by=by, plan=PLAN, **query)).json()
        return [one["id"] for one in answer["items"]]

    assert await listed("water") == mine[::-1]
    assert await listed("water", unit="east") == mine[::-1]
    assert await listed("office") == [theirs, *mine[::-1]]
    assert await listed("office", unit="east") == [theirs]
    assert await listed("office", period="2022-B1") == []
    assert await listed("water", state="verified") == [mine[0]]
    assert await listed("water", state="returned") == [mine[1]]
    assert await listed("water", state="submitted") == [mine[2]]


async def test_a_list_is_read_page_by_page(town: Town) -> None:
    sent = [(await town.accepted(trees(str(planted))))["id"] for planted in range(3)]
    first = (await town.get("/v1/submissions", by="water", limit="2")).json()
    cursor = str(first["cursor"])
    rest = (await town.get("/v1/submissions", by="water", limit="2", cursor=cursor)).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == sent[::-1]
    assert rest["cursor"] is None


@pytest.mark.parametrize(
    "query", [{"limit": "-1"}, {"limit": "1000000000"}, {"cursor": "x'"}, {"state": "lost"}]
)
async def test_a_tampered_list_is_refused(town: Town, query: dict[str, str]) -> None:
    assert (await town.get("/v1/submissions", **query)).status_code == 422


async def test_a_window_that_cannot_be_computed_takes_no_report_until_its_year_is_loaded(
    tmp_path: Path,
    databases: Databases,
) -> None:
    far = LAKE_TOWN.replace("2023-12-31", "2031-12-31")
    loaded = edited(
        "  activate_from",
        '  calendar: {holidays: [{year: 2031, rest: ["2031-05-01"]}]}\n  activate_from',
        far,
    )
    body = trees() | {"period": "2031-B2"}
    async with running(tmp_path, databases=databases, start="2031-05-06 10:00") as town:
        await town.open()
        await town.apply(far)
        assert await refused(town, body) == [("year_not_loaded", "period")]
        await town.apply(loaded)
        assert (await town.accepted(body))["due"] == "2031-05-08"


async def test_the_reports_are_counted_by_outcome(town: Town) -> None:
    await town.accepted(trees())
    await town.accepted(trees())
    await town.submit(trees("-1"))
    figures = (await town.web.get("/metrics")).text
    for outcome in ("accepted", "repeated", "refused"):
        assert f'duban_submissions_total{{outcome="{outcome}"}} 1.0' in figures
