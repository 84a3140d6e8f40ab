"""`python -m bench`: every comparison in one run; see README.md."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any, Final

import httpx

ROOT: Final = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from bench.load import Order, Outcome  # noqa: E402  # after the path to the real servers
from bench.serve import prepare  # noqa: E402  # likewise
from peers import free_ports  # noqa: E402  # likewise
from peers.postgres import Postgres  # noqa: E402  # likewise

ROUNDS: Final = 5
SECONDS: Final = 4.0
CLIENTS: Final = 64
STARTS_SECONDS: Final = 30


@contextmanager
def server(which: str, url: str, folder: Path) -> Iterator[int]:
    """A server process; its port."""
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "bench.serve", which, str(port), url, str(folder)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        _await_answer(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def _await_answer(port: int) -> None:
    deadline = time.monotonic() + STARTS_SECONDS
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}/openapi.json", timeout=5)
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def measured(order: Order) -> Outcome:
    """The outcome of one order, from a process of its own; every answer has to be a 202."""
    done = subprocess.run(  # noqa: S603  # our own command
        [sys.executable, "-m", "bench.load"],
        input=json.dumps(asdict(order)),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    outcome = Outcome(**json.loads(done.stdout))
    if set(outcome.statuses) != {"202"}:
        raise SystemExit(f"answers other than 202: {outcome.statuses}")
    return outcome


def main() -> None:
    """Print the table."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="duban-bench-")))
        postgres = Postgres()
        postgres.start()
        stack.callback(postgres.stop)
        ours, sqlite = postgres.create("ours"), f"sqlite+aiosqlite:///{folder}/intake.db"
        token, bodies = asyncio.run(prepare(ours, folder))
        other_token, _ = asyncio.run(prepare(sqlite, folder))
        rows = {
            "ours, PostgreSQL": ("ours", ours, token),
            "ours, SQLite": ("ours", sqlite, other_token),
            "textbook, PostgreSQL": ("textbook", postgres.create("textbook"), ""),
            "idle FastAPI": ("idle", "", ""),
        }
        ports = {
            name: stack.enter_context(server(which, url, folder))
            for name, (which, url, _) in rows.items()
        }
        found: dict[str, list[Outcome]] = {name: [] for name in rows}
        for turn in range(-1, ROUNDS):
            for name, (_, _, bearer) in rows.items():
                outcome = measured(
                    Order(
                        port=ports[name],
                        path="/v1/submissions",
                        token=bearer,
                        clients=CLIENTS,
                        seconds=SECONDS if turn >= 0 else 1.0,
                        bodies=bodies,
                        run=f"run {turn}",
                    )
                )
                if turn >= 0:  # the first warms up
                    found[name].append(outcome)
        report(found)


def report(found: dict[str, list[Outcome]]) -> None:
    """Medians, and ratios against the two others."""
    rates = {name: median(one.rate for one in outcomes) for name, outcomes in found.items()}
    for name, outcomes in found.items():
        raw = ", ".join(f"{one.rate:,.0f}" for one in outcomes)
        p50 = median(one.p50 for one in outcomes)
        p99 = median(one.p99 for one in outcomes)
        print(f"{name:22} {rates[name]:8,.0f}/s  p50 {p50:6.1f} ms  p99 {p99:6.1f} ms  ({raw})")  # noqa: T201  # it is what the command is for
    for name in ("ours, PostgreSQL", "ours, SQLite"):
        for other in ("textbook, PostgreSQL", "idle FastAPI"):
            print(f"{name} / {other}: {rates[name] / rates[other]:.2f}")  # noqa: T201  # likewise


if __name__ == "__main__":
    main()
