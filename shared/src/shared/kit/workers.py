"""The loops of a service, started and stopped with it, restarted when one fails."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog

from shared.kit.engines import is_passing

log = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS: Final = 0.2
_LONGEST_PAUSE_SECONDS: Final = 30.0
_LONGEST_WAIT_SECONDS: Final = 1.0
"""For what passes, as a database that is away: once it is back, work goes on at once."""
_TRUSTED_SECONDS: Final = 5.0
"""Who has failed counts as failing until it has worked for so long: it may only be trying again."""
_HEEDED_SECONDS: Final = 2.0
"""Whoever is told to end has done so by then, or has not heard it."""

Worker = Callable[[], Awaitable[None]]
"""Runs until it is cancelled. What it raises is logged, and it is started again after a pause."""


class Workers:
    """Named workers under one roof."""

    def __init__(self, workers: Mapping[str, Worker]) -> None:
        self._workers = workers
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._failing: dict[str, str] = {}

    def start(self) -> None:
        """Start every worker."""
        for name, worker in self._workers.items():
            self._tasks[name] = asyncio.create_task(self._keep_running(name, worker), name=name)

    async def stop(self) -> None:
        """Stop every worker; what each had not committed is undone by its transaction.

        One that goes on is told again: below it a library may have lost the word, as
        `asyncio.wait_for` does, before Python 3.12, where what it waits for ends that moment.
        """
        running = set(self._tasks.values())
        while running:
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=_HEEDED_SECONDS)
            for task in running:
                log.warning("a worker did not end and is told again", worker=task.get_name())
        self._tasks.clear()

    def failing(self) -> Mapping[str, str]:
        """The workers that failed and have not worked long enough since, with their last error."""
        return dict(self._failing)

    async def _keep_running(self, name: str, worker: Worker) -> None:
        pause, loop = _FIRST_PAUSE_SECONDS, asyncio.get_running_loop()
        while True:
            started, longest = loop.time(), _LONGEST_PAUSE_SECONDS
            forgiven = loop.call_later(_TRUSTED_SECONDS, self._failing.pop, name, None)
            try:
                await worker()
            except Exception as error:  # a worker must outlive any one failure
                self._failing[name] = why = f"{type(error).__name__}: {error}"
                if is_passing(error):
                    longest = _LONGEST_WAIT_SECONDS
                    log.warning("a worker waits for the database", worker=name, reason=why)
                else:
                    log.exception("a worker failed and will start again", worker=name)
            finally:
                forgiven.cancel()
            if loop.time() - started > _LONGEST_PAUSE_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            await asyncio.sleep(pause)
            pause = min(pause * 2, longest)
