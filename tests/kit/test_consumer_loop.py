"""From the log to the handlers: each event takes effect once, and no record stops the line."""

import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import pytest
from kit_cast import (
    NOON,
    Service,
    another_process,
    cutoff,
    marks_of,
    message,
    read_topic,
    running,
    until,
    with_header,
    write_foreign,
)
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from shared.contracts import topics
from shared.contracts.envelope import Event
from shared.contracts.intake import CredentialChanged, CutoffMarked
from shared.contracts.rejected import RecordRejected
from shared.kit.bus import loop as loop_module
from shared.kit.bus.base import BusUnavailable, Message, TopicPartition
from shared.kit.bus.local import LocalConsumer
from shared.kit.bus.loop import Handler, Received, Unavailable
from shared.kit.dead_letters import Rejected


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_module, "_PAUSE_SECONDS", 0.02)


class Moody:
    """A handler that writes its mark and then fails on the cut-offs it has something against."""

    def __init__(self, service: Service, against: Mapping[str, Exception]) -> None:
        self.service = service
        self.against = dict(against)
        self.tried: list[str] = []

    @property
    def handlers(self) -> Mapping[type[Event], Handler]:
        return {CutoffMarked: self.take}

    async def take(self, session: AsyncSession, received: Received[CutoffMarked]) -> None:
        self.tried.append(received.event.cutoff)
        await self.service.mark(session, received)
        if received.event.cutoff in self.against:
            raise self.against[received.event.cutoff]


async def send(service: Service, *messages: Message) -> None:
    await service.bus.producer().send(messages)


async def dead(service: Service) -> list[RecordRejected]:
    """What stands on the topic of dead records."""
    await service.relay_everything()
    records = await read_topic(service.bus, topics.DEAD)
    return [RecordRejected.model_validate_json(record.value or b"") for record in records]


def named(plan: str, *numbers: int) -> list[tuple[str, str]]:
    return [(plan, f"c{number}") for number in numbers]


# --- once, and in order


async def test_events_take_effect_in_order(service: Service) -> None:
    await send(service, *marks_of("fuzhou", 1, 2, 3), *marks_of("xiamen", 1, 2))
    await service.take_in()
    assert await service.marks("fuzhou") == named("fuzhou", 1, 2, 3)
    assert await service.marks("xiamen") == named("xiamen", 1, 2)
    assert service.figure("duban_inbox_events_total", outcome="applied") == 5


async def test_a_handler_learns_what_the_envelope_says(service: Service) -> None:
    heard: list[Received[CutoffMarked]] = []

    async def listen(_session: AsyncSession, received: Received[CutoffMarked]) -> None:
        heard.append(received)

    await send(service, *marks_of("fuzhou", 1))
    await service.take_in(service.loop({CutoffMarked: listen}))

    assert heard == [
        Received(
            data=cutoff("fuzhou", "c1").model_dump_json(),
            event=cutoff("fuzhou", "c1"),
            id="fuzhou-1",
            sequence=1,
            time=NOON,
            correlation="request-1",
        )
    ]


async def test_duplicates_change_nothing(service: Service) -> None:
    await send(service, *marks_of("fuzhou", 1, 2, 2, 1, 3, 1, 2, 3))
    await service.take_in()
    assert await service.marks() == named("fuzhou", 1, 2, 3)
    assert service.figure("duban_inbox_events_total", outcome="duplicate") == 5


async def test_a_replay_of_the_whole_log_changes_nothing(service: Service) -> None:
    moody = Moody(service, {"c4": Rejected("not_mine", "no")})
    await send(service, *marks_of("fuzhou", 1, 2, 4, 3, 5))
    write_foreign(service.folder, topics.INTAKE, b"fuzhou", b"")
    await service.take_in(service.loop(moody.handlers))
    before = await service.marks(), await service.letters(), await dead(service)

    await service.take_in(service.loop(moody.handlers, group="a new group reads all of it"))

    assert (await service.marks(), await service.letters(), await dead(service)) == before
    assert before[0] == named("fuzhou", 1, 2, 3, 5)


async def test_any_order_with_repeats_ends_in_the_order_of_the_numbers(service: Service) -> None:
    shuffle = random.Random(7)  # noqa: S311  # no secret
    messages = marks_of("fuzhou", *range(1, 31)) * 3
    shuffle.shuffle(messages)
    for one in messages:
        await send(service, one)
    await service.take_in()
    assert await service.marks() == named("fuzhou", *range(1, 31))
    assert await service.gaps() == 0


async def test_two_members_that_read_the_same_take_each_event_in_once(service: Service) -> None:
    """A member that has lost its partition, but does not know it yet."""
    plans = ("fuzhou", "xiamen", "putian")
    await send(service, *(one for plan in plans for one in marks_of(plan, 1)))
    await service.take_in()
    for plan in plans:
        await send(service, *marks_of(plan, *range(2, 101)))
    async with another_process(service) as other:
        await asyncio.gather(
            service.take_in(service.loop(group="one")), other.take_in(other.loop(group="another"))
        )
    for plan in plans:
        assert await service.marks(plan) == named(plan, *range(1, 101))
    assert await service.letters() == []


async def test_an_offset_the_bus_did_not_confirm_is_kept_later(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, failures = LocalConsumer.commit, 0

    async def failing(self: LocalConsumer, offsets: Mapping[TopicPartition, int]) -> None:
        nonlocal failures
        failures += 1
        if failures < 3:
            raise BusUnavailable("no answer")
        await commit(self, offsets)

    monkeypatch.setattr(LocalConsumer, "commit", failing)
    monkeypatch.setattr(loop_module, "_POLL_SECONDS", 0.01)
    await send(service, *marks_of("fuzhou", 1, 2))
    loop = service.loop()
    async with running(loop.run):
        await until(loop.drained)
    assert await service.marks() == named("fuzhou", 1, 2)


# --- gaps


async def test_a_gap_holds_its_key_while_the_others_go_on(service: Service) -> None:
    await send(service, *marks_of("fuzhou", 1, 3, 4), *marks_of("xiamen", 1, 2))
    await service.take_in()
    assert await service.marks("fuzhou") == named("fuzhou", 1)
    assert await service.marks("xiamen") == named("xiamen", 1, 2)
    assert await service.gaps("fuzhou") == 1
    assert service.figure("duban_inbox_events_total", outcome="held") == 2


async def test_a_late_event_releases_the_held_ones_in_order(service: Service) -> None:
    await send(service, *marks_of("fuzhou", 1, 4, 3, 6))
    await service.take_in()

    await send(service, *marks_of("fuzhou", 2))
    await service.take_in()

    assert await service.marks() == named("fuzhou", 1, 2, 3, 4)
    await send(service, *marks_of("fuzhou", 5))
    await service.take_in()
    assert await service.marks() == named("fuzhou", 1, 2, 3, 4, 5, 6)
    assert await service.gaps() == 0


async def test_a_rejected_late_event_still_releases_the_held_ones(service: Service) -> None:
    moody = Moody(service, {"c1": Rejected("not_mine", "no")})
    await send(service, *marks_of("fuzhou", 2, 3, 1))
    await service.take_in(service.loop(moody.handlers))
    assert await service.marks() == named("fuzhou", 2, 3)
    assert await service.letters() == [("fuzhou", "not_mine")]


async def test_a_held_event_that_is_rejected_dies_alone(service: Service) -> None:
    moody = Moody(service, {"c2": Rejected("not_mine", "no")})
    await send(service, *marks_of("fuzhou", 2, 3, 1))
    await service.take_in(service.loop(moody.handlers))
    assert await service.marks() == named("fuzhou", 1, 3)
    (letter,) = await dead(service)
    assert letter.headers["ce_id"] == "fuzhou-2"
    assert letter.offset == 0


async def test_a_held_event_that_must_wait_is_tried_again(service: Service) -> None:
    moody = Moody(service, {"c2": Unavailable("not yet")})
    await send(service, *marks_of("fuzhou", 2, 3, 1))
    loop = service.loop(moody.handlers)
    async with running(loop.run):
        await until(lambda: moody.tried.count("c2") > 3)
        assert await service.marks() == named("fuzhou", 1)
        moody.against.clear()
        await until(lambda: loop.caught_up)
    assert await service.marks() == named("fuzhou", 1, 2, 3)


async def test_a_compacted_topic_may_miss_numbers(service: Service) -> None:
    async def keep(session: AsyncSession, received: Received[CredentialChanged]) -> None:
        row = {"plan": received.event.token, "cutoff": received.event.holder}
        await session.execute(insert(service.marks_table).values(**row))

    def changed(number: int, holder: str) -> Message:
        event = CredentialChanged(
            token="t1", holder=holder, unit=None, roles=(), secret_sha256="0" * 64,
            issued_at=NOON, expires_at=None, revoked_at=None,
        )  # fmt: skip
        return message(event, number)

    for one in (changed(1, "Lin"), changed(2, "Chen"), changed(3, "Wu")):
        await send(service, one)  # of which the log keeps the last
    await service.take_in(service.loop({CredentialChanged: keep}))
    assert await service.marks() == [("t1", "Wu")]
    assert await service.gaps() == 0


# --- failing handlers


async def test_a_rejected_event_leaves_nothing_but_its_dead_letter_and_its_key_goes_on(
    service: Service,
) -> None:
    moody = Moody(service, {"c2": Rejected("unknown_task", "there is no task T9")})
    sent = marks_of("fuzhou", 1, 2, 3)
    await send(service, *sent)
    await service.take_in(service.loop(moody.handlers))

    assert await service.marks() == named("fuzhou", 1, 3)
    assert await service.letters() == [("fuzhou", "unknown_task")]
    (letter,) = await dead(service)
    assert letter.consumer == "scoring"
    assert (letter.code, letter.reason) == ("unknown_task", "there is no task T9")
    assert letter.headers["ce_id"] == "fuzhou-2"
    assert (letter.topic, letter.offset) == (topics.INTAKE, 1)
    assert service.figure("duban_inbox_events_total", outcome="rejected") == 1


async def test_in_a_batch_with_bad_events_every_good_one_takes_effect_once(
    service: Service,
) -> None:
    bad = {"c7": Rejected("not_mine", "no"), "c20": RuntimeError("a fault")}
    moody = Moody(service, bad)
    await send(service, *marks_of("fuzhou", *range(1, 31)))
    await service.take_in(service.loop(moody.handlers))
    good = [number for number in range(1, 31) if number not in {7, 20}]
    assert await service.marks() == named("fuzhou", *good)
    assert service.figure("duban_inbox_events_total", outcome="applied") == 28
    assert service.figure("duban_inbox_events_total", outcome="rejected") == 2


async def test_an_unforeseen_fault_sets_its_record_aside(service: Service) -> None:
    fault = "\x00\ud800\x1b" + "很长" * 3000  # whatever a message may quote
    moody = Moody(service, {"c1": RuntimeError(fault)})
    await send(service, *marks_of("fuzhou", 1, 2))
    await service.take_in(service.loop(moody.handlers))
    assert await service.marks() == named("fuzhou", 2)
    (letter,) = await dead(service)
    assert letter.code == "handler_failed"
    assert letter.reason.startswith("RuntimeError: ???很长")


async def test_what_is_unavailable_keeps_its_offset_and_is_delivered_again(
    service: Service,
) -> None:
    moody = Moody(service, {"c2": Unavailable("the plan is not here yet")})
    await send(service, *marks_of("fuzhou", 1, 2, 3))
    loop = service.loop(moody.handlers)
    async with running(loop.run):
        await until(lambda: moody.tried.count("c2") > 3)
        assert not loop.caught_up
        assert await service.marks() == named("fuzhou", 1)
        assert "c3" not in moody.tried

    moody.against.clear()
    await service.take_in(service.loop(moody.handlers))
    assert await service.marks() == named("fuzhou", 1, 2, 3)
    assert await service.letters() == []


async def test_an_event_whose_transaction_had_to_be_undone_is_delivered_again(
    service: Service,
) -> None:
    moody = Moody(service, {"c2": ConnectionResetError("the database went away")})
    await send(service, *marks_of("fuzhou", 1, 2, 3))
    loop = service.loop(moody.handlers)
    async with running(loop.run):
        await until(lambda: moody.tried.count("c2") > 3)
        moody.against.clear()
        await until(lambda: loop.caught_up)
    assert await service.marks() == named("fuzhou", 1, 2, 3)
    assert await service.letters() == []


async def test_an_event_that_waits_is_not_passed_over_when_its_neighbours_commit_fails(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, failures = LocalConsumer.commit, 0

    async def failing(self: LocalConsumer, offsets: Mapping[TopicPartition, int]) -> None:
        nonlocal failures
        failures += 1
        if failures == 1:
            raise BusUnavailable("no answer")
        await commit(self, offsets)

    monkeypatch.setattr(LocalConsumer, "commit", failing)
    moody = Moody(service, {"c2": Unavailable("not yet")})
    await send(service, *marks_of("fuzhou", 1, 2))
    loop = service.loop(moody.handlers)
    async with running(loop.run):
        await until(lambda: moody.tried.count("c2") > 3)
        moody.against.clear()
        await until(lambda: loop.caught_up)
    assert await service.marks() == named("fuzhou", 1, 2)


async def test_twenty_open_dead_letters_stop_the_line_until_one_is_settled(
    service: Service,
) -> None:
    bad = {f"c{number}": Rejected("bad_release", "no") for number in range(1, 23)}
    moody = Moody(service, bad)
    await send(service, *marks_of("fuzhou", *range(1, 25)))
    loop = service.loop(moody.handlers)

    async def settle_one() -> None:
        async with service.db.write() as session:
            letter = (await service.dead_letters.list_open(session))[0]["id"]
            assert await service.dead_letters.settle(session, letter, by="Mr Wu", reason="known")
            assert not await service.dead_letters.settle(session, letter, by="Mr Wu", reason="x")

    async def open_letters() -> int:
        return len(await service.letters())

    with capture_logs() as logs:
        async with running(loop.run):
            await until(lambda: [one["event"] for one in logs].count("consumption waits") > 3)
    assert await open_letters() == 20
    assert moody.tried[-1] == "c20"

    async with running(loop.run):
        for _ in range(3):
            await settle_one()
        await until(lambda: loop.caught_up)

    assert await open_letters() == 19
    assert await service.marks() == named("fuzhou", 23, 24)


async def test_a_dead_letter_counts_against_its_own_key(service: Service) -> None:
    moody = Moody(service, {"c1": Rejected("not_mine", "no")})
    await send(service, *marks_of("fuzhou", 1))
    await service.take_in(service.loop(moody.handlers))
    async with service.db.read() as session:
        assert await service.dead_letters.open(session, key="fuzhou") == 1
        assert await service.dead_letters.open(session, key="xiamen") == 0


async def test_a_dead_record_too_large_for_the_bus_is_told_without_its_value(
    service: Service,
) -> None:
    (sent,) = marks_of("fuzhou", 1)
    await send(service, replace(sent, value=b"{" + b" " * 900_000), *marks_of("fuzhou", 2))
    await service.take_in()
    (letter,) = await dead(service)
    assert (letter.code, letter.value) == ("malformed", "")
    assert await service.marks() == named("fuzhou", 2)


# --- types and versions


async def test_an_unknown_type_is_skipped_and_counted(service: Service) -> None:
    first, second = marks_of("fuzhou", 1, 2)
    await send(service, with_header(first, "ce_type", "duban.intake.picnic.held.v1"), second)
    await service.take_in()
    assert await service.marks() == named("fuzhou", 2)
    assert await service.letters() == []
    assert service.figure("duban_inbox_events_total", outcome="unknown") == 1


async def test_a_known_type_without_a_handler_is_passed_over(service: Service) -> None:
    await send(service, *marks_of("fuzhou", 1, 2))
    await service.take_in(service.loop({}))
    assert await service.letters() == []
    assert service.figure("duban_inbox_events_total", outcome="unknown") == 0


async def test_the_next_major_version_of_a_known_type_is_a_dead_letter(service: Service) -> None:
    first, second = marks_of("fuzhou", 1, 2)
    newer = CutoffMarked.TYPE.replace(".v1", ".v2")
    await send(service, with_header(first, "ce_type", newer), second)
    await service.take_in()
    assert await service.letters() == [("fuzhou", "unknown_version")]
    assert await service.marks() == named("fuzhou", 2)


async def test_fields_of_a_newer_minor_version_are_ignored(service: Service) -> None:
    (sent,) = marks_of("fuzhou", 1)
    richer = json.dumps(json.loads(sent.value) | {"mood": "good"}).encode()
    await send(service, replace(sent, value=richer))
    await service.take_in()
    assert await service.marks() == named("fuzhou", 1)


# --- records nobody could read


def changed(**fields: object) -> bytes:
    return json.dumps(cutoff("fuzhou", "c1").model_dump(mode="json") | fields).encode()


def body(value: bytes) -> Message:
    return replace(marks_of("fuzhou", 1)[0], value=value)


def headed(name: str, value: str | None) -> Message:
    return with_header(marks_of("fuzhou", 1)[0], name, value)


BAD_RECORDS: Mapping[str, tuple[Message, str]] = {
    "92 an empty value": (body(b""), "empty_record"),
    "93 not UTF-8": (body(b'{"plan": "\xff\xfe"}'), "malformed"),
    "94 not JSON": (body(b"cutoff c1"), "malformed"),
    "95 a JSON array": (body(b"[]"), "malformed"),
    "95 a field missing": (body(b'{"plan": "fuzhou"}'), "malformed"),
    "98 no id": (headed("ce_id", None), "not_cloudevents"),
    "98 no number": (headed("ce_sequence", None), "not_cloudevents"),
    "98 a number that is none": (headed("ce_sequence", "-1"), "not_cloudevents"),
    "98 a number beyond all": (headed("ce_sequence", "9" * 30), "wrong_number"),
    "98 a number beyond int": (headed("ce_sequence", "9" * 5000), "not_cloudevents"),
    "98 another CloudEvents": (headed("ce_specversion", "2.0"), "not_cloudevents"),
    "100 another subject": (headed("ce_subject", "fuzhou/c9"), "wrong_subject"),
    "101 another key": (headed("ce_partitionkey", "xiamen"), "wrong_key"),
    "101 another plan": (body(changed(plan="xiamen")), "wrong_subject"),
    "101 another plan and its subject": (
        with_header(body(changed(plan="xiamen")), "ce_subject", "xiamen/c1"),
        "wrong_subject",
    ),
    "104 a clock never set": (headed("ce_time", "1970-01-01T00:00:00Z"), "wrong_time"),
    "104 the far future": (headed("ce_time", "2999-01-01T00:00:00Z"), "not_cloudevents"),
    "104 no offset": (headed("ce_time", "2022-05-10T04:00:00"), "not_cloudevents"),
    "110 a stranger's": (replace(body(b"<hello/>"), headers=()), "not_cloudevents"),
}


@pytest.mark.parametrize(("record", "code"), BAD_RECORDS.values(), ids=BAD_RECORDS)
async def test_a_bad_record_is_set_aside_with_its_reason_and_the_line_goes_on(
    service: Service, record: Message, code: str
) -> None:
    await send(service, *marks_of("xiamen", 1), record, *marks_of("xiamen", 2))
    await service.take_in()
    assert await service.letters() == [("fuzhou", code)]
    assert await service.marks() == named("xiamen", 1, 2)
    (letter,) = await dead(service)
    assert letter.code == code
    assert letter.reason


@pytest.mark.parametrize(
    ("key", "value"), [(b"fuzhou", None), (None, b"{}"), (b"\xff\x00", b"{}")], ids=repr
)
async def test_a_tombstone_and_a_record_of_no_or_no_readable_key_are_set_aside(
    service: Service, key: bytes | None, value: bytes | None
) -> None:
    write_foreign(service.folder, topics.INTAKE, key, value)
    await send(service, *marks_of("xiamen", 1))
    await service.take_in()
    assert len(await service.letters()) == 1
    assert await service.marks() == named("xiamen", 1)


@pytest.mark.parametrize("key", ["fu\0zhou", "f" * 65], ids=["NUL", "too long"])
async def test_a_record_whose_key_no_table_holds_is_set_aside(service: Service, key: str) -> None:
    strange = with_header(replace(marks_of("fuzhou", 1)[0], key=key), "ce_partitionkey", key)
    await send(service, strange, *marks_of("xiamen", 1))
    await service.take_in()
    ((_, code),) = await service.letters()
    assert code == "wrong_key"
    assert await service.marks() == named("xiamen", 1)


async def test_of_duplicate_headers_the_first_counts(service: Service) -> None:
    (sent,) = marks_of("fuzhou", 1)
    doubled: Sequence[tuple[str, bytes | None]] = [
        ("ce_id", None),
        *sent.headers,
        ("ce_subject", b"fuzhou/c9"),
        ("ce_sequence", b"7"),
    ]
    await send(service, replace(sent, headers=tuple(doubled)))
    await service.take_in()
    assert await service.marks() == named("fuzhou", 1)
    assert await service.gaps() == 0


async def test_an_older_event_after_a_newer_one_changes_nothing(service: Service) -> None:
    (first,) = marks_of("fuzhou", 1)
    older = message(cutoff("fuzhou", "older"), 1)
    long_ago = datetime(2021, 1, 1, tzinfo=NOON.tzinfo).isoformat()
    await send(service, first, *marks_of("fuzhou", 2), with_header(older, "ce_time", long_ago))
    await service.take_in()
    assert await service.marks() == named("fuzhou", 1, 2)
