"""What we read out of a call's own client data, which is kept for the platform as JSON."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from voiceslot_tui.core.text import clean

EMAIL_VARIABLE: Final = "email"
_decoder: Final = msgspec.json.Decoder(dict[str, Any])


def email_in(client_data: bytes | None) -> str:
    """Give the e-mail address among the dynamic variables, or nothing."""
    if not client_data:
        return ""
    try:
        variables = _decoder.decode(client_data).get("dynamic_variables")
    except (msgspec.MsgspecError, RecursionError):
        return ""
    email = variables.get(EMAIL_VARIABLE) if isinstance(variables, dict) else None
    return clean(email.strip()) if isinstance(email, str) else ""
