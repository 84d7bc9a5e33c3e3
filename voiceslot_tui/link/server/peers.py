"""Who is at the other end of a link: what the kernel vouches for, and what they say themselves.

The user id comes from the kernel and cannot be forged. The label comes from the console - who ran
sudo, from which address - and is shown as a claim; it is cleaned and cut, because it ends up in the
journal and on every operator's screen.
"""

from __future__ import annotations

import pwd
import re
import socket
import struct
from typing import Final

from voiceslot_tui.core.limits import LABEL_CHARS_MAX
from voiceslot_tui.core.text import clean

_CREDENTIALS: Final = struct.Struct("3i")
"""Process, user and group id, as SO_PEERCRED gives them (unix(7))."""
_NOT_IN_A_LABEL: Final = re.compile(r"[^\w.@:%+\- ]+")
"""No brackets and no quotes: a label cannot pretend to be the part that the kernel vouches for."""


def operator_name(connection: socket.socket, label: str) -> str:
    """Name an operator for the journal, such as `root (uid 0, says: ana from 203.0.113.7)`."""
    said = clean_label(label)
    claim = f", says: {said}" if said else ""
    user_id = _user_id(connection)
    if user_id is None:
        return f"an operator (uid not known{claim})"
    return f"{_user_name(user_id)} (uid {user_id}{claim})"


def clean_label(label: str) -> str:
    """Keep of a claimed label what can be shown: words, addresses, at most so many characters."""
    kept = _NOT_IN_A_LABEL.sub("", clean(label, LABEL_CHARS_MAX * 2))
    return " ".join(kept.split())[:LABEL_CHARS_MAX]


def _user_id(connection: socket.socket) -> int | None:
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    raw = connection.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size)
    _, user_id, _ = _CREDENTIALS.unpack(raw)
    return int(user_id)


def _user_name(user_id: int) -> str:
    try:
        return clean(pwd.getpwuid(user_id).pw_name, LABEL_CHARS_MAX)
    except KeyError:
        return "a user without a name"
