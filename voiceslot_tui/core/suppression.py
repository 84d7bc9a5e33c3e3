"""Whether a person's own message asks us to leave them alone.

Only a message that says nothing else counts: `no, gracias, mañana mejor` is a conversation. The
words are those that carriers take for it, and what Spanish speakers write instead.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

OPT_OUT_WORDS: Final = frozenset(
    {
        # Twilio's own for long codes and toll-free numbers.
        "stop",
        "stopall",
        "stop all",
        "unsubscribe",
        "cancel",
        "end",
        "quit",
        "revoke",
        "optout",
        "opt out",
        # English besides.
        "remove me",
        "do not contact me",
        "dont contact me",
        "no more messages",
        "stop calling",
        "stop calling me",
        # Spanish.
        "baja",
        "dar de baja",
        "darme de baja",
        "dame de baja",
        "deme de baja",
        "denme de baja",
        "quiero darme de baja",
        "quiero la baja",
        "cancelar",
        "cancela",
        "cancelar suscripcion",
        "desuscribir",
        "desuscribirme",
        "eliminar",
        "eliminarme",
        "parar",
        "para",
        "basta",
        "alto",
        "salir",
        "no",
        "no contactar",
        "no me contacten",
        "no me contacten mas",
        "no me escriban",
        "no me escriban mas",
        "no me llamen",
        "no me llamen mas",
        "no llamar",
        "no mas mensajes",
        "no mas",
    }
)
"""A message that is one of these, whatever its case, accents and punctuation, is an opt-out."""

_CHARS_MAX: Final = 60
_GREETINGS: Final = re.compile(r"^(?:(?:hola|buenas|buenos dias|por favor|please) )+")
_THANKS: Final = re.compile(r"(?: (?:por favor|gracias|please|thanks|thank you))+$")
_NO_WORDS: Final = re.compile(r"[^a-z0-9]+")


def asks_to_stop(message: str) -> bool:
    """Tell whether a message asks not to be contacted any more."""
    if len(message) > _CHARS_MAX:
        return False
    plain = _NO_WORDS.sub(" ", _unaccented(message.replace("'", "").replace("’", ""))).strip()
    return _THANKS.sub("", _GREETINGS.sub("", plain)) in OPT_OUT_WORDS


def _unaccented(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))
