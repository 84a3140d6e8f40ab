#!/usr/bin/env python3
"""Brings docker-compose.yml up on a real engine, and follows one report from POST to mailbox.

`make compose-smoke`. It needs Docker with compose and nothing else, takes free ports and volumes of
its own, and removes what it started.
"""

# ruff: noqa: ANN401, S101, T201  # it reads JSON as it comes, asserts, and prints its account

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

ROOT: Final = Path(__file__).parents[2]
SERVICES: Final = {"intake": 8001, "scoring": 8002, "notify": 8003}
REPLICAS: Final = {"intake": 1, "scoring": 2, "notify": 2}
YEAR: Final = datetime.now(UTC).year
PLAN: Final = "smoke"
MAILBOX: Final = "harbour@example.org"
INSIDE: Final = """
import os, pathlib
assert os.getuid() == os.geteuid() == 10001, f"runs as {os.getuid()}"
assert "CapEff:\\t0000000000000000" in pathlib.Path("/proc/self/status").read_text()
for folder, refused in (("/", True), ("/opt/duban", True), ("/tmp", False)):
    assert os.statvfs(folder).f_flag & os.ST_RDONLY == refused, f"{folder} is wrong"
"""
"""What must hold within each of our containers."""


class Stack:
    """The compose file under a project name of its own, with new secrets and free ports."""

    def __init__(self, *, secrets: Path) -> None:
        self._command = ["docker", "compose", "--env-file", str(secrets)]
        ports = (
            f"DUBAN_{one}_PORT" for one in ("INTAKE", "SCORING", "NOTIFY", "PROMETHEUS", "MAIL")
        )
        self._environment = os.environ | dict.fromkeys(ports, "0")
        self._environment |= {
            "COMPOSE_PROJECT_NAME": "duban-smoke",
            "DUBAN_VERSION": "smoke",
            "DUBAN_NOTIFY_URL": "https://notify.example.org",
        }

    def run(self, *words: str) -> str:
        """Run compose to its end; return what it printed.

        Raises:
            RuntimeError: it failed.
        """
        done = self.attempt(*words)
        if done.returncode:
            raise RuntimeError(f"docker compose {' '.join(words)}: {done.stderr}")
        return done.stdout.strip()

    def attempt(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run compose to its end, whatever becomes of it."""
        return subprocess.run(  # noqa: S603  # our own command
            [*self._command, *words],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def url(self, service: str, port: int) -> str:
        """Where a port of a service is published."""
        return f"http://{self.run('port', service, str(port))}"


def ask(method: str, url: str, *, token: str | None = None, body: Any = None) -> Any:
    """What a service answers, as data.

    Raises:
        HTTPError: it refused.
    """
    headers = {"content-type": "application/json"}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data=data, method=method, headers=headers)  # noqa: S310  # our own
    with urlopen(request, timeout=30) as answer:  # noqa: S310  # likewise
        return json.load(answer)


def eventually(check: Callable[[], Any], what: str, *, seconds: float = 120) -> Any:
    """What `check()` returns once that is something.

    Raises:
        RuntimeError: it never was.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := check():
            return found
        time.sleep(0.5)
    raise RuntimeError(f"waited {seconds:.0f} s in vain for {what}")


def a_plan() -> dict[str, Any]:
    """A plan with one task, which is far behind as soon as it is reported."""
    figure = {
        "id": "T.a",
        "title": "Berths",
        "kind": "cumulative",
        "target": "1000",
        "unit": "berths",
    }
    task = {
        "id": "T",
        "title": "Build the berths",
        "weight": "100",
        "start": f"{YEAR - 1}-01-01",
        "due": f"{YEAR}-12-31",
        "assignments": [{"unit": "harbour", "role": "lead"}],
        "indicators": [figure],
    }
    return {
        "plan": {
            "id": PLAN,
            "title": "A plan for one report",
            "start": f"{YEAR - 1}-01-01",
            "end": f"{YEAR}-12-31",
            "calendar": {
                "cadence": "annual",
                "holidays": [{"year": year} for year in range(YEAR - 1, YEAR + 2)],
            },
        },
        "groups": [{"id": "g", "title": "Everybody"}],
        "units": [{"id": "harbour", "title": "Harbour office", "group": "g"}],
        "actions": [{"id": "A", "title": "One action", "tasks": [task]}],
    }


def dockerfiles_differ_in_size() -> None:
    """BuildKit takes a file for another of equal name, size and time, as in an archive."""
    sizes = {(ROOT / "services" / one / "Dockerfile").stat().st_size for one in SERVICES}
    assert len(sizes) == len(SERVICES), "two Dockerfiles are of equal size: lengthen a comment"


def no_secret_is_known() -> None:
    """Without secrets of its own, nothing starts."""
    refused = Stack(secrets=Path(os.devnull)).attempt("config", "--quiet")
    assert refused.returncode, "compose starts without secrets"
    assert "run make compose-env" in refused.stderr, refused.stderr


def containers_are_bare(stack: Stack) -> None:
    """Each of ours runs as nobody in particular, without capabilities, on a read-only root."""
    for service, replicas in REPLICAS.items():
        for index in range(1, replicas + 1):
            stack.run("exec", "-T", "--index", str(index), service, "python", "-c", INSIDE)


def roles_keep_apart(stack: Stack, passwords: dict[str, str]) -> None:
    """Each role reads its own tables, and cannot even enter another database."""

    def select(role: str, database: str) -> subprocess.CompletedProcess[str]:
        password = f"PGPASSWORD={passwords[f'{role.upper()}_DB_PASSWORD']}"
        there = ("--host", "postgres", "--username", role, "--dbname", database)
        return stack.attempt(
            *("exec", "-T", "--env", password, "postgres", "psql", *there),
            *("-qAtc", "SELECT count(*) FROM journal"),
        )

    for role in SERVICES:
        assert int(select(role, role).stdout) >= 0
        for other in {*SERVICES, "postgres"} - {role}:
            refused = select(role, other)
            assert "permission denied for database" in refused.stderr, (role, other, refused.stderr)


def a_report_becomes_a_mail(stack: Stack) -> str:
    """One report that is far behind becomes one mail; return its subject."""
    intake, notify = (stack.url(one, SERVICES[one]) for one in ("intake", "notify"))
    mail = f"{stack.url('mail', 8025)}/api/v1/messages"
    operator = stack.run(
        "exec", "-T", "intake", "python", "-m", "intake", "bootstrap", "--holder", "operator"
    )

    def token(holder: str, role: str, unit: str | None = None) -> str:
        body = {"holder": holder, "roles": [role], "unit": unit}
        return str(ask("POST", f"{intake}/v1/tokens", token=operator, body=body)["token"])

    def known() -> bool:
        try:
            ask("GET", f"{notify}/v1/contacts?plan={PLAN}", token=office)
        except HTTPError as error:
            if error.code != HTTPStatus.UNAUTHORIZED:
                raise
            return False
        return True

    office, unit = token("office", "office"), token("harbour", "submit", "harbour")
    ask("PUT", f"{intake}/v1/plans/{PLAN}", token=office, body=a_plan())
    eventually(known, "the office's token to reach notify")
    person = {"scope": "unit", "subject": "harbour", "role": "reporter", "email": MAILBOX}
    ask("PUT", f"{notify}/v1/contacts/{PLAN}", token=office, body=[person | {"language": "en"}])
    at_once = {"to": [{"role": "reporter"}], "group_wait": "0s", "group_interval": "0s"}
    always = {"from": "00:00", "to": "24:00", "working_days_only": False}  # whatever day it is
    route = {"notify": {"default": at_once, "hours": always}}
    ask("PUT", f"{notify}/v1/routes", token=office, body=route)
    report = {
        "plan": PLAN,
        "task": "T",
        "unit": "harbour",
        "period": str(YEAR),
        "values": {"T.a": "1"},
        "as_of": f"{YEAR}-01-01",
    }
    begun = time.monotonic()
    ask("POST", f"{intake}/v1/submissions", token=unit, body=report)
    listed = eventually(lambda: ask("GET", mail)["messages"], "the mail")
    print(f"  POST to mailbox in {time.monotonic() - begun:.1f} s")
    assert [one["Address"] for each in listed for one in each["To"]] == [MAILBOX], listed
    return str(listed[0]["Subject"])


def prometheus_sees_all(stack: Stack) -> None:
    """Every replica is scraped, and well."""
    address = f"{stack.url('prometheus', 9090)}/api/v1/targets"

    def up() -> bool:
        seen = [
            one["labels"]["job"]
            for one in ask("GET", address)["data"]["activeTargets"]
            if one["health"] == "up"
        ]
        return {job: seen.count(job) for job in REPLICAS} == REPLICAS

    eventually(up, "Prometheus to reach every replica")


def main() -> None:
    """Everything in its order; what was started is removed, whatever happens."""
    with tempfile.TemporaryDirectory() as folder:
        secrets = Path(folder) / "env"
        subprocess.run([ROOT / "deploy/compose/make-env", secrets], check=True)  # noqa: S603  # ours
        passwords = dict(line.split("=", 1) for line in secrets.read_text().split())
        stack = Stack(secrets=secrets)
        dockerfiles_differ_in_size()
        no_secret_is_known()
        print("without secrets of its own nothing starts")
        try:
            stack.run("build", "--quiet")
            print("built")
            scale = [f"--scale={service}={count}" for service, count in REPLICAS.items()]
            stack.run("up", "--detach", "--wait", "--quiet-pull", *scale)
            print(stack.run("ps", "--format", "table {{.Name}}\t{{.Image}}\t{{.Status}}"))
            containers_are_bare(stack)
            print("each service: uid 10001, no capabilities, read-only root")
            roles_keep_apart(stack, passwords)
            print("each role reads its own database and enters no other")
            print(f"a report became one mail: {a_report_becomes_a_mail(stack)}")
            prometheus_sees_all(stack)
            print(f"Prometheus reaches every replica: {REPLICAS}")
        except BaseException:
            print(stack.attempt("ps", "--all").stdout)
            print(stack.attempt("logs", "--no-color", "--tail", "40").stdout)
            raise
        finally:
            stack.attempt("down", "--volumes", "--remove-orphans")
    print("compose smoke test: passed")


if __name__ == "__main__":
    try:
        main()
    except (AssertionError, HTTPError, RuntimeError) as reason:
        told = reason.read().decode() if isinstance(reason, HTTPError) else ""
        sys.exit(f"compose smoke test: FAILED: {reason} {told}")
