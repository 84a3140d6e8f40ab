"""Whoever is killed at any point of a message's way loses nothing, and tells it under one id.

`KILLS=20` is the long form: twenty times at each of the six points.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from databases import SqliteDatabases
from kit_cast import until
from notify_house import (
    ALWAYS,
    AT_ONCE,
    HEAD,
    PLAN,
    REPORTER,
    Json,
    open_hook,
    open_mailbox,
    overdue,
    plan_events,
    quiet_house,
)
from notify_points import POINTS

from notify.domain.routes import EndpointSpec, RoutesDocument
from notify.service.directory import Person

pytestmark = pytest.mark.enable_socket
TIMES = int(os.environ.get("KILLS", "1"))


def started(
    folder: Path, url: str, point: str, ports: tuple[int, int]
) -> "subprocess.Popen[bytes]":
    script = Path(__file__).parents[2] / "notify_points.py"
    with (folder / "log").open("a") as log:
        return subprocess.Popen(  # noqa: S603  # ours
            [sys.executable, str(script), str(folder), url, point, *map(str, ports)],
            env={**os.environ, "PYTHONPATH": str(script.parent)},
            stdout=log,
            stderr=log,
        )


@pytest.mark.parametrize("time", range(TIMES))
@pytest.mark.parametrize("point", POINTS)
async def test_a_message_outlives_a_kill_at_this_point(
    tmp_path: Path, on_sqlite: SqliteDatabases, point: str, time: int
) -> None:
    del time
    everybody = {REPORTER["email"], HEAD["email"]}
    async with AsyncExitStack() as stack:
        mailbox = await stack.enter_async_context(open_mailbox())
        hook = await stack.enter_async_context(open_hook())
        ports = mailbox.port, hook.port
        settings: Json = {"allow_targets": f"127.0.0.1/32:{hook.port}"}
        async with quiet_house(tmp_path, on_sqlite, settings) as house:
            directory = house.notify.directory
            people = [Person(name=None, **one) for one in (REPORTER, HEAD)]
            await directory.set_contacts(PLAN, people)
            await directory.add_endpoint(EndpointSpec(id="hook", url=hook.url))
            to = {"default": {"to": [{"endpoint": "hook"}], **AT_ONCE}}
            routes = RoutesDocument.model_validate_json(json.dumps({"notify": ALWAYS | to}))
            await directory.put_in_force(routes, by="the office")
            await house.voice.say(*plan_events(), overdue())
            url = house.url
        killed = started(tmp_path, url, point, ports)
        code = await asyncio.to_thread(killed.wait, 60)
        assert code == -signal.SIGKILL, (tmp_path / "log").read_text()
        again = started(tmp_path, url, "none", ports)
        try:
            await until(lambda: set(mailbox.to) == everybody and len(hook.calls) >= 1)
        finally:
            again.kill()
            again.wait()
    for person in (REPORTER, HEAD):
        ids = {mail["message-id"] for mail in mailbox.mails if mail["to"] == person["email"]}
        assert len(ids) == 1
    assert len(set(hook.ids)) == 1
