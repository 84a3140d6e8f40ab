"""Publications over HTTP: the steps of the office, and what each reader sees of them."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from kit_cast import until
from scoring_cast import NOT_SCORED, WEIGHTLESS, a_task
from scoring_house import AFTER_B1, AFTER_B2, PLAN, Site, accepted, plan_events

from duban.verify import verify
from scoring.domain.documents import canonical, leaf_digest
from shared.contracts.intake import AccessRole
from shared.kit.problems import PROBLEM_JSON

B1 = f"/v1/publications/{PLAN}/2022-B1"
SECOND = [{"unit": "U2", "role": "lead"}]


def canonical_digest(document: Any) -> str:  # noqa: ANN401  # any JSON
    """What a reader computes: keys in order, no spaces, UTF-8."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


async def a_closed_period(site: Site) -> None:
    """2022-B1 has closed; U1 has reported T1 and the hidden T3, U2 has not reported T2."""
    await site.house.hear_plan(
        a_task("T1", title="学校"), a_task("T2", assignments=SECOND), a_task("T3", publish=False)
    )
    site.house.at("2022-03-01T09:00")
    await site.house.hear_report("T1", "2022-B1", values={"T1.I": "15"})
    await site.house.hear_report("T3", "2022-B1", values={"T3.I": "2"})
    site.house.at(AFTER_B1)


async def office_of(site: Site, holder: str = "Ms Lin") -> httpx.AsyncClient:
    return site.visitor(await site.house.token("office", holder=holder))


async def code_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == PROBLEM_JSON, answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["detail"]
    return answer.status_code, body["code"]


async def test_a_period_goes_from_its_draft_to_its_release(site: Site) -> None:
    await a_closed_period(site)
    lin, chen = await office_of(site, "Ms Lin"), await office_of(site, "Mr Chen")
    asked = await lin.post(f"{B1}/draft", json={})
    assert (asked.status_code, asked.headers["location"]) == (202, B1)
    assert (asked.json()["state"], asked.json()["drafted_by"]) == ("waiting", "Ms Lin")

    async def computed() -> bool:
        return bool((await lin.get(B1)).json()["state"] == "draft")

    await until(computed)
    assert (await chen.post(f"{B1}/approve")).json()["state"] == "approved"
    released = (await lin.post(f"{B1}/release")).json()
    assert (released["state"], released["approved_by"], released["released_by"]) == (
        "published",
        "Mr Chen",
        "Ms Lin",
    )
    assert released["released_at"] == "2022-03-15T01:00:00+00:00"


async def test_a_publication_shows_its_manifest_units_tasks_actions_and_rates(site: Site) -> None:
    await a_closed_period(site)
    body = await site.publish("2022-B1")
    assert [unit["unit"] for unit in body["units"]] == ["U1", "U2", "U3"]
    assert [(task["task"], task["score"], task["light"]) for task in body["tasks"]] == [
        ("T1", "92.00", "yellow"),
        ("T2", "0.00", "red"),
        ("T3", "29.60", "red"),
    ]
    assert body["actions"] == [{"action": "A1", "score": "40.53"}]
    assert body["plan_score"] == "40.53"
    assert body["rates"]["reporting_rate"] == "66.67"
    assert body["digest"] == canonical_digest(body["manifest"])


async def test_a_leafs_digest_is_that_of_its_lines_digests_and_stands_in_the_manifest(
    site: Site,
) -> None:
    await a_closed_period(site)
    manifest = (await site.publish("2022-B1"))["manifest"]
    office = await office_of(site)
    for unit in ("U1", "U2", "U3"):
        leaf = (await office.get(f"{B1}/units/{unit}")).json()
        lines = [canonical_digest(line) for line in leaf["tasks"]]
        assert canonical_digest(leaf | {"tasks": lines}) == manifest["leaves"][unit]


async def test_a_hidden_task_is_shown_to_the_office_and_left_out_for_others(site: Site) -> None:
    await a_closed_period(site)
    await site.publish("2022-B1")
    office = await office_of(site)
    observer = site.visitor(await site.house.token("observer"))

    async def seen_by(client: httpx.AsyncClient) -> list[list[str]]:
        whole = (await client.get(B1)).json()["tasks"]
        leaf = (await client.get(f"{B1}/units/U1")).json()["tasks"]
        told = (await client.get(f"{B1}/units/U1/explanation")).json()["items"]
        return [[line["task"] for line in lines] for lines in (whole, leaf, told)]

    assert await seen_by(office) == [["T1", "T2", "T3"], ["T1", "T3"], ["T1", "T3"]]
    assert await seen_by(observer) == [["T1", "T2"], ["T1"], ["T1"]]
    assert (await observer.get(f"{B1}/units/U1")).json()["hidden_lines"] == 1
    hidden = await observer.get(f"{B1}/tasks/T3/explanation")
    assert await code_of(hidden) == (404, "unknown_task")
    assert "T3" not in (await observer.get(B1)).text


async def test_drafts_are_for_the_office(site: Site) -> None:
    await a_closed_period(site)
    office, reporter = (
        await office_of(site),
        site.visitor(await site.house.token("submit", unit="U1")),
    )
    await site.drafted("2022-B1", office)
    for path in (B1, f"{B1}/units/U1", f"{B1}/units/U1/explanation", f"{B1}/tasks/T1/explanation"):
        assert await code_of(await reporter.get(path)) == (404, "period_unpublished")
        assert (await office.get(path)).status_code == 200
    assert (await reporter.get("/v1/publications")).json()["items"] == []
    (draft,) = (await office.get("/v1/publications")).json()["items"]
    assert (draft["period"], draft["state"]) == ("2022-B1", "draft")

    await site.publish("2022-B1")
    assert (await reporter.get(B1)).json()["state"] == "published"
    (published,) = (await reporter.get("/v1/publications")).json()["items"]
    assert published["state"] == "published"


@pytest.mark.parametrize("step", ["draft", "approve", "release", "correct", "return"])
async def test_the_steps_of_a_publication_are_for_the_office(site: Site, step: str) -> None:
    await a_closed_period(site)
    observer = site.visitor(await site.house.token("observer", "submit", "operator"))
    body = {"reason": "it is wrong"} if step in {"correct", "return"} else {}
    assert await code_of(await observer.post(f"{B1}/{step}", json=body)) == (403, "other_role")
    assert (await site.visitor().post(f"{B1}/{step}", json=body)).status_code == 401


@pytest.mark.parametrize("step", ["correct", "return"])
async def test_a_correction_and_a_return_say_why(site: Site, step: str) -> None:
    office = await office_of(site)
    assert await code_of(await office.post(f"{B1}/{step}", json={})) == (422, "invalid")


async def test_a_returned_draft_says_why_and_is_drafted_anew(site: Site) -> None:
    await a_closed_period(site)
    lin, chen = await office_of(site), await office_of(site, "Mr Chen")
    await site.drafted("2022-B1", lin)
    sent = await chen.post(f"{B1}/return", json={"reason": "one figure is in doubt"})
    assert (sent.json()["state"], sent.json()["failure"]) == ("returned", "one figure is in doubt")
    assert await code_of(await chen.post(f"{B1}/approve")) == (409, "not_drafted")
    await site.drafted("2022-B1", lin)
    assert (await chen.post(f"{B1}/approve")).status_code == 200


async def test_a_correction_is_published_as_version_2(site: Site) -> None:
    await a_closed_period(site)
    await site.publish("2022-B1")
    report = accepted(
        "T1", "2022-B1", clock=site.house.clock, values={"T1.I": "20"}, corrected=True
    )
    await site.house.hear(report)
    lin, chen = await office_of(site), await office_of(site, "Mr Chen")
    asked = await lin.post(
        f"{B1}/correct", json={"reason": "a digit was lost", "submissions": [report.submission]}
    )
    assert (asked.status_code, asked.json()["version"]) == (202, 2)

    async def computed() -> bool:
        return bool((await lin.get(B1)).json()["state"] == "draft")

    await until(computed)
    assert (await chen.post(f"{B1}/approve")).status_code == 200
    assert (await lin.post(f"{B1}/release")).json()["version"] == 2
    assert (await lin.get(f"{B1}?version=1")).json()["state"] == "published"


async def test_every_refusal_has_its_own_code(site: Site) -> None:
    office = await office_of(site)

    async def refusal(path: str, body: object = None) -> tuple[int, str]:
        return await code_of(await office.post(path, json=body or {}))

    assert await refusal(f"{B1}/draft") == (404, "unknown_plan")
    await site.house.hear_plan()
    assert await refusal(f"/v1/publications/{PLAN}/2022-Q1/draft") == (404, "unknown_period")
    assert await refusal(f"{B1}/draft") == (409, "not_closed")
    assert await refusal(f"{B1}/draft", {"force": ""}) == (422, "invalid")
    assert await refusal(f"{B1}/draft", {"forced": "in haste"}) == (422, "invalid")
    assert await refusal(f"{B1}/approve") == (409, "not_drafted")
    assert await code_of(await office.get(B1)) == (404, "period_unpublished")
    site.house.at(AFTER_B2)
    b2 = f"/v1/publications/{PLAN}/2022-B2"
    assert await refusal(f"{b2}/draft") == (409, "previous_unpublished")
    site.house.cutoffs.refusing = "intake does not answer"
    assert await refusal(f"{B1}/draft") == (503, "intake_unavailable")
    site.house.cutoffs.refusing = None
    await site.drafted("2022-B1", office)
    assert await refusal(f"{B1}/release") == (409, "not_approved")
    assert await refusal(f"{B1}/approve") == (403, "same_holder")
    await site.publish("2022-B1")
    assert await refusal(f"{B1}/draft") == (409, "already_published")
    assert await code_of(await office.get(f"{B1}/units/U9")) == (404, "unknown_unit")
    assert await code_of(await office.get(f"{B1}?version=2")) == (404, "period_unpublished")
    await site.house.hear(*plan_events(version=2, digest="0" * 64))
    assert await refusal(f"{b2}/draft") == (409, "events_incomplete")
    await site.house.settle()
    await site.house.hear(
        *plan_events(version=2, head={"end": "2031-12-31"}, activate_from="2031-B2")
    )
    late = f"/v1/publications/{PLAN}/2031-B2/draft"
    assert await refusal(late, {"force": "in haste"}) == (409, "year_not_loaded")


async def test_a_forced_draft_shows_its_reason(site: Site) -> None:
    await site.house.hear_plan()
    office = await office_of(site)
    asked = await office.post(f"{B1}/draft", json={"force": "the congress meets"})
    assert asked.json()["forced"] == "the congress meets"


async def test_a_failed_draft_tells_why(site: Site) -> None:
    await site.house.hear_plan(WEIGHTLESS)
    site.house.at(AFTER_B1)
    office = await office_of(site)
    await site.drafted("2022-B1", office)
    body = (await office.get(B1)).json()
    assert (body["state"], body["failure"]) == ("failed", NOT_SCORED)
    assert await code_of(await office.get(f"{B1}/tasks/T1/explanation")) == (409, "not_computed")


async def test_all_documents_of_a_publication_come_as_one_file_that_can_be_verified(
    site: Site, tmp_path: Path
) -> None:
    await a_closed_period(site)
    published = await site.publish("2022-B1")
    office = await office_of(site)
    answer = await office.get(f"{B1}/documents")
    named = answer.headers["content-disposition"]
    assert named == 'attachment; filename="duban.town.2022-B1.v1.json"'
    body = answer.json()
    (one,) = body["publications"]
    assert answer.content == canonical(body)
    assert (one["digest"], one["manifest"]) == (published["digest"], published["manifest"])
    assert one["leaves"]["U1"] == (await office.get(f"{B1}/units/U1")).json()
    assert sorted(one["leaves"]) == ["U1", "U2", "U3"]
    assert (one["record"]["approved_by"], one["record"]["state"]) == ("Mr Chen", "published")
    file = tmp_path / "documents.json"
    file.write_bytes(answer.content)
    [verified], chain = verify([str(file)])
    assert (verified.errors, verified.notes, chain) == ([], [], [])


@pytest.mark.parametrize(
    ("role", "reader"), [("office", "office"), ("observer", "office"), ("submit", "public")]
)
async def test_only_office_and_observers_get_a_hidden_line_in_the_documents(
    site: Site, role: AccessRole, reader: str
) -> None:
    await a_closed_period(site)
    await site.publish("2022-B1")
    unit = "U1" if role == "submit" else None
    visitor = site.visitor(await site.house.token(role, unit=unit))
    answer = await visitor.get(f"{B1}/documents?version=1")
    (one,) = answer.json()["publications"]
    assert one.pop("signatures")  # whose letters are any, also these
    assert one["reader"] == reader
    assert ("T3" in json.dumps(one)) is (reader == "office")
    assert ("public" in answer.headers["content-disposition"]) is (reader == "public")
    assert leaf_digest(one["leaves"]["U1"]) == one["manifest"]["leaves"]["U1"]


async def test_a_draft_has_documents_for_the_office_once_it_is_computed(site: Site) -> None:
    await site.house.hear_plan(WEIGHTLESS)
    site.house.at(AFTER_B1)
    office = await office_of(site)
    await site.drafted("2022-B1", office)
    assert await code_of(await office.get(f"{B1}/documents")) == (409, "not_computed")
    await site.house.hear_plan(a_task("T1"), version=2)
    await site.drafted("2022-B1", office)
    answer = await office.get(f"{B1}/documents")
    assert ".v1.draft.json" in answer.headers["content-disposition"]
    observer = site.visitor(await site.house.token("observer"))
    assert await code_of(await observer.get(f"{B1}/documents")) == (404, "period_unpublished")
