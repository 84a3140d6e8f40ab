"""docs/openapi/ is what the services answer at /openapi.json, written one way only."""

import json
from collections.abc import Callable, Mapping

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
