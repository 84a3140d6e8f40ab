"""docs/asyncapi.yaml is whole, and every example in it is what its schemas promise."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import yaml
from docs.generate.examples import names
from jsonschema import Draft202012Validator

from shared.contracts import topics
from shared.contracts.registry import EVENTS


@pytest.fixture(scope="module")
def document(documents: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(documents["asyncapi.yaml"])
    return found


def references(part: object) -> Iterator[str]:
    """Every `$ref` at any depth."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def followed(document: dict[str, Any], reference: str) -> Any:  # noqa: ANN401  # whatever is there
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def told(document: dict[str, Any], operation: str) -> set[str]:
    """The events of an operation, by type."""
    return {one["$ref"].rpartition("/")[2] for one in document["operations"][operation]["messages"]}


def complaints(document: dict[str, Any], schema: dict[str, Any], value: object) -> list[str]:
    whole = {**schema, "components": document["components"]}
    Draft202012Validator.check_schema(whole)
    return [error.message for error in Draft202012Validator(whole).iter_errors(value)]


def test_the_committed_document_is_todays(assert_current: Callable[[str], None]) -> None:
    assert_current("asyncapi.yaml")


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = set(references(document))
    assert len(found) > 50
    for reference in found:
        assert followed(document, reference), reference


def test_every_event_stands_on_its_topic_and_nowhere_else(document: dict[str, Any]) -> None:
    places = Counter(
        (channel["address"], name)
        for channel in document["channels"].values()
        for name in channel["messages"]
    )
    assert places == {(model.TOPIC, name): 1 for name, model in EVENTS.items()}
    assert document["components"]["messages"].keys() == EVENTS.keys()


def test_topics_have_their_partitions_and_only_credentials_are_compacted(
    document: dict[str, Any],
) -> None:
    kafka = {name: one["bindings"]["kafka"] for name, one in document["channels"].items()}
    assert {one["partitions"] for one in kafka.values()} == {topics.PARTITIONS}
    policies = {name: one["topicConfiguration"]["cleanup.policy"] for name, one in kafka.items()}
    assert {name for name, policy in policies.items() if policy == ["compact"]} == {
        topics.CREDENTIALS
    }


def test_every_event_is_sent_by_whom_its_type_names(document: dict[str, Any]) -> None:
    sent = {
        (operation.partition(".")[0], event)
        for operation, told_of in document["operations"].items()
        if told_of["action"] == "send"
        for event in told(document, operation)
    }
    named = {(event.split(".")[1], event) for event in EVENTS if "duban.kit." not in event}
    rejected = "duban.kit.record.rejected.v1"
    assert sent == named | {(service, rejected) for service in ("intake", "scoring", "notify")}


def test_an_operation_tells_what_a_service_acts_on(document: dict[str, Any]) -> None:
    assert told(document, "intake.receives.duban.scoring") == {
        "duban.scoring.publication.released.v1"
    }
    assert "duban.intake.cutoff.marked.v1" in told(document, "scoring.receives.duban.intake")
    assert "duban.intake.cutoff.marked.v1" not in told(document, "notify.receives.duban.intake")


def test_every_golden_record_is_an_example(document: dict[str, Any]) -> None:
    shown = [
        one["name"]
        for message in document["components"]["messages"].values()
        for one in message["examples"]
    ]
    assert sorted(shown) == names()


@pytest.mark.parametrize("name", EVENTS)
def test_the_examples_of_an_event_fit_its_schemas(document: dict[str, Any], name: str) -> None:
    message = document["components"]["messages"][name]
    for one in message["examples"]:
        assert complaints(document, message["payload"], one["payload"]) == []
        assert complaints(document, message["headers"], one["headers"]) == []


@pytest.mark.parametrize("name", EVENTS)
def test_the_schema_of_an_event_refuses_what_is_not_that_event(
    document: dict[str, Any], name: str
) -> None:
    message = document["components"]["messages"][name]
    first = message["examples"][0]
    for field in followed(document, message["payload"]["$ref"])["required"]:
        without = {key: value for key, value in first["payload"].items() if key != field}
        assert complaints(document, message["payload"], without), field
    assert complaints(document, message["headers"], {**first["headers"], "ce_type": "another"})


def test_every_field_is_described(document: dict[str, Any]) -> None:
    silent = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, told_of in schema["properties"].items()
        if not told_of.get("description")
    ]
    assert silent == []
