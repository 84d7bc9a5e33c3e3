"""The message templates of the account, and how far WhatsApp has approved them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from voiceslot_tui.simulator.message_words import TemplateCategory, TemplateStatus

PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
SANDBOX_TEMPLATE_SID = "HXb5b62575e6e4ff6129ad7c8efe1f983e"
"""The sample that Twilio's sandbox may begin a conversation with."""
FOLLOW_UP_TEMPLATE_SID = f"HX{5:032x}"
"""An approved one with a name, a text of its own and a sender."""


@dataclass(slots=True)
class Template:
    """One template. `failure`: the code that messages made of it fail with, where not 0."""

    sid: str
    name: str
    text: str
    language: str = "es"
    variables: Mapping[str, str] = field(default_factory=dict)
    category: TemplateCategory = TemplateCategory.UTILITY
    status: TemplateStatus = TemplateStatus.APPROVED
    rejection_reason: str = ""
    failure: int = 0
    content_type: str = "twilio/text"

    @property
    def placeholders(self) -> set[str]:
        """Give the names that have to be filled."""
        return set(PLACEHOLDER.findall(self.text))

    def render(self, variables: Mapping[str, str]) -> str:
        """Fill the text; what is not given stays as it is."""
        return PLACEHOLDER.sub(lambda found: variables.get(found[1], found[0]), self.text)


def first_templates() -> dict[str, Template]:
    """Make the templates that every world begins with, by sid."""
    templates = (
        Template(
            f"HX{1:032x}",
            "seguimiento",
            "Hola {{1}}, le escribe {{2}}. Gracias por atender nuestra llamada.",
            variables={"1": "Ana", "2": "la clínica"},
        ),
        Template(
            f"HX{2:032x}",
            "follow_up",
            "Hello {{1}}, this is {{2}}. Thank you for taking our call.",
            language="en",
            variables={"1": "Ana", "2": "the front desk"},
        ),
        Template(
            f"HX{3:032x}",
            "oferta",
            "Hola {{1}}, tenemos una oferta para usted.",
            variables={"1": "Ana"},
            category=TemplateCategory.MARKETING,
        ),
        Template(
            f"HX{4:032x}",
            "nuevo",
            "Hola {{1}}, quedamos a sus órdenes.",
            variables={"1": "Ana"},
            status=TemplateStatus.PENDING,
        ),
        Template(
            FOLLOW_UP_TEMPLATE_SID,
            "resumen",
            "Hola {{1}}: {{2}} Un saludo de {{3}}. Puede responder a este mensaje.",
            variables={"1": "Ana", "2": "Gracias por atender.", "3": "la clínica"},
        ),
        Template(
            SANDBOX_TEMPLATE_SID,
            "appointment_reminders",
            "Your appointment is coming up on {{1}} at {{2}}. To change it, reply to this.",
            language="en",
            variables={"1": "12/1", "2": "3pm"},
        ),
    )
    return {template.sid: template for template in templates}
