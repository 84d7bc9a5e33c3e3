"""The templates of the account: listed, filtered, made, and approved at run time."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from tests.unit.simulator.correspondence import FOLLOW_UP, UNAPPROVED, Correspondence, refusal_of
from tests.unit.simulator.telephone import read

CONTENT = "/v1/Content"
APPROVALS = "/v2/ContentAndApprovals"


def contents(world: Correspondence, path: str, query: str = "") -> list[dict[str, object]]:
    reply = world.ask("GET", path, query=query)
    assert reply.status == 200, reply.body
    found = read(reply)["contents"]
    assert isinstance(found, list)
    return found


def test_a_list_of_contents_says_nothing_about_approval() -> None:
    first = contents(Correspondence(), CONTENT)[0]
    assert "approval_requests" not in first
    assert set(first) >= {"sid", "friendly_name", "language", "variables", "types", "links", "url"}


@pytest.mark.parametrize("path", ["/v1/ContentAndApprovals", APPROVALS])
def test_a_list_with_approvals_tells_each_state(path: str) -> None:
    world = Correspondence()
    world.control("POST", "templates", {FOLLOW_UP: {"status": "paused"}})
    states = {str(item["sid"]): item["approval_requests"] for item in contents(world, path)}
    assert states[FOLLOW_UP] == {
        "name": "follow_up",
        "category": "UTILITY",
        "content_type": "twilio/text",
        "status": "paused",
        "rejection_reason": "",
        "allow_category_change": True,
    }


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("ChannelEligibility=whatsapp%3Apending", 1),
        ("ChannelEligibility=whatsapp%3Apending&ChannelEligibility=whatsapp%3Aapproved", 6),
        ("Language=en", 2),
        ("Language=en&ContentName=follow_up", 1),
        ("ContentType=twilio%2Fmedia", 0),
    ],
)
def test_the_second_version_filters(query: str, count: int) -> None:
    assert len(contents(Correspondence(), APPROVALS, query)) == count


def test_pages_are_whole_addresses() -> None:
    world = Correspondence()
    page = read(world.ask("GET", CONTENT, query="PageSize=3"))
    following = urlsplit(page["meta"]["next_page_url"])
    assert (following.scheme, following.netloc) == ("https", "content.twilio.com")
    rest = read(world.ask("GET", following.path, query=following.query))
    assert len(page["contents"] + rest["contents"]) == 6
    assert (rest["meta"]["next_page_url"], rest["meta"]["key"]) == (None, "contents")


def test_a_template_is_made_handed_in_and_approved() -> None:
    world = Correspondence()
    asked = {
        "friendly_name": "hello",
        "language": "en",
        "types": {"twilio/text": {"body": "Hi {{1}}."}},
    }
    made = world.ask("POST", CONTENT, json.dumps(asked).encode())
    assert made.status == 201
    path = f"{CONTENT}/{read(made)['sid']}/ApprovalRequests"
    assert read(world.ask("GET", path))["whatsapp"]["status"] == "unsubmitted"
    wish = json.dumps({"name": "hello", "category": "UTILITY"}).encode()
    assert read(world.ask("POST", f"{path}/whatsapp", wish))["status"] == "received"
    world.control("POST", "templates", {read(made)["sid"]: {"status": "approved"}})
    assert read(world.ask("GET", path))["whatsapp"]["status"] == "approved"
    assert refusal_of(world.ask("POST", f"{path}/whatsapp", wish)) == (400, 20001)


def test_a_rejected_name_cannot_be_handed_in_again() -> None:
    world = Correspondence()
    change = {"status": "rejected", "rejection_reason": "INVALID_FORMAT"}
    world.control("POST", "templates", {UNAPPROVED: change})
    path = f"{CONTENT}/{UNAPPROVED}/ApprovalRequests"
    assert read(world.ask("GET", path))["whatsapp"]["rejection_reason"] == "INVALID_FORMAT"
    again = json.dumps({"name": "nuevo", "category": "UTILITY"}).encode()
    assert world.ask("POST", f"{path}/whatsapp", again).status == 400
    other = json.dumps({"name": "nuevo_2", "category": "UTILITY"}).encode()
    assert world.ask("POST", f"{path}/whatsapp", other).status == 201


@pytest.mark.parametrize("path", [f"{CONTENT}/HX9", f"{CONTENT}/HX9/ApprovalRequests"])
def test_an_unknown_template_is_not_found(path: str) -> None:
    assert refusal_of(Correspondence().ask("GET", path)) == (404, 20404)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"language": "en"}', b'{"types": {"a": 1}}'])
def test_a_template_without_text_is_refused(body: bytes) -> None:
    assert refusal_of(Correspondence().ask("POST", CONTENT, body)) == (400, 20001)


def test_the_judge_sees_all_templates() -> None:
    world = Correspondence()
    states = read(world.control("GET", "templates"))
    assert states[UNAPPROVED]["status"] == "pending"
    assert states[FOLLOW_UP]["language"] == "en"
