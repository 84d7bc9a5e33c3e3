"""What is asked for: a call by a producer, and a dial by the engine."""

from __future__ import annotations

from dataclasses import dataclass

from voiceslot_tui.core.calls import AttemptId, CallId


@dataclass(frozen=True, slots=True)
class NewCall:
    """A call as a producer asks for it, checked. Numbers are E.164."""

    to_number: str
    agent_id: str
    agent_phone_number_id: str
    name: str = ""
    priority: int = 0
    max_attempts: int = 1
    client_data: bytes | None = None


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A producer's key with the digest of the body that came with it."""

    key: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class StartOrder:
    """One dial to make: everything the platform must be told.

    `client_data` is the producer's `conversation_initiation_client_data` as JSON, or None.
    """

    attempt_id: AttemptId
    call_id: CallId
    to_number: str
    agent_id: str
    agent_phone_number_id: str
    client_data: bytes | None = None
