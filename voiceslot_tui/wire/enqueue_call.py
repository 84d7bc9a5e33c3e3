"""A call as a producer asks for it: the body of POST /enqueue-call, or a line `enqueue` reads.

One reader for both. It is strict, because a call that was misunderstood rings at somebody's place:
no type is converted, no unknown name is skipped, no name may stand twice, and every complaint says
which field and what to write instead. What goes on to the platform is written anew from what was
read, so that nothing unread travels with it.
"""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Annotated, Any, Final, NoReturn

import msgspec
from msgspec import UNSET, Meta, UnsetType

from voiceslot_tui.core.errors import BadInput
from voiceslot_tui.core.limits import (
    ATTEMPTS_MAX,
    CLIENT_DATA_BYTES_MAX,
    ENQUEUE_BODY_BYTES_MAX,
    ID_CHARS_MAX,
    PRIORITY_MAX,
    PRIORITY_MIN,
)
from voiceslot_tui.core.orders import NewCall
from voiceslot_tui.core.setting_values import meant
from voiceslot_tui.core.text import clean
from voiceslot_tui.wire.elevenlabs_calls import ATTEMPT_VARIABLE
from voiceslot_tui.wire.phone_numbers import read_number

NOT_JSON: Final = "not_json"
"""The code of a body that is no JSON at all, as against one that says something wrong."""

_Id = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=ID_CHARS_MAX,
        extra_json_schema={"pattern": f"^[!-~]{{1,{ID_CHARS_MAX}}}$"},
    ),
]
_Number = Annotated[
    str,
    Meta(
        description="E.164: + and country code. Must be possible for its country.",
        examples=["+12025550123"],
        extra_json_schema={"pattern": r"^\+[1-9][0-9]{6,14}$"},
    ),
]
_WHOLE: Final = {"type": "integer"}
# In JSON 5 and 5.0 are the same number, so a whole number is read as a number without a fraction.
_Priority = Annotated[
    float,
    Meta(
        ge=PRIORITY_MIN,
        le=PRIORITY_MAX,
        multiple_of=1,
        description="Higher goes first; 0 is usual.",
        extra_json_schema=_WHOLE,
    ),
]
_Attempts = Annotated[
    float,
    Meta(
        ge=1,
        le=ATTEMPTS_MAX,
        multiple_of=1,
        description="Dials at the most; 1 where not given.",
        extra_json_schema=_WHOLE,
    ),
]


class Payload(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Whom to call, by which agent, from which number."""

    agent_id: _Id
    agent_phone_number_id: _Id
    to_number: _Number
    conversation_initiation_client_data: dict[str, Any] | UnsetType | None = UNSET


class EnqueueCall(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """A call to put into the queue."""

    payload: Payload
    priority: _Priority | UnsetType = UNSET
    max_attempts: _Attempts | UnsetType = UNSET


_decoder = msgspec.json.Decoder(EnqueueCall)
_encoder = msgspec.json.Encoder()
_sorted_encoder = msgspec.json.Encoder(order="sorted")


def _bad(what: str, field: str = "", code: str = "invalid") -> BadInput:
    return BadInput(f"{field or 'The body'} {what}", field=field, code=code)


_DATA: Final = "payload.conversationInitiationClientData"
VARIABLES: Final = "dynamic_variables"
RESERVED_PREFIX: Final = "system__"
TEXT_KEYS: Final = frozenset({"user_id", "branch_id", "environment", "starting_workflow_node_id"})
OBJECT_KEYS: Final = frozenset(
    {VARIABLES, "conversation_config_override", "custom_llm_extra_body", "source_info"}
)
LIST_KEYS: Final = frozenset({"procedure_ids", "start_procedure_ids"})
KNOWN_KEYS: Final = TEXT_KEYS | OBJECT_KEYS | LIST_KEYS
"""What ElevenLabs' conversation_initiation_client_data may hold (its Python SDK 2.78.0)."""

_NAME_RANKS: Final = {
    name: rank
    for rank, name in enumerate(
        (
            "name",
            "nombre",
            "full_name",
            "fullname",
            "nombre_completo",
            "customer_name",
            "contact_name",
            "user_name",
            "first_name",
            "firstname",
            "primer_nombre",
        )
    )
}


def read(raw: bytes) -> NewCall:
    """Read one call. Raises BadInput naming the field by its dotted path, as `payload.toNumber`."""
    if len(raw) > ENQUEUE_BODY_BYTES_MAX:
        raise _bad(f"is longer than {ENQUEUE_BODY_BYTES_MAX} bytes", code="too_long")
    try:
        body = _decoder.decode(raw)
        _refuse_doubled_names(raw, body)
        return _call(body)
    except msgspec.ValidationError as problem:
        _complain(str(problem))
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _bad("is not JSON", code=NOT_JSON) from None
    except RecursionError:
        raise _bad("is nested too deeply", code=NOT_JSON) from None


def read_line(line: bytes) -> NewCall:
    """Read one call from a line of a file, whose first may begin with a byte order mark."""
    return read(line.removeprefix(BOM_UTF8))


def digest(call: NewCall) -> bytes:
    """Give a digest that is the same for all bodies that ask for the same, however written."""
    data = msgspec.json.decode(call.client_data) if call.client_data else None
    plain = replace(call, client_data=None)
    return sha256(_sorted_encoder.encode((plain, data))).digest()


def digest_of_all(calls: Iterable[NewCall]) -> bytes:
    """Give a digest of calls in their order."""
    return sha256(b"".join(map(digest, calls))).digest()


def _call(body: EnqueueCall) -> NewCall:
    payload = body.payload
    _check_id(payload.agent_id, "payload.agentId")
    _check_id(payload.agent_phone_number_id, "payload.agentPhoneNumberId")
    name, client_data = "", None
    data = payload.conversation_initiation_client_data
    if data:
        name, client_data = _client_data(data)
    return NewCall(
        to_number=read_number(payload.to_number, "payload.toNumber"),
        agent_id=payload.agent_id,
        agent_phone_number_id=payload.agent_phone_number_id,
        name=name,
        priority=0 if body.priority is UNSET else int(body.priority),
        max_attempts=1 if body.max_attempts is UNSET else int(body.max_attempts),
        client_data=client_data,
    )


def _check_id(text: str, field: str) -> None:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise _bad("must be an id: plain characters without blanks", field=field)


# --- the platform's own object


def _client_data(data: dict[str, object]) -> tuple[str, bytes]:
    """Give the name to show, and the object as JSON for the platform."""
    known = data.keys() & KNOWN_KEYS
    if not known:
        data = {VARIABLES: data}
        where = _DATA
    else:
        _refuse_unknown(data.keys() - known)
        where = f"{_DATA}.{VARIABLES}"
        _check_types(data)
    variables = data.get(VARIABLES)
    name = _check_variables(variables, where) if isinstance(variables, dict) else ""
    written = _encoder.encode(data)
    if len(written) > CLIENT_DATA_BYTES_MAX:
        raise _bad(f"must not be longer than {CLIENT_DATA_BYTES_MAX} bytes", field=_DATA)
    return name, written


def _refuse_unknown(unknown: Iterable[str]) -> None:
    names = sorted(unknown)
    if names:
        shown = ", ".join(clean(name, 60) for name in names[:5])
        raise _bad(
            f"mixes names that ElevenLabs knows with others: {shown}. Put variables of your own "
            f"inside {VARIABLES}{meant(names[0], KNOWN_KEYS)}",
            field=_DATA,
        )


def _check_types(data: Mapping[str, object]) -> None:
    for key, value in data.items():
        if value is None:
            continue
        if key in TEXT_KEYS:
            wanted = "" if isinstance(value, str) else "must be text"
        elif key in OBJECT_KEYS:
            wanted = "" if isinstance(value, dict) else "must be an object"
        else:
            is_list = isinstance(value, list) and all(isinstance(item, str) for item in value)
            wanted = "" if is_list else "must be a list of texts"
        if wanted:
            raise _bad(wanted, field=f"{_DATA}.{key}")


def _check_variables(variables: Mapping[str, object], where: str) -> str:
    """Check that variables are flat and not reserved; give the name to show, if one is there."""
    for key, value in variables.items():
        if not key or key == ATTEMPT_VARIABLE or key.startswith(RESERVED_PREFIX):
            raise _bad("is a reserved name", field=f"{where}.{clean(key, 60)}")
        if isinstance(value, dict | list):
            raise _bad(
                "must be text, a number, true, false or null", field=f"{where}.{clean(key, 60)}"
            )
    return name_in(variables)


def name_in(variables: Mapping[str, object]) -> str:
    """Give the person's name among variables, by what they are usually called; or nothing."""
    name, best = "", len(_NAME_RANKS)
    for key, value in variables.items():
        rank = _NAME_RANKS.get(key.lower(), best)
        if rank < best and isinstance(value, str) and value.strip():
            name, best = clean(value.strip()), rank
    return name


# --- what is wrong


_COMPLAINT: Final = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?", re.DOTALL)
_NAMED: Final = re.compile(r"`(.*)`", re.DOTALL)
_WORDS: Final = {
    "`int`": "a whole number",
    "`float` that's a multiple of 1.0": "a whole number",
    "`float`": "a whole number",
    "`bool`": "true or false",
    "`str`": "text",
    "`object`": "an object",
    "`object | null`": "an object",
    "`array`": "a list",
    "`null`": "null",
}


def _complain(complaint: str) -> NoReturn:
    """Turn msgspec's complaint into ours: a sentence, and the path of the field."""
    found = _COMPLAINT.fullmatch(complaint)
    what, path = (found["what"], found["path"] or "") if found else (complaint, "")
    named = _NAMED.search(what)
    if what.startswith("Object missing required field") and named:
        raise _bad("is missing", field=_joined(path, named[1]), code="missing")
    if what.startswith("Object contains unknown field") and named:
        name = clean(named[1], 60)
        known = ("payload", "priority", "maxAttempts") if not path else _PAYLOAD_NAMES
        raise _bad(
            f"is no field of this{meant(name, known)}", field=_joined(path, name), code="unknown"
        )
    for word, ours in _WORDS.items():
        what = what.replace(word, ours)
    sentence = what.replace("Expected", "must be", 1).replace(", got", ", not")
    sentence = re.sub("(Number|Integer value) out of range", "holds too large a number", sentence)
    sentence = re.sub(r"of length <= (\d+)", r"of at most \1 characters", sentence)
    sentence = re.sub(r"of length >= 1\b", "that is not empty", sentence)
    sentence = re.sub(r"<= (-?\d+)(\.0)?", r"of at most \1", sentence)
    sentence = re.sub(r">= (-?\d+)(\.0)?", r"of at least \1", sentence)
    raise _bad(clean(sentence), field=clean(path.replace("[...]", "")))


_PAYLOAD_NAMES: Final = tuple(field.encode_name for field in msgspec.structs.fields(Payload))


def _joined(path: str, name: str) -> str:
    return clean(f"{path}.{name}" if path else name)


_KEY: Final = re.compile(rb'"[ \t\r\n]*:')


def _refuse_doubled_names(raw: bytes, body: EnqueueCall) -> None:
    """Refuse an object that holds a name twice, because nobody can say which value is meant.

    Every name ends in a quote and a colon, so as many of these as names read means no doubles. Text
    that looks like a name makes us look again, slowly and exactly.
    """
    payload = body.payload
    data = payload.conversation_initiation_client_data
    names = 4 + (body.priority is not UNSET) + (body.max_attempts is not UNSET)
    if data is not UNSET:
        names += 1 + _names_in(data)
    if len(_KEY.findall(raw)) != names:
        json.loads(raw, object_pairs_hook=_without_doubles, parse_int=str, parse_float=str)


def _names_in(value: object) -> int:
    if isinstance(value, dict):
        return len(value) + sum(
            _names_in(inner) for inner in value.values() if isinstance(inner, dict | list)
        )
    if isinstance(value, list):
        return sum(_names_in(inner) for inner in value if isinstance(inner, dict | list))
    return 0


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    read = dict(pairs)
    if len(read) != len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in names if names.count(name) > 1)
        raise _bad("stands twice in one object", field=clean(doubled, 60), code="doubled")
    return read
