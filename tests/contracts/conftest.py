from collections.abc import Callable, Mapping

import pytest
from docs.generate.snapshots import broken, committed, made


@pytest.fixture(scope="session")
def documents() -> Mapping[str, str]:
    """Every generated document, as the code has it now."""
    return made()


@pytest.fixture(scope="session")
def assert_current(documents: Mapping[str, str]) -> Callable[[str], None]:
    """Fail where a committed document is not the code's: worst where that breaks its readers."""
    kept = committed()

    def check(name: str) -> None:
        old = {name: kept[name]} if name in kept else {}
        if found := broken(old, documents):
            pytest.fail("\n".join(found), pytrace=False)
        if old != {name: documents[name]}:
            pytest.fail(f"docs/{name}: run make documents and look at the diff", pytrace=False)

    return check
