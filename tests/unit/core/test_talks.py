"""What is worked out of the platform's words: which summary is the last, how many calls live."""

from __future__ import annotations

import pytest

from voiceslot_tui.core.calls import ConversationId
from voiceslot_tui.core.talks import BatchCalls, TalkState, TalkSummary


@pytest.mark.parametrize("state", TalkState)
def test_only_an_analysed_talk_has_its_last_summary(state: TalkState) -> None:
    assert TalkSummary(state, "They agreed.").is_final is (state is TalkState.ANALYSED)


def test_calls_of_a_batch_count_with_and_without_a_name() -> None:
    named = frozenset({ConversationId("a"), ConversationId("b")})
    assert (BatchCalls(named, 3).count, BatchCalls(named).count, BatchCalls().count) == (5, 2, 0)
