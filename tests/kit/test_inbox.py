"""What a service has heard: once each, in order, and remembered with the effect or not at all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from kit_cast import NOON, Service, cutoff, message, with_header

from shared.contracts import topics
from shared.contracts.envelope import Envelope
from shared.contracts.intake import CredentialChanged
from shared.kit.bus.base import Record
from shared.kit.inbox import Hearing, Verdict


def record(number: int, plan: str = "fuzhou") -> Record:
    """The record of a plan's event of this number, as it stands in the log."""
    sent = message(cutoff(plan, f"c{number}"), number)
    return Record(
        topic=sent.topic,
        partition=2,
        offset=100 + number,
        key=sent.key.encode(),
        value=sent.value,
        headers=sent.headers,
    )


def envelope_of(one: Record) -> Envelope:
    headers = {name: (value or b"").decode() for name, value in one.headers}
    return Envelope.from_headers(headers, one.value or b"")


@asynccontextmanager
async def listening(service: Service, *records: Record) -> AsyncIterator[Hearing]:
    """One transaction about records of one topic."""
    keys = {(one.key or b"").decode() for one in records}
    async with (
        service.db.write(*keys) as session,
        service.inbox.hear(session, records[0].topic, keys) as hearing,
    ):
        yield hearing


async def hear(service: Service, *records: Record) -> list[Verdict]:
    async with listening(service, *records) as hearing:
        return [await hearing.admit(one, envelope_of(one), at=NOON) for one in records]


async def next_held(service: Service, plan: str = "fuzhou") -> Record | None:
    async with (
        service.db.read() as session,
        service.inbox.hear(session, topics.INTAKE, [plan]) as hearing,
    ):
        return await hearing.next_held(plan)


async def test_an_event_is_new_once(service: Service) -> None:
    assert await hear(service, record(1), record(2)) == [Verdict.NEW, Verdict.NEW]
    assert await hear(service, record(2), record(1)) == [Verdict.DUPLICATE, Verdict.DUPLICATE]
    assert await hear(service, record(3)) == [Verdict.NEW]


async def test_the_plans_are_counted_each_for_itself(service: Service) -> None:
    assert await hear(service, record(1)) == [Verdict.NEW]
    assert await hear(service, record(1, "xiamen")) == [Verdict.NEW]


async def test_a_number_too_high_is_held_and_shows_as_a_gap_of_its_key(service: Service) -> None:
    await hear(service, record(1), record(1, "xiamen"))
    assert await service.gaps() == 0

    assert await hear(service, record(3), record(4)) == [Verdict.HELD, Verdict.HELD]

    assert await service.gaps() == 1
    assert await service.gaps("fuzhou") == 1
    assert await service.gaps("xiamen") == 0
    assert await next_held(service) is None


async def test_a_held_event_that_comes_again_is_a_duplicate(service: Service) -> None:
    assert await hear(service, record(3), record(3)) == [Verdict.HELD, Verdict.DUPLICATE]


async def test_a_held_record_comes_back_as_it_was_when_its_turn_has_come(service: Service) -> None:
    await hear(service, record(1), record(3), record(4))

    await hear(service, record(2))

    assert await next_held(service) == record(3)
    assert await hear(service, record(3)) == [Verdict.NEW]
    assert await next_held(service) == record(4)
    assert await hear(service, record(4)) == [Verdict.NEW]
    assert await next_held(service) is None
    assert await service.gaps() == 0


async def test_a_mark_is_forgotten_with_its_transaction(service: Service) -> None:
    with pytest.raises(RuntimeError):  # noqa: PT012  # the whole transaction is meant
        async with listening(service, record(1)) as hearing:
            await hearing.admit(record(1), envelope_of(record(1)), at=NOON)
            raise RuntimeError("the effect failed")
    assert await hear(service, record(1)) == [Verdict.NEW]


async def test_in_a_compacted_topic_numbers_may_be_missing_but_not_go_back(
    service: Service,
) -> None:
    changed = CredentialChanged(
        token="t1", holder="Ms Lin", unit=None, roles=(), secret_sha256="0" * 64,
        issued_at=NOON, expires_at=None, revoked_at=None,
    )  # fmt: skip

    def at(number: int) -> Record:
        sent = with_header(message(changed, 1), "ce_sequence", str(number))
        return Record(
            topic=sent.topic, partition=0, offset=number, key=b"t1", value=sent.value,
            headers=sent.headers,
        )  # fmt: skip

    assert await hear(service, at(3), at(7), at(5)) == [
        Verdict.NEW,
        Verdict.NEW,
        Verdict.DUPLICATE,
    ]
    assert await service.gaps() == 0
