"""Tells a story: lets it happen in a town, heals everything at its end, and sees that all settles.

What is told once is told the same way again: chance comes from the story's seed alone. The end is
part of every story: when the trouble is over, every order has been accepted, every call comes to
its end, nothing stays in doubt that the lists could tell, and the slots fill (P9).
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.simulation.coverage import Coverage
from tests.simulation.happenings import HAPPENINGS
from tests.simulation.happenings_of_engines import Moment
from tests.simulation.judge import Judge, Violation
from tests.simulation.message_judge import MessageJudge
from tests.simulation.stories import TEMPLATE_SID, Story
from tests.simulation.town import AGENT, PHONE_NUMBER_ID, Town, town
from tests.simulation.virtual_time import Stalled, simulate, virtual_loop
from voiceslot_tui.core.calls import CallId, CallState, Hold
from voiceslot_tui.core.errors import VoiceslotError
from voiceslot_tui.core.facts import Wish
from voiceslot_tui.core.pages import Filter, PageQuery
from voiceslot_tui.core.snapshot import EngineState, Snapshot
from voiceslot_tui.core.undo import Done
from voiceslot_tui.engine.engine import Engine
from voiceslot_tui.simulator.message_words import TemplateStatus
from voiceslot_tui.simulator.settings import WorldSettings
from voiceslot_tui.simulator.words import FaultTarget, OverLimitMode, Owner

_RESTART_S: Final = 2.0
_REPEAT_S: Final = 3.0
_LOOK_S: Final = 10.0
_IDLE_S: Final = 3.0
"""How long a free slot and a ready call may stand beside each other without a reason."""
_SETTLES_WITHIN_S: Final = 3 * 3600.0
_DIALS_WITHIN_S: Final = 700.0
"""The longest rest that is given to a platform, and a probe of a refused route, are shorter."""
_ANSWERED_WITHIN_S: Final = 90.0
_FOUND_WITHIN_S: Final = 700.0
"""Unknown calls are searched for every five minutes: all that can be found are found by then."""
_MESSAGES_WITHIN_S: Final = 2 * 3600.0
"""How a call went is waited for for an hour, and a look-up is at most half an hour away."""
_PHANTOMS_GONE_S: Final = 240.0
"""A lagging count of the platform's own, and two polls, are over by then."""
_CALM: Final[Mapping[str, Any]] = {
    "list_lag_s": 0.0,
    "detail_lag_s": 0.0,
    "hidden_share": 0.0,
    "shifting_pages": False,
    "page_size_max": 100,
    "filters_ignored": False,
    "webhook_loss_share": 0.0,
    "webhook_duplicate_share": 0.0,
    "webhook_delay_max_s": 0.0,
    "webhook_reorder_share": 0.0,
    "webhook_forged_share": 0.0,
    "webhook_stale_share": 0.0,
    "webhook_future_share": 0.0,
    "start_delay_s": 0.0,
    "message_list_lag_s": 0.0,
    "message_answer_delay_s": 0.0,
    "message_undelivered_share": 0.0,
    "message_unconfirmed_share": 0.0,
    "sender_failure": 0,
    "batch_ids_lag_s": 0.0,
    "callback_loss_share": 0.0,
    "callback_duplicate_share": 0.0,
    "callback_delay_max_s": 0.0,
    "callback_reorder_share": 0.0,
    "callback_forged_share": 0.0,
    "callback_error_word": "",
}
_ACTED: Final = {FaultTarget.START: ", rings", FaultTarget.MESSAGE: ", taken"}
"""What is said of a fault that does what was asked all the same."""
_UNDER_WAY: Final = (
    CallState.DIALING,
    CallState.UNCERTAIN,
    CallState.LIVE,
    CallState.WRAPPING_UP,
)


@dataclass(frozen=True, slots=True)
class Told:
    """How a story went: the first violation (None where all promises held) and what was reached."""

    violation: str | None
    digest: str
    coverage: Coverage
    virtual_s: float
    cpu_s: float


class StoryTeller:
    """Tells one story in one town."""

    def __init__(self, story: Story, made: Town, tasks: asyncio.TaskGroup) -> None:
        self.town = made
        self.coverage = Coverage()
        self.judge = Judge(made, self.coverage)
        self.undo_of: dict[str, Done] = {}
        self._story = story
        self._tasks = tasks
        self._timers: list[asyncio.TimerHandle] = []
        self._base = WorldSettings(seed=story.seed).changed(dict(story.world))
        self._orders = 0
        self._reviving = asyncio.Lock()
        self._over = False

    # What happenings may do.

    def fired(self, what: str) -> None:
        """Note that a fault has struck, for the coverage."""
        self.coverage.fire(what)

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Do something in so many seconds, but not after the trouble is over."""
        loop = asyncio.get_running_loop()
        self._timers.append(loop.call_later(seconds, act))

    def meanwhile(self, act: Awaitable[object]) -> None:
        """Let something go on while the story is told."""

        async def going_on() -> None:
            await act

        self._tasks.create_task(going_on(), context=self.town.network.context)

    def change_world(self, seconds: float, changes: Mapping[str, Any]) -> None:
        """Change settings of the world for so many seconds."""
        world = self.town.world
        base = {name: getattr(self._base, name) for name in changes}
        world.configure(changes)
        self.town.network.stir()
        self.later(seconds, lambda: world.configure(base))

    async def revive(self, after_s: float) -> None:
        """Start an engine after a while, as a process manager does, until one lives."""
        if not self._over:
            await asyncio.sleep(after_s)
        async with self._reviving:
            while self.town.life is None and self.town.unborn is None:
                try:
                    lives = await self.town.start()
                except VoiceslotError:
                    lives = False
                if lives and self.town.life is not None:
                    self.judge.started(self.town.life)
                else:
                    await asyncio.sleep(_RESTART_S)

    async def order(self, number: str, priority: int, attempts: int) -> None:
        """Ask for a call until the answer says that it is accepted, always by the same key."""
        self._orders += 1
        key = f"order-{self._orders}"
        payload = {"agentId": AGENT, "agentPhoneNumberId": PHONE_NUMBER_ID, "toNumber": number}
        asked = {"payload": payload, "priority": priority, "maxAttempts": attempts}
        body = json.dumps(asked).encode()
        headers = {"Idempotency-Key": key, "Authorization": f"Bearer {self.town.api_key}"}
        while True:
            answer = await self.town.network.post("/enqueue-call", body, headers)
            if answer is not None and answer.status == 202:
                assert isinstance(answer.body, bytes)
                return self.judge.accepted(key, json.loads(answer.body)["id"])
            if answer is not None and answer.status != 503:
                return self.judge.fail(f"an order is answered {answer.status}: {answer.body!r}")
            await asyncio.sleep(_REPEAT_S)

    # The story.

    async def tell(self) -> None:
        """Let the story happen, heal what is broken, and see that everything settles."""
        self._watch()
        await self.revive(0.0)
        self.meanwhile(self._look_for_idle_slots())
        for event in self._story.events:
            await self._until(event.at_s)
            await HAPPENINGS[event.name].act(self, event.args)
        await self._until(self._story.lasts_s)
        await self._heal()
        await self._settle()
        self.judge.missing(self._orders)

    async def _until(self, at_s: float) -> None:
        await asyncio.sleep(max(0.0, at_s - self.town.clock.steady_s()))

    def _watch(self) -> None:
        """Let deaths, the judge and the coverage see what happens."""
        made, loop = self.town, virtual_loop()
        self.judge.watch(self.fired)
        made.disk.before_write = lambda: made.doomed(Moment.BEFORE_WRITE)
        made.disk.after_write = lambda: made.doomed(Moment.AFTER_WRITE)

        def after_turn(life: int) -> None:
            if made.doom and made.life is not None and life == made.life.number:
                made.doomed(Moment.STEP)
            if self.judge.first is not None:
                self.look_away()
                raise Violation(self.judge.first)

        loop.after_turn = after_turn
        faults, strike = made.world.faults, made.world.faults.strike
        hooks, happens = made.world.webhooks, made.world.webhooks._happens
        callbacks, calls_back = (
            made.world.messenger.callbacks,
            made.world.messenger.callbacks._happens,
        )
        is_full = made.world.is_full

        def struck(target: Any) -> Any:
            rule = strike(target)
            if rule is not None:
                self.fired(f"{target}: {rule.kind}{_ACTED.get(target, '') if rule.acts else ''}")
            return rule

        def happened(what: str, share: float) -> bool:
            found = happens(what, share)
            if found:
                self.fired(f"webhook {what}")
            return found

        def full(agent_id: str) -> bool:
            found = is_full(agent_id)
            if found:
                self.fired(f"platform full: {made.world.settings.over_limit}")
            return found

        def called_back(what: str, share: float) -> bool:
            found = calls_back(what, share)
            if found:
                self.fired(f"callback {what}")
            return found

        faults.strike = struck  # type: ignore[method-assign]
        callbacks._happens = called_back  # type: ignore[method-assign]
        hooks._happens = happened  # type: ignore[method-assign]
        made.world.is_full = full  # type: ignore[method-assign]

    def look_away(self) -> None:
        """See nothing more: what is left is only taken down."""
        virtual_loop().after_turn = None
        disk = self.town.disk
        disk.before_write = disk.after_write = lambda: None
        disk.committed = lambda _: None
        disk.trouble, disk.slowness = None, 1.0

    async def _look_for_idle_slots(self) -> None:
        """P9: nowhere stand a free slot and a ready call beside each other without a reason."""
        while not self._over:
            await asyncio.sleep(_LOOK_S)
            before = await self._idle()
            if before is None:
                continue
            await asyncio.sleep(_IDLE_S)
            after = await self._idle()
            if after is not None and after == before:
                self.judge.fail("P9: a slot is free, a call is ready, and nothing is dialled")

    async def _idle(self) -> tuple[int, int] | None:
        """Give the life and its dials where a call could start now, and no reason is named."""
        life = self.town.life
        now = self.town.clock.steady_s()
        disk = self.town.disk
        troubled = disk.trouble or disk.slowness > 1.0 or now < self.judge.disk_well_since_s + 20.0
        if life is None or life.frozen or troubled:
            return None
        seen = await self._snapshot()
        if seen is None or self.town.life is not life or seen.idle or not seen.ready:
            return None
        return life.number, seen.dials

    async def _snapshot(self) -> Snapshot | None:
        try:
            return await self.town.ask(lambda engine: engine.snapshot())
        except VoiceslotError:
            return None

    # The end of the trouble.

    async def _heal(self) -> None:
        """End every trouble: from now on the world is as it should be, and somebody operates."""
        self._over = True
        for timer in self._timers:
            timer.cancel()
        made, world = self.town, self.town.world
        made.doom.clear()
        made.disk.trouble, made.disk.slowness = None, 1.0
        self.judge.disk_is_well(made.clock.steady_s())
        made.network.reachable = made.network.is_open = True
        made.network.slow_s = made.network.connects_within_s = 0.0
        made.thaw()
        world.faults.clear()
        limit = max(self._base.limit, *(self.judge.limits))
        calm = {"limit": limit, "over_limit": OverLimitMode.REFUSE_CONCURRENT, **_CALM}
        calm["analysis_s"] = self._base.analysis_s
        world.configure(calm)
        world.notice_hang_ups(made.now_s())
        for call in [c for c in world.live.values() if c.order.owner is not Owner.OWN]:
            world.hang_up(call, made.now_s())
        for batch in world.batches.all.values():
            world.batches.cancel(batch, made.now_s())
        made.network.stir()
        await self.revive(0.0)
        await self._operate(_resume_if_paused, {"act": "resume"})
        if self.judge.messages is not None:
            world.messenger.templates[TEMPLATE_SID].status = TemplateStatus.APPROVED
            await self._mind_messages(self.judge.messages)

    async def _mind_messages(self, judge: MessageJudge) -> None:
        """Let the follow-ups go on, and the batches be watched."""
        judge.asked({"act": "resume"})
        await self._operate(_resume_messages_if_paused, {"act": "messages"})
        judge.answered({"act": "resume"}, done=True)
        await self._operate(lambda engine: engine.batches.watch(True, by="ana"), {"act": "batches"})

    async def _operate(
        self, what: Callable[[Engine], Awaitable[Done]], args: Mapping[str, Any]
    ) -> None:
        """Act as an operator who tries again until told that it is done."""
        self.judge.asked(args)
        while True:
            await self.revive(0.0)
            try:
                if await self.town.ask(what) is not None:
                    return self.judge.answered(args)
            except VoiceslotError:
                pass
            await asyncio.sleep(_RESTART_S)

    async def _settle(self) -> None:
        """Wait until nothing is under way and nothing ready, and answer what only people can."""
        healed_s = self.town.clock.steady_s()
        ended, full = len(self.town.world.ended), self._times_full()
        dials, dialled_s = -1, healed_s
        while True:
            now = self.town.clock.steady_s()
            seen = await self._snapshot()
            if seen is None:
                await self.revive(0.0)
                continue
            if seen.paused_at is not None and now - healed_s < _ANSWERED_WITHIN_S:
                # A start from before the end was refused after it, as with a wrong key.
                await self._operate(lambda engine: engine.resume(by="ana"), {"act": "resume"})
            if seen.dials != dials or not seen.ready:
                dials, dialled_s = seen.dials, now
            if now - dialled_s > _DIALS_WITHIN_S and seen.slots.free:
                why = "; ".join(idle.sentence for idle in seen.idle)
                return self.judge.fail(f"P9: {seen.ready} calls are ready, none is dialled: {why}")
            if now - healed_s > _SETTLES_WITHIN_S:
                return self.judge.fail(f"P9: it does not settle: {seen.calls}, {seen.holds}")
            if self._times_full() > full:
                ended, full = len(self.town.world.ended), self._times_full()
            self.judge.dares_too_little(seen.slots, len(self.town.world.ended) - ended)
            if now - healed_s > _PHANTOMS_GONE_S and seen.slots.strategy == "conversations":
                self.judge.counts_phantoms(seen.slots.foreign)
            answered = await self._answer_questions(seen, now - healed_s)
            if answered and not self._waits(seen) and self.judge.orders_told == self._orders:
                why = self._messages_wait(now - healed_s)
                if not why:
                    return None
                if now - healed_s > _MESSAGES_WITHIN_S:
                    return self.judge.fail(f"P3: {why}")
            await asyncio.sleep(5.0)

    def _messages_wait(self, healed_for_s: float) -> str:
        judge = self.judge.messages
        return "" if judge is None else judge.unsettled(healed_for_s)

    def _times_full(self) -> int:
        """Count how often the platform said that it had no slot left for us, at once or later."""
        fired = self.coverage.fired.items()
        refused = sum(count for fault, count in fired if fault.startswith("platform full"))
        return refused + self.judge.bursts_heard()

    def _waits(self, seen: Snapshot) -> int:
        """Count the calls that must still come to something by themselves."""
        under_way = sum(seen.calls.get(state, 0) for state in _UNDER_WAY)
        return under_way + seen.queued - seen.holds.get(Hold.RETRY_WAIT, 0)

    async def _answer_questions(self, seen: Snapshot, healed_for_s: float) -> bool:
        """Unpark what is parked; of unknown calls say what is true. True where none are left."""
        if seen.holds.get(Hold.PARKED):
            parked = await self._calls(Filter(holds=frozenset({Hold.PARKED})))
            wish = {"act": "wish", "wish": "unpark", "calls": parked}
            await self._operate(lambda e: e.wish(parked, Wish.UNPARK, by="ana"), wish)
        if not seen.calls.get(CallState.UNKNOWN):
            return True
        if healed_for_s < _FOUND_WITHIN_S:
            return False
        for call_id in await self._calls(Filter(states=frozenset({CallState.UNKNOWN}))):
            await self._answer_question(call_id)
        return False

    async def _answer_question(self, call_id: CallId) -> None:
        detail = await self.town.ask(lambda engine: engine.detail(call_id))
        if detail is None or detail.call.state is not CallState.UNKNOWN:
            return
        if not self.judge.never_rang(str(detail.call.attempt_id)):
            self.judge.fail(f"P9: call {call_id} stays unknown, although it can be found")
            return
        wish = Wish.CONFIRM_NOT_DIALLED
        asked = {"act": "told the truth"}
        await self._operate(lambda e: e.wish([call_id], wish, by="ana"), asked)
        self.judge.not_dialled(call_id)

    async def _calls(self, where: Filter) -> list[CallId]:
        page = await self.town.ask(lambda engine: engine.page(PageQuery(where=where, count=200)))
        return [] if page is None else [row.call.id for row in page.rows]


async def _resume_if_paused(engine: Engine) -> Done:
    """Resume, and wake nobody where nothing was paused: all must go on by itself."""
    is_paused = (await engine.snapshot()).engine is EngineState.PAUSED
    return await engine.resume(by="ana") if is_paused else Done(message="it was not paused")


async def _resume_messages_if_paused(engine: Engine) -> Done:
    is_paused = (await engine.snapshot()).follow_ups.paused
    messages = engine.follow_ups
    return await messages.resume(by="ana") if is_paused else Done(message="they were not paused")


async def _told(story: Story, folder: Path) -> Told:
    began_s = time.process_time()
    problem: str | None = None
    coverage, digest, virtual_s = Coverage(), "", 0.0
    async with town(folder, seed=story.seed, settings=story.settings, **story.world) as made:
        async with asyncio.TaskGroup() as tasks:
            teller = StoryTeller(story, made, tasks)
            try:
                await teller.tell()
            finally:
                teller.look_away()
        problem = teller.judge.first
        coverage, digest = teller.coverage, teller.judge.digest.hexdigest()
        virtual_s = made.clock.steady_s()
    return Told(problem, digest, coverage, virtual_s, time.process_time() - began_s)


def tell(story: Story, folder: Path) -> Told:
    """Tell a story in an empty folder; nothing of an earlier one is left in the process."""
    random.seed(f"libraries {story.seed}")
    began_s = time.process_time()
    try:
        return simulate(lambda: _told(story, folder))
    except (Violation, Stalled) as broken:
        return Told(str(broken), "", Coverage(), 0.0, time.process_time() - began_s)
    except BaseExceptionGroup as group:
        words = f"the engine or the teller broke: {_first(group)!r}"
        return Told(words, "", Coverage(), 0.0, time.process_time() - began_s)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    found = group.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
