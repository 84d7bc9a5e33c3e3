"""What consoles ask about messages and the suppression list, answered by the follow-ups' door."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from voiceslot_tui.core.errors import BadInput
from voiceslot_tui.core.limits import PAGE_ROWS_MAX
from voiceslot_tui.core.undo import Done
from voiceslot_tui.wire import follow_up_control as control
from voiceslot_tui.wire.phone_numbers import number_or_nothing
from voiceslot_tui.wire.twilio_content import CONTENT_SID

if TYPE_CHECKING:
    from voiceslot_tui.engine.following_up import FollowingUp


async def answered(
    follow_ups: FollowingUp, body: control.MessageQuestion, by: str
) -> control.MessageResult:
    """Answer a question about messages."""
    match body:
        case control.GetMessages(query):
            _bounded(query.count)
            return control.TheMessages(await follow_ups.page(query))
        case control.GetMessage(follow_up_id):
            return control.TheMessage(await follow_ups.detail(follow_up_id))
        case control.GetPreview(follow_up_id):
            message = await follow_ups.preview(follow_up_id)
            return control.ThePreview(
                message.preview, message.content_sid, message.content_variables
            )
        case control.GetSuppressions(after, count):
            _bounded(count)
            return control.TheSuppressions(await follow_ups.suppressions(after, count))
        case control.Suppress(number, why):
            return control.TheSuppressed(await follow_ups.suppress(_e164(number), why, by=by))
        case _:
            assert_never(body)


async def acted(follow_ups: FollowingUp, body: control.MessageAct, by: str) -> Done:
    """Carry out what an operator wants of messages."""
    match body:
        case control.Unsuppress(number):
            return await follow_ups.unsuppress(_e164(number), by=by)
        case control.WantMessages(follow_up_ids, wish):
            return await follow_ups.wish(follow_up_ids, wish, by=by)
        case control.RetryMessages(where):
            return await follow_ups.retry_all(where, by=by)
        case control.PauseMessages():
            return await follow_ups.pause(by=by)
        case control.ResumeMessages():
            return await follow_ups.resume(by=by)
        case control.UseTemplate(content_sid):
            return await follow_ups.use_template(_content_sid(content_sid), by=by)
        case control.ReadMessenger():
            follow_ups.read_now()
            return Done(message="The messenger is asked now.")
        case control.SendSince(since, confirmed):
            return await follow_ups.send_since(since, by=by, confirmed=confirmed)
        case _:
            assert_never(body)


def _e164(written: str) -> str:
    number = number_or_nothing(written)
    if not number:
        raise BadInput("that is no phone number; write it like +12025550100", field="number")
    return number


def _content_sid(written: str) -> str:
    if not CONTENT_SID.fullmatch(written):
        raise BadInput("a template is HX and 32 hexadecimal digits", field="content_sid")
    return written


def _bounded(count: int) -> None:
    if not 0 <= count <= PAGE_ROWS_MAX:
        raise BadInput(f"at most {PAGE_ROWS_MAX:,} rows at a time, not {count:,}", field="count")
