"""Agents and phone numbers of the pretended workspace.

One number for each carrier, because the start endpoint differs by carrier.
"""

from __future__ import annotations

from dataclasses import dataclass

from voiceslot_tui.simulator.words import Provider

NO_AGENT_LIMIT = -1


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent with the caps that the platform would let one read."""

    agent_id: str
    name: str
    concurrency_limit: int = NO_AGENT_LIMIT
    daily_limit: int = 100_000
    bursting_enabled: bool = True
    queueing_enabled: bool = False


@dataclass(frozen=True, slots=True)
class AgentPhoneNumber:
    """A number that an agent calls from."""

    phone_number_id: str
    phone_number: str
    label: str
    provider: Provider
    supports_outbound: bool = True


AGENTS = (
    Agent("agent_sim_reminders", "Appointment reminders"),
    Agent("agent_sim_surveys", "Satisfaction survey"),
)
PHONE_NUMBERS = (
    AgentPhoneNumber("phnum_sim_twilio", "+12025550100", "Front desk", Provider.TWILIO),
    AgentPhoneNumber("phnum_sim_sip", "+12025550101", "Office trunk", Provider.SIP_TRUNK),
    AgentPhoneNumber("phnum_sim_exotel", "+12025550102", "Exotel line", Provider.EXOTEL),
)
