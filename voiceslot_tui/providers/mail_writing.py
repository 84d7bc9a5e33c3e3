"""One mail as it travels: seven bits, CRLF, and headers that nothing in it can break out of."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.limits import MAIL_SUBJECT_CHARS_MAX, MAIL_TEXT_CHARS_MAX, NAME_CHARS_MAX
from voiceslot_tui.core.text import clean

_NOT_IN_AN_ID: Final = re.compile(r"[^A-Za-z0-9._-]")


def written(
    *,
    mail_id: str,
    sender: str,
    sender_name: str,
    to: tuple[str, ...],
    subject: str,
    text: str,
    now: Instant,
) -> bytes:
    """Write a mail. Addresses must be plain ones; name, subject and text may be anything."""
    domain = sender.rpartition("@")[2]
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(clean(sender_name, NAME_CHARS_MAX), addr_spec=sender)
    message["To"] = [Address(addr_spec=address) for address in to]
    message["Subject"] = clean(subject, MAIL_SUBJECT_CHARS_MAX)
    message["Date"] = datetime.fromtimestamp(now / 1000, UTC)
    message["Message-ID"] = f"<{_NOT_IN_AN_ID.sub('-', mail_id)}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    whole = text[:MAIL_TEXT_CHARS_MAX].encode("utf-8", "replace").decode()
    message.set_content(whole, charset="utf-8", cte="quoted-printable")
    return message.as_bytes()
