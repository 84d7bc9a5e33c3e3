"""Alerts: look whether something needs a person, and have the heralds say so.

Each herald has a small box of its own for what it could not tell yet, so that one that fails keeps
back neither the others nor the next look. Nothing here is ever waited for by another worker.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from voiceslot_tui.core.alerts import Alert, Alerting, ToldTrouble
from voiceslot_tui.core.calls import Instant, later, seconds_between
from voiceslot_tui.core.errors import Fenced, StoreUnavailable
from voiceslot_tui.core.limits import (
    ALERT_EVERY_S,
    ALERT_RETRY_S,
    ALERT_TIMEOUT_S,
    ALERTS_KEPT_MAX,
)
from voiceslot_tui.core.snapshot import Snapshot
from voiceslot_tui.core.troubles import (
    LastWebhook,
    MessageStanding,
    Trouble,
    store_sentence,
    troubles,
    unseen,
)
from voiceslot_tui.engine.service import or_else
from voiceslot_tui.follow_up_ports import Herald
from voiceslot_tui.ports import Clock

ToldAlerts = tuple[tuple[str, Instant, Instant], ...]
"""Which troubles were told, since when they last, and when that was told last."""


class Alerter:
    """Tells people what needs them. `place` names this engine to who has several."""

    name = "alerter"

    def __init__(
        self,
        *,
        snapshot: Callable[[], Awaitable[Snapshot]],
        messages: Callable[[], MessageStanding],
        heralds: Sequence[Herald],
        clock: Clock,
        signed: bool,
        recall: Callable[[], ToldAlerts],
        remember: Callable[[ToldAlerts, str], Awaitable[object]],
        place: str = "voiceslot",
    ) -> None:
        """Prepare. `recall` gives what was told before, `remember` keeps it, with words for why."""
        self.wake = asyncio.Event()
        self._snapshot = snapshot
        self._messages = messages
        self._boxes = tuple(_Box(herald) for herald in heralds)
        self._clock = clock
        self._signed = signed
        self._place = place
        self._recall = recall
        self._remember = remember
        self._alerting: Alerting | None = None
        self._kept: tuple[ToldTrouble, ...] = ()
        self._unkept: deque[str] = deque(maxlen=ALERTS_KEPT_MAX)
        self._last_webhook = LastWebhook()
        self._found: Mapping[Trouble, str] = {}
        self._recalled: frozenset[Trouble] = frozenset()
        """What an earlier run has told, and this one could not see for itself yet."""

    async def step(self) -> float | None:
        """Look once, and tell what is to be told."""
        if self._alerting is None:
            self._alerting = Alerting.knowing(self._told_before())
            self._kept = self._alerting.told()
            self._recalled = frozenset(one.trouble for one in self._kept)
            self._found = dict.fromkeys(self._recalled, "")
        self._found = await self._look()
        self._alerting, alerts = self._alerting.after(self._found, self._clock.steady_s())
        for alert in alerts:
            for box in self._boxes:
                box.put(*self._worded(alert))
        async with asyncio.TaskGroup() as telling:
            for box in self._boxes:
                telling.create_task(box.empty(self._clock))
        self._unkept.extend(alert.subject for alert in alerts)
        if not self._boxes or any(box.is_empty for box in self._boxes):
            await self._keep(self._alerting.told(), ", ".join(self._unkept))
        return ALERT_EVERY_S

    def _told_before(self) -> Iterator[ToldTrouble]:
        """Read what an earlier run has told; by the wall clock, as no other was kept."""
        now, now_s = self._clock.now(), self._clock.steady_s()
        for word, since, told_at in self._recall():
            if word in set(Trouble):
                ages_s = (max(0.0, seconds_between(moment, now)) for moment in (since, told_at))
                yield ToldTrouble(Trouble(word), *(now_s - age_s for age_s in ages_s))

    async def _keep(self, told: tuple[ToldTrouble, ...], why: str) -> None:
        """Keep what somebody was told for the next run; where that fails, at the next look."""
        if told == self._kept:
            return
        now, now_s = self._clock.now(), self._clock.steady_s()
        by_wall_clock = tuple(
            (str(one.trouble), later(now, one.since_s - now_s), later(now, one.told_s - now_s))
            for one in told
        )
        try:
            await self._remember(by_wall_clock, why)
        except Fenced:
            raise
        except StoreUnavailable:
            return
        self._kept = told
        self._unkept.clear()

    async def _look(self) -> Mapping[Trouble, str]:
        """Name what is wrong; without a snapshot all else stands as it last stood."""
        try:
            snapshot = await self._snapshot()
        except Fenced:
            raise
        except StoreUnavailable as problem:
            return {**self._found, Trouble.STORE_FAILING: store_sentence(str(problem))}
        self._last_webhook = self._last_webhook.after(snapshot)
        messages = self._messages()
        self._recalled &= unseen(snapshot, messages, signed=self._signed)
        found = troubles(snapshot, messages, self._last_webhook, signed=self._signed)
        return {**dict.fromkeys(self._recalled, ""), **found}

    def _worded(self, alert: Alert) -> tuple[str, str]:
        at = datetime.fromtimestamp(self._clock.now() / 1000, UTC)
        said = f"{self._place}, {at:%Y-%m-%d %H:%M:%S} UTC"
        return f"{self._place}: {alert.subject}", f"{alert.text}\n\n{said}"


class _Box:
    """What one herald still has to tell, the oldest first, and only so much of it."""

    def __init__(self, herald: Herald) -> None:
        self._herald = herald
        self._letters: deque[tuple[str, str]] = deque(maxlen=ALERTS_KEPT_MAX)
        self._rests_until_s = float("-inf")

    @property
    def is_empty(self) -> bool:
        return not self._letters

    def put(self, subject: str, text: str) -> None:
        self._letters.append((subject, text))

    async def empty(self, clock: Clock) -> None:
        """Tell one after the other; after one that was not told the herald is given a rest."""
        if clock.steady_s() < self._rests_until_s:
            return
        while self._letters:
            if not await or_else(partial(self._told, *self._letters[0]), instead=False):
                self._rests_until_s = clock.steady_s() + ALERT_RETRY_S
                return
            self._letters.popleft()

    async def _told(self, subject: str, text: str) -> bool:
        try:
            async with asyncio.timeout(ALERT_TIMEOUT_S):
                return await self._herald.tell(subject, text)
        except TimeoutError:
            return False
