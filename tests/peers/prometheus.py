"""Prometheus as the tests run it: its own folder and port, asking the services they name."""

import shutil
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import httpx
import yaml

from peers import HOST, NotInstalled, free_ports

_STARTS_SECONDS: Final = 30


def tool(name: str) -> str:
    """Where `prometheus` or `promtool` is.

    Raises:
        NotInstalled: it is not on this machine.
    """
    found = shutil.which(name)
    if found is None:
        raise NotInstalled(f"{name} is not installed: run make peers")
    return found


class Prometheus:
    """One server; it scrapes each target every second."""

    def __init__(self, folder: Path, targets: Mapping[str, str]) -> None:
        """`targets` are host and port by the name of their job.

        Raises:
            NotInstalled: no server is on this machine.
        """
        self._binary = tool("prometheus")
        (self._port,) = free_ports(1)
        self.url = f"http://{HOST}:{self._port}"
        self._folder = folder
        jobs = [
            {"job_name": job, "static_configs": [{"targets": [target]}]}
            for job, target in targets.items()
        ]
        settings = {"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}
        (folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and return once it answers."""
        with (self._folder / "log").open("w") as log:
            self._process = subprocess.Popen(  # noqa: S603  # found on the path
                [
                    self._binary,
                    f"--config.file={self._folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self._folder / 'data'}",
                    f"--web.listen-address={HOST}:{self._port}",
                ],
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + _STARTS_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/-/ready").is_success:
                    return
            time.sleep(0.1)
        raise AssertionError((self._folder / "log").read_text()[-2000:])

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """The series an expression finds now."""
        answer = httpx.post(f"{self.url}/api/v1/query", data={"query": expression}).json()
        assert answer["status"] == "success", f"{expression}: {answer.get('error')}"
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def kill(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
