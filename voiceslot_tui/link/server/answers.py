"""One wish of a console, one answer: the engine's front door as the link sees it.

Whatever goes wrong becomes a refusal with a code and a sentence; no wish ever takes the link, or
the engine, down with it.
"""

from __future__ import annotations

from collections.abc import Sized
from typing import TYPE_CHECKING, Final, TypeVar

from voiceslot_tui import logs
from voiceslot_tui.core.errors import (
    BadInput,
    IdempotencyConflict,
    Missing,
    ReadFailed,
    Rejected,
    StoreUnavailable,
    StoreUnusable,
    VoiceslotError,
)
from voiceslot_tui.core.limits import (
    COMMAND_CALLS_MAX,
    ENQUEUE_BATCH_MAX,
    EVENTS_SHOWN_MAX,
    ID_CHARS_MAX,
    LINK_ASK_TIMEOUT_S,
    PAGE_ROWS_MAX,
)
from voiceslot_tui.core.orders import IdempotencyKey
from voiceslot_tui.core.undo import Done
from voiceslot_tui.link.server import batch_answers, follow_up_answers
from voiceslot_tui.wire import batch_control as batches
from voiceslot_tui.wire import control
from voiceslot_tui.wire import follow_up_control as messages
from voiceslot_tui.wire.enqueue_call import digest_of_all

if TYPE_CHECKING:
    from voiceslot_tui.engine.engine import Engine

_Named = TypeVar("_Named", bound=Sized)

_CODES: Final = (
    (BadInput, "bad_input"),
    (IdempotencyConflict, "bad_input"),
    (Rejected, "rejected"),
    (ReadFailed, "rejected"),
    (Missing, "missing"),
    (StoreUnavailable, "store"),
    (StoreUnusable, "store"),
)


async def answer(engine: Engine, ask: control.Ask, by: str) -> control.Answer | control.Refusal:
    """Do what a console asks, and say what it came to. Never raises an error."""
    try:
        return control.Answer(ask.number, await _result(engine, ask.body, by))
    except VoiceslotError as error:
        return refusal(ask.number, error)
    except Exception as defect:  # noqa: BLE001 - one bad wish must not end everybody's engine
        logs.error(logs.Event.LINK_FAILED, {logs.Field.KIND: type(ask.body).__name__}, defect)
        return control.Refusal(
            ask.number,
            control.UNKNOWN,
            "the engine failed at this, perhaps after it was done; its log has the details",
        )


def too_late(ask: control.Ask) -> control.Refusal:
    """Say that a wish has not been done in time, and goes on."""
    return control.Refusal(
        ask.number,
        control.UNKNOWN,
        f"the engine did not finish this within {LINK_ASK_TIMEOUT_S:.0f} s; it may still "
        "happen, so look before you ask again",
    )


def refusal(number: int, error: VoiceslotError) -> control.Refusal:
    """Put an error of ours into words for a console."""
    code = next((code for kind, code in _CODES if isinstance(error, kind)), control.UNKNOWN)
    field = error.field if isinstance(error, BadInput) else ""
    return control.Refusal(number, code, str(error), field)


async def _result(engine: Engine, body: control.Body, by: str) -> control.Result:
    match body:
        case control.GetSnapshot():
            return control.TheSnapshot(await engine.snapshot())
        case control.GetPage(query):
            _at_most(query.count, PAGE_ROWS_MAX, "count", "rows")
            return control.ThePage(await engine.page(query))
        case control.GetDetail(call_id):
            return control.TheDetail(await engine.detail(call_id))
        case control.GetJournal(before, count):
            _at_most(count, EVENTS_SHOWN_MAX, "count", "lines")
            return control.JournalLines(await engine.journal(before, count))
        case control.Explain(call_id):
            return control.Sentences(await engine.explain(call_id))
        case control.Enqueue(calls, key):
            _at_most(len(calls), ENQUEUE_BATCH_MAX, "calls", "calls")
            _at_most(len(key), ID_CHARS_MAX, "key", "characters")
            known_by = IdempotencyKey(key, digest_of_all(calls)) if key else None
            added = await engine.enqueue(calls, by=by, key=known_by)
            return control.Enqueued(added.ids, added.queue_size, added.repeated)
        case (
            messages.GetMessages()
            | messages.GetMessage()
            | messages.GetPreview()
            | messages.GetSuppressions()
            | messages.Suppress()
        ):
            return await follow_up_answers.answered(engine.follow_ups, body, by)
        case batches.GetBatches() | batches.GetRecipients():
            return await batch_answers.answered(engine.batches, body)
        case _:
            return control.TheDone(await _act(engine, body, by))


async def _act(engine: Engine, body: control.Act, by: str) -> Done:
    match body:
        case control.Pause(why):
            return await engine.pause(by=by, why=why)
        case control.Resume():
            return await engine.resume(by=by)
        case control.SetLimit(limit):
            return await engine.set_limit(limit, by=by)
        case control.Want(call_ids, wish):
            return await engine.wish(_few(call_ids), wish, by=by)
        case control.Prioritise(call_ids, to, change):
            return await engine.prioritise(_few(call_ids), by=by, to=to, change=change)
        case control.Move(call_ids, place):
            return await engine.move(_few(call_ids), place, by=by)
        case control.HangUpCall(call_id):
            return await engine.hang_up(call_id, by=by)
        case control.TakeBack(undo):
            return await engine.take_back(_few(undo), by=by)
        case control.Reconcile():
            engine.reconcile_now()
            return Done(message="The platform's live calls are read now.")
        case control.StopEngine():
            engine.stop_requested.set()
            return Done(
                message="The engine stops; live calls go on and are found at the next start."
            )
        case (
            batches.CancelBatch()
            | batches.RetryBatch()
            | batches.SetBatchInterval()
            | batches.WatchBatches()
            | batches.CheckBatches()
        ):
            return await batch_answers.acted(engine.batches, body, by)
        case _:
            return await follow_up_answers.acted(engine.follow_ups, body, by)


def _few(named: _Named) -> _Named:
    _at_most(len(named), COMMAND_CALLS_MAX, "call_ids", "calls")
    return named


def _at_most(count: int, bound: int, field: str, what: str) -> None:
    if not 0 <= count <= bound:
        raise BadInput(f"at most {bound:,} {what} at a time, not {count:,}", field=field)
