"""How fast messages may be asked for, and how fast they leave.

A sender's excess waits in a queue; what would wait longer than the queue keeps is refused. The
sandbox takes one message in three seconds. Requests beyond what one account may have open at
once are refused without being read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from voiceslot_tui.simulator.message_words import Channel
from voiceslot_tui.simulator.messages import address

if TYPE_CHECKING:
    from voiceslot_tui.simulator.settings import WorldSettings

DAY_S = 86_400
LONGEST_QUEUE_S = {Channel.WHATSAPP: 4 * 3600.0, Channel.SMS: 10 * 3600.0}
QUEUE_FULL = {Channel.WHATSAPP: 63018, Channel.SMS: 21611}
SANDBOX_TOO_FAST = 63018
DAILY_LIMIT = 63038


class MessagePace:
    """The queues of the senders, and the account's limits."""

    def __init__(self, settings: Callable[[], WorldSettings]) -> None:
        """Begin with nothing sent; `settings` gives those in force."""
        self._settings = settings
        self._free_at: dict[str, float] = {}
        self._sandbox_taken_at: float | None = None
        self._taken: deque[float] = deque()
        self._open_until: deque[float] = deque()

    @property
    def open_now(self) -> int:
        """Give how many requests stand open, one at least while one is answered."""
        return max(1, len(self._open_until))

    def refusal(self, sender: str, channel: Channel, now: float) -> int | None:
        """Give the code that a request is refused with for its pace, if it is."""
        settings, last = self._settings(), self._sandbox_taken_at
        interval_s = settings.sandbox_interval_s / settings.speed
        if self._is_sandbox(sender) and last is not None and now - last < interval_s:
            return SANDBOX_TOO_FAST
        if self._free_at.get(sender, now) - now > LONGEST_QUEUE_S[channel]:
            return QUEUE_FULL[channel]
        while self._taken and now - self._taken[0] >= DAY_S:
            self._taken.popleft()
        is_spent = 0 < settings.messages_a_day <= len(self._taken)
        return DAILY_LIMIT if is_spent else None

    def taken(self, sender: str, now: float) -> float:
        """Note a message that was taken, and give the seconds it waits for those before it."""
        if self._is_sandbox(sender):
            self._sandbox_taken_at = now
        if self._settings().messages_a_day:
            self._taken.append(now)
        rate = self._settings().messages_per_second
        if rate <= 0:
            return 0.0
        free_at = max(now, self._free_at.get(sender, now))
        self._free_at[sender] = free_at + 1 / rate
        return free_at - now

    def opens(self, now: float) -> bool:
        """Open a request; False where too many are open already."""
        while self._open_until and self._open_until[0] <= now:
            self._open_until.popleft()
        most = self._settings().message_requests_at_once
        if 0 < most <= len(self._open_until):
            return False
        if self._settings().message_answer_delay_s > 0:
            self._open_until.append(now + self._settings().message_answer_delay_s)
        return True

    def _is_sandbox(self, sender: str) -> bool:
        return sender == address(Channel.WHATSAPP, self._settings().sandbox_sender)
