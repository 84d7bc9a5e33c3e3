"""One follow-up with its tries, moved by facts as the store would move it, only in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from voiceslot_tui.core.calls import ConversationId, Disposition, Instant, later
from voiceslot_tui.core.follow_up_facts import (
    Approval,
    Delivery,
    Failure,
    FollowUpFact,
    FollowUpWish,
    FollowUpWished,
    MessageNews,
    MessageRefused,
    MessagesListed,
    MessageTaken,
    MessageUnanswered,
    OutcomeOpen,
    OutcomeRead,
    PersonOptedOut,
    TemplateNews,
    follow_up_subject,
)
from voiceslot_tui.core.follow_up_moves import FollowUpSettlement
from voiceslot_tui.core.follow_up_policy import (
    Block,
    Send,
    Skip,
    Standing,
    Template,
    Wait,
    claim,
    judged,
)
from voiceslot_tui.core.follow_up_settlement import FollowUpRules, settle_follow_up
from voiceslot_tui.core.follow_ups import (
    Channel,
    EndedCall,
    FollowUp,
    FollowUpId,
    Form,
    Kind,
    MessageSid,
    Try,
    TryId,
    follow_up_key,
    follow_up_of,
)

START = Instant(1_700_000_000_000)
ID = FollowUpId(3)
TALK = ConversationId("conv_1")
CONTENT = "HX00000000000000000000000000000000"
RULES = FollowUpRules((Channel.WHATSAPP, Channel.SMS))
RESEND = replace(RULES, resend_ambiguous=True)
TEMPLATE = Template(CONTENT, Approval.APPROVED, ("1", "2", "3"))


def ended(disposition: Disposition = Disposition.ANSWERED, known: bool = True) -> EndedCall:
    """Make an ended call."""
    return EndedCall(
        key=follow_up_key(TALK),
        to_number="+12025550123",
        ended_at=START,
        disposition=disposition,
        outcome_known=known,
        name="Ana",
        conversation_id=TALK,
    )


def due(disposition: Disposition = Disposition.ANSWERED, known: bool = True) -> FollowUp:
    """Make a follow-up that nobody has sent."""
    return follow_up_of(ended(disposition, known), ID, START)


def try_id(number: int) -> TryId:
    """Name the n-th try, from 1."""
    return TryId(f"try_{number}")


def sid(number: int) -> MessageSid:
    """Name the message of the n-th try."""
    return MessageSid(f"SM{number:032x}")


@dataclass(slots=True)
class MessageStanding:
    """Where a follow-up stands; `told` applies a fact, `claimed` the sender's step."""

    follow_up: FollowUp = field(default_factory=due)
    tries: dict[TryId, Try] = field(default_factory=dict)
    now: Instant = START
    rules: FollowUpRules = RULES

    def copy(self) -> MessageStanding:
        """Give a standing that can go another way."""
        return replace(self, tries=dict(self.tries))

    @property
    def one_try(self) -> Try | None:
        """Give the latest try."""
        latest = self.follow_up.try_id
        return None if latest is None else self.tries[latest]

    def claimed(self, form: Form | None = None) -> FollowUpSettlement:
        """Give the follow-up its next try, whatever it waits for."""
        channel = self.follow_up.channel
        usual = Form.TEMPLATE if channel is Channel.WHATSAPP else Form.FREE_TEXT
        send = Send(channel, form or usual, Kind.TALKED)
        made = claim(self.follow_up, try_id(len(self.tries) + 1), send, CONTENT, self.now)
        self._keep(made)
        return made

    def judged(self, verdict: Wait | Skip | Block) -> FollowUpSettlement | None:
        """Write a judgement down."""
        made = judged(self.follow_up, verdict, Standing(template=TEMPLATE), self.now)
        if made is not None:
            self._keep(made)
        return made

    def told(self, fact: FollowUpFact, wait_s: float = 0.0) -> FollowUpSettlement | None:
        """Settle a fact some seconds after the last one."""
        self.now = later(self.now, wait_s)
        settlement = settle_follow_up(self.follow_up, self.named(fact), fact, self.rules, self.now)
        if settlement is not None:
            self._keep(settlement)
        return settlement

    def named(self, fact: FollowUpFact) -> Try | None:
        """Give the try that a fact names, or the latest where it names only the follow-up."""
        subject = follow_up_subject(fact)
        if subject.follow_up_id is not None:
            return self.one_try
        if subject.try_id is not None:
            return self.tries.get(subject.try_id)
        by_sid = {one.message_sid: one for one in self.tries.values() if one.message_sid}
        return None if subject.message_sid is None else by_sid.get(subject.message_sid)

    def _keep(self, settlement: FollowUpSettlement) -> None:
        self.follow_up = settlement.follow_up
        if settlement.one_try is not None:
            self.tries[settlement.one_try.id] = settlement.one_try


def try_facts(
    number: int, failures: tuple[Failure, ...] = tuple(Failure)
) -> tuple[FollowUpFact, ...]:
    """Give every fact there can be about the n-th try."""
    one, message = try_id(number), sid(number)
    return (
        MessageTaken(one, message),
        *(MessageRefused(one, failure, 1, "said so") for failure in failures),
        MessageUnanswered(one, "no answer"),
        *(
            MessageNews(delivery, one, message)
            for delivery in Delivery
            if delivery is not Delivery.FAILED
        ),
        *(MessageNews(Delivery.FAILED, one, message, failure, 2) for failure in failures),
        MessagesListed(one),
        MessagesListed(one, (message,)),
        MessagesListed(one, (message, sid(99))),
        MessagesListed(one, (), (sid(99),)),
    )


def row_facts(approvals: tuple[Approval, ...] = tuple(Approval)) -> tuple[FollowUpFact, ...]:
    """Give every fact there can be about the follow-up itself."""
    return (
        OutcomeRead(ID, Disposition.VOICEMAIL, "they talked"),
        OutcomeOpen(ID, answered=True),
        OutcomeOpen(ID, answered=False),
        PersonOptedOut(ID),
        *(TemplateNews(ID, CONTENT, approval) for approval in approvals),
        TemplateNews(ID, "HX11111111111111111111111111111111", Approval.APPROVED),
        *(FollowUpWished(ID, wish, "olga") for wish in FollowUpWish),
    )
