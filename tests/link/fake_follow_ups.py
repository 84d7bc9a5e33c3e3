"""The front door of the follow-ups for tests of the link and the commands: it remembers."""

from __future__ import annotations

from collections.abc import Sequence

from voiceslot_tui.core.calls import Disposition, Instant
from voiceslot_tui.core.errors import Missing
from voiceslot_tui.core.follow_up_facts import FollowUpWish
from voiceslot_tui.core.follow_up_pages import (
    FollowUpDetail,
    FollowUpFilter,
    FollowUpPage,
    FollowUpQuery,
    Suppressed,
    Suppression,
)
from voiceslot_tui.core.follow_ups import (
    Channel,
    FollowUp,
    FollowUpId,
    FollowUpKey,
    FollowUpState,
    Form,
    Try,
    TryId,
    TryState,
)
from voiceslot_tui.core.undo import Done


class FakePreview:
    """What a message would read like."""

    preview = "Hello, we just talked."
    content_sid = "HX" + "0" * 32
    content_variables = "{}"


class FakeFollowUps:
    """One failed message, and a suppression list; `asked` is what operators wanted."""

    def __init__(self, asked: list[tuple[str, ...]]) -> None:
        self.message = FollowUp(
            id=FollowUpId(17),
            key=FollowUpKey("conversation/17"),
            to_number="+12025550117",
            state=FollowUpState.FAILED,
            ended_at=Instant(1),
            created_at=Instant(1),
            changed_at=Instant(2),
            disposition=Disposition.ANSWERED,
            name="Ana",
            batch_id="b1",
            code=63016,
        )
        self.queries: list[FollowUpQuery] = []
        self.numbers: dict[str, Suppression] = {}
        self.preview_text = FakePreview()
        self._asked = asked

    async def page(self, query: FollowUpQuery) -> FollowUpPage:
        self.queries.append(query)
        return FollowUpPage((self.message,), True)

    async def detail(self, follow_up_id: FollowUpId) -> FollowUpDetail:
        if follow_up_id != self.message.id:
            raise Missing(f"there is no message {follow_up_id}")
        one_try = Try(
            id=TryId("try-1"),
            follow_up_id=follow_up_id,
            number=1,
            channel=Channel.WHATSAPP,
            form=Form.FREE_TEXT,
            state=TryState.FAILED,
            started_at=Instant(1),
            changed_at=Instant(2),
            code=63016,
        )
        return FollowUpDetail(self.message, (one_try,), ())

    async def preview(self, follow_up_id: FollowUpId) -> FakePreview:
        return self.preview_text

    async def wish(self, ids: Sequence[FollowUpId], wish: FollowUpWish, *, by: str) -> Done:
        return self._done(wish.value, *map(str, ids))

    async def retry_all(self, where: FollowUpFilter, *, by: str) -> Done:
        return self._done("retry_all", *sorted(where.states), str(where.code))

    async def pause(self, *, by: str) -> Done:
        return self._done("messages paused")

    async def resume(self, *, by: str) -> Done:
        return self._done("messages resumed")

    async def use_template(self, content_sid: str, *, by: str) -> Done:
        return self._done("template", content_sid)

    def read_now(self) -> None:
        self._done("messages read")

    async def send_since(self, since: Instant, *, by: str, confirmed: bool) -> Done:
        return self._done("since", str(since), str(confirmed))

    async def suppress(self, number: str, why: str, *, by: str) -> Suppressed:
        known = number in self.numbers
        self.numbers[number] = Suppression(number, Instant(1), by, why)
        return Suppressed(number, 2, 1, known)

    async def unsuppress(self, number: str, *, by: str) -> Done:
        if number not in self.numbers:
            raise Missing("that number is not on the suppression list")
        del self.numbers[number]
        return Done(message="the number may be called and written to again")

    async def suppressions(self, after: str, count: int) -> tuple[Suppression, ...]:
        return tuple(self.numbers[one] for one in sorted(self.numbers) if one > after)[:count]

    def _done(self, *asked: str) -> Done:
        self._asked.append(asked)
        return Done(message=f"done: {' '.join(asked)}")
