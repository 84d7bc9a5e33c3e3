"""Twilio's webhooks: what becomes of a message of ours, and what people write to us.

Both are forms. Callbacks come doubled and out of order, and name the try they are about in the
query of the address they were sent to, which holds even where our own answer was lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qsl

from voiceslot_tui.core.errors import BadInput
from voiceslot_tui.core.facts import Source
from voiceslot_tui.core.follow_up_facts import MessageNews
from voiceslot_tui.core.follow_ups import Channel, TryId
from voiceslot_tui.core.limits import FORM_FIELDS_MAX, ID_CHARS_MAX
from voiceslot_tui.core.text import clean
from voiceslot_tui.wire.twilio_errors import code_of
from voiceslot_tui.wire.twilio_inbound import Inbound, inbound_of
from voiceslot_tui.wire.twilio_messages import PREFIXES, delivery_of, message_sid, news_of

NOT_FORM: Final = "not_form"
"""The code of a body that is no form at all."""
REFERENCE: Final = "ref"
"""The name in a callback's query by which it says which try it is about."""

_REFERENCE: Final = re.compile(rf"[!-~]{{1,{ID_CHARS_MAX}}}")


def read_form(raw: bytes) -> tuple[tuple[str, str], ...]:
    """Read the fields of a form, empty ones too. Raises BadInput where there are too many."""
    try:
        pairs = parse_qsl(
            raw.decode("utf-8", "replace"),
            keep_blank_values=True,
            max_num_fields=FORM_FIELDS_MAX,
        )
    except ValueError:
        raise BadInput("The body is not a form that Twilio would send", code=NOT_FORM) from None
    return tuple(pairs)


def read_webhook(
    fields: Iterable[tuple[str, str]], reference: str = ""
) -> MessageNews | Inbound | None:
    """Read a callback about a message of ours, or a message of a person's; None for all else.

    `reference` is what stood in the query of the callback's address.
    """
    form = dict(fields)
    status = form.get("MessageStatus") or form.get("SmsStatus") or ""
    if status in ("received", "receiving") or (not status and "Body" in form):
        return _inbound(form)
    delivery = delivery_of(status)
    try_id = TryId(reference) if _REFERENCE.fullmatch(reference) else None
    sid = message_sid(form.get("MessageSid") or form.get("SmsSid"))
    if delivery is None or (try_id is None and sid is None):
        return None
    said = clean(form.get("ChannelStatusMessage") or form.get("ErrorMessage") or "")
    to_number = form.get("To", "").removeprefix(PREFIXES[Channel.WHATSAPP])
    code = code_of(form.get("ErrorCode"))
    return news_of(delivery, code, to_number, try_id, sid, Source.WEBHOOK, said)


def _inbound(form: Mapping[str, str]) -> Inbound:
    return inbound_of(
        sid=form.get("MessageSid"),
        sender=form.get("From", ""),
        body=form.get("Body", ""),
        name=form.get("ProfileName", ""),
        opt_out=form.get("OptOutType", "").upper() == "STOP",
    )
