"""An Apache Kafka broker of the tests' own (KRaft, one node), killed like a machine."""

import base64
import shutil
import subprocess
import time
import uuid
from pathlib import Path
from typing import Final

from peers import HOST, NotInstalled, cache, free_ports

VERSION: Final = "4.3.1"
_STARTED: Final = "Kafka Server started"
_STARTS_SECONDS: Final = 90
_LOGGING: Final = """\
status = warn
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
"""


def jars() -> Path:
    """The folder of Kafka's jars.

    Raises:
        NotInstalled: they, or Java, are not on this machine.
    """
    found = cache() / f"kafka-{VERSION}"
    if not (found / ".complete").exists() or shutil.which("java") is None:
        raise NotInstalled("Apache Kafka is not installed: run make peers")
    return found


class Kafka:
    """One broker, its own controller; `folder` may be removed once it is stopped."""

    def __init__(self, folder: Path) -> None:
        self._classes = f"{jars()}/*"
        self._folder = folder
        self._log = folder / "kafka.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._port, controller = free_ports(2)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "log4j2.properties").write_text(_LOGGING)
        self._settings = folder / "server.properties"
        self._settings.write_text(
            "\n".join(
                (
                    "process.roles=broker,controller",
                    "node.id=1",
                    f"controller.quorum.bootstrap.servers={HOST}:{controller}",
                    f"listeners=PLAINTEXT://{HOST}:{self._port},CONTROLLER://{HOST}:{controller}",
                    f"advertised.listeners=PLAINTEXT://{HOST}:{self._port}",
                    "controller.listener.names=CONTROLLER",
                    f"log.dirs={folder / 'logs'}",
                    "offsets.topic.replication.factor=1",
                    "offsets.topic.num.partitions=4",
                    "transaction.state.log.replication.factor=1",
                    "transaction.state.log.min.isr=1",
                    "share.coordinator.state.topic.replication.factor=1",
                    "share.coordinator.state.topic.min.isr=1",
                    "group.initial.rebalance.delay.ms=0",
                    "broker.session.timeout.ms=2000",  # a killed broker is let back in after this
                    "broker.heartbeat.interval.ms=500",
                    "auto.create.topics.enable=false",
                    "",
                )
            )
        )
        self._format()

    @property
    def servers(self) -> str:
        """The address to bootstrap from."""
        return f"{HOST}:{self._port}"

    def start(self) -> None:
        """Start it, and return once it serves.

        Raises:
            RuntimeError: it ended, or did not start in time.
        """
        begun = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            command = self._java("kafka.Kafka", str(self._settings))
            self._process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603
        deadline = time.monotonic() + _STARTS_SECONDS
        while _STARTED not in self._said(begun):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"Kafka did not start: {self._said(begun)[-3000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it in order."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=60)
            self._process = None

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=60)
            self._process = None

    def wipe(self) -> None:
        """Lose the whole log and every committed offset; the broker is stopped, then empty."""
        self.kill()
        shutil.rmtree(self._folder / "logs")
        self._format()

    def _format(self) -> None:
        number = b"duban" + uuid.uuid4().bytes[5:]  # a first "-" would be read as an option
        cluster = base64.urlsafe_b64encode(number).decode().rstrip("=")
        command = ("format", "-t", cluster, "-c", str(self._settings), "--standalone")
        done = subprocess.run(  # noqa: S603  # our own command
            self._java("kafka.tools.StorageTool", *command), capture_output=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"the log could not be formatted: {done.stderr.decode()[-2000:]}")

    def _java(self, main: str, *arguments: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={self._folder / 'log4j2.properties'}"
        memory = ("-Xmx512m", "-XX:TieredStopAtLevel=1")
        return [str(shutil.which("java")), *memory, logging, "-cp", self._classes, main, *arguments]

    def _said(self, since: int) -> str:
        with self._log.open("rb") as log:
            log.seek(since)
            return log.read().decode(errors="replace")
