"""`python -m bench`: every comparison in one run; see README.md."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import httpx

ROOT: Final = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from peers import free_ports  # noqa: E402  # after the path to the real servers
from peers.kafka import Kafka  # noqa: E402  # likewise
from peers.postgres import Postgres  # noqa: E402  # likewise

from bench.load import Order, Outcome  # noqa: E402  # likewise
from bench.serve import prepare  # noqa: E402  # likewise

ROUNDS: Final = 5
SECONDS: Final = 4.0
CLIENTS: Final = (64, 256)
OURS: Final = ("ours, PostgreSQL", "ours, SQLite")
OTHERS: Final = ("textbook, PostgreSQL", "FastAPI, stores nothing")
STAGES: Final = (
    ("fill", "intake", "intake in batches"),
    ("relay", "intake", "relay to Kafka"),
    ("hear", "hear", "consumer, one row an event"),
    ("score", "score", "consumer of scoring"),
)
_STARTS_SECONDS: Final = 30


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A server of `bench.serve`, where it listens, and the token it asks for."""

    port: int
    token: str


def main() -> None:
    """Measure, and print what was found."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="duban-bench-")))
        postgres = Postgres()
        stack.callback(postgres.remove)
        postgres.start()
        rates = singles(folder, postgres)
        chain(folder, postgres, rates)


def singles(folder: Path, postgres: Postgres) -> dict[str, float]:
    """Durable single submissions against the two others, in turn; our rates by their names."""
    ours: dict[str, float] = {}
    with ExitStack() as stack:
        contenders, bodies = _contenders(stack, folder, postgres)
        for clients in CLIENTS:
            found: dict[str, list[Outcome]] = {name: [] for name in contenders}
            for turn in range(-1, ROUNDS):
                for name, one in contenders.items():
                    order = Order(
                        port=one.port,
                        path="/v1/submissions",
                        token=one.token,
                        clients=clients,
                        seconds=SECONDS if turn >= 0 else 1.0,
                        bodies=bodies,
                        run=f"{clients} {turn}",
                    )
                    outcome = _measured(order)
                    if turn >= 0:  # the first warms up
                        found[name].append(outcome)
            rates = _print_singles(clients, found)
            ours |= {f"{name}, {clients} clients": rates[name] for name in OURS}
    return ours


def chain(folder: Path, postgres: Postgres, ours: Mapping[str, float]) -> None:
    """What comes after the intake, against the rate it has to keep up with."""
    with ExitStack() as stack:
        kafka = Kafka(folder / "kafka")
        stack.callback(kafka.kill)
        kafka.start()
        urls = {name: postgres.create(f"chain-{name}") for name in ("intake", "hear", "score")}
        _say("\nOne plan, one lane, Apache Kafka and PostgreSQL:")
        for stage, database, name in STAGES:
            home = folder / stage
            home.mkdir()
            command = ["bench.chain", stage, urls[database], kafka.servers, str(home)]
            done = _told(command)
            rate = done["events"] / done["seconds"]
            against = ", ".join(f"{rate / one:.2f} of {name}" for name, one in ours.items())
            _say(f"  {name:28} {rate:9,.0f}/s  ({against})")


def _contenders(
    stack: ExitStack, folder: Path, postgres: Postgres
) -> tuple[dict[str, Contender], list[dict[str, Any]]]:
    ours, sqlite = postgres.create("ours"), f"sqlite+aiosqlite:///{folder}/intake.db"
    token, bodies = asyncio.run(prepare(ours, folder))
    other_token, _ = asyncio.run(prepare(sqlite, folder))
    servers = {
        OURS[0]: ("ours", ours, token),
        OURS[1]: ("ours", sqlite, other_token),
        OTHERS[0]: ("textbook", postgres.create("textbook"), ""),
        OTHERS[1]: ("idle", "", ""),
    }
    contenders = {
        name: Contender(port=stack.enter_context(_server(which, url, folder)), token=bearer)
        for name, (which, url, bearer) in servers.items()
    }
    return contenders, bodies


@contextmanager
def _server(which: str, url: str, folder: Path) -> Iterator[int]:
    """A server process; its port."""
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "bench.serve", which, str(port), url, str(folder)]
    process = subprocess.Popen(command, cwd=ROOT)  # noqa: S603  # our own command
    try:
        _await_answer(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def _await_answer(port: int) -> None:
    deadline = time.monotonic() + _STARTS_SECONDS
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}/openapi.json", timeout=5)
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def _measured(order: Order) -> Outcome:
    """The outcome of one order, from a process of its own; every answer has to be a 202."""
    outcome = Outcome(**_told(["bench.load"], json.dumps(asdict(order))))
    if set(outcome.statuses) != {"202"}:
        raise SystemExit(f"answers other than 202: {outcome.statuses}")
    return outcome


def _told(module: list[str], order: str = "") -> dict[str, Any]:
    """What a module of the bench prints, run in a process of its own."""
    done = subprocess.run(  # noqa: S603  # our own command
        [sys.executable, "-m", *module],
        input=order,
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(module[:2])} failed: {done.stderr[-3000:]}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _print_singles(clients: int, found: Mapping[str, list[Outcome]]) -> dict[str, float]:
    """Medians and ratios; the rates by name."""
    _say(f"\nSingle submissions, {clients} clients, median of {ROUNDS} rounds:")
    rates = {name: median(one.rate for one in outcomes) for name, outcomes in found.items()}
    for name, outcomes in found.items():
        p50 = median(one.p50 for one in outcomes)
        p99 = median(one.p99 for one in outcomes)
        raw = ", ".join(f"{one.rate:,.0f}" for one in outcomes)
        _say(f"  {name:28} {rates[name]:9,.0f}/s  p50 {p50:.0f} ms  p99 {p99:.0f} ms  ({raw})")
    for name in OURS:
        ratios = ", ".join(f"{rates[name] / rates[other]:.2f} × {other}" for other in OTHERS)
        _say(f"  {name:28} {ratios}")
    return rates


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
