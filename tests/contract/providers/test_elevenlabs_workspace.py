"""The workspace adapter: batches with their recipients, summaries, and changes made once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from elevenlabs import AsyncElevenLabs

from tests.contract.providers.conftest import AGENT, TWILIO_NUMBER, SetClock
from tests.contract.providers.misbehaving import answer, answering, serving
from voiceslot_tui.core.calls import ConversationId
from voiceslot_tui.core.errors import ReadDenied, ReadFailed
from voiceslot_tui.core.limits import BATCH_SLICE
from voiceslot_tui.core.talks import TalkState
from voiceslot_tui.follow_up_ports import BatchAnswer, BatchChange, Workspace
from voiceslot_tui.providers import elevenlabs_workspace
from voiceslot_tui.providers.elevenlabs_workspace import ElevenLabsWorkspace
from voiceslot_tui.providers.http import Http
from voiceslot_tui.simulator.batches import Batch, Invited
from voiceslot_tui.simulator.faults import make_rule
from voiceslot_tui.simulator.server import SimulatorServer
from voiceslot_tui.simulator.words import FaultKind, FaultTarget

BASE = "https://platform.example"
BATCHES = "/v1/convai/batch-calling"
CHANGES = tuple(BatchChange)


@asynccontextmanager
async def a_workspace(
    base_url: str,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    api_key: str = "simulator-key",
    active_calls_url: str = "",
) -> AsyncIterator[ElevenLabsWorkspace]:
    """Make the adapter and close its client afterwards."""
    urls = [url for url in (base_url, active_calls_url) if url]
    http = Http(base_urls=urls, transport=transport)
    try:
        yield ElevenLabsWorkspace(
            http,
            api_key=lambda: api_key,
            base_url=base_url,
            clock=SetClock(),
            active_calls_url=active_calls_url,
        )
    finally:
        await http.aclose()


@pytest.fixture
async def workspace(simulator: SimulatorServer) -> AsyncIterator[ElevenLabsWorkspace]:
    async with a_workspace(simulator.address) as adapter:
        yield adapter


@pytest.fixture
async def sdk(simulator: SimulatorServer) -> AsyncIterator[AsyncElevenLabs]:
    async with httpx.AsyncClient() as client:
        yield AsyncElevenLabs(
            base_url=simulator.address, api_key="simulator-key", httpx_client=client
        )


def submitted(simulator: SimulatorServer, count: int = 4, name: str = "Spring") -> Batch:
    """Submit a batch of people who are rung as soon as the world goes on."""
    world = simulator.world
    people = [
        Invited(
            f"+1202555{n:04d}",
            {"dynamic_variables": {"name": f"Ana {n}", "sim_outcome": "answered"}},
        )
        for n in range(100, 100 + count)
    ]
    batch = world.batches.submit(
        name=name,
        agent_id=AGENT,
        number=world.numbers[TWILIO_NUMBER],
        people=people,
        now=simulator.now(),
    )
    world.advance(simulator.now())
    return batch


def finished(simulator: SimulatorServer, count: int = 4) -> Batch:
    simulator.world.configure({"batch_dispatch_s": 0.0})
    batch = submitted(simulator, count)
    simulator.world.advance(simulator.now() + 3600)
    assert batch.status == "completed"
    return batch


async def test_it_is_a_workspace(workspace: ElevenLabsWorkspace) -> None:
    port: Workspace = workspace
    assert await port.batch_rows() == ()


async def test_every_batch_of_every_page_is_read(
    simulator: SimulatorServer, workspace: ElevenLabsWorkspace
) -> None:
    for number in range(230):
        submitted(simulator, 1, f"Campaign {number}")
    rows = await workspace.batch_rows()
    assert {row.name for row in rows} == {f"Campaign {number}" for number in range(230)}
    assert {row.agent_id for row in rows} == {AGENT}
    assert simulator.world.truth.requests_read["list_batches"] == 3


async def test_the_list_may_stand_elsewhere_and_a_batch_counts_once() -> None:
    row = {"id": "b1", "status": "in_progress"}
    pages = {None: ({**row, "name": "old"}, "d1"), "d1": ({**row, "name": "new"}, None)}

    def page(request: httpx.Request) -> httpx.Response:
        one, following = pages[request.url.params.get("last_doc")]
        body = {"batch_calls": [one], "next_doc": following, "has_more": following is not None}
        return httpx.Response(200, json=body)

    url = "https://elsewhere.example/my/batches?limit=5"
    transport = httpx.MockTransport(page)
    async with a_workspace(BASE, transport=transport, active_calls_url=url) as adapter:
        assert [batch.name for batch in await adapter.batch_rows()] == ["new"]


async def test_a_batch_is_read_as_the_official_sdk_reads_it(
    simulator: SimulatorServer, workspace: ElevenLabsWorkspace, sdk: AsyncElevenLabs
) -> None:
    batch = finished(simulator, 12)
    ours = await workspace.batch(batch.batch_id)
    theirs = await sdk.conversational_ai.batch_calls.get(batch.batch_id)
    listed = await sdk.conversational_ai.batch_calls.list()
    (row,) = await workspace.batch_rows()
    assert row == ours.batch
    assert (row.count.batch_id, row.name, row.agent_name, row.retries, row.created_at) == (
        theirs.id,
        theirs.name,
        theirs.agent_name,
        theirs.retry_count,
        theirs.created_at_unix,
    )
    assert [one.id for one in listed.batch_calls] == [row.count.batch_id]
    assert ours.newest == max(one.updated_at_unix for one in theirs.recipients)
    assert [
        (one.recipient_id, one.number, one.status, one.conversation_id, one.updated_at)
        for one in ours.recipients()
    ] == [
        (one.id, one.phone_number, one.status, one.conversation_id, one.updated_at_unix)
        for one in theirs.recipients
    ]
    assert [one.name for one in ours.ended_since(0)] == [f"Ana {n}" for n in range(100, 112)]


async def test_others_go_on_while_a_large_batch_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    people = [{"id": f"r{n}", "status": "pending"} for n in range(BATCH_SLICE * 4 + 1)]
    body = json.dumps({"id": "b1", "recipients": people}).encode()
    turns = 0

    async def counted() -> None:
        nonlocal turns
        turns += 1

    monkeypatch.setattr(elevenlabs_workspace, "let_others_run", counted)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    async with a_workspace(BASE, transport=transport) as adapter:
        whole = await adapter.batch("b1")
    assert (turns, whole.statuses) == (5, {"pending": BATCH_SLICE * 4 + 1})


# --- conversations


async def test_a_summary_is_read_as_the_official_sdk_reads_it(
    simulator: SimulatorServer, workspace: ElevenLabsWorkspace, sdk: AsyncElevenLabs
) -> None:
    batch = finished(simulator)
    conversation_id = ConversationId(batch.recipients[0].conversation_id or "")
    ours = await workspace.summary(conversation_id)
    theirs = await sdk.conversational_ai.conversations.get(conversation_id)
    assert ours is not None
    assert theirs.analysis is not None
    assert ours.summary == theirs.analysis.transcript_summary != ""
    assert ours.title == (theirs.analysis.call_summary_title or "")
    assert ours.is_final
    talk = await workspace.talk(conversation_id)
    assert talk is not None
    assert (talk.conversation_id, talk.state) == (conversation_id, TalkState.ANALYSED)
    assert simulator.world.truth.requests_read["get_conversation_summary"] == 1


async def test_a_platform_without_summaries_has_them_in_the_conversation() -> None:
    whole = {"status": "done", "analysis": {"transcript_summary": "They agreed."}}

    def old(request: httpx.Request) -> httpx.Response:
        known = request.url.path == "/v1/convai/conversations/conv_1"
        return httpx.Response(200 if known else 404, json=whole if known else {"detail": "no"})

    async with a_workspace(BASE, transport=httpx.MockTransport(old)) as adapter:
        found = await adapter.summary(ConversationId("conv_1"))
        assert found is not None
        assert found.summary == "They agreed."
        assert await adapter.summary(ConversationId("conv_2")) is None


async def test_a_conversation_that_is_not_there_is_none(workspace: ElevenLabsWorkspace) -> None:
    for odd in ("conv_nobody", "", "..", "x/../../user", "x" * 1000):
        assert await workspace.talk(ConversationId(odd)) is None
        assert await workspace.summary(ConversationId(odd)) is None


# --- reads that fail


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.ERROR_503, ReadFailed),
        (FaultKind.HTML_200, ReadFailed),
        (FaultKind.TRUNCATED_JSON, ReadFailed),
        (FaultKind.CUT_BODY, ReadFailed),
        (FaultKind.UNAUTHORIZED, ReadDenied),
        (FaultKind.FORBIDDEN, ReadDenied),
    ],
)
async def test_a_read_that_fails_is_an_error_and_never_nothing(
    simulator: SimulatorServer,
    workspace: ElevenLabsWorkspace,
    kind: FaultKind,
    error: type[Exception],
) -> None:
    batch = finished(simulator)
    conversation_id = ConversationId(batch.recipients[0].conversation_id or "")
    simulator.world.faults.add(make_rule(kind, FaultTarget.READ))
    for asking in (
        workspace.batch_rows(),
        workspace.batch(batch.batch_id),
        workspace.talk(conversation_id),
        workspace.summary(conversation_id),
    ):
        with pytest.raises(error) as failed:
            await asking
        assert "simulator-key" not in str(failed.value)


async def test_a_batch_that_is_not_there_is_a_failed_read(workspace: ElevenLabsWorkspace) -> None:
    for odd in ("btcal_nobody", "", ".."):
        with pytest.raises(ReadFailed):
            await workspace.batch(odd)


# --- changes


async def test_a_batch_is_cancelled_and_its_failed_recipients_are_dialled_again(
    simulator: SimulatorServer, workspace: ElevenLabsWorkspace
) -> None:
    simulator.world.configure({"batch_dispatch_s": 1000.0})
    waiting = submitted(simulator)
    assert await workspace.change_batch(waiting.batch_id, BatchChange.CANCEL) is BatchAnswer.DONE
    assert waiting.status == "cancelled"
    over = submitted(simulator)
    assert await workspace.change_batch(over.batch_id, BatchChange.RETRY) is BatchAnswer.DONE
    assert over.retry_count == 1
    read = simulator.world.truth.requests_read
    assert (read["cancel_batch"], read["retry_batch"]) == (1, 1)


@pytest.mark.parametrize("change", CHANGES)
async def test_a_refusal_that_is_certain_is_told(
    simulator: SimulatorServer, workspace: ElevenLabsWorkspace, change: BatchChange
) -> None:
    for odd in ("btcal_nobody", "", "..", "x" * 1000):
        assert await workspace.change_batch(odd, change) is BatchAnswer.REFUSED
    async with a_workspace(simulator.address, api_key="not-the-key") as denied:
        assert await denied.change_batch("btcal_1", change) is BatchAnswer.REFUSED
    async with a_workspace("http://127.0.0.1:1") as nowhere:
        assert await nowhere.change_batch("btcal_1", change) is BatchAnswer.REFUSED


DETAIL: dict[str, Any] = {"detail": {"code": "no", "message": "no"}}
ANSWERS = [
    (200, {"id": "b1"}, BatchAnswer.DONE),
    (204, None, BatchAnswer.DONE),
    *((status, DETAIL, BatchAnswer.REFUSED) for status in (401, 402, 403, 404, 422, 429)),
    *((status, None, BatchAnswer.UNCLEAR) for status in (401, 403, 404, 422, 429)),
    *((status, DETAIL, BatchAnswer.UNCLEAR) for status in (302, 400, 408, 409, 500, 502, 504)),
]


@pytest.mark.parametrize(("status", "body", "verdict"), ANSWERS)
@pytest.mark.parametrize("change", CHANGES)
async def test_what_an_answer_proves(
    change: BatchChange, status: int, body: Any, verdict: BatchAnswer
) -> None:
    asked: list[tuple[str, str, bytes]] = []

    def platform(request: httpx.Request) -> httpx.Response:
        asked.append((request.method, request.url.path, request.content))
        return httpx.Response(status, json=body) if body else httpx.Response(status)

    async with a_workspace(BASE, transport=httpx.MockTransport(platform)) as adapter:
        assert await adapter.change_batch("b/1", change) is verdict
    (once,) = asked
    assert once == ("POST", f"{BATCHES}/b/1/{change}", b"")


@pytest.mark.parametrize("change", CHANGES)
async def test_a_request_whose_answer_is_lost_is_never_repeated(change: BatchChange) -> None:
    async with (
        serving(answering(answer(200, b"{}")[:20])) as (address, seen),
        a_workspace(address) as adapter,
    ):
        assert await adapter.change_batch("b1", change) is BatchAnswer.UNCLEAR
        assert seen.begun == 1
