import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from local.conftest import Duban, free_ports

from duban.house import HOST, Ports

pytestmark = [pytest.mark.enable_socket, pytest.mark.system]

COMMAND = (sys.executable, "-m", "duban")


def options(folder: Path, ports: Ports) -> list[str]:
    return [
        *("--folder", str(folder), "--intake-port", str(ports.intake)),
        *("--scoring-port", str(ports.scoring), "--notify-port", str(ports.notify)),
    ]


@contextmanager
def up(folder: Path, ports: Ports) -> Iterator[tuple["subprocess.Popen[str]", dict[str, str]]]:
    """`duban up` in a process of its own, with the addresses it has printed."""
    words = [*COMMAND, "up", "--json", *options(folder, ports)]
    log = folder.parent / "log"
    with log.open("w") as errors:
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=errors, text=True)  # noqa: S603  # ours
    assert process.stdout is not None
    with process.stdout:
        try:
            line = process.stdout.readline()
            assert line, log.read_text()
            yield process, json.loads(line)
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_up_serves_until_it_is_told_to_end_and_ends_cleanly(
    tmp_path: Path, how: signal.Signals
) -> None:
    ports = free_ports()
    with up(tmp_path / "var", ports) as (process, urls):
        assert urls == {name: ports.url(name) for name in ("intake", "scoring", "notify")}
        for url in urls.values():
            assert httpx.get(f"{url}/healthz").json() == {"status": "alive"}
        process.send_signal(how)
        assert process.wait(timeout=30) == 0


def test_the_first_token_can_be_made_while_up_runs(tmp_path: Path) -> None:
    folder, ports = tmp_path / "var", free_ports()
    with up(folder, ports):
        first = Duban().answer("token", "bootstrap", "--holder", "Desk", "--folder", folder)
        environment = {"DUBAN_TOKEN": first["token"], "DUBAN_INTAKE_URL": ports.url("intake")}
        [known] = Duban(environment=environment).answer("token", "list")["items"]
        assert known["holder"] == "Desk"


def test_a_folder_another_process_has_is_refused(tmp_path: Path) -> None:
    with up(tmp_path / "var", free_ports()):
        again = subprocess.run(  # noqa: S603  # ours
            [*COMMAND, "up", *options(tmp_path / "var", free_ports())],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.startswith("folder_in_use: ")
    assert "Traceback" not in again.stderr


def test_a_taken_port_is_refused_and_names_the_option(tmp_path: Path) -> None:
    ports = free_ports()
    with socket.create_server((HOST, ports.scoring)):
        result = Duban()("up", *options(tmp_path / "var", ports))
    assert result.exit_code == 1
    assert f"port {ports.scoring}" in result.stderr
    assert "--scoring-port" in result.stderr


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = Duban()("up", *options(tmp_path / "file", free_ports()))
    assert result.exit_code == 1
    assert result.stderr.startswith("cannot_start: ")


@pytest.mark.parametrize(
    "wrong",
    [
        ("--smtp", "mail.example"),
        ("--smtp", "mail.example:99999"),
        ("--allow-target", "everything"),
        ("--intake-port", "0"),
    ],
)
def test_an_option_that_cannot_be_read_is_misuse(tmp_path: Path, wrong: tuple[str, str]) -> None:
    result = Duban()("up", "--folder", tmp_path / "var", *wrong)
    assert result.exit_code == 2
    assert not (tmp_path / "var").exists()
