"""A rulebook that contradicts itself is refused with the line and the mend."""

# ruff: noqa: E501  # a row of a table is one line

from pathlib import Path

import pytest
from plan_cast import checked_rulebook

from intake.domain.rulebook_check import check_rulebook
from shared.calendar.periods import PeriodScheme
from shared.contracts.rulebook import DEFAULT_RULEBOOK, Rulebook, RulebookDocument, YearSettings
from shared.kit.documents import read_document, validate

FUZHOU = Path(__file__).parents[3] / "examples" / "fuzhou" / "rulebook.yaml"

BROKEN = [
    ('weights: {progress: "0.9"}', "sum_not_one", "rulebook.weights"),
    ('weights: {progress: "1.2", timeliness: "-0.2", quality: "0"}', "out_of_bounds", "rulebook.weights.progress"),
    ('unverified_cap: "1.5"', "out_of_bounds", "rulebook.unverified_cap"),
    ('lateness: {per_day: "-1"}', "out_of_bounds", "rulebook.lateness.per_day"),
    ('tolerances: {relation: "0"}', "not_positive", "rulebook.tolerances.relation"),
    ('lights: {green: "0.80"}', "wrong_order", "rulebook.lights.green"),
    ('lights: {green: "0.70"}', "wrong_order", "rulebook.lights.green"),
    ('lights: {gap_green: "30"}', "wrong_order", "rulebook.lights.gap_green"),
    ('shares: {lead: "0.6"}', "sum_not_one", "rulebook.shares"),
    ('shares: {lead: "1", cooperating: "0"}', "out_of_bounds", "rulebook.shares.cooperating"),
    ('coverage_guard: "2"', "out_of_bounds", "rulebook.coverage_guard"),
    ('events: {bonus_max: "-5"}', "out_of_bounds", "rulebook.events.bonus_max"),
    ('exemption: {limit: "30"}', "out_of_bounds", "rulebook.exemption.limit"),
    ('grades: {good: "95"}', "wrong_order", "rulebook.grades"),
    ('quota: {excellent: "30"}', "out_of_bounds", "rulebook.quota.excellent"),
    ("tie_break: [progress, progress]", "repeated", "rulebook.tie_break"),
    ('year: {periods: "0.7"}', "sum_not_one", "rulebook.year"),
    ('year: {period_weights: ["0.5", "0.4"]}', "sum_not_one", "rulebook.year.period_weights"),
    ('year: {overshoot_bonus: {step: "0"}}', "not_positive", "rulebook.year.overshoot_bonus.step"),
    ('lateness: {deduction_per_day: "101"}', "out_of_bounds", "rulebook.lateness.deduction_per_day"),
    ('tolerances: {hold: "20"}', "out_of_bounds", "rulebook.tolerances.hold"),
    ('tolerances: {about: "-1"}', "out_of_bounds", "rulebook.tolerances.about"),
    ('lights: {hysteresis: "2"}', "out_of_bounds", "rulebook.lights.hysteresis"),
    ('lights: {gap_red: "101"}', "out_of_bounds", "rulebook.lights.gap_red"),
    ('grades: {excellent: "101"}', "out_of_bounds", "rulebook.grades.excellent"),
    ('exemption: {floor: "-60"}', "out_of_bounds", "rulebook.exemption.floor"),
    ('year: {periods: "-0.6", public: "1.2"}', "out_of_bounds", "rulebook.year.periods"),
    ('year: {period_weights: ["1.5", "-0.5"]}', "out_of_bounds", "rulebook.year.period_weights[1]"),
    ('year: {overshoot_bonus: {max: "-5"}}', "out_of_bounds", "rulebook.year.overshoot_bonus.max"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "code", "path"), BROKEN)
def test_a_contradiction_is_named_with_its_code_field_line_and_mend(
    body: str, code: str, path: str
) -> None:
    found = [one for one in checked_rulebook(body).errors if (one.code, one.path) == (code, path)]
    assert [one.line for one in found] == [4]
    assert found[0].mend


@pytest.mark.parametrize(
    "body",
    [
        'weights: {progress: "0.7", timeliness: "0.2"}',
        'shares: {lead: "0.6", cooperating: "0.4"}',
        'shares: {mode: coefficient, lead: "1", cooperating: "0.6"}',
        "ranking: dense",
        "ranking: ordinal",
        "missing: carry",
        "quota: {ties: tie_break, small_groups: pool}",
        "lights: {preset: gap_pp}",
        "verification: required",
        "events: {level: period}",
        "year: {order: task_first, overshoot_bonus: null}",
        'year: {period_weights: ["0.15", "0.25", "0.25", "0.35"]}',
        'year: {periods: "0.5", attainment: "0.5", min_periods: 2}',
    ],
)
def test_what_agrees_with_itself_passes(body: str) -> None:
    assert checked_rulebook(body).errors == []


@pytest.mark.parametrize(
    ("cadence", "codes"),
    [("half_year", []), ("quarterly", ["wrong_length"]), ("weekly", ["wrong_length"])],
)
def test_a_list_of_period_weights_is_as_long_as_the_year(cadence: str, codes: list[str]) -> None:
    year = '{"period_weights": ["0.4", "0.6"]}'
    rulebook = Rulebook(id="r", version=1, year=YearSettings.model_validate_json(year))
    scheme = PeriodScheme(cadence=cadence)  # type: ignore[arg-type]  # one of the cadences
    found = check_rulebook(rulebook, lambda _: None, scheme=scheme)
    assert [one.code for one in found.errors] == codes


def test_the_defaults_and_the_example_agree_with_themselves() -> None:
    assert check_rulebook(DEFAULT_RULEBOOK, lambda _: None).errors == []
    document = read_document(FUZHOU.read_bytes(), name="rulebook.yaml")
    rulebook = validate(document, RulebookDocument).rulebook
    assert check_rulebook(rulebook, document.line_of).errors == []
