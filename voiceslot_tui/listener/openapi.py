"""The description of the HTTP API, made from the shapes that read and write its bodies.

Checked by a program that sends what this promises and what this forbids: whatever it says wrong is
found there.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from voiceslot_tui import __version__
from voiceslot_tui.core.limits import ID_CHARS_MAX
from voiceslot_tui.listener.answers import Error
from voiceslot_tui.listener.bodies import BodyKind
from voiceslot_tui.listener.shapes import Enqueued, Ok, Stats
from voiceslot_tui.wire.elevenlabs_calls import ATTEMPT_VARIABLE
from voiceslot_tui.wire.enqueue_call import (
    KNOWN_KEYS,
    LIST_KEYS,
    OBJECT_KEYS,
    RESERVED_PREFIX,
    TEXT_KEYS,
    VARIABLES,
    EnqueueCall,
)
from voiceslot_tui.wire.phone_numbers import possible_pattern
from voiceslot_tui.wire.twilio_signature import SIGNATURE_HEADER

Schema = dict[str, Any]

_ID: Final = f"^[!-~]{{1,{ID_CHARS_MAX}}}$"
_REF: Final = "#/components/schemas/{name}"
_READING: Final = {
    401: "No key, or a wrong one.",
    403: "Not from this machine, from a web page, or by a foreign name.",
}
_WRITING: Final = {
    **_READING,
    400: "No JSON, or a body that broke off.",
    408: "The body did not come in time.",
    413: "The body is too long.",
    415: "Not application/json, or encoded.",
    417: "An expectation that is not understood.",
    422: "A field is wrong; the error names it.",
    503: "Nothing was stored; try again after Retry-After seconds.",
}
_TWILIO: Final = {
    403: "Not signed by Twilio, from a web page, or by a foreign name.",
    404: "No messages are sent here.",
    408: _WRITING[408],
    413: _WRITING[413],
    415: "Not a form, or encoded.",
    417: _WRITING[417],
    400: "No form that Twilio would send, or a body that broke off.",
    429: "Too many webhooks with a bad signature came from this address.",
    503: _WRITING[503],
}

_SCHEMES: Final = {
    "key": {"type": "http", "scheme": "bearer"},
    "signature": {"type": "apiKey", "in": "header", "name": "ElevenLabs-Signature"},
    "twilio": {"type": "apiKey", "in": "header", "name": SIGNATURE_HEADER},
}


def describe(*, has_key: bool, has_secret: bool, has_token: bool) -> bytes:
    """Write the OpenAPI document; it takes a while, because it knows all countries' numbers."""
    components = {"schemas": _schemas(), "securitySchemes": _SCHEMES}
    by_key: list[Schema] = [{"key": []}] if has_key else []
    # Without a secret an unsigned envelope is answered too: it is a hint and nothing more.
    signed: list[Schema] = [*by_key, {"signature": []} if has_secret else {}]
    by_twilio: list[Schema] = [*by_key, {"twilio": []} if has_token else {}]
    document = {
        "openapi": "3.1.0",
        "info": {"title": "voiceslot", "version": __version__, "license": {"name": "MIT"}},
        "paths": _paths(by_key, signed, by_twilio),
        "components": components,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1)


def _paths(security: list[Schema], signed: list[Schema], by_twilio: list[Schema]) -> Schema:
    failures = {503: "Not ready; the error's code says why."}
    conflict = {**_WRITING, 409: "This Idempotency-Key came with another body before."}
    flood = {**_WRITING, 429: "Too many webhooks with a bad signature came from this address."}
    return {
        "/health": {
            "get": _operation(
                "Say whether calls can be taken", Ok, 200, {403: _READING[403], **failures}
            )
        },
        "/stats": {
            "get": _operation(
                "Show the state of things", Stats, 200, {**_READING, **failures}, security
            )
        },
        "/openapi.json": {
            "get": _operation("Show this description", None, 200, _READING, security)
        },
        "/enqueue-call": {
            "post": {
                **_operation("Put a call into the queue", Enqueued, 202, conflict, security),
                "parameters": [_IDEMPOTENCY_KEY],
                "requestBody": _request_body("EnqueueCall"),
            }
        },
        "/webhook/elevenlabs": {
            "post": {
                **_operation("Tell that a call is over", Ok, 200, flood, signed),
                "requestBody": _request_body("Webhook"),
            }
        },
        "/metrics": {"get": _metrics(security, {**_READING, **failures})},
        "/webhook/twilio": {"post": _twilio(by_twilio)},
    }


def _metrics(security: list[Schema], failures: dict[int, str]) -> Schema:
    operation = _operation("Show the figures to Prometheus", None, 200, failures, security)
    operation["responses"]["200"]["content"] = {"text/plain": {"schema": {"type": "string"}}}
    return operation


def _twilio(security: list[Schema]) -> Schema:
    """Describe Twilio's forms: any fields, of which we read few, and never the same twice."""
    said = "Tell what became of a message, or what a person wrote"
    operation = _operation(said, None, 200, _TWILIO, security)
    operation["responses"]["200"] = {
        "description": "A person's message is taken; the answer says nothing to them.",
        "content": {"text/xml": {"schema": {"type": "string"}}},
    }
    operation["responses"]["204"] = {"description": "Taken."}
    form = {"type": "object", "additionalProperties": {"type": "string"}}
    operation["requestBody"] = {
        "required": True,
        "content": {BodyKind.FORM.value[0]: {"schema": form}},
    }
    return operation


_IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "For a week, the same key and body give the same answer and one call.",
    "schema": {"type": "string", "pattern": _ID},
}


def _operation(
    summary: str,
    body: type[msgspec.Struct] | None,
    status: int,
    failures: dict[int, str],
    security: list[Schema] | None = None,
) -> Schema:
    schema = {"$ref": _REF.format(name=body.__name__)} if body else {"type": "object"}
    responses = {str(status): _json("Done.", schema)}
    for code, meaning in sorted(failures.items()):
        responses[str(code)] = _json(meaning, {"$ref": _REF.format(name="Error")})
    return {"summary": summary, "responses": responses, "security": security or []}


def _json(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _request_body(name: str) -> Schema:
    content = {"application/json": {"schema": {"$ref": _REF.format(name=name)}}}
    return {"required": True, "content": content}


def _schemas() -> Schema:
    shapes = (EnqueueCall, Enqueued, Error, Ok, Stats)
    _, schemas = msgspec.json.schema_components(shapes, schema_hook=lambda _: {}, ref_template=_REF)
    payload = schemas["Payload"]["properties"]
    payload["toNumber"]["pattern"] = possible_pattern()
    payload["conversationInitiationClientData"] = _client_data()
    schemas["Webhook"] = _webhook()
    return schemas


def _client_data() -> Schema:
    """Describe ElevenLabs' object, and the flat one that stands for its variables."""
    properties: Schema = {name: {"type": ["string", "null"]} for name in sorted(TEXT_KEYS)}
    properties |= {name: {"type": ["object", "null"]} for name in sorted(OBJECT_KEYS)}
    texts = {"type": ["array", "null"], "items": {"type": "string"}}
    properties |= dict.fromkeys(sorted(LIST_KEYS), texts)
    reserved = f"{RESERVED_PREFIX}|{ATTEMPT_VARIABLE}$"
    properties[VARIABLES] = {"type": ["object", "null"], **_flat(reserved)}
    known = "|".join(f"{name}$" for name in sorted(KNOWN_KEYS))
    return {
        "anyOf": [
            {"type": "object", "properties": properties, "additionalProperties": False},
            {"type": "object", **_flat(f"{reserved}|{known}")},
            {"type": "null"},
        ]
    }


def _flat(reserved: str) -> Schema:
    return {
        "propertyNames": {"minLength": 1, "pattern": rf"^(?!(?:{reserved}))[\s\S]+$"},
        "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
    }


def _webhook() -> Schema:
    """Describe ElevenLabs' envelope, of any type, and the plain body."""
    anything = ["string", "number", "boolean", "object", "array"]
    an_id = {"type": "string", "pattern": _ID}
    plain = [
        {"required": [name], "properties": {name: an_id}}
        for name in ("conversation_id", "callSid", "callId")
    ]
    status = {"status": {"type": "string"}}
    return {
        "type": "object",
        "anyOf": [
            {"required": ["type"], "properties": {"type": {"type": anything}}},
            {"required": ["status"], "properties": status, "anyOf": plain},
        ],
    }
