"""The loops of a service start with it, outlive their failures, and stop with it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from kit_cast import PATIENCE, until
from structlog.testing import capture_logs

from shared.kit import workers as workers_module
from shared.kit.signals import Bell, Signal
from shared.kit.workers import Workers


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers_module, "_FIRST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(workers_module, "_HEEDED_SECONDS", 0.1)


@asynccontextmanager
async def at_work(**workers: Callable[[], Awaitable[None]]) -> AsyncIterator[Workers]:
    made = Workers(workers)
    made.start()
    yield made
    await asyncio.wait_for(made.stop(), PATIENCE)


async def test_a_worker_that_fails_is_started_again_and_its_neighbour_never_stops() -> None:
    starts: list[str] = []

    async def flaky() -> None:
        starts.append("flaky")
        if len(starts) < 4:
            raise RuntimeError("not yet")
        await asyncio.Event().wait()

    async def steady() -> None:
        starts.append("steady")
        await asyncio.Event().wait()

    async with at_work(flaky=flaky, steady=steady) as workers:
        await until(lambda: len(starts) == 5 or starts.count("flaky") > 2)
        await until(lambda: not workers.failing())
    assert starts.count("steady") == 1
    assert starts.count("flaky") >= 3


async def test_a_failing_worker_is_named_with_its_error() -> None:
    async def broken() -> None:
        raise ValueError("the bus is on fire")

    async with at_work(relay=broken) as workers:
        await until(lambda: workers.failing() != {})
        assert workers.failing() == {"relay": "ValueError: the bus is on fire"}


async def test_a_worker_that_is_only_trying_again_still_counts_as_failing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workers_module, "_TRUSTED_SECONDS", 0.2)
    seen: list[bool] = []
    recovers = asyncio.Event()

    async def broken() -> None:
        if recovers.is_set():
            await asyncio.Event().wait()
        seen.append("relay" in workers.failing())
        raise ValueError("no")

    async with at_work(relay=broken) as workers:
        await until(lambda: len(seen) == 5)
        recovers.set()
        assert seen == [False, True, True, True, True]
        await until(lambda: not workers.failing())


async def test_a_worker_that_goes_on_failing_is_tried_at_longer_intervals() -> None:
    times: list[float] = []

    async def broken() -> None:
        times.append(asyncio.get_running_loop().time())
        raise ValueError("no")

    async with at_work(relay=broken):
        await until(lambda: len(times) == 5)
    pauses = [later - earlier for earlier, later in pairwise(times)]
    shortest = [0.02 * 2**count for count in range(4)]
    assert all(pause >= least for pause, least in zip(pauses, shortest, strict=True))


async def test_stopping_undoes_the_work_under_way() -> None:
    undone: list[str] = []
    begun = asyncio.Event()

    async def worker() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            undone.append("worker")

    async with at_work(worker=worker):
        await asyncio.wait_for(begun.wait(), PATIENCE)
    assert undone == ["worker"]


async def test_a_worker_woken_and_stopped_in_the_same_moment_stops() -> None:
    for moments in range(6):
        signal = Signal()

        async def worker(signal: Signal = signal) -> None:
            while True:
                await signal.wait(at_most=60)

        async with at_work(worker=worker):
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            signal.raise_()
            for _ in range(moments):
                await asyncio.sleep(0)


async def test_a_signal_raised_before_the_wait_is_not_lost_and_wakes_once() -> None:
    signal = Signal()
    signal.raise_()
    await asyncio.wait_for(signal.wait(at_most=3600), PATIENCE)
    waiting = asyncio.create_task(signal.wait(at_most=3600))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiting.done()
    signal.raise_()
    await asyncio.wait_for(waiting, PATIENCE)


async def test_a_wait_ends_after_its_time() -> None:
    await asyncio.wait_for(Signal().wait(at_most=0.01), PATIENCE)


async def test_a_bell_wakes_everybody_who_listens() -> None:
    bell = Bell()
    waits = [asyncio.create_task(bell.listener().wait(at_most=3600)) for _ in range(3)]
    bell.ring()
    await asyncio.wait_for(asyncio.gather(*waits), PATIENCE)


async def test_a_worker_that_waits_for_its_database_is_never_left_to_wait_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workers_module, "_LONGEST_WAIT_SECONDS", 0.02)
    times: list[float] = []

    async def waiting() -> None:
        times.append(asyncio.get_running_loop().time())
        raise ConnectionRefusedError("no answer")

    with capture_logs() as logs:
        async with at_work(relay=waiting) as workers:
            await until(lambda: len(times) == 20)
            assert workers.failing() == {"relay": "ConnectionRefusedError: no answer"}
    assert times[-1] - times[0] < PATIENCE / 2  # doubled, the pauses would be hours
    assert {(one["event"], one["log_level"]) for one in logs} == {
        ("a worker waits for the database", "warning")
    }


async def test_a_worker_below_which_the_word_to_end_is_lost_ends_all_the_same() -> None:
    lost: list[str] = []

    async def deaf() -> None:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost.append("once")
                if len(lost) > 1:
                    raise

    async with at_work(deaf=deaf):
        await asyncio.sleep(0)  # let it begin
    assert lost == ["once", "once"]
