"""The closed vocabularies of the simulated messenger, in Twilio's spellings where it has one."""

from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    """How a message travels."""

    SMS = "sms"
    WHATSAPP = "whatsapp"


class MessageStatus(StrEnum):
    """Where a message stands, in the words of the Messages resource."""

    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    CANCELED = "canceled"
    RECEIVED = "received"


class MessageDirection(StrEnum):
    """Which side wrote."""

    INBOUND = "inbound"
    OUTBOUND = "outbound-api"


class TemplateStatus(StrEnum):
    """How far WhatsApp's approval of a template has come."""

    UNSUBMITTED = "unsubmitted"
    RECEIVED = "received"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    PAUSED = "paused"
    DISABLED = "disabled"


class TemplateCategory(StrEnum):
    """What a template may be used for."""

    UTILITY = "UTILITY"
    MARKETING = "MARKETING"
    AUTHENTICATION = "AUTHENTICATION"


class Fate(StrEnum):
    """What a test wants to become of the messages to a number."""

    READS = "reads"
    NEVER_READS = "never_reads"
    NEVER_DELIVERED = "never_delivered"
    NOT_ON_WHATSAPP = "not_on_whatsapp"
    UNREACHABLE = "unreachable"
    BLOCKED_US = "blocked_us"
    NO_MARKETING = "no_marketing"
    IN_EXPERIMENT = "in_experiment"
    OPTED_OUT = "opted_out"
    INVALID = "invalid"
    REGION_OFF = "region_off"
    UNVERIFIED = "unverified"
    LANDLINE = "landline"
    HANDSET_OFF = "handset_off"
    UNKNOWN_HANDSET = "unknown_handset"
    FILTERED = "filtered"
    TOO_OFTEN = "too_often"
    PROVIDER_ERROR = "provider_error"


class OptOutKind(StrEnum):
    """What a word from a person asks for, in the words of `OptOutType`."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"
