"""What the judge reads about messages: which were really taken, which twice, what arrived.

Counted where the messages are, not where the answers are: a message whose answer was lost
counts, a refused one does not. What a message is, is said twice: by the reference the product
gave it, and by its recipient, channel and content.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import Any

from voiceslot_tui.simulator.correspondents import Correspondent
from voiceslot_tui.simulator.message_words import Channel, MessageStatus
from voiceslot_tui.simulator.messages import Message, MessageOrder

ARRIVED = frozenset({MessageStatus.DELIVERED, MessageStatus.READ})


class Tally:
    """Counts by key, and names what was counted more than once as it happens."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self._counts: Counter[Hashable] = Counter()
        self._again: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._counts)

    def add(self, key: Hashable, name: str) -> None:
        """Count a key once more; if that is again, its name is remembered with the most."""
        self._counts[key] += 1
        count = self._counts[key]
        if count > 1:
            self._again[name] = max(count, self._again.get(name, 0))

    @property
    def again(self) -> dict[str, int]:
        """Give what was counted more than once, and how often."""
        return dict(sorted(self._again.items()))


class MessageTruth:
    """Counters of one messenger."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self.taken: Counter[Channel] = Counter()
        self.written: Counter[Channel] = Counter()
        self.refusals: Counter[int] = Counter()
        self.failures: Counter[int] = Counter()
        self.statuses: Counter[MessageStatus] = Counter()
        self.of_recipient = Tally()
        self.of_reference = Tally()
        self.of_content = Tally()
        self.arrived_of_recipient = Tally()
        self.after_stop: Counter[str] = Counter()

    def refused(self, code: int) -> None:
        """Count a request that Twilio would not take."""
        self.refusals[code] += 1

    def took(self, message: Message, person: Correspondent) -> None:
        """Count a message that was really taken."""
        order = message.order
        self.taken[order.channel] += 1
        self.statuses[message.status] += 1
        self.of_recipient.add(order.to, order.to)
        self.of_content.add((order.to, _content(order)), order.to)
        if order.reference is not None:
            self.of_reference.add(order.reference, order.reference)
        if person.asked_to_stop:
            self.after_stop[order.to] += 1

    def wrote(self, message: Message) -> None:
        """Count a message of a person."""
        self.written[message.order.channel] += 1

    def moved(self, message: Message, before: MessageStatus) -> None:
        """Count where a message of ours stands now."""
        self.statuses[before] -= 1
        self.statuses[message.status] += 1
        if message.error_code is not None:
            self.failures[message.error_code] += 1
        if message.status in ARRIVED and before not in ARRIVED:
            self.arrived_of_recipient.add(message.order.to, message.order.to)

    def as_json(self) -> dict[str, Any]:
        """Give everything as one body; whatever happened more than once is listed."""
        return {
            "taken": dict(self.taken),
            "people": len(self.of_recipient),
            "people_again": self.of_recipient.again,
            "people_reached": len(self.arrived_of_recipient),
            "people_reached_again": self.arrived_of_recipient.again,
            "people_after_stop": dict(sorted(self.after_stop.items())),
            "references": len(self.of_reference),
            "references_again": self.of_reference.again,
            "contents_again": self.of_content.again,
            "statuses": {status: count for status, count in self.statuses.items() if count},
            "refusals": {str(code): count for code, count in sorted(self.refusals.items())},
            "failures": {str(code): count for code, count in sorted(self.failures.items())},
            "written_by_people": dict(self.written),
        }


def _content(order: MessageOrder) -> Hashable:
    if order.template is None:
        return order.text
    return order.template.sid, tuple(sorted(order.variables.items()))
