"""Who may ask what: checked before a request's body is looked at.

A web page must never start a call, and a name that a stranger's DNS points at this machine must
never reach us: so no browser's cross-site request, and no foreign Host, is answered at all. The API
needs the bearer key; where none is set it answers this machine only, and nothing that came through
a proxy, because behind a proxy every stranger looks local.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from voiceslot_tui.core.limits import ADDRESSES_REMEMBERED_MAX
from voiceslot_tui.core.setting_values import is_loopback
from voiceslot_tui.listener.answers import Refused
from voiceslot_tui.settings import Settings


class Door(Enum):
    """Whom a route is for."""

    ANYBODY = auto()
    KEY_HOLDERS = auto()
    SIGNERS = auto()
    """Who signs; the route itself looks at the signature."""


_SAME_SITE: Final = frozenset({"none", "same-origin"})
_BY_PROXY: Final = frozenset({"forwarded", "via", "x-real-ip"})
_BY_PROXY_PREFIX: Final = "x-forwarded"
_BEARER: Final = "bearer "


@dataclass(frozen=True, slots=True)
class Access:
    """The rule, made from the settings. `hosts` are the names that we go by, in lower case."""

    api_key: bytes
    hosts: frozenset[str]

    def check(self, request: web.BaseRequest, door: Door) -> None:
        """Raise Refused where this caller may not use this door."""
        self._check_host(request)
        _check_no_browser(request)
        if door is Door.KEY_HOLDERS and not self.has_key(request):
            self._check_local(request)

    def has_key(self, request: web.BaseRequest) -> bool:
        """Tell whether the request carries the bearer key; without a key set none does."""
        given = request.headers.getall("Authorization", ())
        if not self.api_key or len(given) != 1 or not given[0].lower().startswith(_BEARER):
            return False
        key = given[0][len(_BEARER) :].strip().encode("utf-8", "replace")
        return hmac.compare_digest(key, self.api_key)

    def _check_local(self, request: web.BaseRequest) -> None:
        if self.api_key:
            raise Refused(
                401,
                "key_needed",
                "Send the key: Authorization: Bearer <VOICESLOT_API_KEY>",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if _is_by_proxy(request):
            raise Refused(
                403,
                "through_a_proxy",
                "Without VOICESLOT_API_KEY nothing behind a proxy is answered.",
            )
        if not (is_local(request.remote) and _names_loopback(request)):
            raise _not_local()

    def _check_host(self, request: web.BaseRequest) -> None:
        given = request.headers.getall("Host", ())
        if len(given) != 1 or not self._is_ours(given[0]):
            raise Refused(403, "host", "This is no name of this service; set PUBLIC_BASE_URL.")

    def _is_ours(self, host: str) -> bool:
        name = _name_in(host)
        return name in self.hosts or _is_address(name)


def access_for(settings: Settings) -> Access:
    """Make the rule from the settings."""
    names = {"localhost", settings.host.lower()}
    if settings.public_base_url:
        names.add(urlsplit(settings.public_base_url).hostname or "")
    return Access(settings.voiceslot_api_key.reveal().encode(), frozenset(names - {""}))


@lru_cache(ADDRESSES_REMEMBERED_MAX)
def is_local(address: str | None) -> bool:
    """Tell whether a peer's address is this machine."""
    if not address:
        return False
    return is_loopback(address.removeprefix("::ffff:"))


@lru_cache(ADDRESSES_REMEMBERED_MAX)
def _name_in(host: str) -> str:
    """Give the name or address that a Host header holds, in lower case; nothing for nonsense."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


@lru_cache(ADDRESSES_REMEMBERED_MAX)
def _is_address(name: str) -> bool:
    """Tell whether a host is a bare address, which no stranger's DNS can point at us."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _names_loopback(request: web.BaseRequest) -> bool:
    """Tell whether the caller meant this machine: what a tunnel passes on names another host."""
    return is_local(_name_in(request.headers.get("Host", "")))


def _not_local() -> Refused:
    return Refused(
        403, "not_local", "Without VOICESLOT_API_KEY only this machine itself is answered."
    )


def _check_no_browser(request: web.BaseRequest) -> None:
    sites = request.headers.getall("Sec-Fetch-Site", ())
    if "Origin" in request.headers or any(site.lower() not in _SAME_SITE for site in sites):
        raise Refused(403, "browser", "Web pages are not answered.")


def _is_by_proxy(request: web.BaseRequest) -> bool:
    names = [name.lower() for name in request.headers]
    return any(name in _BY_PROXY or name.startswith(_BY_PROXY_PREFIX) for name in names)
