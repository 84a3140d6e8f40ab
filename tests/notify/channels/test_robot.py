"""Group robots: what they are sent, how it is signed, and what their replies mean."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.channels import DeliveryResult
from notify.channels.call import Caller
from notify.channels.guard import AllowedTarget, TargetGuard
from notify.channels.robot import RobotSender
from notify.domain.robots import MOST_BYTES, Robot, robot_body

ROBOTS: tuple[Robot, ...] = ("wecom", "dingtalk", "feishu")
NOW = datetime(2022, 5, 18, 1, 0, tzinfo=UTC)
LINK = "https://duban.example.org/messages/abc.def"
OK = {"wecom": {"errcode": 0, "errmsg": "ok"}, "dingtalk": {"errcode": 0}, "feishu": {"code": 0}}


@dataclass
class Platform:
    """A robot's platform: it answers as told, and keeps what it was sent."""

    port: int = 0
    answer: bytes = b"{}"
    status: str = "200 OK"
    headers: str = ""
    asked: list[tuple[str, bytes]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
        self.asked.append((head.split(" ")[1], await reader.readexactly(length)))
        size = len(self.answer)
        told = f"HTTP/1.1 {self.status}\r\nContent-Length: {size}\r\n{self.headers}\r\n"
        writer.write(told.encode() + self.answer)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def open_platform() -> AsyncIterator[Platform]:
    platform = Platform()
    server = await asyncio.start_server(platform.serve, "127.0.0.1", 0)
    platform.port = server.sockets[0].getsockname()[1]
    async with server:
        yield platform


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    async with open_platform() as made:
        yield made


Send = Callable[..., Awaitable[DeliveryResult]]


def sends(platform: Platform, robot: Robot) -> Send:
    allow = [AllowedTarget.parse(f"127.0.0.0/8:{platform.port}")]
    sender = RobotSender(caller=Caller(guard=TargetGuard(allow=allow)))

    async def send(secret: str | None = None, title: str = "督办") -> DeliveryResult:
        body = robot_body(robot, title=title, lines=("落后。",), link=LINK, link_text="查看")
        url = f"http://127.0.0.1:{platform.port}/robot/send?access_token=t"
        return await sender.send(robot, url=url, secret=secret, body=body, now=NOW)

    return send


def text_of(robot: Robot, body: bytes) -> str:
    said = json.loads(body)
    if robot == "feishu":
        post = said["content"]["post"]["zh_cn"]
        return json.dumps([post["title"], post["content"]], ensure_ascii=False)
    return str(said["markdown"]["text" if robot == "dingtalk" else "content"])


@pytest.mark.enable_socket
@pytest.mark.parametrize("robot", ROBOTS)
async def test_only_the_code_in_the_body_is_success(platform: Platform, robot: Robot) -> None:
    send = sends(platform, robot)
    platform.answer = json.dumps(OK[robot]).encode()
    assert (await send()).outcome == "delivered"
    for answer in (b"", b"ok", b"[]", b"{}", b'{"errcode":"0"}', b'{"code":true}', b"\xff" * 9):
        platform.answer = answer
        result = await send()
        assert (result.outcome, result.reason) == ("retry", "status")


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("robot", "code", "mend"),
    [("wecom", 93000, "URL"), ("dingtalk", 310000, "secret_env"), ("feishu", 19021, "secret_env")],
)
async def test_a_refusal_with_status_200_is_none_and_tells_the_mend(
    platform: Platform, robot: Robot, code: int, mend: str
) -> None:
    platform.answer = json.dumps({"errcode": code, "code": code, "msg": "no"}).encode()
    result = await sends(platform, robot)()
    assert (result.outcome, result.reason, result.status) == ("retry", "robot_refused", code)
    assert mend in result.detail


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("robot", "code", "pause"),
    [("wecom", 45009, 60), ("dingtalk", 130101, 600), ("feishu", 11232, 60)],
)
async def test_a_robot_spoken_to_too_often_is_left_alone(
    platform: Platform, robot: Robot, code: int, pause: int
) -> None:
    platform.answer = json.dumps({"errcode": code, "code": code}).encode()
    result = await sends(platform, robot)()
    assert (result.outcome, result.reason) == ("retry", "rate_limited")
    assert result.retry_after == timedelta(seconds=pause)


@pytest.mark.enable_socket
async def test_a_429_asks_for_the_wait_it_names(platform: Platform) -> None:
    platform.status, platform.headers = "429 Too Many Requests", "Retry-After: 300\r\n"
    result = await sends(platform, "feishu")()
    assert (result.reason, result.retry_after) == ("rate_limited", timedelta(minutes=5))


@pytest.mark.enable_socket
async def test_dingtalk_is_signed_in_the_address_as_its_document_has_it(platform: Platform) -> None:
    platform.answer = b'{"errcode":0}'
    await sends(platform, "dingtalk")(secret="SEC42")
    ((path, _),) = platform.asked
    query = parse_qs(urlsplit(path).query)
    (timestamp,), (sign,) = query["timestamp"], query["sign"]
    assert (query["access_token"], timestamp) == (["t"], str(int(NOW.timestamp()) * 1000))
    mark = hmac.new(b"SEC42", f"{timestamp}\nSEC42".encode(), hashlib.sha256).digest()
    assert base64.b64decode(sign) == mark


@pytest.mark.enable_socket
async def test_feishu_is_signed_in_the_body_as_its_document_has_it(platform: Platform) -> None:
    platform.answer = b'{"code":0}'
    await sends(platform, "feishu")(secret="SEC42")
    ((path, body),) = platform.asked
    said = json.loads(body)
    assert said["timestamp"] == str(int(NOW.timestamp()))
    mark = hmac.new(f"{said['timestamp']}\nSEC42".encode(), b"", hashlib.sha256).digest()
    assert base64.b64decode(said["sign"]) == mark
    assert said["msg_type"] == "post"
    assert "sign" not in path


@pytest.mark.enable_socket
@pytest.mark.parametrize("robot", ROBOTS)
async def test_without_a_secret_nothing_is_signed(platform: Platform, robot: Robot) -> None:
    await sends(platform, robot)()
    ((path, body),) = platform.asked
    assert "sign" not in path
    assert "sign" not in json.loads(body)


@pytest.mark.parametrize("robot", ["wecom", "dingtalk"])
def test_what_would_be_markup_in_a_title_is_text(robot: Robot) -> None:
    hostile = '[点我](https://evil.example) <@all> <font color="warning">x</font> **b** `c` @所有人'
    body = robot_body(robot, title=hostile, lines=(hostile,), link=LINK, link_text="查看")
    text = text_of(robot, body)
    assert text.count("](") == 1
    assert not {"<", ">", "`", "@"} & set(text)
    assert text.endswith(f"[查看]({LINK})")


@given(
    robot=st.sampled_from(ROBOTS),
    lines=st.lists(st.text(max_size=4000), min_size=1, max_size=30),
    title=st.text(min_size=1, max_size=300),
)
def test_a_body_of_any_size_keeps_its_limit_its_link_and_whole_characters(
    robot: Robot, lines: list[str], title: str
) -> None:
    body = robot_body(robot, title=title, lines=lines, link=LINK, link_text="查看")
    text = text_of(robot, body)
    assert LINK in text
    assert len(text.encode()) <= MOST_BYTES[robot]
    assert len(body) <= 20_000
