"""ElevenLabs' conversations, agents and phone numbers, read into our words.

Whatever the platform adds is skipped and whatever it leaves out is unknown, but the few fields that
decide something must be there: an answer without its list is no empty list, and a status word we
do not know is never taken for an end. The same reading serves the poll and the webhook, whose body
is a conversation in the same shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar

import msgspec

from voiceslot_tui.core.calls import AttemptId, CallSid, ConversationId, Disposition, Instant
from voiceslot_tui.core.errors import ReadFailed, ReadUnclear
from voiceslot_tui.core.facts import Outcome
from voiceslot_tui.core.limits import ID_CHARS_MAX
from voiceslot_tui.core.talks import AgentSummary, PhoneNumberSummary, Talk, TalkState
from voiceslot_tui.core.text import clean

ATTEMPT_VARIABLE: Final = "voiceslot_attempt_id"
"""The dynamic variable by which a conversation names the attempt that dialled it."""

ENDED_STATUSES: Final = ("processing", "done", "failed")
"""What the list leaves out so that only the live ones remain."""

TALK_STATES: Final = MappingProxyType(
    {
        "initiated": TalkState.RINGING,
        "in-progress": TalkState.TALKING,
        "in_progress": TalkState.TALKING,
        "processing": TalkState.OVER,
        "done": TalkState.ANALYSED,
        "failed": TalkState.ANALYSED,
    }
)
"""The platform's words; batches spell in_progress what conversations spell in-progress."""

LIVE_STATES: Final = frozenset({TalkState.RINGING, TalkState.TALKING, TalkState.UNHEARD_OF})

_T = TypeVar("_T")


# --- the shapes, as far as we read them. A field of type Any may hold anything without making the
# --- rest unreadable.


class _Turn(msgspec.Struct):
    role: Any = None


class _PhoneCall(msgspec.Struct):
    call_result: Any = None
    call_sid: Any = None
    call_id: Any = None


class _Charging(msgspec.Struct):
    is_burst: Any = None


class _Error(msgspec.Struct):
    reason: Any = None


class _Metadata(msgspec.Struct):
    start_time_unix_secs: Any = None
    call_duration_secs: Any = None
    termination_reason: Any = None
    phone_call: _PhoneCall | None = None
    charging: _Charging | None = None
    error: _Error | None = None


class _ClientData(msgspec.Struct):
    dynamic_variables: dict[str, Any] | None = None
    user_id: Any = None


class _Conversation(msgspec.Struct):
    conversation_id: str
    status: str = ""
    agent_id: Any = None
    user_id: Any = None
    transcript: list[_Turn] | None = None
    metadata: _Metadata | None = None
    conversation_initiation_client_data: _ClientData | None = None


class _ConversationItem(msgspec.Struct):
    conversation_id: str
    status: str = ""
    agent_id: Any = None
    start_time_unix_secs: Any = None


class _ConversationPage(msgspec.Struct):
    conversations: list[_ConversationItem]
    has_more: bool | None = None
    next_cursor: str | None = None


class _Agent(msgspec.Struct):
    agent_id: str
    name: Any = None


class _AgentPage(msgspec.Struct):
    agents: list[_Agent]
    has_more: bool | None = None
    next_cursor: str | None = None


class _PhoneNumber(msgspec.Struct):
    phone_number_id: str
    phone_number: Any = None
    label: Any = None
    provider: Any = None


class _PhoneNumberPage(msgspec.Struct):
    phone_numbers: list[_PhoneNumber]
    has_more: bool | None = None
    next_cursor: str | None = None


class _LiveCount(msgspec.Struct):
    count: int


_conversation = msgspec.json.Decoder(_Conversation)
_conversation_page = msgspec.json.Decoder(_ConversationPage)
_agent_page = msgspec.json.Decoder(_AgentPage)
_phone_number_page = msgspec.json.Decoder(_PhoneNumberPage)
_phone_number_list = msgspec.json.Decoder(list[_PhoneNumber])
_live_count = msgspec.json.Decoder(_LiveCount)


# --- reading


@dataclass(frozen=True, slots=True)
class Listed(Generic[_T]):
    """One page of a list; `next_cursor` is None on the last one."""

    items: tuple[_T, ...]
    next_cursor: str | None


def read_talk(body: bytes | msgspec.Raw) -> Talk:
    """Read one conversation, from the detail or from a webhook's `data`. Raises ReadFailed."""
    read = decoded(_conversation, body, "a conversation")
    metadata = read.metadata or _Metadata()
    phone_call = metadata.phone_call or _PhoneCall()
    state = TALK_STATES.get(read.status, TalkState.UNHEARD_OF)
    return Talk(
        conversation_id=ConversationId(read.conversation_id),
        state=state,
        agent_id=text(read.agent_id),
        started_at=_instant(metadata.start_time_unix_secs),
        attempt_id=_attempt_id(read),
        call_sid=CallSid(text(phone_call.call_sid) or text(phone_call.call_id)) or None,
        outcome=_outcome(read, metadata) if state is TalkState.ANALYSED else None,
    )


def read_talks(body: bytes) -> Listed[Talk]:
    """Read a page of the conversation list. Raises ReadFailed."""
    page = decoded(_conversation_page, body, "the list of conversations")
    talks = tuple(
        Talk(
            conversation_id=ConversationId(item.conversation_id),
            state=TALK_STATES.get(item.status, TalkState.UNHEARD_OF),
            agent_id=text(item.agent_id),
            started_at=_instant(item.start_time_unix_secs),
        )
        for item in page.conversations
    )
    return Listed(talks, next_of(page.has_more, page.next_cursor))


def read_live_count(body: bytes) -> int:
    """Read the number of live conversations. Raises ReadFailed."""
    count = decoded(_live_count, body, "the number of live conversations").count
    if count < 0:
        raise ReadFailed("ElevenLabs counts a negative number of live conversations")
    return count


def read_agents(body: bytes) -> Listed[AgentSummary]:
    """Read a page of agents. Raises ReadFailed."""
    page = decoded(_agent_page, body, "the list of agents")
    agents = tuple(AgentSummary(agent.agent_id, clean(text(agent.name))) for agent in page.agents)
    return Listed(agents, next_of(page.has_more, page.next_cursor))


def read_phone_numbers(body: bytes) -> Listed[PhoneNumberSummary]:
    """Read phone numbers: a page of version 2 or the bare array of version 1. Raises ReadFailed."""
    if body.lstrip().startswith(b"["):
        numbers = decoded(_phone_number_list, body, "the list of phone numbers")
        return Listed(tuple(map(_phone_number, numbers)), None)
    page = decoded(_phone_number_page, body, "the list of phone numbers")
    numbers = page.phone_numbers
    return Listed(tuple(map(_phone_number, numbers)), next_of(page.has_more, page.next_cursor))


def decoded(decoder: msgspec.json.Decoder[_T], body: bytes | msgspec.Raw, what: str) -> _T:
    """Decode a body. Raises ReadUnclear saying what could not be read, without quoting it."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as problem:
        raise ReadUnclear(f"ElevenLabs' answer is not {what}: {problem}") from None
    except (ValueError, RecursionError):
        raise ReadUnclear(f"ElevenLabs' answer is not {what}: it is no JSON") from None


def next_of(has_more: bool | None, next_cursor: str | None) -> str | None:
    """Give the next page's cursor; None on the last page. Raises ReadFailed if it is missing."""
    if has_more is False or (has_more is None and not next_cursor):
        return None
    if not next_cursor:
        raise ReadFailed("ElevenLabs' answer says that there is more, but not where")
    return next_cursor


def text(value: object) -> str:
    """Give a text as it is, and nothing for anything else."""
    return value if isinstance(value, str) else ""


def whole(value: object) -> int | None:
    """Give a count, a time or a duration as a whole number from 0; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if isfinite(value) and 0 <= value < 10**11 else None


def _phone_number(number: _PhoneNumber) -> PhoneNumberSummary:
    return PhoneNumberSummary(
        number.phone_number_id,
        clean(text(number.phone_number)),
        clean(text(number.label)),
        clean(text(number.provider)),
    )


def _instant(value: object) -> Instant | None:
    seconds = whole(value)
    return None if seconds is None else Instant(seconds * 1000)


def _attempt_id(read: _Conversation) -> AttemptId | None:
    """Give the attempt that a conversation names; its user id stands in where nothing else does.

    The user id may be a producer's own: whoever compares it finds no such attempt.
    """
    sent = read.conversation_initiation_client_data or _ClientData()
    named = text((sent.dynamic_variables or {}).get(ATTEMPT_VARIABLE))
    found = named or text(read.user_id) or text(sent.user_id)
    return AttemptId(found) if found and len(found) <= ID_CHARS_MAX else None


# --- how a talk went

CALL_RESULTS: Final = MappingProxyType(
    {
        "answered": Disposition.ANSWERED,
        "voicemail": Disposition.VOICEMAIL,
        "busy": Disposition.BUSY,
        "no_answer": Disposition.NO_ANSWER,
        "no-answer": Disposition.NO_ANSWER,
        "failed": Disposition.FAILED,
    }
)
"""`metadata.phone_call.call_result`, the platform's best word on what the telephone did."""

_REASONS: Final = (
    ("voicemail", Disposition.VOICEMAIL),
    ("busy", Disposition.BUSY),
    ("no answer", Disposition.NO_ANSWER),
    ("not answered", Disposition.NO_ANSWER),
    ("unanswered", Disposition.NO_ANSWER),
    ("declined", Disposition.DECLINED),
    ("rejected", Disposition.DECLINED),
    ("invalid number", Disposition.INVALID_NUMBER),
    ("invalid phone number", Disposition.INVALID_NUMBER),
    ("unallocated", Disposition.INVALID_NUMBER),
)
"""What a reason in words means, by what occurs in it; the first that does decides."""


def _outcome(read: _Conversation, metadata: _Metadata) -> Outcome:
    talk_s = whole(metadata.call_duration_secs)
    ended_by = text(metadata.termination_reason)
    error = text(metadata.error.reason) if metadata.error else ""
    return Outcome(
        disposition=_disposition(read, metadata, talk_s, f"{error} {ended_by}"),
        talk_s=talk_s,
        detail=clean(error or ended_by),
        burst=metadata.charging is not None and metadata.charging.is_burst is True,
    )


def _disposition(
    read: _Conversation, metadata: _Metadata, talk_s: int | None, reason: str
) -> Disposition:
    """Tell how a talk went: the telephone's word first, then what was heard, then words.

    A conversation that `failed` may have been talked through: the platform also calls so what
    broke in the middle, and a person who was reached must not count as one who was not.
    """
    result = text(metadata.phone_call.call_result) if metadata.phone_call else ""
    told = CALL_RESULTS.get(result.lower())
    if told is not None and told is not Disposition.FAILED:
        return told
    words = _disposition_in_words(reason)
    if words is Disposition.VOICEMAIL:
        return words
    turns = read.transcript or []
    if any(turn.role == "user" for turn in turns):
        return Disposition.ANSWERED
    if read.status != "failed":
        return told or Disposition.UNKNOWN
    if turns or talk_s:
        return Disposition.ANSWERED
    return words or Disposition.FAILED


def _disposition_in_words(reason: str) -> Disposition | None:
    plain = reason.lower().replace("_", " ").replace("-", " ")
    return next((meant for word, meant in _REASONS if word in plain), None)
