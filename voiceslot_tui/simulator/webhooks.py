"""The platform's news, signed and then lost, doubled, delayed or dated wrongly on request.

The world hands deliveries out as values and is told how they went; it never sends anything
itself. The rules of retrying and of switching itself off are the vendor's: only the
transcription is retried, only when retries are on, and a webhook that failed ten times in a
row without a success for seven days is switched off.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from voiceslot_tui.simulator.settings import WorldSettings
from voiceslot_tui.simulator.words import Dating, WebhookKind

RETRY_WAITS_S = (30.0, 120.0, 480.0, 1800.0)
RETRIED_STATUSES = frozenset({408, 429})
MAX_PENDING_RETRIES = 100
FAILURES_TO_DISABLE = 10
SUCCESS_KEEPS_ALIVE_S = 7 * 86_400
STALE_BY_S = 31 * 60
FUTURE_BY_S = 86_400
FORGED_SECRET = "a-secret-the-receiver-does-not-know"
SIGNATURE_HEADER = "ElevenLabs-Signature"
DATING_OFFSETS_S = {Dating.NOW: 0, Dating.STALE: -STALE_BY_S, Dating.FUTURE: FUTURE_BY_S}

Schedule = Callable[[float, Callable[[Any, float], None], Any], None]


@dataclass(slots=True, eq=False)
class News:
    """One thing to be told, and how far telling it has come."""

    kind: WebhookKind
    conversation_id: str
    body: bytes
    dating: Dating = Dating.NOW
    is_forged: bool = False
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One POST to be made now. `conversation_id` is the sid where the news is of a message."""

    delivery_id: int
    url: str
    body: bytes
    headers: Mapping[str, str]
    kind: WebhookKind
    conversation_id: str
    is_forged: bool


def sign(secret: str, body: bytes, timestamp: int) -> str:
    """Make the `ElevenLabs-Signature` of a body, as the vendor documents it."""
    message = f"{timestamp}.".encode() + body
    digest = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return f"t={timestamp},v0={digest}"


class Webhooks:
    """One workspace webhook."""

    def __init__(self, settings: WorldSettings, schedule: Schedule) -> None:
        """Begin with nothing to tell; `schedule` calls back at a moment of the world's clock."""
        self.settings = settings
        self.delivered: Counter[str] = Counter()
        self.happened: Counter[str] = Counter()
        self.is_auto_disabled = False
        self._schedule = schedule
        self._chance = Random(f"webhooks {settings.seed}")
        self._outbox: list[News] = []
        self._under_way: dict[int, News] = {}
        self._last_id = 0
        self._failures_in_a_row = 0
        self._last_success_at: float | None = None
        self._pending_retries = 0

    @property
    def is_on(self) -> bool:
        """Say whether anything is sent at all."""
        settings = self.settings
        return bool(settings.webhook_url and settings.webhook_enabled and not self.is_auto_disabled)

    @property
    def has_outbox(self) -> bool:
        """Say whether something waits to be taken."""
        return bool(self._outbox)

    def configure(self, settings: WorldSettings) -> None:
        """Take other settings; a new address or a switch by hand ends the automatic disabling."""
        before, self.settings = self.settings, settings
        if (before.webhook_url, before.webhook_enabled) != (
            settings.webhook_url,
            settings.webhook_enabled,
        ) or not settings.webhook_enabled:
            self.is_auto_disabled = False
            self._failures_in_a_row = 0

    def tell(self, kind: WebhookKind, conversation_id: str, body: object, now: float) -> None:
        """Send news - unless it is to be lost - once or twice, now or later."""
        settings = self.settings
        if self._happens("lost", settings.webhook_loss_share):
            return
        news = News(kind, conversation_id, json.dumps(body).encode(), self._draw_dating())
        self._send_later(news, now)
        if self._happens("doubled", settings.webhook_duplicate_share):
            self._send_later(News(kind, conversation_id, news.body, news.dating), now)

    def tell_a_lie(self, kind: WebhookKind, conversation_id: str, body: object, now: float) -> None:
        """Send forged news, signed with a secret that is not the receiver's."""
        news = News(kind, conversation_id, json.dumps(body).encode(), is_forged=True)
        self._send_later(news, now)

    def draws_a_lie(self) -> bool:
        """Say whether somebody forges news about a call that begins now."""
        return self._happens("forged", self.settings.webhook_forged_share)

    def take(self, now: float) -> list[Delivery]:
        """Hand out what is due, signed at this moment."""
        if not self._outbox:
            return []
        due, self._outbox = self._outbox, []
        return [self._sign(news, now) for news in due] if self.is_on else []

    def report(self, delivery_id: int, status: int | None, now: float) -> None:
        """Take note of how a delivery went; None is no answer. Unknown ids change nothing."""
        news = self._under_way.pop(delivery_id, None)
        if news is None:
            return
        word = "no_answer" if status is None else str(status)
        if news.is_forged:
            self.delivered[f"forged {word}"] += 1
            return
        self.delivered[word] += 1
        if status == 200:
            self._failures_in_a_row, self._last_success_at = 0, now
            return
        self._failed(news, status, now)

    def as_json(self) -> dict[str, Any]:
        """Give the state of the webhook."""
        return {
            "url": self.settings.webhook_url,
            "is_on": self.is_on,
            "is_auto_disabled": self.is_auto_disabled,
            "statuses": dict(self.delivered),
            "lost": self.happened["lost"],
            "under_way": len(self._under_way),
            "pending_retries": self._pending_retries,
        }

    def _failed(self, news: News, status: int | None, now: float) -> None:
        self._failures_in_a_row += 1
        last = self._last_success_at
        is_forgotten = last is None or now - last > SUCCESS_KEEPS_ALIVE_S
        if self._failures_in_a_row >= FAILURES_TO_DISABLE and is_forgotten:
            self.is_auto_disabled = True
        is_retried = status is None or status >= 500 or status in RETRIED_STATUSES
        if (
            self.settings.webhook_retries
            and news.kind is WebhookKind.TRANSCRIPTION
            and is_retried
            and news.tries <= len(RETRY_WAITS_S)
            and self._pending_retries < MAX_PENDING_RETRIES
        ):
            self._pending_retries += 1
            wait_s = RETRY_WAITS_S[news.tries - 1] * (1 + 0.1 * self._chance.random())
            self._schedule(now + wait_s / self.settings.speed, self._retry, news)

    def _retry(self, news: News, at: float) -> None:
        self._pending_retries -= 1
        self._outbox.append(news)

    def _send_later(self, news: News, now: float) -> None:
        settings = self.settings
        delay_s = settings.webhook_delay_min_s
        if settings.webhook_delay_max_s > delay_s:
            delay_s = self._chance.uniform(delay_s, settings.webhook_delay_max_s)
        if self._happens("reordered", settings.webhook_reorder_share):
            delay_s += settings.webhook_reorder_s
        if delay_s > 0:
            self._schedule(now + delay_s, self._due, news)
        else:
            self._outbox.append(news)

    def _due(self, news: News, at: float) -> None:
        self._outbox.append(news)

    def _sign(self, news: News, now: float) -> Delivery:
        settings = self.settings
        news.tries += 1
        self._last_id += 1
        self._under_way[self._last_id] = news
        secret = FORGED_SECRET if news.is_forged else settings.webhook_secret
        timestamp = int(now) + DATING_OFFSETS_S[news.dating]
        headers = {
            "content-type": "application/json",
            SIGNATURE_HEADER: sign(secret, news.body, timestamp),
        }
        return Delivery(
            self._last_id,
            settings.webhook_url,
            news.body,
            headers,
            news.kind,
            news.conversation_id,
            news.is_forged,
        )

    def _draw_dating(self) -> Dating:
        if self._happens("stale", self.settings.webhook_stale_share):
            return Dating.STALE
        if self._happens("future", self.settings.webhook_future_share):
            return Dating.FUTURE
        return Dating.NOW

    def _happens(self, what: str, share: float) -> bool:
        if share <= 0 or self._chance.random() >= share:
            return False
        self.happened[what] += 1
        return True
