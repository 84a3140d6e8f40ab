"""A rulebook governs one plan or every plan without its own, in versions that never change."""

import json

import pytest
from intake_cast import LAKE_TOWN, PLAN, Town, codes

from shared.contracts.intake import RulebookAdopted

STRICT = """\
rulebook:
  id: strict
  version: 1
  coverage_guard: "0.40"
  lateness: {per_day: "20"}
"""
NEXT = STRICT.replace("version: 1", "version: 2").replace('"20"', '"25"')
OTHER = LAKE_TOWN.replace("lake-plan", "another-plan")


def adopted(town: Town) -> list[tuple[str, str, int]]:
    """Plan, rulebook and version of each adoption told."""
    return [(one.plan, one.rulebook.id, one.rulebook.version) for one in town.said(RulebookAdopted)]


async def test_a_rulebook_governs_the_plan_it_is_given_to(town: Town) -> None:
    await town.put("/v1/plans/another-plan", OTHER)
    answer = await town.put(f"/v1/rulebooks/strict?plan={PLAN}", STRICT)
    assert (answer.status_code, answer.json()) == (
        200,
        {"rulebook": "strict", "version": 1, "plan": PLAN},
    )
    assert adopted(town) == [(PLAN, "strict", 1)]
    (told,) = town.said(RulebookAdopted)
    assert (str(told.rulebook.coverage_guard), told.by) == ("0.4", "office")
    assert (str(told.rulebook.lateness.per_day), told.rulebook.missing) == ("20", "zero")


async def test_the_houses_rulebook_governs_every_plan_without_its_own(town: Town) -> None:
    await town.put("/v1/plans/another-plan", OTHER)
    await town.put(f"/v1/rulebooks/strict?plan={PLAN}", STRICT)
    house = STRICT.replace("id: strict", "id: house")
    assert (await town.put("/v1/rulebooks/house", house)).json()["plan"] is None
    assert adopted(town) == [(PLAN, "strict", 1), ("another-plan", "house", 1)]


async def test_a_new_plan_gets_the_houses_rulebook(empty_town: Town) -> None:
    await empty_town.put("/v1/rulebooks/strict", STRICT)
    assert adopted(empty_town) == []
    await empty_town.apply()
    assert adopted(empty_town) == [(PLAN, "strict", 1)]


async def test_the_same_rulebook_again_changes_nothing(town: Town) -> None:
    path = f"/v1/rulebooks/strict?plan={PLAN}"
    await town.put(path, STRICT)
    again = await town.put(path, json.dumps(RULEBOOK_IN_JSON), kind="json")
    assert again.status_code == 200
    assert adopted(town) == [(PLAN, "strict", 1)]


RULEBOOK_IN_JSON = {
    "rulebook": {
        "lateness": {"per_day": "20"},
        "coverage_guard": "0.40",
        "version": 1,
        "id": "strict",
    }
}


async def test_a_version_is_never_given_another_content(town: Town) -> None:
    path = f"/v1/rulebooks/strict?plan={PLAN}"
    await town.put(path, STRICT)
    answer = await town.put(path, STRICT.replace('"20"', '"30"'))
    assert answer.status_code == 422
    assert codes(answer) == [("version_taken", "rulebook.version")]
    assert answer.json()["detail"].startswith("line 3, ")
    assert adopted(town) == [(PLAN, "strict", 1)]


async def test_the_versions_are_shown_newest_first(town: Town) -> None:
    for text in (STRICT, NEXT):
        assert (await town.put(f"/v1/rulebooks/strict?plan={PLAN}", text)).status_code == 200
    items = (await town.get("/v1/rulebooks/strict", by="observer")).json()["items"]
    assert [(one["version"], one["plan"], one["adopted_by"]) for one in items] == [
        (2, PLAN, "office"),
        (1, PLAN, "office"),
    ]
    assert [one["rulebook"]["lateness"]["per_day"] for one in items] == ["25", "20"]
    assert adopted(town) == [(PLAN, "strict", 1), (PLAN, "strict", 2)]


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ('weights: {progress: "0.9"}', "rulebook.weights"),
        ('lights: {green: "0.70"}', "rulebook.lights"),
        ('year: {period_weights: ["0.5", "0.4"]}', "rulebook.year.period_weights"),
    ],
)
async def test_a_rulebook_that_contradicts_itself_is_refused_with_its_line(
    town: Town, line: str, path: str
) -> None:
    answer = await town.put("/v1/rulebooks/strict", STRICT + f"  {line}\n")
    assert answer.status_code == 422
    assert all(where.startswith(path) for _, where in codes(answer))
    assert answer.json()["detail"].startswith("line 6, ")
    assert town.stored("rulebook_versions") == []


async def test_an_unknown_setting_is_refused_with_what_was_meant(town: Town) -> None:
    answer = await town.put("/v1/rulebooks/strict", STRICT.replace("lateness", "latenes"))
    assert codes(answer) == [("unknown_key", "rulebook.latenes")]
    assert "lateness" in answer.json()["detail"]


async def test_a_rulebook_is_sent_to_the_address_of_its_own_id(town: Town) -> None:
    answer = await town.put("/v1/rulebooks/mild", STRICT)
    assert codes(answer) == [("other_id", "rulebook.id")]
    assert town.stored("rulebook_versions") == []


async def test_a_rulebook_is_given_to_a_plan_that_is_there(town: Town) -> None:
    answer = await town.put("/v1/rulebooks/strict?plan=sea-plan", STRICT)
    assert answer.status_code == 404
    assert codes(answer) == [("unknown_plan", "plan")]
    assert town.stored("rulebook_versions") == []


async def test_a_rulebook_that_is_not_there_is_not_found(town: Town) -> None:
    answer = await town.get("/v1/rulebooks/strict")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_rulebook")


@pytest.mark.parametrize("by", ["water", "observer", "operator"])
async def test_only_the_office_adopts_a_rulebook(town: Town, by: str) -> None:
    answer = await town.put("/v1/rulebooks/strict", STRICT, by=by)
    assert (answer.status_code, answer.json()["code"]) == (403, "other_role")
    assert town.stored("rulebook_versions") == []
