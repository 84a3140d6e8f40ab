"""Plan and rulebook of the story: one with every field filled, one with as few as may be."""

from datetime import date
from decimal import Decimal

from shared.contracts.decisions import Amended, Change, Later, Rest
from shared.contracts.plan import (
    ActionHead,
    Assignment,
    CalendarSettings,
    Divided,
    Escalation,
    Evaluation,
    Expectation,
    Group,
    HolidayYear,
    Indicator,
    LadderStep,
    Milestone,
    PlanHead,
    ReportedIndicator,
    Source,
    TablePoint,
    Task,
    Unit,
    Validity,
)
from shared.contracts.rulebook import OvershootBonus, Rulebook, Shares, YearSettings
from shared.contracts.values import Text

DOCUMENT = "福州3820行动纲要"


def text(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


def said_in(clause: str) -> Source:
    return Source(document=DOCUMENT, clause=clause)


SPAN = Validity.model_validate({"from": date(2021, 1, 1), "to": date(2025, 12, 31)})

TASK = Task(
    source=said_in("二(五)2(1)"),
    note="两行附注：\n原文只写“居前”。",
    labels={"nature": "quantified"},
    assumed=("weight", "assignments"),
    confirmed_by="supervision office",
    id="A5.T1",
    title=text("营商环境", "Business environment"),
    weight=Decimal("35.5"),
    start=date(2021, 1, 1),
    due=date(2025, 12, 31),
    publish=True,
    assignments=(
        Assignment(
            unit="development-reform-commission", role="lead", share=Decimal("0.7"), valid=SPAN
        ),
        Assignment(unit="big-data-commission", role="cooperating", share=Decimal("0.3")),
    ),
    measure="both",
    milestone_weight=Decimal(2),
    expectation=Expectation(
        curve="yearly",
        basis="day",
        yearly={"2021": Decimal("0.2"), "2025": Decimal(1)},
        inside="smooth",
    ),
    milestones=(
        Milestone(
            id="A5.T1.m1",
            title=text("办税系统上线", "Tax system in use"),
            due=date(2021, 6, 30),
            weight=Decimal(3),
            partial=True,
            unit="big-data-commission",
        ),
    ),
    indicators=(
        Indicator(
            id="A5.T1.I2",
            title=text("开办企业时限", "Working hours to open a business"),
            kind="range",
            target=Decimal(5),
            target_high=Decimal(8),
            baseline=Decimal(12),
            unit=text("小时", "hours"),
            strict=True,
            tolerance=Decimal("0.5"),
            start=date(2021, 1, 1),
            due=date(2021, 12, 31),
            expectation=Expectation(
                curve="table",
                table=(TablePoint(by=date(2021, 12, 31), share=Decimal(1)),),
                between="step",
            ),
            weight=Decimal("0.5"),
            cadence="monthly",
            data_from="statistics",
            commitment="strive",
            deadline_basis="plan_period",
            year_targets={"2021": Decimal(5)},
            divided=Divided(part=Decimal(2), whole=Decimal(5)),
        ),
        Indicator(
            id="A5.T1.I6",
            title=text("惠企政策落实项数", "Policies for enterprises carried out"),
            kind="compound",
            target=Decimal("7.5"),
            ratio=True,
            split={
                "development-reform-commission": Decimal(5),
                "big-data-commission": Decimal("2.5"),
            },
            integer=True,
            years=5,
        ),
    ),
    funnel=("A5.T1.I2", "A5.T1.I6"),
    evidence="required",
    derived_from=("A5.T0",),
    part_of="A5.T9",
    parts=3,
)

AMENDED = Amended(
    rests=(
        Rest(
            periods=("2021-B4", "2021-B5"),
            first=date(2021, 7, 1),
            last=date(2021, 10, 31),
            extend=True,
        ),
    ),
    changes=(
        Change(
            decision="d-0f1e2d3c00",
            effective="2021-B3",
            first=date(2021, 5, 1),
            indicator="A5.T1.I2",
            target=Decimal("4.5"),
            due=date(2022, 6, 30),
            year_targets={"2021": Decimal("4.5")},
            mode="rebase",
        ),
    ),
    later=(Later(unit="development-reform-commission", period="2021-B2", working_days=3),),
    cancelled_on=date(2024, 12, 20),
)

FIGURE = ReportedIndicator(
    id="G03",
    title=text("营商便利度", "Ease of doing business"),
    kind="maintain",
    target=Decimal(3),
    reporter="development-reform-commission",
)
HEAD = PlanHead(
    source=said_in("一"),
    id="fuzhou-3820",
    title=text(DOCUMENT, "Fuzhou 3820 action programme"),
    start=date(2021, 1, 1),
    end=date(2025, 12, 31),
    activate_from="2021-B2",
    parent="fujian-2021",
    calendar=CalendarSettings(
        holidays=(HolidayYear(year=2021, rest=(date(2021, 5, 5),), work=(date(2021, 5, 8),)),)
    ),
    evaluations=(Evaluation(id="plan-mid", as_of=date(2023, 12, 31)),),
    indicators=(FIGURE,),
)
GROUPS = (Group(id="departments", title=text("市直部门", "City departments")),)
UNITS = (
    Unit(
        id="development-reform-commission",
        title=text("市发改委", "Development and reform commission"),
        group="departments",
        valid=SPAN,
    ),
    Unit(
        id="big-data-commission",
        title=text("市大数据委", "Big data commission"),
        group="departments",
    ),
)
ACTIONS = (
    ActionHead(
        id="A5",
        title=text("深化改革专项行动", "Reform"),
        weight=Decimal("1.5"),
        indicators=(FIGURE.model_copy(update={"id": "A5.G1"}),),
    ),
)
ESCALATION = Escalation(ladder=(LadderStep(after_working_days=3, role="head"),))
RULEBOOK = Rulebook(
    id="fuzhou-2021",
    version=1,
    effective_from="2021-B1",
    shares=Shares(lead=Decimal("0.7"), cooperating=Decimal("0.3")),
    year=YearSettings(
        period_weights=tuple(Decimal(part) for part in ("0.1", "0.1", "0.2", "0.2", "0.2", "0.2")),
        overshoot_bonus=OvershootBonus(),
    ),
)

SMALL_TASK = Task(
    id="A1.T1",
    title=text("老旧小区改造", "Old housing estates renewed"),
    weight=Decimal(100),
    start=date(2021, 1, 1),
    due=date(2021, 12, 31),
    assignments=(Assignment(unit="housing-office", role="lead"),),
    measure="percent",
)
SMALL_HEAD = PlanHead(
    id="gulou-2021",
    title=text("鼓楼区2021年工作", "Gulou district 2021"),
    start=date(2021, 1, 1),
    end=date(2021, 12, 31),
)
SMALL_UNITS = (Unit(id="housing-office", title=text("区住建局", "Housing"), group="departments"),)
SMALL_ACTIONS = (ActionHead(id="A1", title=text("城市更新", "City renewal")),)
SMALL_RULEBOOK = Rulebook(id="gulou-2021", version=1)
