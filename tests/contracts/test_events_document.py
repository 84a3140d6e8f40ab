"""docs/events.md says all that an engineer with a Kafka client must know, and says it of today."""

import json
import re
from collections.abc import Callable, Mapping

import pytest
from docs.generate.examples import example

from shared.contracts.registry import EVENTS
from shared.kit.foundation import TOPICS


@pytest.fixture
def page(documents: Mapping[str, str]) -> str:
    return documents["events.md"]


def section(page: str, heading: str) -> str:
    """What stands under a heading, up to the next."""
    _, _, after = page.partition(f"\n{heading}\n")
    return re.split(r"\n##+ ", after)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of a table, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_the_committed_page_is_todays(assert_current: Callable[[str], None]) -> None:
    assert_current("events.md")


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_told_with_every_field_and_its_golden_record(page: str, name: str) -> None:
    assert page.count(f"\n### {name}\n") == 1
    told = section(page, f"### {name}")
    model, golden = EVENTS[name], example(name)
    fields = rows(told)
    assert [field for field, *_ in fields] == [f"`{field}`" for field in model.model_fields]
    assert all(all(cells) and len(cells) == 4 for cells in fields)
    assert f"On `{model.TOPIC}`" in told
    shown = re.findall(r"```json\n(.*?)\n```", told, re.DOTALL)
    assert [json.loads(one) for one in shown] == [golden.value]
    assert golden.headers["ce_subject"] in told


def test_the_page_says_who_acts_on_an_event(page: str) -> None:
    told = section(page, "### duban.scoring.publication.released.v1")
    assert "said by scoring · acted on by intake, notify" in told


def test_every_topic_is_told_with_its_key_and_what_is_kept(page: str) -> None:
    told = {cells[0]: cells[1:] for cells in rows(section(page, "## Topics"))}
    assert told.keys() == {f"`{topic.name}`" for topic in TOPICS}
    assert told["`duban.intake`"] == ["intake", "the plan's id", "everything"]
    assert told["`duban.credentials`"] == ["intake", "the token's id", "the newest of each key"]
    assert told["`duban.dead`"][0] == "intake, scoring, notify"


def test_every_header_of_a_record_is_told_with_an_example(page: str) -> None:
    told = {cells[0]: cells[2] for cells in rows(section(page, "## A record"))}
    golden = example("duban.intake.submission.accepted.v1")
    assert told == {f"`{name}`": f"`{text}`" for name, text in golden.headers.items()}


def test_the_raw_record_is_the_golden_one_byte_for_byte(page: str) -> None:
    golden = example("duban.intake.submission.accepted.v1")
    raw = section(page, "## A record")
    assert f"value:     {golden.data.decode()}\n" in raw
    for name, text in golden.headers.items():
        assert f"           {name}={text}\n" in raw


def test_every_link_leads_to_a_heading_or_a_document(
    page: str, documents: Mapping[str, str]
) -> None:
    anchors = {
        re.sub(r"[^\w -]", "", heading).replace(" ", "-").lower()
        for heading in re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    }
    targets = re.findall(r"\]\(([^)]+)\)", page)
    assert len(targets) > 20
    for target in targets:
        assert target.removeprefix("#") in anchors or target in documents, target


def test_a_field_that_may_be_absent_is_told_with_what_that_means(page: str) -> None:
    told = {cells[0]: cells for cells in rows(section(page, "### Task"))}
    assert told["`weight`"][2] == "yes"
    assert told["`publish`"][2] == "no: `true`"
    assert told["`measure`"][2] == "no: `null`"
    assert told["`milestone_weight`"][2] == 'no: `"1"`'
