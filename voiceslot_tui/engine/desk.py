"""What the follow-ups know besides their store: the template, the pace, and why nothing is sent.

Sender and reader share this and do not know each other, as the other workers share the board. All
of it is learned again after a restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import tzinfo

from voiceslot_tui.core.calls import Instant, later
from voiceslot_tui.core.follow_up_policy import FollowUpPolicy, Standing, Template
from voiceslot_tui.core.follow_up_snapshot import TemplateStanding
from voiceslot_tui.core.follow_ups import Channel
from voiceslot_tui.core.slots import Breaker, Pacing
from voiceslot_tui.follow_up_ports import Judgement

Zones = Callable[[str], tuple[tzinfo, ...]]


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
    ) -> None:
        self.policy = policy
        self.pacing = Pacing(per_second)
        self.breaker = Breaker()
        self.sandbox = sandbox
        self.template = Template(content_sid)
        self.unfit = ""
        self.paused = False
        self.paused_by = ""
        self.trouble = ""
        self.rest_until: Instant | None = None
        self.webhook_at: Instant | None = None
        self.send = asyncio.Event() if send is None else send
        self.read = asyncio.Event()
        self.change = change
        self._zones_of = zones_of

    @property
    def by_template(self) -> bool:
        """Tell whether a template is used at all."""
        return Channel.WHATSAPP in self.policy.channels and bool(self.template.content_sid)

    def judgement(self) -> Judgement:
        """Put together what due messages are judged by."""
        template = self.template if self.template.content_sid else None
        standing = Standing(paused=self.paused, template=template, unfit=self.unfit)
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
        """Give the seconds until something may be sent again; 0 where it may be now."""
        closed = self.breaker.closed_to_all(now)
        moments = (self.rest_until, self.breaker.probe_at if closed else None)
        ahead = [moment - now for moment in moments if moment is not None and moment > now]
        return max(ahead, default=0) / 1000

    def rest(self, seconds: float, why: str, now: Instant) -> None:
        """Send nothing for a while, and say why."""
        until = later(now, seconds)
        self.rest_until = until if self.rest_until is None else max(self.rest_until, until)
        self.trouble = why
        self.change()

    def hear(self) -> None:
        """Note that the messenger takes messages again."""
        self.breaker = self.breaker.after_answer()
        if self.trouble:
            self.rest_until, self.trouble = None, ""
            self.send.set()
            self.change()
