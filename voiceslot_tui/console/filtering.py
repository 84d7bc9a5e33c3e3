"""What the `/` line does: each list of rows has a grammar of its own behind the same few steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from voiceslot_tui.console import filters, message_filters, recipient_filters
from voiceslot_tui.console.filter_tokens import BadFilter
from voiceslot_tui.console.panes.queue import QueuePane
from voiceslot_tui.console.panes.recipients import RecipientsPane
from voiceslot_tui.console.panes.whatsapp import WhatsAppPane


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


def calls_filtering(pane: QueuePane) -> Filtering:
    """Give the filter line of calls."""

    def show(text: str) -> str:
        search = filters.parse(text)
        if isinstance(search, BadFilter):
            return search.message
        pane.show_search(search)
        return ""

    return Filtering(
        lambda: pane.search.text,
        show,
        lambda text: _wrong(filters.parse(text)),
        filters.completions,
    )


def messages_filtering(pane: WhatsAppPane) -> Filtering:
    """Give the filter line of messages."""

    def show(text: str) -> str:
        search = message_filters.parse(text)
        if isinstance(search, BadFilter):
            return search.message
        pane.show_search(search)
        return ""

    return Filtering(
        lambda: pane.search.text,
        show,
        lambda text: _wrong(message_filters.parse(text)),
        message_filters.completions,
    )


def recipients_filtering(pane: RecipientsPane) -> Filtering:
    """Give the filter line of a batch's recipients."""

    def show(text: str) -> str:
        search = recipient_filters.parse(text)
        if isinstance(search, BadFilter):
            return search.message
        pane.show_search(search)
        return ""

    return Filtering(
        lambda: pane.search.text,
        show,
        lambda text: _wrong(recipient_filters.parse(text)),
        recipient_filters.completions,
    )


def _wrong(search: object) -> str:
    return search.message if isinstance(search, BadFilter) else ""
