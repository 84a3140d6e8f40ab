"""What an earlier release has stored is read: an office's history outlives its software."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from recompute import wrong_sums
from scoring_cast import a_rulebook

from scoring.domain.explanation import explain
from scoring.domain.period_run import PeriodResult
from scoring.domain.sums import Teller
from scoring.domain.year_explanation import YearTeller
from scoring.domain.year_result import stored_year

STORED = Path(__file__).parent / "stored"


@pytest.mark.parametrize("release", ["0.3.0"])
def test_a_year_of_an_earlier_release_is_read_and_explained(release: str) -> None:
    year = stored_year((STORED / f"{release}-year.json").read_text())
    teller = YearTeller(language="en", titles={}, rulebook=a_rulebook())
    told = [text for unit in year.units for text in teller.unit(unit, year)]
    assert [wrong for text in told for wrong in wrong_sums(text)] == []
    for unit in year.units:
        assert any(text.startswith("Mean A = ") and f"= {unit.periods}" in text for text in told)


@pytest.mark.parametrize("release", ["0.3.0"])
def test_a_period_of_an_earlier_release_is_read_and_explained(release: str) -> None:
    result = PeriodResult.model_validate_json((STORED / f"{release}-period.json").read_text())
    tz = ZoneInfo("Asia/Shanghai")
    told = [
        text for line in result.tasks for text in explain(line, language="en", titles={}, tz=tz)
    ]
    teller = Teller(language="en", titles={}, rulebook=a_rulebook())
    told += [text for unit in result.units for text in teller.standing(unit, result)]
    assert [wrong for text in told for wrong in wrong_sums(text)] == []
    assert sum(" = " in text for text in told) > 5  # sums of each line
