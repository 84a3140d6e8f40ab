import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_pins_every_package_with_hashes_and_names_no_host(name: str) -> None:
    text = (ROOT / name).read_text()
    requirements = re.split(r"\n(?=[a-z0-9-]+(?:\[[a-z,]+\])?==)", text)
    assert len(requirements) > 40
    for requirement in requirements:
        assert "--hash=sha256:" in requirement
    assert "://" not in text
    assert "--index-url" not in text
