"""The events in which something may be missing, and is."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from uuid import NAMESPACE_URL, uuid5

from contracts import plan_of_story as plan
from contracts.cast import (
    DISTRICT,
    HOUSING,
    LEAF_DIGEST,
    MANIFEST_DIGEST,
    OFFICE,
    REPORT_DIGEST,
    SMALL_MARK,
    SMALL_REPORT,
    SMALL_TASKS_DIGEST,
    at,
)

from shared.contracts.envelope import Event
from shared.contracts.intake import (
    CredentialChanged,
    PlanVersioned,
    RulebookAdopted,
    SubmissionAccepted,
    SubmissionVerified,
    TaskDefined,
)
from shared.contracts.notify import AlertRaised, AlertRaisedV1
from shared.contracts.plan import Escalation
from shared.contracts.scoring import (
    MilestoneOverdue,
    PublicationReleased,
    PublishedLine,
    StandingChanged,
    UnitPublished,
)


def with_little() -> Iterator[tuple[str, Event]]:
    yield (
        "2021-03-02T10:00:00",
        TaskDefined(plan=DISTRICT, version=1, index=0, action="A1", task=plan.SMALL_TASK),
    )
    yield (
        "2021-03-02T10:00:00",
        PlanVersioned(
            plan=DISTRICT,
            version=1,
            head=plan.SMALL_HEAD,
            groups=plan.GROUPS,
            units=plan.SMALL_UNITS,
            actions=plan.SMALL_ACTIONS,
            escalation=Escalation(),
            tasks=1,
            digest=SMALL_TASKS_DIGEST,
            activate_from=None,
            by=OFFICE,
        ),
    )
    yield (
        "2021-03-02T10:05:00",
        RulebookAdopted(plan=DISTRICT, rulebook=plan.SMALL_RULEBOOK, by=OFFICE),
    )
    yield (
        "2021-03-02T11:00:00",
        CredentialChanged(
            token="z8y7x6w5v4u3",
            holder=OFFICE,
            unit=None,
            roles=("office",),
            secret_sha256="d2" * 32,
            issued_at=at("2021-03-02T11:00:00"),
            expires_at=None,
            revoked_at=None,
        ),
    )
    yield (
        "2021-05-06T08:00:00",
        SubmissionAccepted(
            plan=DISTRICT,
            submission=SMALL_REPORT,
            plan_version=1,
            task="A1.T1",
            unit=HOUSING,
            period="2021-B2",
            received_at=at("2021-05-06T08:00:00"),
            as_of=date(2021, 4, 30),
            values={},
            milestones=None,
            percent=None,
            no_data=(),
            correction=None,
            note=None,
            evidence=(),
            digest=REPORT_DIGEST,
            by="housing reporter",
        ),
    )
    yield (
        "2021-05-07T08:00:00",
        SubmissionVerified(
            plan=DISTRICT,
            submission=SMALL_REPORT,
            task="A1.T1",
            unit=HOUSING,
            period="2021-B2",
            verified_at=at("2021-05-07T08:00:00"),
            marks=Decimal(0),
            reason=None,
            by=OFFICE,
        ),
    )
    yield from _results_with_little()
    yield (
        "2021-05-12T09:00:00",
        AlertRaisedV1(
            plan=DISTRICT,
            alert=str(uuid5(NAMESPACE_URL, "overdue")),
            kind="overdue",
            level=None,
            task="A1.T2",
            unit=HOUSING,
            period="2021-B2",
            to=(f"reporter@{HOUSING}",),
            raised_at=at("2021-05-12T09:00:00"),
        ),
    )
    yield (
        "2021-05-19T10:00:00",
        AlertRaised(
            plan=DISTRICT,
            alert=str(uuid5(NAMESPACE_URL, "published")),
            kind="published",
            level=None,
            task=None,
            unit=HOUSING,
            period=None,
            to=(),
            raised_at=at("2021-05-19T10:00:00"),
        ),
    )


def _results_with_little() -> Iterator[tuple[str, Event]]:
    unread = {"a": None, "e": None, "r": None, "gap": None}
    yield (
        "2021-05-06T08:00:00",
        StandingChanged(
            plan=DISTRICT,
            task="A1.T1",
            action="A1",
            unit=HOUSING,
            period="2021-B3",
            day=date(2021, 5, 6),
            light="grey",
            was="green",
            **unread,
            cause="plan",
        ),
    )
    line = PublishedLine(
        task="A1.T1",
        action="A1",
        light="grey",
        was=None,
        score=None,
        **unread,
        left_out="no_expectation",
    )
    released = "2021-05-20T10:00:00"
    yield (
        released,
        UnitPublished(
            plan=DISTRICT,
            period="2021-B2",
            version=1,
            unit=HOUSING,
            score=None,
            rank=None,
            grade=None,
            digest=LEAF_DIGEST,
            lines=(line,),
        ),
    )
    yield (
        released,
        PublicationReleased(
            plan=DISTRICT,
            period="2021-B2",
            version=1,
            released_at=at(released),
            last_day=date(2021, 4, 30),
            units=1,
            digest=MANIFEST_DIGEST,
            previous_digest=None,
            cutoff=SMALL_MARK,
            finished=(),
        ),
    )
    yield (
        "2022-01-04T09:00:00",
        MilestoneOverdue(
            plan=DISTRICT,
            task="A1.T1",
            action="A1",
            unit=HOUSING,
            period=None,
            milestone="A1.T1.m1",
            title=plan.text("挂牌", "Opened"),
            milestone_unit=HOUSING,
            due=date(2021, 12, 31),
            day=date(2022, 1, 4),
            days=4,
            stage="passed",
        ),
    )
