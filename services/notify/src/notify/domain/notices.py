"""Whether somebody hears of an alert now, later, or not at all; each answer tells its reason.

A notice is one recipient's share in one change of an alert. It waits in a group, so that one
message can tell several; when the group's time has come each of its notices is decided here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from notify.domain.kinds import NEWS, Change, Kind

NoticeReason = Literal[
    "first_notification",
    "got_worse",
    "repeat_due",
    "withdrawn",
    "nothing_new",
    "over_before_told",
    "muted",
    "inhibited",
    "outside_hours",
    "over_daily_cap",
    "unsubscribed",
    "no_contact",
    "no_route",
    "endpoint_disabled",
]
NoticeEffect = Literal["send", "hold", "drop"]

_SENT_AS: Final[Mapping[Change, NoticeReason]] = {
    "raised": "first_notification",
    "got_worse": "got_worse",
    "repeated": "repeat_due",
    "withdrawn": "withdrawn",
}
URGENT: Final[frozenset[Kind]] = frozenset({"interview", "returned"})
"""Kinds that do not wait for working hours (plan-file, "Routes")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Muted:
    """A mute that holds: whose, until when, and why."""

    mute: str
    by: str
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFacts:
    """What is known of a notice when its group's time has come."""

    kind: Kind
    change: Change
    over: bool
    """The alert has ended since."""
    newer: bool
    """A newer notice tells the same recipient more of the same alert."""
    refused: bool
    """Its recipient has unsubscribed from what asks for no answer."""
    muted: Muted | None
    inhibited_by: str | None
    """The open alert that explains this one."""
    opens: datetime
    """`now`, or when the recipient's hours begin next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of a notice, and why; `until` is when a held one is looked at again."""

    effect: NoticeEffect
    reason: NoticeReason
    until: datetime | None = None
    operands: Mapping[str, str] = field(default_factory=dict)


def decide_notice(  # noqa: PLR0911  # one return for each reason
    facts: NoticeFacts, *, now: datetime
) -> Verdict:
    """A notice is sent unless it is stale, muted, explained by another alert, or out of hours.

    What takes an alert back is told to whoever was told of it, whatever explains the alert.
    """
    back = facts.change == "withdrawn"
    if facts.newer:
        return Verdict(effect="drop", reason="nothing_new")
    if facts.over and not back and facts.kind not in NEWS:
        return Verdict(effect="drop", reason="over_before_told")
    if facts.refused and facts.kind in NEWS:
        return Verdict(effect="drop", reason="unsubscribed")
    if facts.muted is not None:
        mute = facts.muted
        operands = {"by": mute.by, "mute": mute.mute, "why": mute.reason}
        return Verdict(effect="hold", reason="muted", until=mute.until, operands=operands)
    if facts.inhibited_by is not None and not back:
        return Verdict(effect="hold", reason="inhibited", operands={"by": facts.inhibited_by})
    if facts.opens > now and facts.kind not in URGENT:
        return Verdict(effect="hold", reason="outside_hours", until=facts.opens)
    return Verdict(effect="send", reason=_SENT_AS[facts.change])


def to_digest(at: datetime, *, cap: int) -> Verdict:
    """Whoever has had as many messages today as the cap allows hears of the rest in one digest."""
    return Verdict(effect="hold", reason="over_daily_cap", until=at, operands={"cap": str(cap)})
