"""Everything about the simulated messenger that can be chosen.

`settings.WorldSettings` adds these to its own, so that one table holds every setting.
"""

from __future__ import annotations

from dataclasses import dataclass

MESSAGE_SHARE_NAMES = frozenset(
    {
        "message_spread",
        "message_read_share",
        "message_undelivered_share",
        "message_unconfirmed_share",
        "not_on_whatsapp_share",
        "callback_loss_share",
        "callback_duplicate_share",
        "callback_reorder_share",
        "callback_forged_share",
    }
)
SENDER_NAMES = frozenset({"whatsapp_senders", "sms_senders"})


@dataclass(frozen=True, slots=True)
class MessengerSettings:
    """Every setting of the messenger. Durations are seconds; 0 as a limit means none."""

    # The account's senders. A sandbox is shared by many accounts: whoever has not joined it in
    # the last three days gets nothing from it.
    whatsapp_senders: tuple[str, ...] = ("+12025550170",)
    sms_senders: tuple[str, ...] = ("+12025550171",)
    sandbox_sender: str = "+12025550172"
    messaging_service_sid: str = "MG" + "0" * 32
    # The life of a message; `speed` of the world divides these too.
    message_queue_s: float = 0.5
    message_delivery_s: float = 1.5
    message_read_s: float = 20.0
    message_spread: float = 0.5
    message_read_share: float = 0.6
    message_undelivered_share: float = 0.0
    # Sent, but nobody ever says whether it arrived.
    message_unconfirmed_share: float = 0.0
    not_on_whatsapp_share: float = 0.0
    # What every message through a sender fails with, by its code; 0 is a sender in order.
    sender_failure: int = 0
    # Limits of pace and volume.
    sandbox_interval_s: float = 3.0
    messages_per_second: float = 80.0
    messages_a_day: int = 0
    message_pair_interval_s: float = 0.0
    message_requests_at_once: int = 0
    # What the answers tell, and when. A slow answer is overtaken by its own callbacks.
    message_answer_delay_s: float = 0.0
    message_list_lag_s: float = 0.0
    template_body_shown: bool = True
    # People's answers go here; whether Twilio itself takes a STOP on WhatsApp as an opt-out.
    inbound_url: str = ""
    advanced_opt_out: bool = False
    # The post: each callback and each person's message on its way to us.
    callback_delay_min_s: float = 0.0
    callback_delay_max_s: float = 0.0
    callback_loss_share: float = 0.0
    callback_duplicate_share: float = 0.0
    callback_reorder_share: float = 0.0
    callback_reorder_s: float = 5.0
    callback_forged_share: float = 0.0
    # A word where a number is expected, as sandboxes were once seen to send; empty: the number.
    callback_error_word: str = ""
