"""The platform's own campaigns, and the dispatcher that gives them slots.

They matter to the product because their calls take slots of the same workspace. A batch obeys
its target, or else the lower of half the workspace's slots and 70 % of the agent's; rounding
down, at least one, is this simulator's guess. A recipient is `dispatched` for a moment - it
holds a slot but has no conversation yet - before its phone rings.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from voiceslot_tui.simulator.calls import Call, CallOrder
from voiceslot_tui.simulator.directory import AgentPhoneNumber
from voiceslot_tui.simulator.words import BatchStatus, Outcome, Owner, RecipientStatus

if TYPE_CHECKING:
    from voiceslot_tui.simulator.world import World

WORKSPACE_SHARE = 0.5
AGENT_SHARE = 0.7
UNFINISHED = frozenset(
    {
        RecipientStatus.PENDING,
        RecipientStatus.DISPATCHED,
        RecipientStatus.INITIATED,
        RecipientStatus.IN_PROGRESS,
    }
)


ENDED = frozenset({BatchStatus.COMPLETED, BatchStatus.FAILED})
OVERRIDE = "conversation_config_override"


class Invited(NamedTuple):
    """One person as a submission names them; without an id of its own one is made."""

    phone_number: str
    client_data: Mapping[str, Any] | None = None
    own_id: str | None = None


@dataclass(slots=True, eq=False)
class BatchRecipient:
    """One person of a batch."""

    batch_id: str
    recipient_id: str
    phone_number: str
    client_data: Mapping[str, Any] | None
    created_at: float
    updated_at: float
    status: RecipientStatus = RecipientStatus.PENDING
    conversation_id: str | None = None

    def move(self, status: RecipientStatus, now: float) -> None:
        """Stand elsewhere from now on."""
        self.status = status
        self.updated_at = now


@dataclass(slots=True, eq=False)
class Batch:
    """One batch. `dispatched` and `finished` only grow; `in_flight` holds slots."""

    batch_id: str
    name: str
    agent_id: str
    number: AgentPhoneNumber
    created_at: float
    scheduled_at: float
    updated_at: float
    ring_timeout_s: float
    target: int | None
    recipients: list[BatchRecipient] = field(default_factory=list)
    waiting: deque[BatchRecipient] = field(default_factory=deque)
    status: BatchStatus = BatchStatus.PENDING
    dispatched: int = 0
    finished: int = 0
    in_flight: int = 0
    unsettled: int = 0
    retry_count: int = 0
    timezone: str | None = None
    is_deleted: bool = False


class Batches:
    """All batches of the workspace."""

    def __init__(self, world: World) -> None:
        """Begin with none."""
        self.all: dict[str, Batch] = {}
        self.dispatched_without_call = 0
        self._world = world
        self._running: dict[str, Batch] = {}

    def submit(
        self,
        *,
        name: str,
        agent_id: str,
        number: AgentPhoneNumber,
        people: list[Invited],
        now: float,
        scheduled_at: float | None = None,
        target: int | None = None,
        ring_timeout_s: float = 60.0,
        timezone: str | None = None,
    ) -> Batch:
        """Take a batch and begin it when its time has come."""
        batch = Batch(
            batch_id=f"btcal_{int(now * 1000):012x}{len(self.all):04d}",
            name=name,
            agent_id=agent_id,
            number=number,
            created_at=now,
            scheduled_at=now if scheduled_at is None else scheduled_at,
            updated_at=now,
            ring_timeout_s=ring_timeout_s,
            target=target,
            timezone=timezone,
        )
        for index, person in enumerate(people):
            recipient_id = person.own_id or f"rcpt_{batch.batch_id[6:]}{index:06d}"
            batch.recipients.append(
                BatchRecipient(
                    batch.batch_id,
                    recipient_id,
                    person.phone_number,
                    person.client_data,
                    now,
                    now,
                )
            )
        batch.waiting.extend(batch.recipients)
        self.all[batch.batch_id] = batch
        self._world.schedule(max(now, batch.scheduled_at), self._begin, batch)
        return batch

    def cancel(self, batch: Batch, now: float) -> None:
        """Cancel everyone who is not ringing yet; live calls go on unless the settings cut them.

        A batch that has ended stays as it is.
        """
        if batch.status in ENDED:
            return
        batch.status = BatchStatus.CANCELLED
        batch.updated_at = now
        batch.waiting.clear()
        self._running.pop(batch.batch_id, None)
        for recipient in batch.recipients:
            self._cancel_recipient(batch, recipient, now)

    def retry(self, batch: Batch, now: float) -> None:
        """Ring those again who were not reached."""
        for recipient in batch.recipients:
            if recipient.status is RecipientStatus.FAILED:
                recipient.move(RecipientStatus.PENDING, now)
                recipient.conversation_id = None
                batch.waiting.append(recipient)
        batch.retry_count += 1
        self._begin(batch, now)

    def slot_freed(self, call: Call, now: float) -> None:
        """Use a slot that a call has left."""
        if call.recipient is not None:
            self.all[call.recipient.batch_id].in_flight -= 1
        if self._running:
            self._world.schedule(now, self._pump_event, None)

    def call_moved(self, call: Call, now: float) -> None:
        """Follow a call of a batch into its recipient and its counters."""
        recipient = call.recipient
        if recipient is None or recipient.status not in UNFINISHED:
            return
        batch = self.all[recipient.batch_id]
        if call.settled_at is None:
            recipient.move(RecipientStatus.IN_PROGRESS, now)
            batch.updated_at = now
            return
        recipient.move(_final_status(call), now)
        batch.finished += 1
        batch.unsettled -= 1
        self._finish_if_done(batch, now)

    def cap(self, batch: Batch) -> int:
        """Say how many calls a batch may have under way."""
        if batch.target is not None:
            return batch.target
        cap = int(self._world.settings.limit * WORKSPACE_SHARE)
        agent = self._world.agents.get(batch.agent_id)
        if agent is not None and agent.concurrency_limit >= 0:
            cap = min(cap, int(agent.concurrency_limit * AGENT_SHARE))
        return max(1, cap)

    def pump(self, now: float) -> None:
        """Dispatch as long as batches have people waiting and the platform has slots."""
        for batch in list(self._running.values()):
            cap = self.cap(batch)
            while batch.waiting and batch.in_flight < cap and self._has_room():
                self._dispatch(batch, batch.waiting.popleft(), now)

    def _pump_event(self, _: None, at: float) -> None:
        self.pump(at)

    def _has_room(self) -> bool:
        world = self._world
        return len(world.live) + self.dispatched_without_call < world.settings.limit

    def _begin(self, batch: Batch, at: float) -> None:
        if batch.status is BatchStatus.CANCELLED and not batch.waiting:
            return
        if self._is_forbidden(batch):
            self._fail(batch, at)
            return
        batch.status = BatchStatus.IN_PROGRESS
        batch.updated_at = at
        self._running[batch.batch_id] = batch
        self.pump(at)
        self._finish_if_done(batch, at)

    def _is_forbidden(self, batch: Batch) -> bool:
        """Say whether somebody brings overrides that the agent does not allow."""
        if self._world.settings.batch_overrides_allowed:
            return False
        return any(OVERRIDE in (person.client_data or {}) for person in batch.recipients)

    def _fail(self, batch: Batch, now: float) -> None:
        """Fail a whole batch: nobody of it is rung."""
        batch.status, batch.updated_at = BatchStatus.FAILED, now
        batch.waiting.clear()
        for recipient in batch.recipients:
            recipient.move(RecipientStatus.FAILED, now)

    def _dispatch(self, batch: Batch, recipient: BatchRecipient, now: float) -> None:
        recipient.move(RecipientStatus.DISPATCHED, now)
        batch.updated_at = now
        batch.dispatched += 1
        batch.in_flight += 1
        batch.unsettled += 1
        self.dispatched_without_call += 1
        world = self._world
        wait_s = world.settings.batch_dispatch_s / world.settings.speed
        world.schedule(now + wait_s, self._ring, recipient)

    def _ring(self, recipient: BatchRecipient, at: float) -> None:
        self.dispatched_without_call -= 1
        batch = self.all[recipient.batch_id]
        if recipient.status is not RecipientStatus.DISPATCHED:
            return
        order = CallOrder(
            agent_id=batch.agent_id,
            to_number=recipient.phone_number,
            number=batch.number,
            client_data=recipient.client_data,
            ring_timeout_s=batch.ring_timeout_s,
            owner=Owner.BATCH,
        )
        call = self._world.place(order, at)
        call.recipient = recipient
        recipient.conversation_id = call.conversation_id
        recipient.move(RecipientStatus.INITIATED, at)
        batch.updated_at = at

    def _cancel_recipient(self, batch: Batch, recipient: BatchRecipient, now: float) -> None:
        if recipient.status is RecipientStatus.DISPATCHED:
            batch.in_flight -= 1
            batch.unsettled -= 1
        if recipient.status in (RecipientStatus.PENDING, RecipientStatus.DISPATCHED):
            recipient.move(RecipientStatus.CANCELLED, now)
        elif recipient.status in UNFINISHED and self._world.settings.batch_cancel_cuts_calls:
            call = self._world.by_id[recipient.conversation_id or ""]
            self._world.hang_up(call, now)
        elif recipient.status in UNFINISHED and self._world.settings.batch_cancel_marks_live:
            recipient.move(RecipientStatus.CANCELLED, now)

    def _finish_if_done(self, batch: Batch, now: float) -> None:
        batch.updated_at = now
        if batch.status is BatchStatus.IN_PROGRESS and not (batch.waiting or batch.unsettled):
            batch.status = BatchStatus.COMPLETED
            self._running.pop(batch.batch_id, None)


def batch_body(world: World, batch: Batch) -> dict[str, Any]:
    """Give a batch in the vendor's words."""
    agent = world.agents.get(batch.agent_id)
    return {
        "id": batch.batch_id,
        "phone_number_id": batch.number.phone_number_id,
        "phone_provider": batch.number.provider,
        "whatsapp_params": None,
        "name": batch.name,
        "agent_id": batch.agent_id,
        "agent_name": "" if agent is None else agent.name,
        "branch_id": None,
        "branch_name": None,
        "environment": None,
        "created_at_unix": int(batch.created_at),
        "scheduled_time_unix": int(batch.scheduled_at),
        "timezone": batch.timezone,
        "total_calls_scheduled": len(batch.recipients),
        "total_calls_dispatched": batch.dispatched,
        "total_calls_finished": batch.finished,
        "last_updated_at_unix": int(batch.updated_at),
        "status": batch.status,
        "retry_count": batch.retry_count,
        "telephony_call_config": {"ringing_timeout_secs": int(batch.ring_timeout_s)},
        "target_concurrency_limit": batch.target,
    }


def recipient_body(recipient: BatchRecipient, named_by: float) -> dict[str, Any]:
    """Give a recipient in the vendor's words; who moved after `named_by` has no conversation."""
    return {
        "id": recipient.recipient_id,
        "phone_number": recipient.phone_number,
        "whatsapp_user_id": None,
        "status": recipient.status,
        "created_at_unix": int(recipient.created_at),
        "updated_at_unix": int(recipient.updated_at),
        "conversation_id": recipient.conversation_id if recipient.updated_at <= named_by else None,
        "conversation_initiation_client_data": recipient.client_data,
    }


def _final_status(call: Call) -> RecipientStatus:
    if call.failed:
        return RecipientStatus.FAILED
    if call.outcome is Outcome.VOICEMAIL:
        return RecipientStatus.VOICEMAIL
    return RecipientStatus.COMPLETED
