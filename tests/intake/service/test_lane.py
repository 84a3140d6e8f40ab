"""Group commit: pages that grow under load, and to everybody the answer of the single way."""

import asyncio
from collections.abc import Sequence

import pytest
from kit_cast import until

from intake.service.lane import Busy, Lane


class Store:
    """Stores a page when it is let; an item called "bad" cannot be stored."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.pages: list[list[str]] = []

    async def __call__(self, page: Sequence[str]) -> list[str | Exception]:
        self.pages.append(list(page))
        await self.open.wait()
        return [ValueError("bad") if item == "bad" else f"{item} stored" for item in page]

    async def busy_with(self, lane: Lane[str, str], item: str) -> asyncio.Task[str]:
        """Let the lane's first page hang, so that what comes has to wait."""
        self.open.clear()
        first = asyncio.create_task(lane.put(item))
        await until(lambda: bool(self.pages))
        return first


def waiting(lane: Lane[str, str], *items: str) -> list[asyncio.Task[str]]:
    """Items that come one after another."""
    return [asyncio.create_task(lane.put(item)) for item in items]


async def test_an_item_that_comes_alone_is_stored_alone_and_at_once() -> None:
    store = Store()
    lane = Lane(store)
    assert [await lane.put(item) for item in ("a", "b")] == ["a stored", "b stored"]
    assert store.pages == [["a"], ["b"]]


async def test_what_gathers_while_a_page_is_stored_is_the_next_page_in_its_order() -> None:
    store = Store()
    lane = Lane(store, page=3)
    first = await store.busy_with(lane, "a")
    others = waiting(lane, *"bcdef")
    await until(lambda: lane.waiting == 5)
    store.open.set()
    assert await asyncio.gather(first, *others) == [f"{item} stored" for item in "abcdef"]
    assert store.pages == [["a"], ["b", "c", "d"], ["e", "f"]]


async def test_each_waiter_gets_its_own_answer_or_its_own_error() -> None:
    lane = Lane(Store())
    answers = await asyncio.gather(*waiting(lane, "a", "bad", "c"), return_exceptions=True)
    assert [str(answer) for answer in answers] == ["a stored", "bad", "c stored"]


async def test_where_too_many_wait_the_next_is_not_taken() -> None:
    store = Store()
    lane = Lane(store, most_waiting=2)
    first = await store.busy_with(lane, "a")
    others = waiting(lane, "b", "c")
    await until(lambda: lane.waiting == 2)
    with pytest.raises(Busy):
        await lane.put("d")
    store.open.set()
    await asyncio.gather(first, *others)
    assert await lane.put("e") == "e stored"
    assert store.pages == [["a"], ["b", "c"], ["e"]]


async def test_a_waiter_that_gives_up_stops_neither_its_item_nor_its_neighbours() -> None:
    store = Store()
    lane = Lane(store)
    first = await store.busy_with(lane, "a")
    gone, stays = waiting(lane, "b", "c")
    await until(lambda: lane.waiting == 2)
    gone.cancel()
    store.open.set()
    assert [await first, await stays] == ["a stored", "c stored"]
    assert store.pages == [["a"], ["b", "c"]]


async def test_a_page_that_fails_whole_fails_its_waiters_and_not_the_next_page() -> None:
    async def fail_once(page: Sequence[str]) -> list[str | Exception]:
        if page[0] == "bad":
            raise OSError("the disk is full")
        return list(page)

    lane = Lane[str, str](fail_once)
    answers = await asyncio.gather(*waiting(lane, "bad", "b"), return_exceptions=True)
    assert [str(answer) for answer in answers] == ["the disk is full"] * 2
    assert await lane.put("c") == "c"


async def test_at_the_end_everything_that_was_taken_gets_its_answer() -> None:
    store = Store()
    lane = Lane(store)
    keeping = asyncio.create_task(lane.keep())
    first = await store.busy_with(lane, "a")
    others = waiting(lane, "b")
    await until(lambda: lane.waiting == 1)
    keeping.cancel()
    store.open.set()
    await asyncio.gather(keeping, return_exceptions=True)
    assert first.done()
    assert await asyncio.gather(first, *others) == ["a stored", "b stored"]
