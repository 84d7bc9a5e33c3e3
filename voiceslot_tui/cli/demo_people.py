"""Invented people for the demo: names, numbers from ranges nobody has, different priorities."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

import msgspec

from voiceslot_tui.core.orders import NewCall

_FIRST: Final = (
    *("Ana", "Luis", "María", "José", "Elena", "Pablo", "Lucía", "Sara", "Iván", "Carmen"),
    *("Diego", "Inés", "Marta", "Hugo", "Nuria", "Óscar", "Paula", "Raúl", "Sofía", "Tomás"),
)
_LAST: Final = (*("Ruiz", "Mora", "Gil", "Paz", "Sol", "Rey", "Vega", "Díaz", "Ríos", "Cano"),)
_PRIORITIES: Final = (0, 0, 0, 5, 0, 0, 10, 0, -5, 0)


BATCH_SIZE: Final = 60


def batch(agent_id: str, agent_phone_number_id: str) -> dict[str, object]:
    """Make the batch call that others of the workspace run meanwhile, one call at a time."""
    names = (f"{first} {last}" for first, last in product(_FIRST, _LAST))
    recipients = [
        {
            "phone_number": f"+447700900{200 + place:03}",
            "conversation_initiation_client_data": {"dynamic_variables": {"name": name}},
        }
        for place, name in zip(range(BATCH_SIZE), names, strict=False)
    ]
    return {
        "call_name": "Recordatorios de noviembre",
        "agent_id": agent_id,
        "agent_phone_number_id": agent_phone_number_id,
        "recipients": recipients,
        "target_concurrency_limit": 1,
    }


def people(agent_id: str, agent_phone_number_id: str) -> Iterator[NewCall]:
    """Yield the demo's calls. Numbers: +1 202 555 01xx and +44 7700 900xxx, kept for fiction."""
    numbers = (
        *(f"+12025550{n}" for n in range(100, 200)),
        *(f"+447700900{n:03}" for n in range(100, 200)),
    )
    names = (f"{first} {last}" for last, first in product(_LAST, _FIRST))
    for place, (number, name) in enumerate(zip(numbers, names, strict=True)):
        variables = {"name": name, "order": f"{1000 + place}"}
        yield NewCall(
            to_number=number,
            agent_id=agent_id,
            agent_phone_number_id=agent_phone_number_id,
            name=name,
            priority=_PRIORITIES[place % len(_PRIORITIES)],
            client_data=msgspec.json.encode({"dynamic_variables": variables}),
        )
