"""docs/openapi/ is what the services answer at /openapi.json, written one way only."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

SERVICES = ("intake", "scoring", "notify")


@pytest.mark.parametrize("service", SERVICES)
def test_the_committed_document_is_todays(
    service: str, assert_current: Callable[[str], None]
) -> None:
    assert_current(f"openapi/{service}.json")


@pytest.mark.parametrize("service", SERVICES)
def test_a_document_is_openapi_3_1_of_its_service_in_canonical_json(
    service: str, documents: Mapping[str, str]
) -> None:
    text = documents[f"openapi/{service}.json"]
    document = json.loads(text)
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["title"] == f"Duban {service}"
    assert text == json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def test_the_routes_of_each_service_stand_in_its_own_document(
    documents: Mapping[str, str],
) -> None:
    paths = {name: json.loads(documents[f"openapi/{name}.json"])["paths"] for name in SERVICES}
    assert "post" in paths["intake"]["/v1/submissions"]
    assert "get" in paths["scoring"]["/v1/board"]
    assert "get" in paths["notify"]["/v1/alerts"]
    shared = set(paths["intake"]) & set(paths["scoring"]) & set(paths["notify"])
    assert {"/healthz", "/readyz", "/metrics"} <= shared


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_names_what_it_answers_and_how_it_refuses(
    service: str, documents: Mapping[str, str]
) -> None:
    document = json.loads(documents[f"openapi/{service}.json"])
    for path, method, route in own_routes(document):
        answers = {status: one for status, one in route["responses"].items() if status < "3"}
        refusals = {status: one for status, one in route["responses"].items() if status > "3"}
        assert {"401", "422", "503", "default"} <= set(refusals), f"{method} {path}"
        for one in refusals.values():
            ((media, content),) = one["content"].items()
            assert media == "application/problem+json"
            assert content["schema"] == {"$ref": "#/components/schemas/ProblemDocument"}
        for one in answers.values():
            schema = one["content"]["application/json"]["schema"]
            for named in schema.get("anyOf", [schema]):
                model = document["components"]["schemas"][named["$ref"].rpartition("/")[2]]
                assert model["properties"], f"{method} {path}"


def own_routes(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Path, method and description of what a service does not have in common with the others."""
    for path, item in document["paths"].items():
        for method, route in item.items():
            if "operations" not in route["tags"]:
                yield path, method, route
