"""Who is answered: the key, this machine, no proxy, no web page, no foreign name."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from aiohttp.test_utils import make_mocked_request

from tests.listener.conftest import API_KEY, BEARER, CALL, SECRET, MakeRig, Rig, transcription
from voiceslot_tui.listener.access import Access, Door, is_local
from voiceslot_tui.listener.answers import Refused

FOR_KEY_HOLDERS = [
    ("GET", "/stats"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
    ("POST", "/enqueue-call"),
]
EVERYTHING = [
    *FOR_KEY_HOLDERS,
    ("GET", "/health"),
    ("POST", "/webhook/elevenlabs"),
    ("POST", "/webhook/twilio"),
]
BROWSERS = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:4000"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]
PROXIES = [
    {"X-Forwarded-For": "203.0.113.9"},
    {"X-Forwarded-Proto": "https"},
    {"X-Forwarded-Anything": ""},
    {"Forwarded": "for=203.0.113.9"},
    {"Via": "1.1 proxy"},
    {"X-Real-IP": "203.0.113.9"},
]


async def ask(rig: Rig, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
    more = {"json": CALL} if method == "POST" else {}
    status, body = await rig.ask(method, path, headers=headers, **more)
    return status, body["error"]["code"] if isinstance(body, dict) and "error" in body else ""


@pytest.mark.parametrize(("method", "path"), FOR_KEY_HOLDERS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {API_KEY}"},
        {"Authorization": API_KEY},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {API_KEY}x"},
        {"Authorization": "Bearer ñ€"},
    ],
)
async def test_with_a_key_set_only_the_key_opens(
    make_rig: MakeRig, method: str, path: str, headers: dict[str, str]
) -> None:
    rig = await make_rig(api_key=API_KEY)
    assert await ask(rig, method, path, headers) == (401, "key_needed")
    assert rig.engine.calls == []
    assert (await ask(rig, method, path, BEARER))[0] in (200, 202)


@pytest.mark.parametrize(("method", "path"), EVERYTHING)
@pytest.mark.parametrize("headers", BROWSERS)
async def test_a_web_page_is_never_answered_even_with_the_key(
    make_rig: MakeRig, method: str, path: str, headers: dict[str, str]
) -> None:
    rig = await make_rig(api_key=API_KEY)
    assert await ask(rig, method, path, {**BEARER, **headers}) == (403, "browser")
    assert rig.engine.calls == []


@pytest.mark.parametrize("site", ["none", "same-origin"])
async def test_a_person_who_types_the_address_is_answered(rig: Rig, site: str) -> None:
    assert (await ask(rig, "GET", "/stats", {"Sec-Fetch-Site": site}))[0] == 200


@pytest.mark.parametrize(("method", "path"), FOR_KEY_HOLDERS)
@pytest.mark.parametrize("headers", PROXIES)
async def test_without_a_key_nothing_behind_a_proxy_is_answered(
    rig: Rig, method: str, path: str, headers: dict[str, str]
) -> None:
    assert await ask(rig, method, path, headers) == (403, "through_a_proxy")
    assert rig.engine.calls == []


@pytest.mark.parametrize("headers", PROXIES)
async def test_with_the_key_a_proxy_is_welcome(make_rig: MakeRig, headers: dict[str, str]) -> None:
    rig = await make_rig(api_key=API_KEY)
    assert (await ask(rig, "POST", "/enqueue-call", {**BEARER, **headers}))[0] == 202


@pytest.mark.parametrize(("method", "path"), EVERYTHING)
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil", "["])
async def test_a_foreign_name_is_never_answered(
    rig: Rig, method: str, path: str, host: str
) -> None:
    assert await ask(rig, method, path, {"Host": host}) == (403, "host")


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:4000", "127.0.0.1", "127.0.0.1:1", "[::1]:4000", "localhost."]
)
async def test_our_own_names_are_answered(rig: Rig, host: str) -> None:
    assert (await ask(rig, "GET", "/stats", {"Host": host}))[0] == 200


@pytest.mark.parametrize(("method", "path"), FOR_KEY_HOLDERS)
@pytest.mark.parametrize("host", ["203.0.113.9", "203.0.113.9:4000", "[2001:db8::9]:4000"])
async def test_without_a_key_nothing_that_was_meant_for_elsewhere_is_answered(
    make_rig: MakeRig, method: str, path: str, host: str
) -> None:
    """A tunnel connects from this machine, and passes on the name that the stranger asked for."""
    rig = await make_rig()
    assert await ask(rig, method, path, {"Host": host}) == (403, "not_local")
    assert rig.engine.calls == []
    rig = await make_rig(api_key=API_KEY)
    assert (await ask(rig, method, path, {**BEARER, "Host": host}))[0] in (200, 202)


async def test_the_public_name_is_ours(make_rig: MakeRig) -> None:
    rig = await make_rig(api_key=API_KEY, public_base_url="https://calls.example.org")
    headers = {**BEARER, "Host": "calls.example.org"}
    assert (await ask(rig, "GET", "/stats", headers))[0] == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "json"])
@pytest.mark.parametrize("path", ["/enqueue-call", "/webhook/elevenlabs"])
async def test_only_json_is_read(rig: Rig, path: str, kind: str) -> None:
    status, body = await rig.ask(
        "POST", path, data=b'{"payload": {}}', headers={"Content-Type": kind}
    )
    assert (status, body["error"]["code"]) == (415, "not_json_type")


async def test_the_kind_may_name_its_charset(rig: Rig) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert (await ask(rig, "POST", "/enqueue-call", headers))[0] == 202


async def test_the_key_does_not_replace_a_signature_that_is_not_there(make_rig: MakeRig) -> None:
    rig = await make_rig(api_key=API_KEY, secret=SECRET)
    assert (await rig.webhook(transcription(), Authorization="Bearer wrong"))[0] == 401
    assert (await rig.webhook(transcription(), **BEARER))[0] == 200


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_local(address: str) -> None:
    assert is_local(address)


@pytest.mark.parametrize("address", [None, "", "10.0.0.1", "203.0.113.9", "::ffff:10.0.0.1", "::"])
def test_other_machines_are_not(address: str | None) -> None:
    assert not is_local(address)


@pytest.mark.parametrize(("address", "answered"), [("127.0.0.1", True), ("203.0.113.9", False)])
def test_without_a_key_other_machines_are_not_answered(address: str, answered: bool) -> None:
    wire = Mock()
    wire.get_extra_info = lambda name: (address, 5000) if name == "peername" else None
    request = make_mocked_request("GET", "/stats", {"Host": "localhost"}, transport=wire)
    access = Access(b"", frozenset({"localhost"}))
    access.check(request, Door.ANYBODY)
    if answered:
        access.check(request, Door.KEY_HOLDERS)
        return
    with pytest.raises(Refused) as refused:
        access.check(request, Door.KEY_HOLDERS)
    assert (refused.value.status, refused.value.error.error.code) == (403, "not_local")
