"""A year with every verb under many rulebooks: all is explained, verified and made again."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, get_args

import pytest
from local.conftest import Duban
from recompute import sums_in, wrong_sums

from duban.simulate.house import House
from duban.simulate.play import play
from duban.simulate.scenario import read_scenario
from scoring.api.documents import document_set
from scoring.domain.documents import canonical
from scoring.service.releases import YEAR
from scoring.store.tables import PublicationRow
from shared.contracts.plan import Language

SCENARIOS: Final = Path(__file__).parent / "scenarios"
EXAMPLES: Final = Path(__file__).parents[2] / "examples/scenarios"
RULEBOOKS: Final[dict[str, dict[str, Any]]] = {
    "the defaults": {},
    "what a small office chooses": {
        "verification": "required",
        "separation": "off",
        "lateness": {"mode": "deduction", "unit": "calendar_day"},
        "missing": "carry",
        "lights": {"preset": "gap_pp"},
        "shares": {"mode": "coefficient"},
        "ranking": "dense",
        "quota": {"ties": "include_all", "small_groups": "pool"},
        "year": {"order": "task_first", "min_periods": 2},
    },
    "what a strict office chooses": {
        "events": {"level": "period", "bonus_max": "1"},
        "lights": {"preset": "overdue_only"},
        "ranking": "ordinal",
        "quota": {"excellent": "0.5", "ties": "tie_break"},
        "rounding": {"mode": "half_even"},
        "exemption": {"limit": "0.1", "floor": "70"},
        "year": {
            "periods": "0.5",
            "attainment": "0.3",
            "public": "0.2",
            "period_weights": ["0.1", "0.1", "0.2", "0.2", "0.2", "0.2"],
            "overshoot_bonus": {"step": "0.05", "points": "2", "max": "3"},
        },
    },
    "modified ranks": {"ranking": "modified", "coverage_guard": "0.2"},
}


async def played(file: Path, folder: Path) -> tuple[list[str], int]:
    """Every sentence that explains its publications; their documents are left in the folder."""
    scenario = read_scenario(file, file.read_bytes())  # noqa: ASYNC240  # nobody else waits
    told: list[str] = []
    async with House(start=scenario.start) as house:
        assert await play(scenario, house, lambda _: None) == []
        rows = await house.scoring.publications.all(plan=None, drafts=False, kind=None)
        for number, row in enumerate(rows):
            leaves = await house.scoring.publications.leaves(row)
            body = document_set(row, row.manifest or "", leaves, full=True)
            (folder / f"documents-{number}.json").write_bytes(canonical(body))
            for language in get_args(Language):
                told += [text async for text in explained(house, row, language)]
    return told, len(rows)


async def explained(house: House, row: PublicationRow, language: Language) -> AsyncIterator[str]:
    """All that explains a publication."""
    explanations = house.scoring.explanations
    if row.kind == YEAR:
        years = await explanations.of_year(row, language=language, hidden=True)
        for _, sentences in years.values():
            for text in sentences:
                yield text
        return
    for _, sentences in await explanations.of(
        row, language=language, unit=None, task=None, hidden=True
    ):
        for text in sentences:
            yield text
    for text in await explanations.of_plan(row, language=language, hidden=True):
        yield text
    for unit in json.loads(row.manifest or "{}")["leaves"]:
        for text in await explanations.of_unit(row, unit, language=language, hidden=True):
            yield text


@pytest.mark.parametrize("name", RULEBOOKS)
def test_a_year_of_everything_is_explained_verified_and_complete(
    duban: Duban, tmp_path: Path, name: str
) -> None:
    file = tmp_path / "scenario.yaml"
    text = (SCENARIOS / "everything.yaml").read_text()
    file.write_text(text.replace("rulebook: {}", f"rulebook: {json.dumps(RULEBOOKS[name])}"))
    told, count = asyncio.run(played(file, tmp_path))
    assert count == 12  # six periods, three corrections, a look, two years
    half_even = RULEBOOKS[name].get("rounding", {}).get("mode") == "half_even"
    assert [wrong for one in told for wrong in wrong_sums(one, half_even=half_even)] == []
    assert sum(map(sums_in, told)) > 800  # some of each line
    documents = sorted(map(str, tmp_path.glob("documents-*.json")))
    result = duban("verify", *documents, "--json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, result.stderr, answer["ok"]) == (0, "", True)
    notes = {note for one in answer["publications"] for note in one.get("notes", ())}
    assert notes == set()


@pytest.mark.parametrize(
    "file",
    sorted(set(EXAMPLES.glob("*.yaml")) - {EXAMPLES / "river-town.yaml"}),
    ids=lambda file: file.stem,
)
def test_every_sum_of_an_example_can_be_followed(tmp_path: Path, file: Path) -> None:
    told, count = asyncio.run(played(file, tmp_path))
    assert count > 0
    assert [wrong for one in told for wrong in wrong_sums(one)] == []
    assert sum(map(sums_in, told)) > 0
