"""Cities with other cadences: their plan files are loaded, reported on and published, unchanged."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from local.conftest import Duban

from shared.calendar.periods import Period, PeriodScheme, ends_in
from shared.calendar.plan import PlanCalendar
from shared.contracts.plan import Plan

Json = dict[str, Any]
CITIES: Final = Path(__file__).parents[1] / "system/cities"
NAMES: Final = sorted(path.stem for path in CITIES.glob("*.yaml"))


def city(name: str) -> Json:
    """The plan file of a city, as plain JSON."""
    loaded: Json = yaml.load((CITIES / f"{name}.yaml").read_text(), Loader=yaml.BaseLoader)
    return loaded


@pytest.mark.parametrize("name", NAMES)
def test_the_plan_of_another_city_has_no_errors(duban: Duban, name: str) -> None:
    assert duban.answer("plan", "check", CITIES / f"{name}.yaml")["errors"] == []
