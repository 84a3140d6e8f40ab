"""The office's decisions in the story, one of each kind, and what they leave on its task."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from contracts import plan_of_story as plan
from contracts.cast import CITY, LEAD, OFFICE, at

from shared.contracts.decisions import (
    Addition,
    Adjustment,
    Award,
    Cancellation,
    Confirmation,
    CorrectedReport,
    Decision,
    Exemption,
    Extension,
    Merger,
    Penalty,
    Rating,
    Suspension,
    UnitSplit,
    Veto,
)
from shared.contracts.intake import DecisionMade
from shared.contracts.submission import Correction, Evidence, Submission

ADJUSTMENT = Adjustment(
    reason="全市优化营商环境领导小组研究同意",
    approver="leading group",
    document="榕政办〔2021〕18号",
    task="A5.T1",
    indicator="A5.T1.I2",
    target=Decimal("4.5"),
    due=date(2022, 6, 30),
    year_targets={"2021": Decimal("4.5")},
    effective="2021-B3",
    mode="rebase",
)
"""Told under the type of the event itself; every other kind under its own name besides."""

OTHERS: tuple[Decision, ...] = (
    Extension(task="A5.T1", unit=LEAD, period="2021-B2", working_days=3),
    Exemption(
        id="X1",
        task="A5.T1",
        unit=LEAD,
        kind="E3",
        periods=("2021-B2",),
        matter="flood of June",
        applicant="防汛指挥部",
    ),
    Confirmation(task="A5.T1", by="leading group"),
    Suspension(task="A5.T1", periods=("2021-B4", "2021-B5"), extend=True),
    Cancellation(task="A5.T1"),
    Addition(action="A5", task=plan.SMALL_TASK.model_copy(update={"id": "A5.T9"})),
    Award(unit=LEAD, level="provincial", points=Decimal("1.5"), matter="国务院通报表扬"),
    Penalty(unit=LEAD, points=Decimal("0.5"), matter="late notice of the flood", uncapped=True),
    Veto(unit=LEAD, matter="false figures", cap="fair"),
    Rating(unit=LEAD, year=2021, score=Decimal("88.5")),
    CorrectedReport(
        submission=Submission(
            plan=CITY,
            task="A5.T1",
            unit=LEAD,
            period="2021-B2",
            values={"A5.T1.I6": Decimal("0.5")},
            milestones={"A5.T1.m1": date(2021, 4, 22)},
            percent=Decimal(80),
            no_data=("A5.T1.I2",),
            as_of=date(2021, 4, 30),
            correction=Correction(reason="counted twice"),
            note="以台账为准",
            evidence=(Evidence(title="台账", url="https://fgw.fuzhou.example/2021/b2"),),
        )
    ),
    Merger(units=("tourism-bureau",), into=LEAD, effective="2021-B5", document="榕编〔2021〕5号"),
    UnitSplit(unit=LEAD, tasks={"A5.T1": "tourism-bureau"}, effective="2021-B6"),
)


def decisions_in_full() -> Iterator[tuple[str, DecisionMade]]:
    """The instant of each, and its event."""
    for minute, decided in enumerate((ADJUSTMENT, *OTHERS)):
        when = f"2021-06-01T10:{minute:02}:00"
        name = decided.id if isinstance(decided, Exemption) else f"d-0f1e2d3c{minute:02}"
        yield (
            when,
            DecisionMade(plan=CITY, decision=name, made_at=at(when), decided=decided, by=OFFICE),
        )
