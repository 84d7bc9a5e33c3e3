"""The adapter before platforms that the simulator is not: old, new, ignorant, endless.

The answers are scripted on a transport of httpx's, which also shows that the client works on any.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import httpx
import pytest

from tests.contract.providers.conftest import SetClock, an_adapter, an_order
from voiceslot_tui.core.calls import ConversationId, Instant
from voiceslot_tui.core.errors import ReadDenied, ReadFailed
from voiceslot_tui.core.facts import Accepted, NotTaken, Refusal, Unanswered
from voiceslot_tui.core.limits import LIST_PAGES_MAX, LOOKUP_DETAILS_MAX
from voiceslot_tui.core.orders import StartOrder
from voiceslot_tui.core.talks import Search
from voiceslot_tui.providers.elevenlabs_workspace import ElevenLabsWorkspace
from voiceslot_tui.providers.http import Http

BASE = "https://platform.example"
CONVERSATIONS = "/v1/convai/conversations"
Script = Callable[[httpx.Request], httpx.Response]


class Platform:
    """Answers by path and remembers what it was asked."""

    def __init__(self, **by_path: Script) -> None:
        self.asked: list[httpx.Request] = []
        self._script: dict[str, Script] = dict(by_path)

    def on(self, path: str, script: Script) -> Platform:
        self._script[path] = script
        return self

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        script = self._script.get(request.url.path)
        return script(request) if script else httpx.Response(404, json={"detail": "Not Found"})

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self)

    def paths(self) -> list[str]:
        return [request.url.path for request in self.asked]


def says(body: object, status: int = 200, **headers: str) -> Script:
    return lambda _: httpx.Response(status, json=body, headers=headers)


# --- older and newer platforms


async def test_numbers_come_from_version_1_where_there_is_no_version_2() -> None:
    bare = [{"phone_number_id": "p1", "phone_number": "+12025550100", "provider": "exotel"}]
    platform = Platform().on("/v1/convai/phone-numbers", says(bare))
    platform.on(
        "/v1/convai/exotel/outbound-call",
        says({"success": True, "conversation_id": "c", "callSid": "CA1"}),
    )
    async with an_adapter(BASE, transport=platform.transport) as adapter:
        assert isinstance(await adapter.start_call(an_order(number="p1")), Accepted)
    assert platform.paths() == [
        "/v1/convai/v2/phone-numbers",
        "/v1/convai/phone-numbers",
        "/v1/convai/exotel/outbound-call",
    ]


async def test_the_batch_list_may_stand_elsewhere_and_comes_in_pages() -> None:
    def page(request: httpx.Request) -> httpx.Response:
        assert request.url.params["mine"] == "1"
        last = request.url.params.get("last_doc")
        batch = {"id": f"b-{last}", "status": "in_progress"}
        following = {None: "d1", "d1": "d2"}.get(last)
        body = {"batch_calls": [batch], "next_doc": following, "has_more": following is not None}
        return httpx.Response(200, json=body)

    platform = Platform().on("/my/batches", page)
    url = "https://elsewhere.example/my/batches?mine=1"
    async with an_adapter(BASE, transport=platform.transport, active_calls_url=url) as adapter:
        found = await adapter.batches()
    assert [batch.batch_id for batch in found] == ["b-None", "b-d1", "b-d2"]
    assert {request.url.host for request in platform.asked} == {"elsewhere.example"}


async def test_the_key_goes_along_and_nothing_is_asked_twice() -> None:
    platform = Platform().on("/v1/convai/analytics/live-count", says({"count": 2}))
    async with an_adapter(BASE, transport=platform.transport, api_key="k") as adapter:
        assert await adapter.live_count() == 2
    (request,) = platform.asked
    assert request.headers["xi-api-key"] == "k"
    assert request.headers["host"] == "platform.example"
    assert request.headers["user-agent"].startswith("voiceslot/")


# --- lists that lie


def item(conversation_id: str, status: str = "in-progress") -> dict[str, Any]:
    return {"conversation_id": conversation_id, "status": status, "agent_id": "a"}


async def test_a_server_that_ignores_the_statuses_does_not_fill_the_list() -> None:
    listed = [item("c1"), item("c2", "done"), item("c3", "processing"), item("c4", "odd")]
    platform = Platform().on(CONVERSATIONS, says({"conversations": listed, "has_more": False}))
    async with an_adapter(BASE, transport=platform.transport) as adapter:
        talks = await adapter.live_talks(300.0)
    assert [talk.conversation_id for talk in talks] == ["c1", "c4"]
    params = platform.asked[0].url.params
    assert params.get_list("exclude_statuses") == ["processing", "done", "failed"]
    assert params["page_size"] == "100"
    assert abs(int(params["call_start_after_unix"]) - (time.time() - 300)) < 30


@pytest.mark.parametrize("ahead_s", [-86_400.0, 86_400.0])
async def test_a_wrong_clock_of_ours_hides_no_live_call(ahead_s: float) -> None:
    """What the server is asked about its past is dated by the server's own last answer."""
    dated = {"Date": formatdate(usegmt=True)}
    listed = {"conversations": [item("c1")], "has_more": False}
    platform = Platform().on("/v1/convai/analytics/live-count", says({"count": 1}, 200, **dated))
    platform.on(CONVERSATIONS, says(listed, 200, **dated))
    clock = SetClock(ahead_s)
    async with an_adapter(BASE, transport=platform.transport, clock=clock) as adapter:
        await adapter.live_count()
        await adapter.live_talks(300.0)
    asked = int(platform.asked[-1].url.params["call_start_after_unix"])
    assert abs(asked - (time.time() - 300)) < 30


async def test_the_platforms_time_goes_on_as_it_was_told_however_our_clock_is_set() -> None:
    platform = Platform().on(f"{CONVERSATIONS}/c1", says({}, 404, Date=formatdate(usegmt=True)))
    http, clock = Http(base_urls=[BASE], transport=platform.transport), SetClock()
    workspace = ElevenLabsWorkspace(http, api_key=lambda: "key", base_url=BASE, clock=clock)
    assert workspace.told_now() is None
    clock.ahead_s = -86_400.0
    await workspace.talk(ConversationId("c1"))
    for clock.ahead_s in (0.0, 8 * 86_400.0):
        told = workspace.told_now()
        assert told is not None
        assert abs(told / 1000 - time.time()) < 30
    await http.aclose()


async def test_a_list_that_shifts_between_pages_counts_nobody_twice() -> None:
    def page(request: httpx.Request) -> httpx.Response:
        first = "cursor" not in request.url.params
        items = [item("c1"), item("c2")] if first else [item("c2"), item("c3")]
        body = {"conversations": items, "has_more": first, "next_cursor": "n" if first else None}
        return httpx.Response(200, json=body)

    async with an_adapter(BASE, transport=Platform().on(CONVERSATIONS, page).transport) as adapter:
        talks = await adapter.live_talks(1e9)
    assert [talk.conversation_id for talk in talks] == ["c1", "c2", "c3"]


async def test_a_list_without_end_is_no_list() -> None:
    endless = {"conversations": [], "has_more": True, "next_cursor": "again"}
    platform = Platform().on(CONVERSATIONS, says(endless))
    async with an_adapter(BASE, transport=platform.transport) as adapter:
        with pytest.raises(ReadFailed, match="more than"):
            await adapter.live_talks(1e9)
    assert len(platform.asked) == LIST_PAGES_MAX


async def test_a_page_that_fails_fails_the_list() -> None:
    def page(request: httpx.Request) -> httpx.Response:
        if "cursor" in request.url.params:
            return httpx.Response(404, json={"detail": "gone"})
        body = {"conversations": [item("c1")], "has_more": True, "next_cursor": "n"}
        return httpx.Response(200, json=body)

    async with an_adapter(BASE, transport=Platform().on(CONVERSATIONS, page).transport) as adapter:
        with pytest.raises(ReadFailed):
            await adapter.live_talks(1e9)


async def test_a_wait_that_the_server_asks_for_is_kept_or_the_read_given_up() -> None:
    for wait, asked in (("0.01", 3), ("60", 1)):
        busy = says({"detail": {"code": "rate_limit_exceeded"}}, 429, **{"Retry-After": wait})
        platform = Platform().on("/v1/convai/analytics/live-count", busy)
        async with an_adapter(BASE, transport=platform.transport) as adapter:
            with pytest.raises(ReadFailed, match="429"):
                await adapter.live_count()
        assert len(platform.asked) == asked


async def test_a_transport_of_another_kind_is_judged_by_the_same_table() -> None:
    def refused(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    def broken(request: httpx.Request) -> httpx.Response:
        raise ZeroDivisionError

    path = "/v1/convai/twilio/outbound-call"
    async with an_adapter(BASE, transport=Platform().on(path, refused).transport) as adapter:
        found = await adapter.start_call(an_order())
        assert isinstance(found, NotTaken)
        assert found.refusal is Refusal.NOT_SENT
    async with an_adapter(BASE, transport=Platform().on(path, broken).transport) as adapter:
        assert isinstance(await adapter.start_call(an_order()), Unanswered)


# --- the search for an attempt


class Archive(Platform):
    """A platform with conversations, that knows some filters of its list and not others."""

    def __init__(self, filters: set[str], refused: set[str] | None = None) -> None:
        super().__init__()
        self.filters, self.refused = filters, refused or set()
        self.void: set[str] = set()
        self.held: dict[str, dict[str, Any]] = {}
        self.on(CONVERSATIONS, self.listing)

    def hold(
        self, conversation_id: str, attempt_id: str, user_id: str, status: str = "done"
    ) -> None:
        """Keep a conversation."""
        self.held[conversation_id] = {
            **item(conversation_id, status),
            "user_id": user_id,
            "conversation_initiation_client_data": {
                "dynamic_variables": {"voiceslot_attempt_id": attempt_id}
            },
        }
        self.on(f"{CONVERSATIONS}/{conversation_id}", says(self.held[conversation_id]))

    def listing(self, request: httpx.Request) -> httpx.Response:
        """List by the filters that are known."""
        asked = dict(request.url.params)
        if self.refused & set(asked):
            return httpx.Response(422, json={"detail": [{"loc": ["query"], "msg": "no"}]})
        found = [held for held in self.held.values() if self.fits(held, asked)]
        items = [item(held["conversation_id"], held["status"]) for held in found]
        if self.void & set(asked):
            items = []
        return httpx.Response(200, json={"conversations": items, "has_more": False})

    def fits(self, held: dict[str, Any], asked: dict[str, str]) -> bool:
        """Tell whether a conversation passes the filters that are known."""
        sent = held["conversation_initiation_client_data"]["dynamic_variables"]
        variable = f"voiceslot_attempt_id:eq:{sent['voiceslot_attempt_id']}"
        actual = {"user_id": held["user_id"], "dynamic_variable_params": variable}
        return all(
            asked[name] == actual[name]
            for name in self.filters & {"user_id", "dynamic_variable_params"} & set(asked)
        )

    async def search(self, order: StartOrder) -> Search:
        """Search for an order here."""
        async with an_adapter(BASE, transport=self.transport) as adapter:
            return await adapter.search(order, Instant(1_790_000_000_000))


BOTH = {"user_id", "dynamic_variable_params"}
PERSON = b'{"user_id": "person-7"}'


@pytest.mark.parametrize("data", [None, PERSON])
async def test_a_call_is_found_in_two_requests(data: bytes | None) -> None:
    archive = Archive(BOTH)
    archive.hold("c1", "attempt-1", "person-7" if data else "attempt-1")
    archive.hold("c2", "attempt-2", "attempt-2")
    found = await archive.search(an_order("attempt-1", client_data=data))
    assert found.found is not None
    assert (found.found.conversation_id, found.complete) == ("c1", True)
    assert len(archive.asked) == 2
    # Our clock may have been set since the dial: it must not hide the call.
    assert "call_start_after_unix" not in archive.asked[0].url.params


async def test_a_call_is_proven_absent_in_two_requests() -> None:
    archive = Archive(BOTH)
    archive.hold("c2", "attempt-2", "attempt-2")
    assert await archive.search(an_order("attempt-1")) == Search(None, complete=True)
    assert len(archive.asked) == 2


async def test_a_person_with_many_calls_is_told_from_their_other_calls() -> None:
    archive = Archive(BOTH)
    for n in range(5):
        archive.hold(f"c{n}", f"attempt-{n}", "person-7")
    found = await archive.search(an_order("attempt-4", client_data=PERSON))
    assert found.found is not None
    assert found.found.conversation_id == "c4"
    absent = await archive.search(an_order("attempt-9", client_data=PERSON))
    assert absent == Search(None, complete=True)


async def test_a_server_that_ignores_every_filter_fools_nobody() -> None:
    archive = Archive(set())
    archive.hold("c1", "attempt-1", "x")
    archive.hold("c2", "attempt-2", "x")
    found = await archive.search(an_order("attempt-2"))
    assert found.found is not None
    assert found.found.conversation_id == "c2"
    assert await archive.search(an_order("attempt-9")) == Search(None, complete=True)


async def test_too_many_to_open_is_not_complete() -> None:
    archive = Archive(set())
    for n in range(LOOKUP_DETAILS_MAX + 1):
        archive.hold(f"c{n}", f"attempt-{n}", "x")
    assert await archive.search(an_order("attempt-x")) == Search(None, complete=False)
    opened = [path for path in archive.paths() if path != CONVERSATIONS]
    assert len(opened) == len(set(opened)) == LOOKUP_DETAILS_MAX


@pytest.mark.parametrize("known", sorted(BOTH))
async def test_one_honoured_filter_is_enough(known: str) -> None:
    archive = Archive({known})
    for n in range(LOOKUP_DETAILS_MAX * 2):
        archive.hold(f"c{n}", f"attempt-{n}", f"attempt-{n}")
    last = f"attempt-{LOOKUP_DETAILS_MAX * 2 - 1}"
    found = await archive.search(an_order(last))
    assert found.found is not None
    assert await archive.search(an_order("attempt-x")) == Search(None, complete=True)


async def test_a_filter_that_is_refused_is_done_without() -> None:
    archive = Archive({"user_id"}, refused={"dynamic_variable_params"})
    archive.hold("c1", "attempt-1", "attempt-1")
    assert await archive.search(an_order("attempt-x")) == Search(None, complete=True)
    bare = Archive(set(), refused=BOTH)
    bare.hold("c1", "attempt-1", "attempt-1")
    found = await bare.search(an_order("attempt-1"))
    assert found.found is not None


async def test_a_listed_call_that_cannot_be_opened_is_not_absent() -> None:
    archive = Archive(BOTH)
    archive.hold("c1", "attempt-1", "attempt-1")
    archive.on(f"{CONVERSATIONS}/c1", says({"detail": "Not Found"}, 404))
    assert await archive.search(an_order("attempt-1")) == Search(None, complete=False)


UNREADABLE = {
    "not there": says({"detail": "Not Found"}, 404),
    "no conversation": says(["what is this"]),
    "an error for good": says({"detail": "no"}, 500),
}


def a_person_with_one_unreadable_call(why: str, status: str = "done") -> Archive:
    archive = Archive(BOTH)
    archive.hold("c1", "attempt-1", "person-7", status)
    archive.hold("c2", "attempt-2", "person-7")
    archive.on(f"{CONVERSATIONS}/c1", UNREADABLE[why])
    return archive


@pytest.mark.parametrize("why", UNREADABLE)
async def test_an_old_call_of_the_person_that_cannot_be_read_hides_nothing(why: str) -> None:
    archive = a_person_with_one_unreadable_call(why)
    absent = await archive.search(an_order("attempt-9", client_data=PERSON))
    assert absent == Search(None, complete=True)
    archive.void.add("dynamic_variable_params")
    found = await archive.search(an_order("attempt-2", client_data=PERSON))
    assert found.found is not None
    assert found.found.conversation_id == "c2"


@pytest.mark.parametrize("why", UNREADABLE)
async def test_what_cannot_be_read_may_be_ours_unless_the_variable_is_seen_to_be_looked_at(
    why: str,
) -> None:
    order = an_order("attempt-1", client_data=PERSON)
    unknown = Search(None, complete=False)
    void = a_person_with_one_unreadable_call(why)
    void.void.add("dynamic_variable_params")
    assert await void.search(order) == unknown
    assert await a_person_with_one_unreadable_call(why).search(order) == unknown, "it is listed"
    alone = a_person_with_one_unreadable_call(why)
    del alone.held["c2"]
    assert await alone.search(an_order("attempt-9", client_data=PERSON)) == unknown
    for status in ("initiated", "in-progress", "processing"):
        rings = a_person_with_one_unreadable_call(why, status)
        assert await rings.search(an_order("attempt-9", client_data=PERSON)) == unknown


async def test_many_calls_that_cannot_be_read_are_a_platform_in_trouble() -> None:
    archive = a_person_with_one_unreadable_call("not there")
    for n in range(10, 20):
        archive.hold(f"c{n}", f"attempt-{n}", "person-7")
        archive.on(f"{CONVERSATIONS}/c{n}", UNREADABLE["not there"])
    found = await archive.search(an_order("attempt-9", client_data=PERSON))
    assert found == Search(None, complete=False)
    assert len([path for path in archive.paths() if path != CONVERSATIONS]) <= 5


@pytest.mark.parametrize("status", [500, 503, 418])
async def test_a_search_that_fails_is_not_complete(status: int) -> None:
    platform = Platform().on(CONVERSATIONS, says({"detail": "no"}, status))
    async with an_adapter(BASE, transport=platform.transport) as adapter:
        found = await adapter.search(an_order(), Instant(0))
    assert found == Search(None, complete=False)


async def test_a_search_that_is_denied_says_so() -> None:
    platform = Platform().on(CONVERSATIONS, says({"detail": {"code": "invalid_api_key"}}, 401))
    async with an_adapter(BASE, transport=platform.transport) as adapter:
        with pytest.raises(ReadDenied):
            await adapter.search(an_order(), Instant(0))
