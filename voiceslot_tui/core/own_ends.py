"""Our own calls that ended, as the follow-ups know them."""

from __future__ import annotations

from voiceslot_tui.core.calls import Attempt, Call, CallState, Disposition, Instant
from voiceslot_tui.core.follow_ups import EndedCall, FollowUpKey, follow_up_key

_TO_BE_READ = frozenset({Disposition.ANSWERED, Disposition.UNKNOWN})
"""After these the conversation is read before anything is sent: for its summary, or because nobody
has said yet how it went."""


def ended_call_of(call: Call, attempt: Attempt | None, email: str, now: Instant) -> EndedCall:
    """Say that a call of ours has ended; `attempt` is the one that reached the person or ended it.

    Its end may be learned long after, by an engine that was away: then it is dated to the last
    moment at which the talk can have ended.
    """
    assert call.state is CallState.ENDED, f"a call that is {call.state} has not ended"
    conversation_id = None if attempt is None else attempt.conversation_id
    disposition = call.disposition or Disposition.UNKNOWN
    learned_at = call.ended_at or now
    return EndedCall(
        key=follow_up_key(conversation_id, call_id=call.id),
        to_number=call.to_number,
        ended_at=learned_at if attempt is None else min(learned_at, attempt.holds_until),
        disposition=disposition,
        outcome_known=disposition not in _TO_BE_READ,
        name=call.name,
        email=email,
        conversation_id=conversation_id,
        call_id=call.id,
        agent_id=call.agent_id,
    )


def own_alias(call: Call) -> FollowUpKey:
    """Name an ended call of ours by its own id, which it has whatever else is known of it."""
    return follow_up_key(None, call_id=call.id)
