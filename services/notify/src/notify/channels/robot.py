"""Group robots of WeCom, DingTalk and Feishu: signed as each asks, judged by the reply's body."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote_plus

from notify.channels import DeliveryResult
from notify.channels.call import Caller, Reply, retry_after
from notify.domain.robots import Robot

_TOO_MANY: Final = 429
_LIMITED: Final[Mapping[Robot, Mapping[int, timedelta]]] = {
    "wecom": {45009: timedelta(minutes=1)},
    "dingtalk": {130101: timedelta(minutes=10), 90030: timedelta(minutes=10)},
    "feishu": {11232: timedelta(minutes=1), 9499: timedelta(minutes=1)},
}
"""The codes of a robot that was spoken to too often, and how long it is left alone then."""
_PAUSE: Final = timedelta(minutes=1)
_MENDS: Final[Mapping[Robot, Mapping[int, str]]] = {
    "wecom": {
        93000: "the robot is gone or its key is wrong: set the URL of one that is in the group",
    },
    "dingtalk": {
        310000: "its security settings refuse the message: set its signing secret as secret_env, "
        "or allow the keyword 督办 or our address there",
        300001: "no robot has this token: set the URL of one that is in the group",
        400101: "no robot has this token: set the URL of one that is in the group",
        400102: "the robot is switched off in its group",
        400013: "its group is dissolved",
    },
    "feishu": {
        19001: "the robot is gone or its URL is wrong: set the URL of one that is in the group",
        19021: "the signature is refused: set its signing secret as secret_env, and see that the "
        "clock of this machine is right",
        19022: "our address is not among those it allows",
        19024: "it takes only messages with a keyword: allow 督办 there",
    },
}


class RobotSender:
    """Posts to group robots."""

    def __init__(self, *, caller: Caller) -> None:
        self._caller = caller

    async def send(
        self, robot: Robot, *, url: str, secret: str | None, body: bytes, now: datetime
    ) -> DeliveryResult:
        """One attempt; `now` is the wall clock. Without a secret nothing is signed."""
        if secret is not None and robot == "dingtalk":
            url = signed_url(url, secret, now)
        if secret is not None and robot == "feishu":
            body = signed_body(body, secret, now)
        return await self._caller.post(
            url, body, headers={}, judge=lambda reply: _judge(robot, reply, now)
        )


def signed_url(url: str, secret: str, now: datetime) -> str:
    """DingTalk's: the timestamp in milliseconds, a line feed and the secret, by the secret."""
    timestamp = str(int(now.timestamp() * 1000))
    mark = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    sign = quote_plus(base64.b64encode(mark))
    joint = "&" if "?" in url else "?"
    return f"{url}{joint}timestamp={timestamp}&sign={sign}"


def signed_body(body: bytes, secret: str, now: datetime) -> bytes:
    """Feishu's: nothing, by the timestamp in seconds, a line feed and the secret."""
    timestamp = str(int(now.timestamp()))
    mark = hmac.new(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
    sign = base64.b64encode(mark).decode("ascii")
    signed = {"timestamp": timestamp, "sign": sign, **json.loads(body)}
    return json.dumps(signed, ensure_ascii=False, separators=(",", ":")).encode()


def _judge(robot: Robot, reply: Reply, now: datetime) -> DeliveryResult:
    """Only the code 0 in the body is success: robots answer 200 to what they refuse."""
    code, said = _code(robot, reply)
    if reply.status == _TOO_MANY or (code is not None and code in _LIMITED[robot]):
        wait = retry_after(reply.headers.get("retry-after"), now) or _PAUSE
        wait = max(wait, _LIMITED[robot].get(code or 0, _PAUSE))
        detail = f"the robot was spoken to too often; it is left alone for {wait}"
        return DeliveryResult(
            outcome="retry",
            reason="rate_limited",
            status=code or reply.status,
            detail=detail,
            retry_after=wait,
        )
    if not reply.is_success or code is None:
        detail = f"the robot answered {reply.status} without a code that can be read"
        return DeliveryResult(outcome="retry", reason="status", status=reply.status, detail=detail)
    if code == 0:
        return DeliveryResult(outcome="delivered", reason="accepted", status=reply.status)
    mend = _MENDS[robot].get(code, said or "see the vendor's list of codes")
    detail = f"the robot answered {code}: {mend}"
    return DeliveryResult(outcome="retry", reason="robot_refused", status=code, detail=detail)


def _code(robot: Robot, reply: Reply) -> tuple[int | None, str]:
    try:
        body = json.loads(reply.body)
    except (ValueError, RecursionError):
        return None, ""
    if not isinstance(body, dict):
        return None, ""
    names = ("code", "StatusCode") if robot == "feishu" else ("errcode",)
    code = next((body[name] for name in names if type(body.get(name)) is int), None)
    said = body.get("msg") or body.get("errmsg") or body.get("StatusMessage")
    return code, said[:200] if isinstance(said, str) else ""
