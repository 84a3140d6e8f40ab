"""Every number explains itself, in Chinese and in English, down to the report it came from."""

import httpx
import pytest
from scoring_cast import a_task, an_indicator
from scoring_house import AFTER_B1, PLAN, Site

B1 = f"/v1/publications/{PLAN}/2022-B1"
SCHOOLS = a_task(
    "T1",
    title={"zh": "新建学校", "en": "New schools"},
    indicators=[an_indicator("T1.I", title={"zh": "学位", "en": "School places"})],
)
HELPED = a_task(
    "T2",
    assignments=[{"unit": "U1", "role": "lead"}, {"unit": "U2", "role": "cooperating"}],
)


@pytest.fixture
async def reader(site: Site) -> httpx.AsyncClient:
    """An observer, after 2022-B1 was published: T1 was reported two working days late."""
    await site.house.hear_plan(SCHOOLS, HELPED)
    site.house.at("2022-03-09T09:00")
    await site.house.hear_report("T1", "2022-B1", values={"T1.I": "15"}, submission="s-17")
    site.house.at(AFTER_B1)
    await site.publish("2022-B1")
    return site.visitor(await site.house.token("observer"))


async def test_a_task_is_explained_in_chinese_unless_asked_otherwise(
    reader: httpx.AsyncClient,
) -> None:
    told = (await reader.get(f"{B1}/tasks/T1/explanation")).json()
    assert told["score"] == "90.00"
    text = "\n".join(told["text"])
    assert "新建学校" in text
    assert "学位: a = 报送值 ÷ 目标值 = 15 ÷ 100 = 0.15" in text
    assert "报送 s-17 收到于 2022-03-09 09:00:00，截止 2022-03-07：迟报 2 天" in text
    assert "S = 0.8 × 90 + 0.1 × 80 + 0.1 × 100 = 90.00" in text


async def test_a_task_is_explained_in_english(reader: httpx.AsyncClient) -> None:
    told = (await reader.get(f"{B1}/tasks/T1/explanation?lang=en")).json()
    text = "\n".join(told["text"])
    assert "New schools" in text
    assert "School places: a = value ÷ target = 15 ÷ 100 = 0.15" in text
    assert "Report s-17 received 2022-03-09 09:00:00, due 2022-03-07: 2 days late" in text


async def test_a_unit_is_explained_line_by_line_with_those_it_helps_with(
    reader: httpx.AsyncClient,
) -> None:
    lead = (await reader.get(f"{B1}/units/U1/explanation?lang=en")).json()
    assert lead["unit"] == "U1"
    assert [item["task"] for item in lead["items"]] == ["T1", "T2"]
    assert "Not reported: P = T = Q = S = 0" in lead["items"][1]["text"]
    helper = (await reader.get(f"{B1}/units/U2/explanation?lang=en")).json()
    assert [item["task"] for item in helper["items"]] == ["T2"]
    assert "Counts for U2: weight 10 × share 0.3" in helper["items"][0]["text"]


async def test_the_machine_readable_line_names_formula_operands_and_report(
    reader: httpx.AsyncClient,
) -> None:
    line = (await reader.get(f"{B1}/tasks/T1/explanation")).json()["line"]
    (part,) = line["parts"]
    assert (part["formula"], part["operands"]) == (
        "attainment.cumulative/1",
        {"value": "15", "target": "100"},
    )
    assert part["submissions"] == ["s-17"]
    assert (line["submission"], line["rulebook"], line["rulebook_version"]) == (
        "s-17",
        "duban-default",
        0,
    )


async def test_a_unit_without_a_line_has_nothing_to_explain(reader: httpx.AsyncClient) -> None:
    told = await reader.get(f"{B1}/units/U3/explanation")
    assert (told.status_code, told.json()["items"]) == (200, [])


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("units/U9", 404, "unknown_unit"),
        ("tasks/T9", 404, "unknown_task"),
        ("tasks/T1", 422, "invalid"),
    ],
)
async def test_what_cannot_be_explained_is_refused_by_name(
    reader: httpx.AsyncClient, path: str, status: int, code: str
) -> None:
    language = "fr" if status == 422 else "en"
    answer = await reader.get(f"{B1}/{path}/explanation?lang={language}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
