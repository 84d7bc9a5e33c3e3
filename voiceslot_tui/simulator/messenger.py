"""The messenger of the world: takes messages, moves them through their lives, hears people.

A message leaves its queue, arrives, and is read by the world's clock; at each step its callback
is told. Whether it fails is decided when it leaves, as WhatsApp does, and so long after the
request for it was answered.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from voiceslot_tui.simulator.callbacks import Callbacks
from voiceslot_tui.simulator.correspondents import Correspondents
from voiceslot_tui.simulator.inbound import heed
from voiceslot_tui.simulator.message_errors import failure
from voiceslot_tui.simulator.message_fates import Departure, Luck, draw_luck, failure_of
from voiceslot_tui.simulator.message_forms import Written, inbound_form, status_form
from voiceslot_tui.simulator.message_pace import MessagePace
from voiceslot_tui.simulator.message_truth import MessageTruth
from voiceslot_tui.simulator.message_words import MessageDirection, MessageStatus
from voiceslot_tui.simulator.messages import Message, MessageOrder, address
from voiceslot_tui.simulator.templates import Template, first_templates
from voiceslot_tui.simulator.words import WebhookKind

if TYPE_CHECKING:
    from voiceslot_tui.simulator.settings import WorldSettings
    from voiceslot_tui.simulator.world import World


class Messenger:
    """All messages of the account, ours and people's, in the order they came."""

    def __init__(self, world: World) -> None:
        """Begin with none."""
        self.all: list[Message] = []
        self.by_sid: dict[str, Message] = {}
        self.by_address: defaultdict[str, list[Message]] = defaultdict(list)
        self.people = Correspondents()
        self.templates: dict[str, Template] = first_templates()
        self.truth = MessageTruth()
        self._world = world
        self.pace = MessagePace(lambda: world.settings)
        self.callbacks = Callbacks(lambda: world.settings, world.schedule)
        self._birth = int(world.now * 1000)

    @property
    def settings(self) -> WorldSettings:
        """Give the settings in force."""
        return self._world.settings

    def take(self, order: MessageOrder, now: float) -> Message:
        """Take a message: from now on it exists, whatever becomes of the answer."""
        person = self.people[order.number]
        luck = draw_luck(self.settings, person, order.channel)
        message = self._remember(order, MessageDirection.OUTBOUND, _first_status(order), now)
        last = person.last_taken_at.get(order.sender)
        message.passed_s = None if last is None else now - last
        person.last_taken_at[order.sender] = now
        person.messages_taken += 1
        self.truth.took(message, person)
        self._plan(message, luck, now)
        return message

    def cancel(self, message: Message, now: float) -> bool:
        """Call a message off; False where it is not merely scheduled any more."""
        if message.status is not MessageStatus.SCHEDULED:
            return False
        self._move(message, MessageStatus.CANCELED, now)
        return True

    def hear(self, written: Written, now: float) -> Message:
        """Take a message of a person: it opens the window, and may opt out or join the sandbox."""
        person = self.people[written.number]
        order = MessageOrder(
            to=address(written.channel, written.sender),
            sender=address(written.channel, written.number),
            channel=written.channel,
            text=written.text,
        )
        message = self._remember(order, MessageDirection.INBOUND, MessageStatus.RECEIVED, now)
        message.sent_at = now
        person.last_written_at[order.to] = now
        opt_out = heed(self.settings, person, written, now)
        self.truth.wrote(message)
        form = inbound_form(self.settings, message, written, opt_out)
        url = self.settings.inbound_url
        self.callbacks.tell(WebhookKind.INBOUND_MESSAGE, message.sid, url, form, now)
        return message

    def _remember(
        self, order: MessageOrder, direction: MessageDirection, status: MessageStatus, now: float
    ) -> Message:
        sequence = len(self.all)
        message = Message(
            sequence=sequence,
            sid=f"{'MM' if order.media_count else 'SM'}{self._birth:016x}{sequence:016x}",
            order=order,
            direction=direction,
            status=status,
            text=order.text,
            created_at=now,
            updated_at=now,
            history=[(status, now)],
        )
        self.all.append(message)
        self.by_sid[message.sid] = message
        self.by_address[order.to].append(message)
        self.by_address[order.sender].append(message)
        return message

    def _plan(self, message: Message, luck: Luck, now: float) -> None:
        script = self.people[message.order.number].script
        wait_s = luck.queue_s if script.queue_s is None else script.queue_s / self.settings.speed
        if message.order.send_at is not None:
            now = message.order.send_at
        else:
            wait_s += self.pace.taken(message.order.sender, now)
        if message.order.service_sid is not None:
            self._world.schedule(now, self._queued, message)
        self._world.schedule(now + wait_s, self._leaves, (message, luck))

    def _queued(self, message: Message, at: float) -> None:
        if message.status is not MessageStatus.CANCELED:
            self._move(message, MessageStatus.QUEUED, at)

    def _leaves(self, leaving: tuple[Message, Luck], at: float) -> None:
        message, luck = leaving
        if message.status is MessageStatus.CANCELED:
            return
        person = self.people[message.order.number]
        code = failure_of(Departure(message, person, self.settings, luck, at))
        if code is not None and failure(code).status is MessageStatus.FAILED:
            self._move(message, MessageStatus.FAILED, at, code)
            return
        message.sent_at = at
        self._move(message, MessageStatus.SENT, at)
        script, speed = person.script, self.settings.speed
        is_confirmed = luck.is_confirmed if script.is_delivered is None else script.is_delivered
        wait_s = luck.delivery_s if script.delivery_s is None else script.delivery_s / speed
        if is_confirmed or code is not None:
            self._world.schedule(at + wait_s, self._arrives, (message, luck, code))

    def _arrives(self, arriving: tuple[Message, Luck, int | None], at: float) -> None:
        message, luck, code = arriving
        if code is not None:
            self._move(message, MessageStatus.UNDELIVERED, at, code)
            return
        self._move(message, MessageStatus.DELIVERED, at)
        script = self.people[message.order.number].script
        is_read = luck.is_read if script.is_read is None else script.is_read
        if is_read and message.order.has_receipts:
            wait_s = luck.read_s if script.read_s is None else script.read_s / self.settings.speed
            self._world.schedule(at + wait_s, self._is_read, message)

    def _is_read(self, message: Message, at: float) -> None:
        self._move(message, MessageStatus.READ, at)

    def _move(
        self, message: Message, status: MessageStatus, at: float, code: int | None = None
    ) -> None:
        before = message.status
        message.move(status, at, code)
        self.truth.moved(message, before)
        form = status_form(self.settings, message)
        url = message.order.status_callback
        self.callbacks.tell(WebhookKind.MESSAGE_STATUS, message.sid, url, form, at)


def _first_status(order: MessageOrder) -> MessageStatus:
    if order.send_at is not None:
        return MessageStatus.SCHEDULED
    return MessageStatus.QUEUED if order.service_sid is None else MessageStatus.ACCEPTED
