"""Twilio's news: signed, form-encoded, and then lost, doubled, delayed or forged on request.

Two kinds: where a message of ours stands, sent to the URL that came with the message, and what
a person wrote. As everywhere in the world, deliveries are values that somebody else sends.

The rule of retrying is Twilio's: once, and only where no connection came about, unless the
fragment of the URL says otherwise (`#rc=3&rp=ct,rt,5xx`). Fragments are neither sent nor signed.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import parse_qs, urldefrag, urlencode

from voiceslot_tui.simulator.settings import WorldSettings
from voiceslot_tui.simulator.webhooks import FORGED_SECRET, Delivery, Schedule
from voiceslot_tui.simulator.words import WebhookKind

SIGNATURE_HEADER = "X-Twilio-Signature"
RETRY_HEADER = "I-Twilio-Idempotency-Token"
FORM_TYPE = "application/x-www-form-urlencoded; charset=UTF-8"
DEFAULT_RETRIES = 1
MOST_RETRIES = 5
NO_CONNECTION = frozenset({"ct", "rt", "all"})


@dataclass(slots=True, eq=False)
class Letter:
    """One thing to be told, and how far telling it has come."""

    kind: WebhookKind
    sid: str
    url: str
    form: Mapping[str, str]
    is_forged: bool = False
    tries: int = 0


def sign_form(token: str, url: str, form: Mapping[str, str]) -> str:
    """Make the `X-Twilio-Signature`: HMAC-SHA1 over the URL and the sorted names and values."""
    message = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    return b64encode(hmac.new(token.encode(), message.encode(), hashlib.sha1).digest()).decode()


class Callbacks:
    """All that Twilio tells us."""

    def __init__(self, settings: Callable[[], WorldSettings], schedule: Schedule) -> None:
        """Begin with nothing to tell; `settings` gives those in force."""
        self.statuses: Counter[str] = Counter()
        self.happened: Counter[str] = Counter()
        self.retries = 0
        self._settings = settings
        self._schedule = schedule
        self._chance = Random(f"callbacks {settings().seed}")
        self._outbox: list[Letter] = []
        self._under_way: dict[int, Letter] = {}
        self._last_id = 0

    @property
    def has_outbox(self) -> bool:
        """Say whether something waits to be taken."""
        return bool(self._outbox)

    def tell(
        self, kind: WebhookKind, sid: str, url: str, form: Mapping[str, str], now: float
    ) -> None:
        """Send news - unless it is to be lost - once or twice, now or later."""
        settings = self._settings()
        if not url:
            return
        if self._happens("forged", settings.callback_forged_share):
            self._send_later(Letter(kind, sid, url, form, is_forged=True), now)
        if self._happens("lost", settings.callback_loss_share):
            return
        self._send_later(Letter(kind, sid, url, form), now)
        if self._happens("doubled", settings.callback_duplicate_share):
            self._send_later(Letter(kind, sid, url, form), now)

    def take(self) -> list[Delivery]:
        """Hand out what is due, signed."""
        due, self._outbox = self._outbox, []
        return [self._sign(letter) for letter in due]

    def report(self, delivery_id: int, status: int | None, now: float) -> None:
        """Take note of how a delivery went; None is no answer. Unknown ids change nothing."""
        letter = self._under_way.pop(delivery_id, None)
        if letter is None:
            return
        word = "no_answer" if status is None else str(status)
        self.statuses[f"forged {word}" if letter.is_forged else word] += 1
        if not letter.is_forged and _is_retried(letter, status):
            self.retries += 1
            self._schedule(now, self._due, letter)

    def as_json(self) -> dict[str, Any]:
        """Give the state of the post."""
        return {
            "statuses": dict(self.statuses),
            "lost": self.happened["lost"],
            "retries": self.retries,
            "under_way": len(self._under_way),
        }

    def _send_later(self, letter: Letter, now: float) -> None:
        settings = self._settings()
        delay_s = settings.callback_delay_min_s
        if settings.callback_delay_max_s > delay_s:
            delay_s = self._chance.uniform(delay_s, settings.callback_delay_max_s)
        if self._happens("reordered", settings.callback_reorder_share):
            delay_s += settings.callback_reorder_s
        if delay_s > 0:
            self._schedule(now + delay_s, self._due, letter)
        else:
            self._outbox.append(letter)

    def _due(self, letter: Letter, at: float) -> None:
        self._outbox.append(letter)

    def _sign(self, letter: Letter) -> Delivery:
        letter.tries += 1
        self._last_id += 1
        self._under_way[self._last_id] = letter
        token = FORGED_SECRET if letter.is_forged else self._settings().account_token
        url = urldefrag(letter.url).url
        headers = {
            "content-type": FORM_TYPE,
            "user-agent": "TwilioProxy/1.1",
            SIGNATURE_HEADER: sign_form(token, url, letter.form),
        }
        if letter.tries > 1:
            headers[RETRY_HEADER] = f"{letter.sid}-{letter.form.get('MessageStatus', '')}"
        body = urlencode(letter.form).encode()
        return Delivery(
            self._last_id, url, body, headers, letter.kind, letter.sid, letter.is_forged
        )

    def _happens(self, what: str, share: float) -> bool:
        if share <= 0 or self._chance.random() >= share:
            return False
        self.happened[what] += 1
        return True


def _is_retried(letter: Letter, status: int | None) -> bool:
    wanted = parse_qs(urldefrag(letter.url).fragment)
    count = wanted.get("rc", [str(DEFAULT_RETRIES)])[-1]
    most = min(int(count), MOST_RETRIES) if count.isdecimal() else DEFAULT_RETRIES
    policy = set(wanted.get("rp", ["ct"])[-1].split(","))
    if letter.tries > most:
        return False
    if status is None:
        return bool(policy & NO_CONNECTION)
    return status >= 400 and bool(policy & {"all", f"{status // 100}xx"})
