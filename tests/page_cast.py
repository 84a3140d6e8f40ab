"""A page as a test reads it: its tags, the addresses it names, and its text."""

from html.parser import HTMLParser
from typing import Final

import httpx

HOSTILE: Final = "<script>alert(1)</script>"


class Outline(HTMLParser):
    """The tags of a page, the addresses it names, and its text."""

    def __init__(self, page: httpx.Response) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self._words: list[str] = []
        self.feed(page.text)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        named = ("href", "src", "srcset", "action", "data", "poster", "formaction")
        self.addresses += [value or "" for name, value in attrs if name in named]

    def handle_data(self, data: str) -> None:
        self._words.append(data)


async def read(client: httpx.AsyncClient, path: str, language: str = "en") -> str:
    """The text of a page."""
    page = await client.get(path, headers={"accept-language": language})
    assert page.status_code == 200, page.text
    assert page.headers["content-language"] == ("en" if language == "en" else "zh-CN")
    return Outline(page).text
