"""A STOP is in force from the moment it is heard, and for whoever wrote it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.engine.message_rig import message_rig, taken
from voiceslot_tui.core.calls import ConversationId, Disposition
from voiceslot_tui.core.follow_up_facts import SendAnswer
from voiceslot_tui.core.follow_ups import Channel, EndedCall, follow_up_key
from voiceslot_tui.follow_up_ports import Ended, MessageOrder
from voiceslot_tui.ports import STILL_WANTED


async def test_a_stop_of_which_no_number_can_be_read_withdraws_no_mail_without_a_number(
    tmp_path: Path,
) -> None:
    async with message_rig(tmp_path, channels=(Channel.EMAIL,)) as rig:
        key = follow_up_key(ConversationId("conv_1"))
        call = EndedCall(
            key, "", rig.clock.now(), Disposition.VOICEMAIL, True, email="p01@example.org"
        )
        await rig.store.add_ended([Ended(call)], rig.clock.now())

        async def send(order: MessageOrder) -> SendAnswer:
            unreadable = replace(rig.wrote(1, wants_out=True), number="")
            await rig.door.person_wrote(unreadable, by="webhook")
            assert STILL_WANTED.get()()
            return taken(order)

        rig.messenger.send = send  # type: ignore[method-assign]
        await rig.send()
        assert await rig.states() == ["accepted"]
