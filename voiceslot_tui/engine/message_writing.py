"""Write the message of a follow-up for the messenger, and show people what it would read like."""

from __future__ import annotations

from voiceslot_tui.core.follow_up_policy import KINDS, Send, Template
from voiceslot_tui.core.follow_up_texts import Texts
from voiceslot_tui.core.follow_ups import Channel, FollowUp, Form
from voiceslot_tui.follow_up_ports import MessageOrder, Sending
from voiceslot_tui.wire.follow_up_messages import Message, write_message


class MessageWriter:
    """Writes messages in one language, signed by one sender."""

    def __init__(self, texts: Texts, sender: str) -> None:
        self._texts = texts
        self._sender = sender

    def order(self, sending: Sending, template: Template) -> MessageOrder:
        """Write the message of a claimed follow-up."""
        follow_up, send = sending.follow_up, sending.send
        written = self._written(follow_up, send, template)
        by_mail = send.channel is Channel.EMAIL
        return MessageOrder(
            try_id=sending.one_try.id,
            channel=send.channel,
            to=follow_up.email if by_mail else follow_up.to_number,
            body=written.body,
            content_sid=written.content_sid,
            content_variables=written.content_variables,
            subject=written.subject,
        )

    def preview(self, follow_up: FollowUp, template: Template) -> Message:
        """Write a message as it would be sent now, as far as that can be known."""
        by_template = follow_up.channel is Channel.WHATSAPP and bool(template.content_sid)
        form = Form.TEMPLATE if by_template else Form.FREE_TEXT
        send = Send(follow_up.channel, form, KINDS[follow_up.disposition])
        return self._written(follow_up, send, template)

    def _written(self, follow_up: FollowUp, send: Send, template: Template) -> Message:
        return write_message(follow_up, send, self._texts, self._sender, template)
