"""What the `/` line does: each list of rows has a grammar of its own behind the same few steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from voiceslot_tui.console import filters, message_filters, recipient_filters
from voiceslot_tui.console.filter_tokens import BadFilter
from voiceslot_tui.console.panes.queue import QueuePane
from voiceslot_tui.console.panes.recipients import RecipientsPane
from voiceslot_tui.console.panes.whatsapp import WhatsAppPane

_Search = TypeVar("_Search")
_Search_contra = TypeVar("_Search_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Filtering:
    """The filter line of one pane.

    `show` shows the rows of a line, or gives what is wrong with it and changes nothing; `hint` says
    what is wrong; `text` gives the line as it is.
    """

    text: Callable[[], str]
    show: Callable[[str], str]
    hint: Callable[[str], str]
    complete: Callable[[str], tuple[str, ...]]


class Searching(Protocol[_Search_contra]):
    """A pane whose rows can be searched."""

    def show_search(self, search: _Search_contra) -> None:
        """Show the rows that match."""
        ...


def calls_filtering(pane: QueuePane) -> Filtering:
    """Give the filter line of calls."""
    return _filtering(pane, lambda: pane.search.text, filters.parse, filters.completions)


def messages_filtering(pane: WhatsAppPane) -> Filtering:
    """Give the filter line of messages."""
    grammar = message_filters
    return _filtering(pane, lambda: pane.search.text, grammar.parse, grammar.completions)


def recipients_filtering(pane: RecipientsPane) -> Filtering:
    """Give the filter line of a batch's recipients."""
    grammar = recipient_filters
    return _filtering(pane, lambda: pane.search.text, grammar.parse, grammar.completions)


def _filtering(
    pane: Searching[_Search],
    text: Callable[[], str],
    parse: Callable[[str], _Search | BadFilter],
    complete: Callable[[str], tuple[str, ...]],
) -> Filtering:
    def show(line: str) -> str:
        search = parse(line)
        if isinstance(search, BadFilter):
            return search.message
        pane.show_search(search)
        return ""

    return Filtering(text, show, lambda line: _wrong(parse(line)), complete)


def _wrong(search: object) -> str:
    return search.message if isinstance(search, BadFilter) else ""
