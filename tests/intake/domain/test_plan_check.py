"""A plan file is refused for every error in it, each with its line, field and mend."""

# ruff: noqa: E501  # a row of a table is one line

from pathlib import Path

import pytest
from plan_cast import HARBOUR_CITY, checked, edited, line_with

from intake.domain.plan_check import check_plan
from shared.contracts.plan import PlanDocument
from shared.contracts.rulebook import Shares
from shared.kit.documents import read_document, validate

FUZHOU = Path(__file__).parents[3] / "examples" / "fuzhou" / "plan.yaml"
QUAY, TREES, HALL = (f"actions[0].tasks[{index}]" for index in range(3))

# What is changed, into what, the code, the path, and what stands on the line that is named.
BROKEN = [
    ("end: 2025-12-31\n  act", "end: 2020-12-31\n  act", "dates_reversed", "plan.end", "end: 2020"),
    ("Asia/Shanghai", "Asia/Atlantis", "unknown_timezone", "plan.timezone", "Atlantis"),
    ("Asia/Shanghai", "../../etc/passwd", "unknown_timezone", "plan.timezone", "passwd"),
    ("from: 2021-B2", "from: 2026-B1", "unknown_period", "plan.activate_from", "2026-B1"),
    ("from: 2021-B2", "from: 2021-Q1", "unknown_period", "plan.activate_from", "2021-Q1"),
    ("cadence: bimonthly", "cadence: monthly", "unknown_period", "plan.activate_from", "2021-B2"),
    (
        "cadence: bimonthly\n    anchor_month: 1",
        "cadence: annual\n    anchor_month: 2",
        "no_anchor",
        "plan.calendar.anchor_month",
        "anchor_month",
    ),
    (
        'work: ["2022-05-07"]',
        'work: ["2023-05-07"]',
        "bad_holiday",
        "plan.calendar.holidays[0].work[0]",
        "2023-05-07",
    ),
    (
        'work: ["2022-05-07"]',
        'work: ["2022-05-02"]',
        "bad_holiday",
        "plan.calendar.holidays[0].work[0]",
        "holidays",
    ),
    (
        "  indicators:\n    - {id: G1",
        "  evaluations: [{id: half, as_of: 2026-01-01}]\n  indicators:\n    - {id: G1",
        "outside_plan",
        "plan.evaluations[0].as_of",
        "half",
    ),
    ("office@harbour.example", "office", "bad_email", "plan.contacts[0].email", "role: office"),
    ("head@port.example", '"a@b>"', "bad_email", "units[0].contacts[0].email", "a@b>"),
    ("reporter: port", "reporter: nobody", "unknown_unit", "plan.indicators[0].reporter", "nobody"),
    ("id: G1,", "id: TREES,", "duplicate_id", f"{TREES}.id", "id: trees\n"),
    ("{id: parks, t", "{id: Port, t", "duplicate_id", "units[1].id", "{id: Port"),
    ("id: quay.open", "id: trees.alive", "duplicate_id", f"{TREES}.indicators[1].id", "title: Alive"),
    ("School board, group: bureaus", "Schools, group: x", "unknown_group", "units[2].group", ": x}"),
    ("id: hall", "id: harbour-plan", "duplicate_id", f"{HALL}.id", "      - id: harbour-plan"),
    ('weight: "1"\n', 'weight: "0"\n', "not_positive", "actions[0].weight", 'weight: "0"'),
    ('weight: "20"', 'weight: "-20"', "not_positive", f"{QUAY}.weight", '"-20"'),
    ('weight: "30"', 'weight: "0"', "not_positive", f"{QUAY}.milestones[0].weight", "quay.plans"),
    ("due: 2022-12-31", "due: 2020-12-31", "dates_reversed", f"{HALL}.due", "due: 2020"),
    ("due: 2022-12-31", "due: 2026-12-31", "outside_plan", f"{HALL}.due", "due: 2026"),
    ("due: 2021-06-30", "due: 2024-06-30", "outside_task", f"{QUAY}.milestones[0].due", "2024"),
    ("unit: parks}", "unit: moon}", "unknown_unit", f"{QUAY}.milestones[1].unit", "moon"),
    (
        "[{unit: schools, role: lead}]",
        "[{unit: schools, role: joint_lead}]",
        "no_lead",
        f"{HALL}.assignments",
        "joint_lead",
    ),
    ("{to: 2021-12-31}", "{to: 2021-11-30}", "lead_gap", f"{QUAY}.assignments", "assignments:\n"),
    ("{to: 2021-12-31}", "{to: 2022-01-31}", "two_leads", f"{QUAY}.assignments[1]", "2022-01-01"),
    (
        "{to: 2021-12-31}",
        "{from: 2021-12-31, to: 2021-01-01}",
        "dates_reversed",
        f"{QUAY}.assignments[0].valid",
        "2021-12-31",
    ),
    (
        "[{unit: schools, role: lead}]",
        "[{unit: schools, role: lead}, {unit: moon, role: cooperating}]",
        "unknown_unit",
        f"{HALL}.assignments[1].unit",
        "moon",
    ),
    (
        "[{unit: schools, role: lead}]",
        '[{unit: schools, role: lead}, {unit: port, role: supervising, share: "0.1"}]',
        "no_share",
        f"{HALL}.assignments[1].share",
        "supervising",
    ),
    (
        "[{unit: schools, role: lead}]",
        (
            "[{unit: schools, role: lead}, {unit: port, role: cooperating},"
            " {unit: port, role: cooperating}]"
        ),
        "repeated",
        f"{HALL}.assignments[2]",
        "unit: port, role: cooperating},",
    ),
    ('lead, share: "0.7"', 'lead, share: "0.8"', "shares_sum", f"{TREES}.assignments", '"0.8"'),
    ('lead, share: "0.7"', 'lead, share: "1.7"', "out_of_bounds", f"{TREES}.assignments[0].share", '"1.7"'),
    ("        measure: percent\n", "", "measure_required", f"{HALL}.measure", "id: hall"),
    ("measure: percent", "measure: milestones", "nothing_to_measure", f"{HALL}.measure", "measure: m"),
    ("measure: percent", "measure: both", "nothing_to_measure", f"{HALL}.measure", "measure: b"),
    ('cumulative, target: "100"', 'ceiling, target: "-1"', "not_positive", f"{TREES}.indicators[0].target", "ceiling"),
    ('cumulative, target: "100"', 'ceiling, tolerance: "20", target: "100"', "out_of_bounds", f"{TREES}.indicators[0].tolerance", "ceiling"),
    ('cumulative, target: "100"', 'about, tolerance: "5", target: "100"', "out_of_bounds", f"{TREES}.indicators[0].tolerance", "about"),
    ('cumulative, target: "100"', 'maintain, tolerance: "-5", target: "100"', "not_positive", f"{TREES}.indicators[0].tolerance", "maintain"),
    ('cumulative, target: "100"', 'relation, tolerance: "0"', "not_positive", f"{TREES}.indicators[0].tolerance", "relation"),
    ('cumulative, target: "100"', 'rank, strict: true, integer: true, target: "1"', "no_way_to_go", f"{TREES}.indicators[0].target", "rank, strict"),
    ('cumulative, target: "100"', 'about, target: "0"', "not_positive", f"{TREES}.indicators[0].target", "about"),
    ('cumulative, target: "100"', 'about, baseline: "95", target: "100"', "no_way_to_go", f"{TREES}.indicators[0].baseline", "about"),
    ('cumulative, target: "100"', 'range, baseline: "100", target_high: "120", target: "100"', "no_way_to_go", f"{TREES}.indicators[0].baseline", "range"),
    ("cadence: annual}", "cadence: monthly}", "finer_cadence", f"{TREES}.indicators[2].cadence", "Growth"),
    ('"3", cadence', '"0", cadence', "not_positive", f"{TREES}.indicators[2].target", "Growth"),
    ('cumulative, target: "100"', "cumulative", "target_required", f"{TREES}.indicators[0].target", "Planted"),
    ('target: "100"', 'target: "0"', "not_positive", f"{TREES}.indicators[0].target", "Planted"),
    ('target: "100"', 'target: "100", split: [port, parks]', "not_alone", f"{TREES}.indicators[0].split", "split"),
    ('target: "100"', 'target: "100", split: [port, port]', "repeated", f"{TREES}.indicators[0].split", "split"),
    ('target: "100"', 'target: "100", split: [port, nowhere]', "unknown_unit", f"{TREES}.indicators[0].split", "split"),
    ('target: "100"', 'target: "100", split: {port: "40", parks: "50"}', "split_sum", f"{TREES}.indicators[0].split", "split"),
    ('target: "100"', 'target: "100", split: {port: "110", parks: "-10"}', "not_positive", f"{TREES}.indicators[0].split.parks", "split"),
    ('target: "100"', 'target: "100.5", integer: true', "not_whole", f"{TREES}.indicators[0].target", "100.5"),
    ('target: "100"', 'target: "100", target_high: "120"', "no_range", f"{TREES}.indicators[0].target_high", "120"),
    ('target: "100"', 'target: "100", weight: "0"', "not_positive", f"{TREES}.indicators[0].weight", "Planted"),
    ('target: "100"', 'target: "100", tolerance: "-1"', "not_positive", f"{TREES}.indicators[0].tolerance", '"-1"'),
    ('target: "100"', 'target: "100", ratio: true', "no_ratio", f"{TREES}.indicators[0].ratio", "ratio"),
    ('target: "100"', 'target: "100", start: 2022-01-01, due: 2021-01-01', "dates_reversed", f"{TREES}.indicators[0].due", "2022-01-01, due"),
    ('{2021: "40"}', '{2026: "40"}', "year_outside", f"{TREES}.indicators[0].year_targets.2026", "2026"),
    ('{2021: "40"}', '{2021: "0"}', "not_positive", f"{TREES}.indicators[0].year_targets.2021", 'ts: {2021: "0"'),
    ('target: "3"', 'target: "3", year_targets: {2021: "0"}', "not_positive", f"{TREES}.indicators[2].year_targets.2021", 'ts: {2021: "0"'),
    ("kind: growth, target", 'kind: compound, year_targets: {2021: "0"}, target', "not_positive", f"{TREES}.indicators[2].year_targets.2021", 'ts: {2021: "0"'),
    (
        '{2021: "40"}',
        '{2021: "20", 2022: "20", 2023: "20", 2024: "20", 2025: "19"}',
        "year_targets_sum",
        f"{TREES}.indicators[0].year_targets",
        '2025: "19"',
    ),
    ('target: "80"', 'target: "50"', "no_way_to_go", f"{TREES}.indicators[1].baseline", "Alive"),
    ('baseline: "50", assumed', "assumed", "baseline_required", f"{TREES}.indicators[1].baseline", "Alive"),
    ("kind: level", "kind: range", "target_required", f"{TREES}.indicators[1].target_high", "range"),
    ("kind: growth", "kind: relation", "no_target", f"{TREES}.indicators[2].target", "relation"),
    ('kind: growth, target: "3"', 'kind: compound, target: "0"', "bad_rate", f"{TREES}.indicators[2].target", "compound"),
    ("assumed: [baseline]", "assumed: [basline]", "unknown_field", f"{TREES}.indicators[1].assumed[0]", "basline"),
    ("[trees.planted, trees.alive]", "[trees.planted, trees.dead]", "unknown_indicator", f"{TREES}.funnel[1]", "dead"),
    (
        "measure: percent",
        "measure: percent\n        expectation: {curve: steps}",
        "no_steps",
        f"{HALL}.expectation.curve",
        "steps",
    ),
    (
        "measure: percent",
        'measure: percent\n        expectation: {table: [{by: 2022-12-31, share: "1"}]}',
        "curve_mismatch",
        f"{HALL}.expectation.curve",
        "expectation",
    ),
    (
        "measure: percent",
        "measure: percent\n        expectation: {basis: day}",
        "basis_mixed",
        f"{HALL}.expectation.basis",
        "basis: day",
    ),
    ('kind: level, target: "80"', 'kind: range, target: "80", target_high: "70"', "wrong_order", f"{TREES}.indicators[1].target_high", "range"),
    (
        'target: "100"',
        'target: "100", expectation: {curve: steps}',
        "no_steps",
        f"{TREES}.indicators[0].expectation.curve",
        "curve: steps",
    ),
    ("funnel: [", 'measure: both\n        milestone_weight: "0"\n        funnel: [', "not_positive", f"{TREES}.milestone_weight", "milestone_weight"),
    ("School board,", "School board, valid: {from: 2022-01-01, to: 2021-01-01},", "dates_reversed", "units[2].valid", "School"),
    ("  timezone:", "  parent: harbour-plan\n  timezone:", "own_parent", "plan.parent", "parent"),
    ('    weight: "1"\n', '    weight: "1"\n    indicators: [{id: f, title: F, kind: rank, target: "1", reporter: moon}]\n', "unknown_unit", "actions[0].indicators[0].reporter", "moon"),
    ('kind: rank, target: "10"', "kind: rank", "target_required", "plan.indicators[0].target", "Ships"),
    ("[trees.planted, trees.alive]", "[trees.planted, trees.planted]", "repeated", f"{TREES}.funnel[1]", "funnel"),
    ("group@harbour.example", '"a b@c"', "bad_email", "actions[0].contacts[0].email", "a b@c"),
    ("holidays: [", "holidays: [{year: 2022}, ", "bad_holiday", "plan.calendar.holidays[1].year", "holidays"),
    (
        "  indicators:\n    - {id: G1",
        "  evaluations: [{id: half, as_of: 2022-01-01}, {id: HALF, as_of: 2023-01-01}]\n  indicators:\n    - {id: G1",
        "duplicate_id",
        "plan.evaluations[1].id",
        "half",
    ),
]  # fmt: skip

TABLES = [
    ("[]", "table_required", "table"),
    (
        '[{by: 2022-01-01, share: "0.5"}, {by: 2021-01-01, share: "1"}]',
        "wrong_order",
        "table[1].by",
    ),
    ('[{by: 2021-01-01, share: "0.5"}, {by: 2022-01-01, share: "0.4"}]', "falls", "table[1].share"),
    ('[{by: 2021-01-01, share: "0.9"}]', "end_not_one", "table[0].share"),
    ('[{by: 2021-01-01, share: "1.1"}]', "out_of_bounds", "table[0].share"),
]

YEARLY = [
    ('{2021: "0.5", 2022: "0.4"}', "falls", "yearly.2022"),
    ('{2021: "0.5", 2022: "0.9"}', "end_not_one", "yearly.2022"),
    ('{2022: "1"}', "years_incomplete", "yearly"),
    ('{2021: "-0.5", 2022: "1"}', "out_of_bounds", "yearly.2021"),
]


def test_a_plan_without_errors_passes() -> None:
    assert checked(HARBOUR_CITY).errors == []


@pytest.mark.parametrize(
    ("old", "new", "code", "path", "fragment"), BROKEN, ids=[f"{row[2]}-{row[3]}" for row in BROKEN]
)
def test_an_error_is_named_with_its_code_field_line_and_mend(
    old: str, new: str, code: str, path: str, fragment: str
) -> None:
    text = edited(old, new)
    found = [one for one in checked(text).errors if (one.code, one.path) == (code, path)]
    assert [one.line for one in found] == [line_with(fragment, text)]
    assert found[0].message
    assert found[0].mend


@pytest.mark.parametrize(("table", "code", "path"), TABLES)
def test_a_table_of_expected_progress_rises_to_one(table: str, code: str, path: str) -> None:
    expectation = f"{{curve: table, table: {table}}}"
    text = edited("measure: percent", f"measure: percent\n        expectation: {expectation}")
    assert (code, f"{HALL}.expectation.{path}") in [
        (one.code, one.path) for one in checked(text).errors
    ]


@pytest.mark.parametrize(("yearly", "code", "path"), YEARLY)
def test_yearly_shares_cover_the_task_and_rise_to_one(yearly: str, code: str, path: str) -> None:
    expectation = f"{{curve: yearly, yearly: {yearly}}}"
    text = edited("measure: percent", f"measure: percent\n        expectation: {expectation}")
    assert (code, f"{HALL}.expectation.{path}") in [
        (one.code, one.path) for one in checked(text).errors
    ]


def test_all_errors_of_a_file_are_named_at_once_in_the_order_of_its_lines() -> None:
    text = edited("Asia/Shanghai", "Mars/Base")
    text = edited('weight: "20"', 'weight: "0"', text)
    text = edited("measure: percent", "measure: both", text)
    codes = [one.code for one in checked(text).errors]
    assert codes == ["unknown_timezone", "not_positive", "nothing_to_measure"]


def test_a_task_that_lists_both_must_say_what_scores_it() -> None:
    text = edited(
        "        funnel:",
        "        milestones: [{id: m, title: M, due: 2021-06-30}]\n        funnel:",
    )
    assert [one.code for one in checked(text).errors] == ["measure_required"]


def test_by_coefficient_shares_need_not_sum_to_one() -> None:
    text = edited('lead, share: "0.7"', 'lead, share: "1"')
    assert [one.code for one in checked(text).errors] == ["shares_sum"]
    assert checked(text, shares=Shares(mode="coefficient")).errors == []


def test_a_share_that_is_not_written_is_the_rulebooks() -> None:
    assert checked(edited('cooperating, share: "0.3"', "cooperating")).errors == []
    text = edited('lead, share: "0.7"', 'lead, share: "0.6"')
    text = edited('cooperating, share: "0.3"', "cooperating", text)
    assert [one.code for one in checked(text).errors] == ["shares_sum"]


KINDS = [
    *("growth", "rank", "recurring", "about", "ceiling", "compound", "hold", "maintain"),
    'range, target_high: "4"',
    'about, baseline: "1", tolerance: "0.1"',
    'ceiling, tolerance: "0"',
]


@pytest.mark.parametrize("cadence", ["annual", "bimonthly"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_of_every_kind_is_taken_at_any_cadence_from_the_plans_on(
    kind: str, cadence: str
) -> None:
    text = edited('kind: growth, target: "3"', f'kind: {kind}, target: "3"')
    assert (
        checked(
            edited("cadence: annual}\n        fun", f"cadence: {cadence}}}\n        fun", text)
        ).errors
        == []
    )


def test_a_relation_has_no_target_and_a_ceiling_may_be_zero() -> None:
    assert checked(edited('kind: growth, target: "3"', "kind: relation")).errors == []
    assert checked(edited('kind: growth, target: "3"', 'kind: ceiling, target: "0"')).errors == []


@pytest.mark.parametrize(
    "expectation",
    [
        "{curve: smooth}",
        "{curve: yearly, inside: smooth}",
        '{curve: yearly, yearly: {2021: "0.2", 2022: "1"}}',
        '{curve: table, between: step, table: [{by: 2021-06-30, share: "0.5"}, {by: 2022-12-31, share: "1"}]}',
    ],
)
def test_every_curve_is_taken(expectation: str) -> None:
    text = edited("measure: percent", f"measure: percent\n        expectation: {expectation}")
    found = checked(text)
    assert (found.errors, [one.code for one in found.notices]) == ([], ["assumed"])


def test_a_table_that_leaves_its_task_is_pointed_out_but_not_refused() -> None:
    table = '[{by: 2020-06-30, share: "0.5"}, {by: 2023-12-31, share: "1"}]'
    expectation = f"{{curve: table, table: {table}}}"
    text = edited("measure: percent", f"measure: percent\n        expectation: {expectation}")
    found = checked(text)
    assert found.errors == []
    assert [one.path for one in found.notices if one.code == "outside_task"] == [
        f"{HALL}.expectation.table[0].by",
        f"{HALL}.expectation.table[1].by",
    ]


def test_a_figure_of_the_plan_needs_a_curve_that_can_be_drawn() -> None:
    text = edited("cadence: annual, due", "expectation: {curve: steps}, cadence: annual, due")
    assert [(one.code, one.path) for one in checked(text).errors] == [
        ("no_steps", "plan.indicators[0].expectation.curve")
    ]


def test_a_graded_task_needs_neither_figures_nor_milestones() -> None:
    assert checked(edited("measure: percent", "measure: rubric")).errors == []


def test_what_is_always_expected_or_dated_is_held_to_no_basis() -> None:
    day = "expectation: {basis: day}"
    growth = edited('"3", cadence: annual', f'"3", {day}')
    assert checked(growth).errors == []
    table = '{curve: table, basis: day, table: [{by: 2022-12-31, share: "1"}]}'
    dated = edited("measure: percent", f"measure: percent\n        expectation: {table}")
    assert checked(dated).errors == []
    ceiling = edited("kind: growth", "kind: ceiling", growth)
    assert "basis_mixed" in [one.code for one in checked(ceiling).errors]


def test_a_level_without_baseline_leaves_its_task_grey_until_ratio_is_chosen() -> None:
    text = edited('baseline: "50", assumed: [baseline], confirmed_by: the mayor', "ratio: false")
    found = checked(text)
    assert found.errors == []
    assert "baseline_required" in [one.code for one in found.notices]
    assert "unconfirmed" in [one.code for one in found.notices]
    assert checked(text.replace("ratio: false", "ratio: true")).notices == []


def test_what_is_assumed_is_listed_as_a_notice_with_who_stands_for_it() -> None:
    (notice,) = checked(HARBOUR_CITY).notices
    assert (notice.code, notice.path) == ("assumed", f"{TREES}.indicators[1].assumed")
    assert "the mayor" in notice.mend


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("assumed: [baseline], confirmed_by: the mayor", "assumed: [baseline]", "baseline"),
        ('target: "100"', 'target: "100", deadline_basis: plan_period', "deadline_basis"),
    ],
)
def test_what_nobody_confirmed_is_a_notice_that_the_task_stays_grey(
    old: str, new: str, field: str
) -> None:
    found = checked(edited(old, new))
    assert found.errors == []
    (notice,) = [one for one in found.notices if one.code == "unconfirmed"]
    assert field in notice.message
    assert "stays grey" in notice.message


def test_equal_titles_and_closing_units_are_pointed_out_but_not_refused() -> None:
    text = edited("title: Plant trees", "title: ＢＵＩＬＤ the quay")
    text = edited("title: School board,", "title: School board, valid: {to: 2022-06-30},", text)
    found = checked(text)
    assert found.errors == []
    assert {one.code for one in found.notices} >= {"same_title", "unit_not_valid"}


def test_a_figure_that_outlives_its_task_is_pointed_out_but_not_refused() -> None:
    found = checked(edited('target: "100"', 'target: "100", due: 2035-12-31'))
    assert found.errors == []
    notice = found.notices[0]
    assert (notice.code, notice.path) == ("outside_task", f"{TREES}.indicators[0].due")


@pytest.mark.parametrize("cadence", ["weekly", "monthly", "bimonthly", "quarterly", "annual"])
def test_a_plan_shorter_than_its_periods_has_none(cadence: str) -> None:
    text = (
        f"plan: {{id: p, title: P, start: 2022-03-02, end: 2022-03-03, calendar: "
        f"{{cadence: {cadence}}}}}\n"
    )
    assert [one.code for one in checked(text).errors] == ["no_period"]


def test_the_example_plan_loads_without_errors() -> None:
    document = read_document(FUZHOU.read_bytes(), name="plan.yaml")
    assert check_plan(validate(document, PlanDocument), document.line_of).errors == []
