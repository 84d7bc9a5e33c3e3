"""Follow-ups in a store under test, and the few words the suite speaks about them in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, tzinfo

from tests.contract.store.stores import Opened
from voiceslot_tui.core.calls import ConversationId, Disposition, Instant
from voiceslot_tui.core.follow_up_facts import (
    Approval,
    FollowUpFact,
    FollowUpWish,
    FollowUpWished,
    MessageTaken,
)
from voiceslot_tui.core.follow_up_moves import FollowUpSettlement
from voiceslot_tui.core.follow_up_pages import FollowUpQuery
from voiceslot_tui.core.follow_up_policy import FollowUpPolicy, Standing, Template
from voiceslot_tui.core.follow_up_settlement import FollowUpRules
from voiceslot_tui.core.follow_ups import (
    Channel,
    EndedCall,
    FollowUp,
    FollowUpKey,
    FollowUpState,
    MessageSid,
    Try,
    TryId,
    follow_up_key,
)
from voiceslot_tui.core.inbound import PersonWrote
from voiceslot_tui.follow_up_ports import Ended, Judgement, Sending, Taken

CONTENT = "HX" + "0" * 32
OTHER_CONTENT = "HX" + "1" * 32
TEMPLATE = Template(CONTENT, Approval.APPROVED, ("1", "2", "3"))
POLICY = FollowUpPolicy(channels=(Channel.WHATSAPP, Channel.SMS))
STANDING = Standing(template=TEMPLATE)
MESSAGE_RULES = FollowUpRules((Channel.WHATSAPP, Channel.SMS))


def number_of(person: int) -> str:
    """Give the n-th of the invented numbers."""
    return f"+1202555{person:04d}"


def alias(talk: int, retry: int = 0) -> FollowUpKey:
    """Name the n-th call of a batch by its place there."""
    return follow_up_key(None, batch_id="batch_1", recipient_id=f"r{talk}", retry=retry)


def key(talk: int) -> FollowUpKey:
    """Name the n-th call by its conversation."""
    return follow_up_key(ConversationId(f"conv_{talk}"))


def ended(talk: int, person: int | None = None, **others: object) -> Ended:
    """Say that a batch's n-th call ended, by conversation and place."""
    call = EndedCall(
        key=key(talk),
        to_number=number_of(talk if person is None else person),
        ended_at=others.pop("ended_at"),  # type: ignore[arg-type]
        disposition=Disposition.ANSWERED,
        outcome_known=True,
        name=f"person {talk}",
        conversation_id=ConversationId(f"conv_{talk}"),
        batch_id="batch_1",
    )
    return Ended(replace(call, **others), (alias(talk),))  # type: ignore[arg-type]


def placed(talk: int, person: int | None = None, **others: object) -> Ended:
    """Say that a batch's n-th call ended that has no conversation yet."""
    call = ended(talk, person, **others).call
    return Ended(
        replace(
            call,
            key=alias(talk),
            conversation_id=None,
            disposition=Disposition.FAILED,
            outcome_known=False,
        )
    )


def wrote(
    person: int, at: Instant, *, wants_out: bool = False, message: int | None = None
) -> PersonWrote:
    """Say that a person wrote on WhatsApp; the number of a message is their own unless given."""
    sid = MessageSid(f"SM{person if message is None else message:032d}")
    return PersonWrote(sid, Channel.WHATSAPP, number_of(person), at, wants_out)


@dataclass
class Messages:
    """The messages of a store under test."""

    opened: Opened
    tries: int = 0

    def try_id(self) -> TryId:
        """Give a new try id."""
        self.tries += 1
        return TryId(f"try_{self.tries:05d}")

    async def add(self, *talks: int, **others: object) -> int:
        """Write down that these calls ended, each person's own."""
        return await self.told(*(self.ended(talk, **others) for talk in talks))

    def ended(self, talk: int, person: int | None = None, **others: object) -> Ended:
        """Say that a call ended now."""
        return ended(talk, person, **{"ended_at": self.opened.now, **others})

    def placed(self, talk: int, **others: object) -> Ended:
        """Say that a call ended now that has no conversation."""
        return placed(talk, **{"ended_at": self.opened.now, **others})

    async def told(self, *calls: Ended) -> int:
        """Write ended calls down."""
        return await self.opened.store.add_ended(calls, self.opened.now)

    async def take(
        self,
        count: int = 10,
        policy: FollowUpPolicy = POLICY,
        standing: Standing = STANDING,
        zones: tuple[tzinfo, ...] = (UTC,),
    ) -> Taken:
        """Look at what is due."""
        judgement = Judgement(policy, standing, lambda number: zones)
        return await self.opened.store.take_due(judgement, self.try_id, count, self.opened.now)

    async def claimed(self, talk: int = 1) -> Sending:
        """Write one ended call down and claim its message."""
        await self.add(talk)
        (sending,) = (await self.take()).sendings
        return sending

    async def accepted(self, talk: int = 1) -> tuple[Sending, MessageSid]:
        """Claim a message that the messenger then takes."""
        sending = await self.claimed(talk)
        sid = MessageSid(f"SM{talk:032d}")
        await self.tell(MessageTaken(sending.one_try.id, sid))
        return sending, sid

    async def tell(
        self, *facts: FollowUpFact, rules: FollowUpRules = MESSAGE_RULES
    ) -> tuple[FollowUpSettlement | None, ...]:
        """Settle facts."""
        return await self.opened.store.settle_follow_ups(facts, rules, self.opened.now, "messenger")

    async def wish(self, follow_up: FollowUp, wish: FollowUpWish) -> None:
        """Want something of a message."""
        await self.tell(FollowUpWished(follow_up.id, wish, "olga"))

    async def all(self) -> tuple[FollowUp, ...]:
        """Read all messages, oldest first."""
        page = await self.opened.store.follow_up_page(FollowUpQuery(count=500, backwards=True))
        return page.rows[::-1]

    async def one(self, talk: int = 1) -> FollowUp:
        """Read the message of one conversation."""
        return (await self.opened.store.follow_ups_named([key(talk)]))[key(talk)]

    async def state(self, talk: int = 1) -> FollowUpState:
        """Read where one message stands."""
        return (await self.one(talk)).state

    async def tries_of(self, follow_up: FollowUp) -> tuple[Try, ...]:
        """Read the tries of a message."""
        found = await self.opened.store.follow_up_detail(follow_up.id)
        assert found is not None
        return found.tries

    async def history(self, follow_up: FollowUp) -> list[str]:
        """Read what happened to a message, in words of the journal."""
        found = await self.opened.store.follow_up_detail(follow_up.id)
        assert found is not None
        return [line.kind for line in found.history]
