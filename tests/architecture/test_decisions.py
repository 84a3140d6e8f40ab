import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECORDS = sorted((ROOT / "docs" / "adr").glob("*.md"))


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_decision_ends_with_what_enforces_it_and_that_exists(record: Path) -> None:
    last = record.read_text().rstrip().rsplit("\n\n", 1)[-1]
    assert last.startswith("Enforced by: ")
    named = re.findall(r"[\w./]+\.(?:py|toml)", last)
    assert named
    for name in named:
        assert (ROOT / name).exists(), name


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(record.name[:4]) for record in RECORDS]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("name", ["docs/architecture.md", "docs/assessment.md", "README.md"])
def test_the_documents_name_only_files_that_exist(name: str) -> None:
    text = (ROOT / name).read_text()
    short = {
        "shared/": "shared/src/shared/",
        "intake/": "services/intake/src/intake/",
        "scoring/": "services/scoring/src/scoring/",
        "notify/": "services/notify/src/notify/",
        "duban/": "deploy/local/src/duban/",
    }
    for mentioned in re.findall(r"`([\w./-]+/[\w-]+\.(?:py|yaml|md))`", text):
        roots = ["", *(long for start, long in short.items() if mentioned.startswith(start))]
        places = [
            ROOT / (root + (mentioned.partition("/")[2] if root else mentioned)) for root in roots
        ]
        assert any(place.exists() for place in places), mentioned
