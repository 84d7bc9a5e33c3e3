"""ElevenLabs' summary of a conversation, read from its own answer or from the whole conversation.

The summary is written once the conversation was analysed; before that there is none, which is no
statement that there will be none.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from voiceslot_tui.core.limits import SUMMARY_READ_CHARS_MAX
from voiceslot_tui.core.talks import TalkState, TalkSummary
from voiceslot_tui.core.text import clean
from voiceslot_tui.wire.elevenlabs_calls import TALK_STATES, decoded, text


class _Analysis(msgspec.Struct):
    transcript_summary: Any = None
    call_summary_title: Any = None


class _Summary(msgspec.Struct):
    status: str
    transcript_summary: Any = None
    call_summary_title: Any = None
    analysis: _Analysis | None = None


_summary: Final = msgspec.json.Decoder(_Summary)


def read_summary(body: bytes) -> TalkSummary:
    """Read the summary of a conversation. Raises ReadFailed."""
    read = decoded(_summary, body, "the summary of a conversation")
    analysis = read.analysis or _Analysis()
    summary = text(read.transcript_summary) or text(analysis.transcript_summary)
    title = text(read.call_summary_title) or text(analysis.call_summary_title)
    return TalkSummary(
        state=TALK_STATES.get(read.status, TalkState.UNHEARD_OF),
        summary=summary[:SUMMARY_READ_CHARS_MAX],
        title=clean(title),
    )
