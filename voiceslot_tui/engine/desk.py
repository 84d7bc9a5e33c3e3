"""What the follow-ups know besides their store: the template, the pace, and why nothing is sent.

Sender and reader share this and do not know each other, as the other workers share the board. All
of it is learned again after a restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import tzinfo

from voiceslot_tui.core.calls import Instant, later, seconds_between
from voiceslot_tui.core.follow_up_facts import Approval
from voiceslot_tui.core.follow_up_policy import FollowUpPolicy, Standing, Template
from voiceslot_tui.core.follow_up_snapshot import TemplateStanding
from voiceslot_tui.core.follow_ups import Channel
from voiceslot_tui.core.limits import BREAKER_PROBE_EVERY_S, BREAKER_UNANSWERED
from voiceslot_tui.core.slots import Pacing
from voiceslot_tui.engine.taken_back import TakenBack
from voiceslot_tui.follow_up_ports import Judgement

Zones = Callable[[str], tuple[tzinfo, ...]]


@dataclass(frozen=True, slots=True)
class Rest:
    """Until when a channel is not used, for how long in all, why, and how often it kept silent."""

    until: Instant | None = None
    seconds: float = 0.0
    why: str = ""
    unanswered: int = 0


class Desk:
    """The follow-ups' own, forgettable knowledge.

    `send` wakes who sends, `read` who looks things up at the messenger; `change` tells whoever
    shows something that it may look different now.
    """

    def __init__(
        self,
        policy: FollowUpPolicy,
        zones_of: Zones,
        *,
        per_second: float,
        content_sid: str = "",
        sandbox: bool = False,
        send: asyncio.Event | None = None,
        change: Callable[[], None] = lambda: None,
        taken_back: TakenBack | None = None,
    ) -> None:
        self.policy = policy
        self.pacing = Pacing(per_second)
        self.sandbox = sandbox
        self.template = Template(content_sid)
        self.template_doubted = False
        self.unfit = ""
        self.paused = False
        self.paused_by = ""
        self._rest_of: dict[Channel, Rest] = {}
        self.heard = False
        self.webhook_at: Instant | None = None
        self.send = asyncio.Event() if send is None else send
        self.read = asyncio.Event()
        self.change = change
        self.taken_back = TakenBack() if taken_back is None else taken_back
        self._zones_of = zones_of

    @property
    def by_template(self) -> bool:
        """Tell whether a template is used at all."""
        return Channel.WHATSAPP in self.policy.channels and bool(self.template.content_sid)

    def judgement(self, now: Instant) -> Judgement:
        """Put together what due messages are judged by."""
        template = self.template if self.template.content_sid else None
        denied = {
            channel: later(now, self._rests(channel, now)) for channel in self.policy.channels
        }
        standing = Standing(self.paused, denied, template, self.unfit)
        return Judgement(self.policy, standing, self._zones_of)

    def template_standing(self) -> TemplateStanding | None:
        """Say how the template stands, for the snapshot."""
        template = self.template
        if not self.by_template:
            return None
        return TemplateStanding(
            template.content_sid, template.approval, template.name, template.reason, self.unfit
        )

    def resting_s(self, now: Instant) -> float:
        """Give the seconds until some channel may be used again; 0 where one may be now."""
        waits = [self._rests(channel, now) for channel in self.policy.channels]
        return min(waits, default=0.0)

    @property
    def probing(self) -> bool:
        """Tell whether a messenger that falls silent again and again is asked one by one."""
        return any(rest.unanswered >= BREAKER_UNANSWERED for rest in self._rest_of.values())

    @property
    def trouble(self) -> str:
        """Say why a channel is not used; empty where all are."""
        said = [rest.why for rest in self._rest_of.values() if rest.why]
        if self.by_template and self.template.approval is Approval.HIDDEN:
            channel = Channel.WHATSAPP
            said.append(f"the account may not send by {channel}: {self.template.reason}")
        return "; ".join(dict.fromkeys(said))

    def doubt_template(self) -> None:
        """Note that a message failed by its template: what we know of its approval may be old."""
        self.template_doubted = True
        self.read.set()

    def rest(self, channel: Channel, seconds: float, why: str, now: Instant) -> None:
        """Send nothing by a channel for a while, and say why."""
        known = self._rest_of.get(channel, Rest())
        if self._rests(channel, now) < seconds:
            known = replace(known, until=later(now, seconds), seconds=seconds)
        self._rest_of[channel] = replace(known, why=why)
        self.change()

    def silent(self, channel: Channel, why: str, now: Instant) -> None:
        """Note a request that was not answered; after some in a row the channel rests."""
        known = self._rest_of.get(channel, Rest())
        self._rest_of[channel] = replace(known, unanswered=known.unanswered + 1)
        if self._rest_of[channel].unanswered >= BREAKER_UNANSWERED:
            self.rest(channel, BREAKER_PROBE_EVERY_S, why, now)

    def hear(self, channel: Channel) -> None:
        """Note that a messenger takes messages."""
        self.heard = True
        if self._rest_of.pop(channel, None) is not None:
            self.send.set()
            self.change()

    def _rests(self, channel: Channel, now: Instant) -> float:
        """Give the seconds a channel still rests; an end too far ahead is from another clock."""
        rest = self._rest_of.get(channel)
        if rest is None or rest.until is None:
            return 0.0
        ahead_s = seconds_between(now, rest.until)
        return ahead_s if 0 < ahead_s <= rest.seconds else 0.0
