"""A delivery is sent by one member at a time, and by another when that one is gone."""

from datetime import timedelta

from notify_house import HEAD, REPORTER, House, overdue, standing

from notify.service.queue import Queue

LEASE = timedelta(minutes=2)


def queue_of(house: House, member: str) -> Queue:
    """What a process of this name takes its work from."""
    return Queue(db=house.db, clock=house.clock, member=member)


async def claimed(queue: Queue) -> list[str]:
    return sorted(one.recipient for one in await queue.claim([]))


async def test_a_delivery_is_handed_to_one_member_only(house: House) -> None:
    await house.hear(standing("green", "yellow"))
    assert await claimed(queue_of(house, "one")) == [REPORTER["email"]]
    assert await claimed(queue_of(house, "two")) == []


async def test_a_member_that_comes_back_resumes_its_own_at_once(house: House) -> None:
    await house.hear(standing("green", "yellow"))
    await queue_of(house, "one").claim([])
    back = queue_of(house, "one")
    await back.resume()
    assert await claimed(back) == [REPORTER["email"]]


async def test_what_a_lost_member_was_sending_is_taken_over_when_its_lease_ends(
    house: House,
) -> None:
    await house.hear(standing("green", "yellow"))
    await queue_of(house, "one").claim([])
    other = queue_of(house, "two")
    await other.resume()
    house.wall_moves(LEASE - timedelta(seconds=10))
    assert await claimed(other) == []
    house.wall_moves(timedelta(seconds=10))
    assert await claimed(other) == [REPORTER["email"]]


async def test_what_is_under_way_here_is_not_handed_out_again_however_long_it_lasts(
    house: House,
) -> None:
    await house.hear(overdue())
    queue = queue_of(house, "one")
    first, second = await queue.claim([])
    house.wall_moves(2 * LEASE)
    (again,) = await queue.claim([first])
    assert again.id == second.id
    assert {first.recipient, second.recipient} == {REPORTER["email"], HEAD["email"]}
