"""The closed vocabularies of the simulated world.

Values are the vendors' own spellings where a vendor has one, so that a member can be written
into a body as it is.
"""

from __future__ import annotations

from enum import StrEnum


class CallStatus(StrEnum):
    """Where a conversation stands, in the platform's words (batches spell in_progress)."""

    INITIATED = "initiated"
    IN_PROGRESS = "in-progress"
    PROCESSING = "processing"
    DONE = "done"
    FAILED = "failed"


class Outcome(StrEnum):
    """How a dial went, in the words of `metadata.phone_call.call_result`."""

    ANSWERED = "answered"
    VOICEMAIL = "voicemail"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"


class Owner(StrEnum):
    """Who started a call: the product, somebody else in the workspace, or a batch."""

    OWN = "own"
    FOREIGN = "foreign"
    BATCH = "batch"


class Direction(StrEnum):
    """Which side rang."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Provider(StrEnum):
    """Who carries the calls of an agent phone number."""

    TWILIO = "twilio"
    SIP_TRUNK = "sip_trunk"
    EXOTEL = "exotel"


class Stuck(StrEnum):
    """Where the platform stops believing its own carrier."""

    NOWHERE = "nowhere"
    INITIATED = "initiated"
    IN_PROGRESS = "in-progress"


class BatchStatus(StrEnum):
    """Where a batch stands."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RecipientStatus(StrEnum):
    """Where a recipient of a batch stands."""

    PENDING = "pending"
    DISPATCHED = "dispatched"
    INITIATED = "initiated"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    VOICEMAIL = "voicemail"


class OverLimitMode(StrEnum):
    """What the platform does with a start when every slot is taken."""

    REFUSE_CONCURRENT = "refuse_concurrent"
    REFUSE_RATE = "refuse_rate"
    SUCCESS_FALSE = "success_false"
    FAIL_LATER = "fail_later"
    BURST = "burst"
    SYSTEM_BUSY = "system_busy"


class FaultTarget(StrEnum):
    """Which requests a fault acts on."""

    START = "start"
    READ = "read"
    MESSAGE = "message"
    MESSAGE_READ = "message_read"


class FaultKind(StrEnum):
    """What goes wrong with an answer."""

    ERROR_500 = "error_500"
    ERROR_503 = "error_503"
    ERROR_502_HTML = "error_502_html"
    NO_ANSWER = "no_answer"
    SLOW = "slow"
    HTML_200 = "html_200"
    TRUNCATED_JSON = "truncated_json"
    CUT_BODY = "cut_body"
    RESET_BEFORE_READING = "reset_before_reading"
    RESET_AFTER_READING = "reset_after_reading"
    RESET_HALF_HEADERS = "reset_half_headers"
    REDIRECT_307 = "redirect_307"
    TOO_MANY_PLAIN = "too_many_plain"
    RATE_LIMITED = "rate_limited"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NUMBER_REFUSED = "number_refused"
    AGENT_REFUSED = "agent_refused"
    NO_CONVERSATION_ID = "no_conversation_id"
    STUCK_INITIATED = "stuck_initiated"
    STUCK_IN_PROGRESS = "stuck_in_progress"
    UNKNOWN_STATUS = "unknown_status"
    NO_SID = "no_sid"
    EMPTY_500 = "empty_500"
    PROBLEM_503 = "problem_503"


class FaultPreset(StrEnum):
    """How bad a day the platform has."""

    NONE = "none"
    ROUGH = "rough"
    HOSTILE = "hostile"


class Transport(StrEnum):
    """What happens to the bytes of a reply."""

    COMPLETE = "complete"
    RESET = "reset"
    HALF_HEADERS = "half_headers"
    CUT_BODY = "cut_body"
    STALL = "stall"


class WebhookKind(StrEnum):
    """The news that is sent: the platform's about calls, Twilio's about messages."""

    TRANSCRIPTION = "post_call_transcription"
    INITIATION_FAILURE = "call_initiation_failure"
    MESSAGE_STATUS = "message_status"
    INBOUND_MESSAGE = "inbound_message"


MESSAGE_NEWS = frozenset({WebhookKind.MESSAGE_STATUS, WebhookKind.INBOUND_MESSAGE})


class Dating(StrEnum):
    """How a delivery's signature is dated."""

    NOW = "now"
    STALE = "stale"
    FUTURE = "future"
