"""What the messages say: our own texts in Spanish and English, and the names they may use.

A text is a template of the kind that `wire.text_templates` renders; it may use `name`, `summary`
and `sender`, a letter also `body`. A body is a message's own words on one line, without greeting
and signature: a letter makes free text of it, and in an approved template it is a variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

BODY_NAMES: Final = frozenset({"name", "summary", "sender"})
"""What a body may use; each is text, and may be empty."""

LETTER_NAMES: Final = BODY_NAMES | {"body"}
"""What a letter may use."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """The names that a text may use. The `filled` ones are never empty, the `empty` ones always."""

    names: frozenset[str]
    filled: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()


GAPS: Final[Mapping[str, Gaps]] = MappingProxyType(
    {
        "talked_summary": Gaps(BODY_NAMES, filled=frozenset({"summary"})),
        "talked": Gaps(BODY_NAMES, empty=frozenset({"summary"})),
        "tried": Gaps(BODY_NAMES),
        "letter": Gaps(LETTER_NAMES, filled=frozenset({"body"})),
        "subject": Gaps(BODY_NAMES),
    }
)
"""What each text that somebody may write is given; whether there is a sender, a setting says."""


def gaps_of(field: str, *, signed: bool) -> Gaps:
    """Give the gaps of a text where messages are signed by a sender, or by nobody."""
    gaps, sender = GAPS[field], frozenset({"sender"})
    if signed:
        return replace(gaps, filled=gaps.filled | sender)
    return replace(gaps, empty=gaps.empty | sender)


@dataclass(frozen=True, slots=True)
class Texts:
    """All texts in one language.

    `talked_summary` is used where there is a summary, else `talked`. `no_name` and `no_sender`
    stand in an approved template where there is none, because its variables may not be empty.
    `content` is how a template to be approved may read: 1 is the name, 2 the body, 3 the sender.
    """

    language: str
    talked_summary: str
    talked: str
    tried: str
    letter: str
    subject: str
    no_name: str
    no_sender: str
    content: str


SPANISH: Final = Texts(
    language="es",
    talked_summary=(
        "Gracias por atender nuestra llamada. Este es el resumen de lo que hablamos: {{ summary }}"
    ),
    talked=(
        "Gracias por atender nuestra llamada. Si le quedó alguna duda, responda a este mensaje y "
        "con gusto le ayudamos."
    ),
    tried=(
        "Intentamos comunicarnos con usted por teléfono y no lo logramos. Si desea que le llamemos "
        "de nuevo, responda a este mensaje."
    ),
    letter=(
        "Hola{% if name %} {{ name }}{% endif %}:\n\n{{ body }}"
        "{% if sender %}\n\n{{ sender }}{% endif %}"
    ),
    subject="{% if sender %}{{ sender }}: {% endif %}sobre nuestra llamada",
    no_name="qué tal",
    no_sender="nuestro equipo",
    content="Hola {{1}}: {{2}} Un saludo de {{3}}. Puede responder a este mensaje.",
)

ENGLISH: Final = Texts(
    language="en",
    talked_summary=(
        "Thank you for taking our call. This is a summary of what we talked about: {{ summary }}"
    ),
    talked=(
        "Thank you for taking our call. If you have any questions, just reply to this message and "
        "we will be glad to help."
    ),
    tried=(
        "We tried to reach you by phone and could not. If you would like us to call again, just "
        "reply to this message."
    ),
    letter=(
        "Hello{% if name %} {{ name }}{% endif %},\n\n{{ body }}"
        "{% if sender %}\n\n{{ sender }}{% endif %}"
    ),
    subject="{% if sender %}{{ sender }}: {% endif %}about our call",
    no_name="there",
    no_sender="our team",
    content="Hello {{1}}, {{2}} Kind regards from {{3}}. You can reply to this message.",
)

TEXTS: Final = MappingProxyType({texts.language: texts for texts in (SPANISH, ENGLISH)})
"""Our own texts by language (FOLLOW_UP_LANGUAGE)."""

CONTENT_VARIABLES: Final = MappingProxyType(
    {
        "1": "name",
        "2": "body",
        "3": "sender",
        "name": "name",
        "nombre": "name",
        "body": "body",
        "message": "body",
        "mensaje": "body",
        "summary": "summary",
        "resumen": "summary",
        "sender": "sender",
        "remitente": "sender",
    }
)
"""Which variable of an approved template stands for what, by number or by name."""
