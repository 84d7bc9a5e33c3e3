"""The official Twilio SDK against the Content API."""

from __future__ import annotations

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio.rest.content.v1.content import ContentList
from twilio.rest.content.v1.content.approval_create import ApprovalCreateList

TEMPLATE = f"HX{2:032x}"


def test_contents_are_listed_over_pages(twilio: Client) -> None:
    found = twilio.content.v1.contents.list(page_size=2)
    assert len(found) == 6
    [follow_up] = [content for content in found if content.sid == TEMPLATE]
    assert follow_up.friendly_name == "follow_up"
    assert follow_up.language == "en"
    assert "{{1}}" in follow_up.types["twilio/text"]["body"]
    assert set(follow_up.variables) == {"1", "2"}
    assert follow_up.date_created is not None
    assert set(follow_up.links) == {"approval_create", "approval_fetch"}


def test_approvals_are_listed_and_filtered(twilio: Client, judge: httpx.Client) -> None:
    change = {TEMPLATE: {"status": "rejected", "rejection_reason": "INVALID_FORMAT"}}
    judge.post("/templates", json=change).raise_for_status()
    listed = twilio.content.v1.content_and_approvals.list()
    states = {item.sid: item.approval_requests["status"] for item in listed}
    assert states[TEMPLATE] == "rejected"
    approved = twilio.content.v2.content_and_approvals.list(
        channel_eligibility=["whatsapp:approved"], language=["es"], page_size=1
    )
    assert {item.friendly_name for item in approved} == {"seguimiento", "oferta", "resumen"}


def test_one_content_and_its_approval_are_fetched(twilio: Client) -> None:
    assert twilio.content.v1.contents(TEMPLATE).fetch().sid == TEMPLATE
    approval = twilio.content.v1.contents(TEMPLATE).approval_fetch().fetch()
    assert approval.sid == TEMPLATE
    assert approval.whatsapp["status"] == "approved"
    assert approval.whatsapp["name"] == "follow_up"
    with pytest.raises(TwilioRestException) as unknown:
        twilio.content.v1.contents("HX9").approval_fetch().fetch()
    assert (unknown.value.status, unknown.value.code) == (404, 20404)


def test_a_template_is_made_and_handed_in(twilio: Client) -> None:
    types = ContentList.Types({"twilio/text": {"body": "Hi {{1}}."}})
    wish = {"friendly_name": "hello", "language": "en", "variables": {"1": "Ana"}, "types": types}
    made = twilio.content.v1.contents.create(ContentList.ContentCreateRequest(wish))
    assert made.sid is not None
    context = twilio.content.v1.contents(made.sid)
    assert context.approval_fetch().fetch().whatsapp["status"] == "unsubmitted"
    handed_in = {"name": "hello", "category": "UTILITY"}
    request = ApprovalCreateList.ContentApprovalRequest(handed_in)
    answer = context.approval_create.create(request)
    assert (answer.name, answer.status) == ("hello", "received")
