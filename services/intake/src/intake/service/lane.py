"""Group commit: one lane takes whatever has gathered while the last page was being stored.

There is no timer: alone, an item is stored at once; under load the pages grow by themselves.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")

MOST_WAITING: Final = 10_000
PAGE: Final = 500


class Busy(Exception):  # noqa: N818  # it tells what to do: come again in a second
    """As many wait as may; this one was not taken: send it again in a second."""


class Lane(Generic[Item, Answer]):
    """Brings items to `store` in pages, one page at a time, in the order of their coming.

    `store` answers each item of a page, in their order, with what it has for it or with what went
    wrong. A waiter that gives up does not stop its item: it may be stored.
    """

    def __init__(
        self,
        store: Callable[[Sequence[Item]], Awaitable[Sequence[Answer | Exception]]],
        *,
        most_waiting: int = MOST_WAITING,
        page: int = PAGE,
    ) -> None:
        self._store = store
        self._most_waiting = most_waiting
        self._page = page
        self._waiting: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._flusher: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many items wait for their page."""
        return len(self._waiting)

    async def put(self, item: Item) -> Answer:
        """What `store` answers for this item, once its page is durable.

        Raises:
            Busy: too many wait; this one was not taken.
            Exception: what `store` answered for this item.
        """
        if len(self._waiting) >= self._most_waiting:
            raise Busy
        place: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, place))
        if self._flusher is None:
            self._flusher = asyncio.create_task(self._flush(), name="lane")
        return await place

    async def keep(self) -> None:
        """A worker: stays until it is cancelled, then until all that was taken has its answer."""
        try:
            await asyncio.Event().wait()
        finally:
            if self._flusher is not None:
                await self._flusher

    async def _flush(self) -> None:
        try:
            while self._waiting:
                count = min(self._page, len(self._waiting))
                page = [self._waiting.popleft() for _ in range(count)]
                await self._settle(page)
        finally:
            self._flusher = None

    async def _settle(self, page: Sequence[tuple[Item, asyncio.Future[Answer]]]) -> None:
        """Every waiter of the page gets its answer, whatever happens to the page."""
        answers: Sequence[Answer | Exception | None] = [None] * len(page)
        try:
            answers = await self._store([item for item, _ in page])
        except Exception as error:  # noqa: BLE001  # the waiters raise it, each in its own task
            answers = [error] * len(page)
        finally:
            for (_, place), answer in zip(page, answers, strict=True):
                if place.done():  # its waiter gave up
                    continue
                if answer is None:
                    place.cancel()
                elif isinstance(answer, Exception):
                    place.set_exception(answer)
                else:
                    place.set_result(answer)
