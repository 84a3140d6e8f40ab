"""A small city whose plan is right, and a way to break one line of it."""

# ruff: noqa: E501  # the file is one object a line

from intake.domain.findings import Findings
from intake.domain.plan_check import check_plan
from intake.domain.rulebook_check import check_rulebook
from shared.contracts.plan import PlanDocument
from shared.contracts.rulebook import RulebookDocument, Shares
from shared.kit.documents import read_document, validate

HARBOUR_CITY = """\
plan:
  id: harbour-plan
  title: {zh: 港城计划, en: Harbour plan}
  timezone: Asia/Shanghai
  start: 2021-01-01
  end: 2025-12-31
  activate_from: 2021-B2
  calendar:
    cadence: bimonthly
    anchor_month: 1
    holidays: [{year: 2022, rest: ["2022-05-02"], work: ["2022-05-07"]}]
  contacts: [{role: office, email: office@harbour.example}]
  indicators:
    - {id: G1, title: Ships, kind: rank, target: "10", reporter: port, cadence: annual, due: 2035-12-31}
groups:
  - {id: bureaus, title: Bureaus}
units:
  - {id: port, title: Port office, group: bureaus, contacts: [{role: head, email: head@port.example}]}
  - {id: parks, title: Parks office, group: bureaus}
  - {id: schools, title: School board, group: bureaus}
actions:
  - id: A1
    title: A better harbour
    weight: "1"
    contacts: [{role: group, email: group@harbour.example}]
    tasks:
      - id: quay
        title: Build the quay
        weight: "20"
        start: 2021-01-01
        due: 2023-12-31
        assignments:
          - {unit: port, role: lead, valid: {to: 2021-12-31}}
          - {unit: parks, role: lead, valid: {from: 2022-01-01}}
          - {unit: schools, role: cooperating}
        milestones:
          - {id: quay.plans, title: Plans, due: 2021-06-30, weight: "30"}
          - {id: quay.open, title: Opening, due: 2023-12-31, weight: "70", unit: parks}
      - id: trees
        title: Plant trees
        weight: "10"
        start: 2021-01-01
        due: 2025-12-31
        assignments: [{unit: parks, role: lead, share: "0.7"}, {unit: port, role: cooperating, share: "0.3"}]
        indicators:
          - {id: trees.planted, title: Planted, kind: cumulative, target: "100", year_targets: {2021: "40"}}
          - {id: trees.alive, title: Alive, kind: level, target: "80", baseline: "50", assumed: [baseline], confirmed_by: the mayor}
          - {id: trees.growth, title: Growth, kind: growth, target: "3", cadence: annual}
        funnel: [trees.planted, trees.alive]
      - id: hall
        title: Open the hall
        weight: "10"
        start: 2021-01-01
        due: 2022-12-31
        measure: percent
        assignments: [{unit: schools, role: lead}]
"""


def checked(text: str, *, shares: Shares | None = None) -> Findings:
    """The findings of a plan file."""
    document = read_document(text.encode(), name="plan.yaml")
    plan = validate(document, PlanDocument)
    return check_plan(plan, document.line_of, shares=shares or Shares())


def plan_of(text: str) -> PlanDocument:
    """The plan of a file, as it was written."""
    return validate(read_document(text.encode(), name="plan.yaml"), PlanDocument)


def checked_rulebook(body: str) -> Findings:
    """The findings of a rulebook whose body has these lines."""
    text = f"rulebook:\n  id: house\n  version: 1\n  {body}\n"
    document = read_document(text.encode(), name="rulebook.yaml")
    rulebook = validate(document, RulebookDocument).rulebook
    return check_rulebook(rulebook, document.line_of)


def edited(old: str, new: str, text: str = HARBOUR_CITY) -> str:
    """The file with one place changed."""
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the file"
    return text.replace(old, new)


def line_with(fragment: str, text: str) -> int:
    """The number of the line that holds a fragment."""
    return text[: text.index(fragment)].count("\n") + 1
