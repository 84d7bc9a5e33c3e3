"""Whether a webhook is really Twilio's: HMAC over the public address and the fields of the form.

Checking never raises: what a stranger sends has a verdict, not an error. The address is the one
that Twilio was given, put together from `PUBLIC_BASE_URL`; what a proxy made of it says nothing.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterable
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from voiceslot_tui.wire.elevenlabs_webhook import Verdict

SIGNATURE_HEADER: Final = "X-Twilio-Signature"
SETTINGS_HEADER: Final = "X-Twilio-Webhooks-Signature-Settings"
"""Names the algorithm where the webhook is signed with a key made for that."""

_ALGORITHMS: Final = MappingProxyType({"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"})
_PORTS: Final = MappingProxyType({"https": 443, "http": 80})


def verify(
    url: str,
    fields: Iterable[tuple[str, str]],
    signature: str | None,
    secrets: tuple[bytes, ...],
    settings: str | None = None,
) -> Verdict:
    """Judge a form by its signature; `url` is the whole public address with its query.

    Twilio signs sometimes with the port in the address and sometimes without: both are taken. Any
    of the secrets may match. Takes the same time wherever two signatures differ.
    """
    if not signature:
        return Verdict.MISSING
    algorithm = _ALGORITHMS.get(_algorithm(settings))
    if algorithm is None:
        return Verdict.MALFORMED
    given = signature.encode("utf-8", "replace")
    written = "".join(f"{name}{value}" for name, value in sorted(set(fields)))
    wanted = [
        b64encode(hmac.digest(secret, (address + written).encode("utf-8", "replace"), algorithm))
        for address in _addresses(url)
        for secret in secrets
    ]
    matches = [hmac.compare_digest(one, given) for one in wanted]
    return Verdict.GOOD if any(matches) else Verdict.WRONG


def _algorithm(settings: str | None) -> str:
    for part in (settings or "").split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return value.strip().upper()
    return "HMAC_SHA1"


def _addresses(url: str) -> tuple[str, ...]:
    """Give an address as it is, and with its port left out or put in."""
    try:
        parts = urlsplit(url)
        port, usual = parts.port, _PORTS.get(parts.scheme)
    except ValueError:
        return (url,)
    if port is None and usual is None:
        return (url,)
    host = parts.netloc if port is None else parts.netloc.rpartition(":")[0]
    other = host if port is not None else f"{host}:{usual}"
    beyond = url[len(parts.scheme) + len("://") + len(parts.netloc) :]
    return (url, f"{parts.scheme}://{other}{beyond}")
