"""What group robots of WeCom, DingTalk and Feishu are sent: the body, without its signature.

Each has a form and a limit in bytes of its own. Titles come from a plan: nothing in them is markup
here, so a sign that could begin some is replaced by its full-width twin, which reads the same.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

Robot = Literal["wecom", "dingtalk", "feishu"]

MOST_BYTES: Final[Mapping[Robot, int]] = {"wecom": 4096, "dingtalk": 18_000, "feishu": 18_000}
"""Of the text in UTF-8; the vendors bound WeCom's text, the others' whole body at 20 kB."""

_TWINS: Final = str.maketrans("<>[]()`*_#~|@\\", "＜＞［］（）｀＊＿＃～｜＠＼")
_MORE: Final = "…"


def robot_body(
    robot: Robot, *, title: str, lines: Sequence[str], link: str, link_text: str
) -> bytes:
    """One message: its title, its lines, and its link, which is never cut off."""
    most = MOST_BYTES[robot]
    if robot == "feishu":
        budget = most // 2 - len(link.encode()) - len(link_text.encode())  # escapes may double it
        kept = _fitting([title, *lines], budget)
        return _json(_feishu(kept[0], kept[1:], link, link_text))
    heading, tail = f"**{_plain(title)}**", f"[{_plain(link_text)}]({link})"
    share = most if robot == "wecom" else most // 2
    budget = share - len(heading.encode()) - len(tail.encode()) - 8
    text = "\n\n".join((heading, *_fitting([_plain(line) for line in lines], budget), tail))
    if robot == "wecom":
        return _json({"msgtype": "markdown", "markdown": {"content": text}})
    return _json({"msgtype": "markdown", "markdown": {"title": _plain(title), "text": text}})


def _feishu(title: str, lines: Sequence[str], link: str, link_text: str) -> dict[str, Any]:
    content: list[list[dict[str, str]]] = [[{"tag": "text", "text": line}] for line in lines]
    content.append([{"tag": "a", "text": link_text, "href": link}])
    return {
        "msg_type": "post",
        "content": {"post": {"zh_cn": {"title": title, "content": content}}},
    }


def _plain(text: str) -> str:
    return " ".join(text.split()).translate(_TWINS)


def _fitting(lines: Sequence[str], most: int) -> list[str]:
    """As much of the lines as fits, cut between two characters; a cut is marked."""
    kept: list[str] = []
    left = most
    for line in lines:
        size = len(line.encode()) + 2
        if size > left:
            cut = line.encode()[: max(left - len(_MORE.encode()) - 2, 0)].decode(errors="ignore")
            kept.append(cut + _MORE)
            break
        kept.append(line)
        left -= size
    return kept


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
