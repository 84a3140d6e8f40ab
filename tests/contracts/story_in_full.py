"""Every type of event, with everything in it that it can say."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from uuid import NAMESPACE_URL, uuid5

from contracts import plan_of_story as plan
from contracts.cast import (
    CITY,
    EARLIER_DIGEST,
    LEAD,
    LEAF_DIGEST,
    MANIFEST_DIGEST,
    MARK,
    OFFICE,
    REPORT,
    REPORT_DIGEST,
    REPORTER,
    SMALL_REPORT,
    TASKS_DIGEST,
    at,
)
from contracts.decisions_of_story import decisions_in_full

from shared.contracts.envelope import Event
from shared.contracts.intake import (
    CredentialChanged,
    CutoffMarked,
    ObligationMissed,
    ObligationOverdue,
    ObligationReminded,
    ObligationWaived,
    PlanVersioned,
    RulebookAdopted,
    SubmissionAccepted,
    SubmissionReturned,
    SubmissionVerified,
    TaskDefined,
    WorkdayBegan,
)
from shared.contracts.notify import (
    AlertAcknowledged,
    AlertRaised,
    AlertRaisedV1,
    AlertResolved,
    AlertWithdrawn,
    DeliveryFinished,
    EndpointDisabled,
)
from shared.contracts.rejected import RecordRejected
from shared.contracts.scoring import (
    AppealDecided,
    AppealFiled,
    EvaluationReleased,
    MilestoneOverdue,
    MilestoneSettled,
    PublicationReleased,
    PublishedLine,
    StandingChanged,
    UnitPublished,
    YearReleased,
)
from shared.contracts.submission import Correction, Evidence, PartialDone, RegisterItem, Relation


def in_full() -> Iterator[tuple[str, Event]]:
    yield (
        "2021-03-01T10:00:00",
        TaskDefined(
            plan=CITY, version=1, index=0, action="A5", task=plan.TASK, amended=plan.AMENDED
        ),
    )
    yield (
        "2021-03-01T10:00:00",
        PlanVersioned(
            plan=CITY,
            version=1,
            head=plan.HEAD,
            groups=plan.GROUPS,
            units=plan.UNITS,
            actions=plan.ACTIONS,
            escalation=plan.ESCALATION,
            tasks=1,
            digest=TASKS_DIGEST,
            activate_from="2021-B2",
            by=OFFICE,
        ),
    )
    yield "2021-03-01T10:05:00", RulebookAdopted(plan=CITY, rulebook=plan.RULEBOOK, by=OFFICE)
    yield (
        "2021-03-01T11:00:00",
        CredentialChanged(
            token="k3u9x2m7q1ab",
            holder=REPORTER,
            unit=LEAD,
            roles=("submit", "observer"),
            secret_sha256="4b" * 32,
            issued_at=at("2021-03-01T11:00:00"),
            expires_at=at("2022-03-01T11:00:00"),
            revoked_at=at("2021-12-31T17:30:00"),
        ),
    )
    yield "2021-05-12T09:00:00", WorkdayBegan(plan=CITY, day=date(2021, 5, 12))
    yield (
        "2021-05-12T09:00:00",
        ObligationOverdue(
            plan=CITY,
            task="A5.T1",
            unit=LEAD,
            period="2021-B2",
            due=date(2021, 5, 11),
            close=date(2021, 5, 18),
        ),
    )
    yield "2021-05-13T16:20:00.123456", _report()
    review = {"plan": CITY, "submission": REPORT, "task": "A5.T1", "unit": LEAD}
    yield (
        "2021-05-14T09:30:00",
        SubmissionReturned(
            **review,
            period="2021-B2",
            returned_at=at("2021-05-14T09:30:00"),
            reason="The list of policies is missing.",
            by=OFFICE,
        ),
    )
    yield (
        "2021-05-17T15:00:00",
        SubmissionVerified(
            **review,
            period="2021-B2",
            verified_at=at("2021-05-17T15:00:00"),
            marks=Decimal("2.5"),
            reason="两处数据与台账不一致",
            by=OFFICE,
            rubric="B",
            values={"A5.T1.I6": Decimal("-0.25")},
        ),
    )
    yield (
        "2021-05-19T09:10:00",
        CutoffMarked(plan=CITY, cutoff=MARK, marked_at=at("2021-05-19T09:10:00"), by=OFFICE),
    )
    yield from decisions_in_full()
    yield from _reminders_in_full()
    yield from _results_in_full()
    yield from _milestone_in_full()
    yield from _messages_in_full()
    yield from _answers_in_full()


def _reminders_in_full() -> Iterator[tuple[str, Event]]:
    due, close = date(2022, 1, 10), date(2022, 1, 17)
    place = {"plan": CITY, "task": "A5.T1", "unit": LEAD, "period": "2021-B6"}
    yield (
        "2022-01-05T09:00:00",
        ObligationReminded(due=due, close=close, stage="due_soon", working_days=3, **place),
    )
    yield "2022-01-18T09:00:00", ObligationMissed(due=due, close=close, **place)
    yield "2022-01-18T10:00:00", ObligationWaived(reason="extended", **place)


def _report() -> SubmissionAccepted:
    return SubmissionAccepted(
        plan=CITY,
        submission=REPORT,
        plan_version=1,
        task="A5.T1",
        unit=LEAD,
        period="2021-B2",
        received_at=at("2021-05-13T16:20:00.123456"),
        as_of=date(2021, 4, 30),
        values={
            "A5.T1.I6": Decimal("-0.5"),
            "A5.T1.I7": Relation(own=Decimal("6.1"), other=Decimal("6.4")),
            "A5.T1.I8": (
                RegisterItem(
                    id="item-7",
                    title="清单第七项",
                    opened=date(2021, 1, 5),
                    due=date(2021, 3, 31),
                    closed=date(2021, 3, 30),
                    void="listed twice",
                ),
            ),
        },
        milestones={
            "A5.T1.m1": date(2021, 4, 20),
            "A5.T1.m2": PartialDone(share=Decimal("0.9")),
            "A5.T1.m3": None,
        },
        percent=Decimal("76.38"),
        no_data=("A5.T1.I2",),
        correction=Correction(reason="m3 was counted by mistake"),
        note="三月、四月合并填报。\n“惠企政策”台账附后。",
        evidence=(Evidence(title="惠企政策台账", url="https://fgw.fuzhou.example/2021/b2"),),
        digest=REPORT_DIGEST,
        by=REPORTER,
        corrects=SMALL_REPORT,
        corrected=True,
    )


def _results_in_full() -> Iterator[tuple[str, Event]]:
    figures = {
        "a": Decimal("0.3000"),
        "e": Decimal("0.3333"),
        "r": Decimal("0.9000"),
        "gap": Decimal("3.3333"),
    }
    yield (
        "2021-05-13T16:20:00.123456",
        StandingChanged(
            plan=CITY,
            task="A5.T1",
            action="A5",
            unit=LEAD,
            period="2021-B3",
            day=date(2021, 5, 13),
            light="yellow",
            was="green",
            **figures,
            cause="report",
        ),
    )
    line = PublishedLine(
        task="A5.T1",
        action="A5",
        light="yellow",
        was="green",
        score=Decimal("88.00"),
        **figures,
        left_out=None,
    )
    outside = line.model_copy(
        update={"task": "A5.T2", "light": "grey", "score": None, "r": None, "left_out": "no_data"}
    )
    released = "2021-05-19T10:00:00"
    yield (
        released,
        UnitPublished(
            plan=CITY,
            period="2021-B2",
            version=1,
            unit=LEAD,
            score=Decimal("88.00"),
            rank=2,
            grade="good",
            digest=LEAF_DIGEST,
            lines=(line, outside),
        ),
    )
    yield (
        released,
        PublicationReleased(
            plan=CITY,
            period="2021-B2",
            version=1,
            released_at=at(released),
            last_day=date(2021, 4, 30),
            units=1,
            digest=MANIFEST_DIGEST,
            previous_digest=EARLIER_DIGEST,
            cutoff=MARK,
            finished=("A5.T3",),
        ),
    )
    yield (
        "2022-02-10T10:00:00",
        YearReleased(
            plan=CITY,
            year=2021,
            version=1,
            released_at=at("2022-02-10T10:00:00"),
            digest=MANIFEST_DIGEST,
            previous_digest=EARLIER_DIGEST,
            cutoff=MARK,
            frozen=True,
        ),
    )
    yield (
        "2022-02-11T10:00:00",
        EvaluationReleased(
            plan=CITY,
            evaluation="plan-mid",
            version=1,
            as_of=date(2021, 12, 31),
            released_at=at("2022-02-11T10:00:00"),
            digest=MANIFEST_DIGEST,
            previous_digest=EARLIER_DIGEST,
            cutoff=MARK,
        ),
    )
    yield (
        "2022-02-14T10:00:00",
        AppealFiled(
            plan=CITY,
            appeal="ap-1f2e3d4c",
            period="2021-B6",
            version=1,
            unit=LEAD,
            item="A5.T1",
            grounds="年底数据以统计公报为准",
            filed_at=at("2022-02-14T10:00:00"),
            by="fgw-system",
            decide_by=date(2022, 2, 28),
        ),
    )
    yield (
        "2022-02-16T10:00:00",
        AppealDecided(
            plan=CITY,
            appeal="ap-1f2e3d4c",
            period="2021-B6",
            unit=LEAD,
            item="A5.T1",
            upheld=True,
            reason="公报数与报送数不一致，属实",
            decided_at=at("2022-02-16T10:00:00"),
            by=OFFICE,
            late=False,
        ),
    )


def _milestone_in_full() -> Iterator[tuple[str, Event]]:
    node = {"plan": CITY, "task": "A5.T1", "unit": LEAD, "milestone": "A5.T1.m1"}
    yield (
        "2022-03-18T09:00:00",
        MilestoneOverdue(
            **node,
            action="A5",
            period="2022-B2",
            title=plan.text("办税系统上线", "Tax system in use"),
            milestone_unit="big-data-commission",
            due=date(2022, 2, 15),
            day=date(2022, 3, 18),
            days=31,
            stage="month",
        ),
    )
    yield (
        "2022-03-21T15:00:00",
        MilestoneSettled(**node, due=date(2022, 2, 15), reason="done"),
    )


def _messages_in_full() -> Iterator[tuple[str, Event]]:
    alert = str(uuid5(NAMESPACE_URL, "lag"))
    yield (
        "2021-05-19T10:00:00",
        AlertRaisedV1(
            plan=CITY,
            alert=alert,
            kind="lag",
            level="yellow",
            task="A5.T1",
            unit=LEAD,
            period="2021-B2",
            to=(f"reporter@{LEAD}", f"head@{LEAD}"),
            raised_at=at("2021-05-19T10:00:00"),
        ),
    )
    yield (
        "2021-05-19T10:00:02.5",
        DeliveryFinished(
            plan=CITY,
            alert=alert,
            delivery=f"msg-{uuid5(NAMESPACE_URL, 'message')}",
            channel="webhook",
            outcome="delivered",
            attempts=2,
            finished_at=at("2021-05-19T10:00:02.5"),
            notices=tuple(uuid5(NAMESPACE_URL, name).hex for name in ("one", "two")),
        ),
    )
    yield (
        "2021-07-16T10:00:00",
        AlertResolved(
            plan=CITY, alert=alert, reason="on_schedule", resolved_at=at("2021-07-16T10:00:00")
        ),
    )
    yield (
        "2021-07-16T10:00:01",
        RecordRejected(
            consumer="scoring",
            topic="duban.intake",
            partition=7,
            offset=1234,
            record_key=CITY,
            code="not_cloudevents",
            reason="CloudEvents attributes missing: id",
            headers={"ce_specversion": "1.0", "content-type": "application/json"},
            value="eyJwbGFuIjoiZnV6aG91LTM4MjAifQ==",
        ),
    )


def _answers_in_full() -> Iterator[tuple[str, Event]]:
    lag, step = (str(uuid5(NAMESPACE_URL, name)) for name in ("lag", "step"))
    yield (
        "2021-05-24T09:00:00",
        AlertRaised(
            plan=CITY,
            alert=step,
            kind="escalation",
            level="yellow",
            task="A5.T1",
            unit=LEAD,
            period="2021-B2",
            to=(f"head@{LEAD}",),
            raised_at=at("2021-05-24T09:00:00"),
            parent=lag,
        ),
    )
    yield (
        "2021-05-24T11:30:00",
        AlertAcknowledged(
            plan=CITY,
            alert=step,
            by="Ms Lin",
            until=date(2021, 5, 27),
            acknowledged_at=at("2021-05-24T11:30:00"),
        ),
    )
    yield (
        "2021-06-01T10:00:00",
        AlertWithdrawn(
            plan=CITY,
            alert=step,
            reason="corrected_away",
            withdrawn_at=at("2021-06-01T10:00:00"),
        ),
    )
    yield (
        "2021-06-06T10:00:40",
        EndpointDisabled(
            plan=CITY,
            endpoint="office-hook",
            reason="failing",
            failing_since=at("2021-06-01T10:00:40"),
            disabled_at=at("2021-06-06T10:00:40"),
        ),
    )
