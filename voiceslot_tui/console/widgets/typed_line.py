"""A line to type on that does every key in the order in which the keys came.

Textual writes a character at once, and runs the key that edits or hands in only when it has gone up
to the app and come back: of keys that arrive together, as over a slow SSH line, `5 0 Backspace 2`
would write 50, and a key behind Enter would be part of what is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from textual import events
from textual.widgets import Input


class TypedLine(Input):
    """An input line. `keys` are those that its dialog takes, by name; they do what stands there.

    After Enter it takes no more keys, until `reopen`: what is typed then is not about this line.
    """

    def __init__(self, *args: Any, keys: Mapping[str, Callable[[], object]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.cursor_blink = False
        self._keys = keys
        self._handed_in = False

    async def on_key(self, event: events.Key) -> None:
        """Do a key at once, whatever it does."""
        if await self.take(event):
            event.stop()
            event.prevent_default()

    async def take(self, event: events.Key) -> bool:
        """Do a key; tell whether it is one of this line's."""
        if self._handed_in:
            return True
        if event.key in self._keys:
            self._keys[event.key]()
            return True
        if event.is_printable and event.character is not None:
            self.replace(event.character, *self.selection)
            return True
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            await self.run_action(binding.action)
            return True
        return False

    async def action_submit(self) -> None:
        """Hand in what stands there."""
        self._handed_in = True
        await super().action_submit()

    def reopen(self) -> None:
        """Take keys again: what was handed in is no answer."""
        self._handed_in = False
