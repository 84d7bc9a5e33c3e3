"""The part of the messages between engine and consoles that is about batches."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from voiceslot_tui.core.batch_progress import BatchChecks, BatchView
from voiceslot_tui.core.follow_up_pages import BatchFigures, RecipientPage, RecipientQuery

# --- wishes


class GetBatches(msgspec.Struct, frozen=True, tag="batches"):
    """Ask for the watched batches. Answered by TheBatches."""


class GetRecipients(msgspec.Struct, frozen=True, tag="recipients"):
    """Ask for recipients of a batch, which the platform is asked for. Answered by TheRecipients."""

    query: RecipientQuery


class CancelBatch(msgspec.Struct, frozen=True, tag="cancel_batch"):
    """Have a batch call nobody else. Answered by TheDone."""

    batch_id: str


class RetryBatch(msgspec.Struct, frozen=True, tag="retry_batch"):
    """Have the failed recipients of a batch dialled again. Answered by TheDone."""

    batch_id: str


class SetBatchInterval(msgspec.Struct, frozen=True, tag="batch_interval"):
    """Check the batches so often from now on. Answered by TheDone."""

    seconds: float


class WatchBatches(msgspec.Struct, frozen=True, tag="watch_batches"):
    """Begin to watch the batches, or stop. Answered by TheDone."""

    on: bool


class CheckBatches(msgspec.Struct, frozen=True, tag="check_batches"):
    """Check the batches now. Answered by TheDone."""


BatchAct = CancelBatch | RetryBatch | SetBatchInterval | WatchBatches | CheckBatches
"""Wishes about batches that change something; each is answered by TheDone."""

BatchQuestion = GetBatches | GetRecipients
"""Wishes about batches with an answer of their own."""

# --- answers


class BatchRow(msgspec.Struct, frozen=True):
    """One watched batch, with what became of its messages."""

    view: BatchView
    figures: BatchFigures


class TheBatches(msgspec.Struct, frozen=True, tag="the_batches"):
    """The watched batches as an answer, and how the watching goes."""

    rows: tuple[BatchRow, ...]
    checks: BatchChecks


class TheRecipients(msgspec.Struct, frozen=True, tag="the_recipients"):
    """A part of a batch's recipients as an answer."""

    page: RecipientPage


BatchResult = TheBatches | TheRecipients

BATCH_ANSWERS: Final[Mapping[type[msgspec.Struct], type[msgspec.Struct]]] = MappingProxyType(
    {GetBatches: TheBatches, GetRecipients: TheRecipients}
)
"""What each question about batches is answered by."""
