"""A wake-up between tasks of one process: a hint that there is work, beside a poll."""

import asyncio
import contextlib


class Signal:
    """Raised by whoever made work; whoever does it waits. A raise before the wait is not lost."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def raise_(self) -> None:
        """Wake the one who waits, or who will wait next."""
        self._event.set()

    def taken(self) -> bool:
        """Whether it was raised since it was last asked or waited for."""
        raised = self._event.is_set()
        self._event.clear()
        return raised

    async def wait(self, *, at_most: float) -> None:
        """Return when raised, or after `at_most` seconds."""
        # Not wait_for: on Python 3.11 it swallows a cancellation that comes with the event.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(at_most):
                await self._event.wait()
        self._event.clear()


class Bell:
    """Rings many signals at once: several workers may wait for the same thing."""

    def __init__(self) -> None:
        self._signals: list[Signal] = []

    def listener(self) -> Signal:
        """A signal of one's own, raised at every ring from now on."""
        signal = Signal()
        self.join(signal)
        return signal

    def join(self, signal: Signal) -> None:
        """Raise this signal too."""
        self._signals.append(signal)

    def ring(self) -> None:
        """Raise every listener's signal."""
        for signal in self._signals:
            signal.raise_()
