"""The templates of the account, in front of the simulator and of a Twilio of the test's choice."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.contract.providers.messaging import SHORT_S, TEMPLATE, a_messenger
from tests.contract.providers.misbehaving import answer, answering, serving
from voiceslot_tui.core.errors import ReadDenied, ReadFailed
from voiceslot_tui.core.follow_up_facts import Approval
from voiceslot_tui.core.follow_up_policy import Template
from voiceslot_tui.follow_up_ports import Messenger
from voiceslot_tui.providers.twilio_client import TWILIO_HOSTS
from voiceslot_tui.simulator.faults import make_rule
from voiceslot_tui.simulator.message_words import TemplateStatus
from voiceslot_tui.simulator.server import SimulatorServer
from voiceslot_tui.simulator.templates import Template as WorldTemplate
from voiceslot_tui.simulator.words import FaultKind, FaultTarget

READS = FaultTarget.MESSAGE_READ
CONTENT = {"sid": TEMPLATE, "language": "en", "types": {"twilio/text": {"body": "Hi {{1}}."}}}
DENIED = {"code": 20003, "message": "Permission denied"}
UNKNOWN = {"code": 20404, "message": "Not found"}


@pytest.fixture
async def messenger(simulator: SimulatorServer) -> AsyncIterator[Messenger]:
    """Give the adapter in front of the simulator."""
    async with a_messenger(simulator.address) as adapter:
        yield adapter


@pytest.mark.parametrize(
    ("word", "approval"),
    [
        ("approved", Approval.APPROVED),
        ("pending", Approval.UNDER_REVIEW),
        ("unsubmitted", Approval.UNSUBMITTED),
        ("rejected", Approval.REJECTED),
        ("paused", Approval.PAUSED),
        ("disabled", Approval.DISABLED),
    ],
)
async def test_a_template_is_read_with_its_approval(
    simulator: SimulatorServer, messenger: Messenger, word: str, approval: Approval
) -> None:
    made = simulator.world.messenger.templates[TEMPLATE]
    made.status, made.rejection_reason = TemplateStatus(word), "too pushy"
    assert await messenger.template(TEMPLATE) == Template(
        TEMPLATE, approval, ("1", "2"), made.text, "en", "follow_up", "too pushy"
    )


async def test_a_template_that_is_not_there_is_missing(
    simulator: SimulatorServer, messenger: Messenger
) -> None:
    unknown = "HX" + "f" * 32
    assert await messenger.template(unknown) == Template(unknown, Approval.MISSING)
    for odd in ("", "HX9", f"{TEMPLATE}/../{TEMPLATE}"):
        assert await messenger.template(odd) == Template(odd, Approval.MISSING)
    assert simulator.world.truth.requests_read["twilio_fetch_content"] == 1


@pytest.mark.parametrize("kind", [FaultKind.UNAUTHORIZED, FaultKind.FORBIDDEN])
async def test_a_key_that_may_not_read_a_template_says_so(
    simulator: SimulatorServer, messenger: Messenger, kind: FaultKind
) -> None:
    simulator.world.faults.add(make_rule(kind, READS, requests=2))
    template = await messenger.template(TEMPLATE)
    assert template.approval is Approval.HIDDEN
    assert "Content" in template.reason
    with pytest.raises(ReadDenied):
        await messenger.templates()


@pytest.mark.parametrize(("status", "said"), [(403, DENIED), (404, UNKNOWN)])
async def test_an_approval_that_cannot_be_read_leaves_the_text(
    status: int, said: dict[str, object]
) -> None:
    def twilio(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "content.twilio.com"
        if request.url.path.endswith("ApprovalRequests"):
            return httpx.Response(status, json=said)
        return httpx.Response(200, json=CONTENT)

    transport = httpx.MockTransport(twilio)
    async with a_messenger("", hosts=TWILIO_HOSTS, transport=transport) as messenger:
        template = await messenger.template(TEMPLATE)
    assert (template.approval, template.variables) == (Approval.UNREADABLE, ("1",))
    assert template.text == "Hi {{1}}."


TROUBLE = {
    "no answer": FaultKind.NO_ANSWER,
    "an error": FaultKind.ERROR_503,
    "no JSON": FaultKind.HTML_200,
    "half of it": FaultKind.TRUNCATED_JSON,
    "too many": FaultKind.RATE_LIMITED,
}


@pytest.mark.parametrize("name", TROUBLE)
async def test_trouble_says_nothing_about_a_template(simulator: SimulatorServer, name: str) -> None:
    simulator.world.faults.add(make_rule(TROUBLE[name], READS, requests=2))
    async with a_messenger(simulator.address, timeout_s=SHORT_S) as messenger:
        for read in (messenger.template(TEMPLATE), messenger.templates()):
            with pytest.raises(ReadFailed) as failed:
                await read
            assert not isinstance(failed.value, ReadDenied)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_proxys_word_is_not_twilios(status: int) -> None:
    html = answering(answer(status, b"<html></html>", "text/html"))
    async with serving(html) as (base_url, _), a_messenger(base_url) as messenger:
        with pytest.raises(ReadFailed) as failed:
            await messenger.template(TEMPLATE)
        assert not isinstance(failed.value, ReadDenied)


async def test_all_templates_are_read_over_pages(
    simulator: SimulatorServer, messenger: Messenger
) -> None:
    made = simulator.world.messenger.templates
    for index in range(10, 210):
        sid = f"HX{index:032x}"
        made[sid] = WorldTemplate(sid, f"number {index}", "Hi {{1}}.")
    read = await messenger.templates()
    assert [template.content_sid for template in read] == list(made)
    approvals = {template.content_sid: template.approval for template in read}
    assert approvals[TEMPLATE] is Approval.APPROVED
    assert approvals[f"HX{4:032x}"] is Approval.UNDER_REVIEW


async def test_too_many_templates_are_not_read() -> None:
    url = "https://content.twilio.com/v1/ContentAndApprovals?Page=1"
    page = {"contents": [CONTENT], "meta": {"key": "contents", "next_page_url": url}}
    asked: list[httpx.Request] = []

    def twilio(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=page)

    transport = httpx.MockTransport(twilio)
    async with a_messenger("", hosts=TWILIO_HOSTS, transport=transport) as messenger:
        with pytest.raises(ReadFailed, match="more than"):
            await messenger.templates()
    assert len(asked) == 10


@pytest.mark.parametrize("url", ["https://evil.example/v1/Content", "http://[", "@evil.example"])
async def test_a_next_page_leads_nowhere_else(url: str) -> None:
    asked: list[str] = []

    def twilio(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        if len(asked) > 1:
            return httpx.Response(500)
        meta = {"key": "contents", "next_page_url": url}
        return httpx.Response(200, json={"contents": [], "meta": meta})

    transport = httpx.MockTransport(twilio)
    async with a_messenger("", hosts=TWILIO_HOSTS, transport=transport) as messenger:
        with pytest.raises(ReadFailed):
            await messenger.templates()
    assert set(asked) == {"content.twilio.com"}
