"""What all reads of ElevenLabs' agents share: addresses below /v1/convai, and lists in pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import lru_cache
from typing import TypeVar
from urllib.parse import quote

import httpx

from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.core.limits import ID_CHARS_MAX, LIST_PAGES_MAX
from voiceslot_tui.core.text import clean
from voiceslot_tui.providers.lookup import Query
from voiceslot_tui.providers.reading import NotThere, Reader
from voiceslot_tui.wire.elevenlabs_calls import Listed

_T = TypeVar("_T")


class Convai:
    """Reads below one address. Raises as Reader does; call it within `reading.deadline`."""

    def __init__(self, reader: Reader, base_url: str) -> None:
        self._root = f"{base_url.rstrip('/')}/v1/convai/"
        self.root = httpx.URL(self._root)
        self.get = reader.get
        self.server_now_s = reader.server_now_s
        self.told_now_s = reader.told_now_s

    async def each(
        self,
        url: httpx.URL,
        query: Query,
        read: Callable[[bytes], Listed[_T]],
        cursor_name: str = "cursor",
    ) -> AsyncIterator[_T]:
        """Give the items of a list, page after page. Raises ReadFailed where it has too many."""
        url = _asked(url, query)
        for _ in range(LIST_PAGES_MAX):
            page = read(await self.get(url))
            for item in page.items:
                yield item
            if page.next_cursor is None:
                return
            url = url.copy_set_param(cursor_name, page.next_cursor)
        raise ReadFailed(f"{url.path} has more than {LIST_PAGES_MAX} pages")

    def one(self, kind: str, name: str, part: str = "") -> httpx.URL:
        """Give the address of one thing, or of a part of it, by its id.

        The id was written by others: it stays one segment. Raises NotThere where it can be none.
        """
        if not name.strip(".") or len(name) > ID_CHARS_MAX:
            raise NotThere(f"{clean(name, 40)!r} is no id")
        return self.at(f"{kind}/{quote(name, safe='')}{part}")

    def at(self, path: str) -> httpx.URL:
        """Give an address by its path."""
        return _address(self._root + path)


@lru_cache(maxsize=64)
def _address(text: str) -> httpx.URL:
    """Read an address; the few that are polled are read once."""
    return httpx.URL(text)


@lru_cache(maxsize=64)
def _asked(url: httpx.URL, query: Query) -> httpx.URL:
    """Give an address with parameters; the lists that are polled are asked for alike each time."""
    return url.copy_merge_params(query)
