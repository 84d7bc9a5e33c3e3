"""A batch is cancelled or retried once, with a line in the journal before the request leaves."""

from __future__ import annotations

import pytest

from tests.engine.fake_workspace import FakeWorkspace
from tests.engine.fakes import NOW, FakeClock
from voiceslot_tui.core.batch_progress import BatchView
from voiceslot_tui.core.batches import Batch, Watch
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.errors import Rejected, StoreUnavailable
from voiceslot_tui.core.talks import BatchCount
from voiceslot_tui.engine.batch_actions import BatchActions
from voiceslot_tui.follow_up_ports import BatchAnswer, BatchChange


class Journal:
    """The store as far as it takes notes."""

    def __init__(self, workspace: FakeWorkspace) -> None:
        self.lines: list[tuple[str, str, str]] = []
        self.full = False
        self._workspace = workspace

    async def note(self, kind: str, detail: str, now: Instant, actor: str) -> None:
        if self.full:
            raise StoreUnavailable("the disk is full")
        assert not self._workspace.changes, "the request left before it was written down"
        self.lines.append((kind, detail, actor))


class Desk:
    """The actions with what they need."""

    def __init__(self, answer: BatchAnswer = BatchAnswer.DONE) -> None:
        self.workspace = FakeWorkspace(FakeClock().now)
        self.workspace.answer = answer
        self.journal = Journal(self.workspace)
        self.checks = 0
        statuses = {"pending": 1200, "failed": 30, "completed": 770}
        batch = Batch(BatchCount("b1", "in_progress", 800, 800, 2000, 0), "Spring\x1b[2J")
        self.views = (BatchView(batch, Watch.ACTIVE, statuses, total=2000, read_at=NOW),)
        self.actions = BatchActions(
            workspace=self.workspace,  # type: ignore[arg-type]
            store=self.journal,  # type: ignore[arg-type]
            clock=FakeClock(),
            table=lambda: self.views,
            check_now=self.check,
        )

    def check(self) -> None:
        self.checks += 1


@pytest.mark.parametrize(
    ("change", "answer", "kind", "words", "concerned"),
    [
        (BatchChange.CANCEL, BatchAnswer.DONE, "batch_cancel", "is cancelled", "1,200 of 2,000"),
        (BatchChange.RETRY, BatchAnswer.DONE, "batch_retry", "is retried", "30 of 2,000"),
        (BatchChange.CANCEL, BatchAnswer.UNCLEAR, "batch_cancel", "may be cancelled", "1,200 of"),
        (BatchChange.RETRY, BatchAnswer.UNCLEAR, "batch_retry", "called twice", "30 of"),
    ],
)
async def test_a_change_is_made_once_and_says_whom_it_concerns(
    change: BatchChange, answer: BatchAnswer, kind: str, words: str, concerned: str
) -> None:
    desk = Desk(answer)
    done = await desk.actions.change("b1", change, "olga")
    assert words in done.message
    assert concerned in done.message
    assert desk.workspace.changes == [("b1", change)]
    ((noted, detail, actor),) = desk.journal.lines
    assert (noted, actor) == (kind, "olga")
    assert "b1" in detail
    assert concerned in detail
    assert "\x1b" not in done.message
    assert desk.checks == 1


@pytest.mark.parametrize("change", tuple(BatchChange))
async def test_a_refusal_is_said_and_the_batch_read_again(change: BatchChange) -> None:
    desk = Desk(BatchAnswer.REFUSED)
    with pytest.raises(Rejected, match="was not changed"):
        await desk.actions.change("b1", change, "olga")
    assert (len(desk.workspace.changes), desk.checks) == (1, 1)


async def test_what_cannot_be_written_down_is_not_asked_for() -> None:
    desk = Desk()
    desk.journal.full = True
    with pytest.raises(StoreUnavailable):
        await desk.actions.change("b1", BatchChange.RETRY, "olga")
    assert desk.workspace.changes == []


async def test_a_batch_that_is_not_watched_is_changed_without_figures() -> None:
    desk = Desk()
    done = await desk.actions.change("b\x1b2", BatchChange.CANCEL, "olga")
    assert done.message == "batch b\ufffd2 is cancelled"
    assert desk.workspace.changes == [("b\x1b2", BatchChange.CANCEL)]
