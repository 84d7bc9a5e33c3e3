"""Twilio's Content API: the templates, and how far WhatsApp has approved them.

It speaks JSON both ways, pages by absolute addresses, and lives on a host of its own; which
host was asked does not matter here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode

from voiceslot_tui.simulator.exchange import Reply, json_reply, read_json_object
from voiceslot_tui.simulator.message_errors import refusal
from voiceslot_tui.simulator.message_words import TemplateCategory, TemplateStatus
from voiceslot_tui.simulator.templates import Template
from voiceslot_tui.simulator.twilio import DEFAULT_PAGE, LARGEST_PAGE
from voiceslot_tui.simulator.visits import Visit

HOST = "https://content.twilio.com"
TERMINAL = frozenset({TemplateStatus.APPROVED, TemplateStatus.DISABLED})
Query = dict[str, list[str]]


def list_contents(visit: Visit) -> Reply:
    """Answer the templates without a word on approval."""
    return _page(visit, lambda template: _content_body(visit, template))


def list_contents_and_approvals(visit: Visit) -> Reply:
    """Answer the templates with their approval, filtered where the second version is asked."""
    return _page(visit, lambda template: _approved_body(visit, template))


def fetch_content(visit: Visit) -> Reply:
    """Answer one template."""
    template = visit.world.messenger.templates.get(visit.key)
    return _no_template(visit) if template is None else json_reply(_content_body(visit, template))


def create_content(visit: Visit) -> Reply:
    """Make a template; nobody has approved it yet."""
    body = read_json_object(visit.request.body)
    types = (body or {}).get("types")
    # The official client names every type there is, all but one of them null.
    given = types.items() if isinstance(types, dict) else ()
    contents = ((kind, content) for kind, content in given if isinstance(content, dict))
    kind, content = next(contents, ("", {}))
    text = content.get("body")
    if body is None or not isinstance(text, str) or not isinstance(body.get("language"), str):
        return refusal(20001, "language and types")
    templates = visit.world.messenger.templates
    template = Template(
        sid=f"HX{len(templates) + 1:032x}",
        name=str(body.get("friendly_name") or ""),
        text=text,
        language=body["language"],
        variables=body.get("variables") or {},
        status=TemplateStatus.UNSUBMITTED,
        content_type=kind,
    )
    templates[template.sid] = template
    return json_reply(_content_body(visit, template), 201)


def fetch_approval(visit: Visit) -> Reply:
    """Answer how far the approval of one template has come."""
    template = visit.world.messenger.templates.get(visit.key)
    if template is None:
        return _no_template(visit)
    body = {
        "sid": template.sid,
        "account_sid": visit.world.settings.account_sid,
        "whatsapp": {"type": "whatsapp", **_approval(template)},
        "url": f"{HOST}/v1/Content/{template.sid}/ApprovalRequests",
    }
    return json_reply(body)


def request_approval(visit: Visit) -> Reply:
    """Hand a template to WhatsApp. A rejected name stays rejected."""
    template = visit.world.messenger.templates.get(visit.key)
    if template is None:
        return _no_template(visit)
    body = read_json_object(visit.request.body) or {}
    name, category = body.get("name"), body.get("category")
    if not isinstance(name, str) or category not in set(TemplateCategory):
        return refusal(20001, "name and category")
    is_spent = template.status is TemplateStatus.REJECTED and name == template.name
    if template.status in TERMINAL or is_spent:
        return refusal(20001, f"the template is {template.status}")
    template.name, template.category = name, TemplateCategory(category)
    template.status = TemplateStatus.RECEIVED
    return json_reply(_approval(template), 201)


def _page(visit: Visit, body_of: Callable[[Template], dict[str, Any]]) -> Reply:
    query = parse_qs(visit.request.query)
    size_text = query.get("PageSize", [str(DEFAULT_PAGE)])[-1]
    page_text = query.get("Page", ["0"])[-1]
    if not (size_text.isdecimal() and page_text.isdecimal()):
        return refusal(20001, "PageSize and Page")
    size, page = max(1, min(int(size_text), LARGEST_PAGE)), int(page_text)
    found = _filtered(visit, query)
    has_more = len(found) > (page + 1) * size

    def url(number: int) -> str:
        place = {**query, "PageSize": [size], "Page": [number]}
        return f"{HOST}{visit.request.path}?{urlencode(place, doseq=True)}"

    meta = {
        "page": page,
        "page_size": size,
        "first_page_url": url(0),
        "previous_page_url": url(page - 1) if page else None,
        "url": url(page),
        "next_page_url": url(page + 1) if has_more else None,
        "key": "contents",
    }
    shown = found[page * size : (page + 1) * size]
    return json_reply({"contents": [body_of(template) for template in shown], "meta": meta})


def _filtered(visit: Visit, query: Query) -> list[Template]:
    templates = visit.world.messenger.templates.values()
    if not visit.request.path.startswith("/v2/"):
        return list(templates)
    tests: tuple[tuple[str, Callable[[Template], str]], ...] = (
        ("ChannelEligibility", lambda template: f"whatsapp:{template.status}"),
        ("Language", lambda template: template.language),
        ("ContentType", lambda template: template.content_type),
        ("ContentName", lambda template: template.name),
    )
    wanted = [(set(query[name]), value_of) for name, value_of in tests if name in query]
    return [
        template
        for template in templates
        if all(value_of(template) in values for values, value_of in wanted)
    ]


def _content_body(visit: Visit, template: Template) -> dict[str, Any]:
    url = f"{HOST}/v1/Content/{template.sid}"
    links = {
        "approval_create": f"{url}/ApprovalRequests/whatsapp",
        "approval_fetch": f"{url}/ApprovalRequests",
    }
    return {**_body(visit, template), "url": url, "links": links}


def _approved_body(visit: Visit, template: Template) -> dict[str, Any]:
    return {**_body(visit, template), "approval_requests": _approval(template)}


def _body(visit: Visit, template: Template) -> dict[str, Any]:
    began_at = datetime.fromtimestamp(int(visit.world.truth.began_at), UTC)
    date = began_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "sid": template.sid,
        "account_sid": visit.world.settings.account_sid,
        "friendly_name": template.name,
        "language": template.language,
        "variables": dict(template.variables),
        "types": {template.content_type: {"body": template.text}},
        "date_created": date,
        "date_updated": date,
    }


def _approval(template: Template) -> dict[str, Any]:
    return {
        "name": template.name,
        "category": template.category,
        "content_type": template.content_type,
        "status": template.status,
        "rejection_reason": template.rejection_reason,
        "allow_category_change": True,
    }


def _no_template(visit: Visit) -> Reply:
    return refusal(20404, visit.request.path)
