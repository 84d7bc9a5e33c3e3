"""Where Twilio's requests go: the messages of an account, and the templates.

The calls of an account stand with the start endpoints in `api`.
"""

from __future__ import annotations

from voiceslot_tui.simulator import twilio_content, twilio_messages
from voiceslot_tui.simulator.exchange import Request
from voiceslot_tui.simulator.twilio import API_VERSION
from voiceslot_tui.simulator.visits import Endpoint
from voiceslot_tui.simulator.words import FaultTarget

ACCOUNTS = f"/{API_VERSION}/Accounts/"
CONTENT = "/v1/Content"
CONTENT_HEADS = ("Content", "ContentAndApprovals")
READ = FaultTarget.MESSAGE_READ

MESSAGES: dict[str, Endpoint] = {
    "GET": Endpoint("twilio_list_messages", twilio_messages.list_messages, READ),
    "POST": Endpoint("twilio_create_message", twilio_messages.create_message, FaultTarget.MESSAGE),
}
ONE_MESSAGE: dict[str, Endpoint] = {
    "GET": Endpoint("twilio_fetch_message", twilio_messages.fetch_message, READ),
    "POST": Endpoint("twilio_update_message", twilio_messages.update_message, None),
    "DELETE": Endpoint("twilio_delete_message", twilio_messages.delete_message, None),
}
LIST_APPROVALS = Endpoint("twilio_list_approvals", twilio_content.list_contents_and_approvals, READ)
CONTENTS: dict[tuple[str, str], Endpoint] = {
    ("GET", CONTENT): Endpoint("twilio_list_contents", twilio_content.list_contents, READ),
    ("GET", "/v2/Content"): Endpoint("twilio_list_contents", twilio_content.list_contents, READ),
    ("POST", CONTENT): Endpoint("twilio_create_content", twilio_content.create_content, None),
    ("GET", "/v1/ContentAndApprovals"): LIST_APPROVALS,
    ("GET", "/v2/ContentAndApprovals"): LIST_APPROVALS,
}
ONE_CONTENT: dict[tuple[str, str], Endpoint] = {
    ("GET", ""): Endpoint("twilio_fetch_content", twilio_content.fetch_content, READ),
    ("GET", "ApprovalRequests"): Endpoint(
        "twilio_fetch_approval", twilio_content.fetch_approval, READ
    ),
    ("POST", "ApprovalRequests/whatsapp"): Endpoint(
        "twilio_request_approval", twilio_content.request_approval, None
    ),
}
"""By method and what follows the template's sid."""


def is_carriers(path: str) -> bool:
    """Say whether a path is Twilio's, calls included."""
    if path.startswith(ACCOUNTS):
        return True
    version, _, rest = path.removeprefix("/").partition("/")
    return version in ("v1", "v2") and rest.partition("/")[0] in CONTENT_HEADS


def find_carrier_endpoint(request: Request) -> tuple[Endpoint | None, str]:
    """Find who answers about messages or templates, and the sid in the path."""
    if not request.path.startswith(ACCOUNTS):
        return _find_content_endpoint(request)
    parts = request.path[len(ACCOUNTS) :].split("/")[1:]
    if parts == ["Messages.json"]:
        return MESSAGES.get(request.method), ""
    if len(parts) == 2 and parts[0] == "Messages" and parts[1].endswith(".json"):
        return ONE_MESSAGE.get(request.method), parts[1].removesuffix(".json")
    return None, ""


def _find_content_endpoint(request: Request) -> tuple[Endpoint | None, str]:
    found = CONTENTS.get((request.method, request.path))
    if found is not None:
        return found, ""
    sid, _, rest = request.path.removeprefix(f"{CONTENT}/").partition("/")
    return ONE_CONTENT.get((request.method, rest)), sid
