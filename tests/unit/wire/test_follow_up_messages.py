"""The messages word by word: names, Spanish and English, summary or not, template or free text."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceslot_tui.core.calls import ConversationId, Disposition, Instant
from voiceslot_tui.core.errors import BadInput
from voiceslot_tui.core.follow_up_facts import Approval
from voiceslot_tui.core.follow_up_policy import Send, Template
from voiceslot_tui.core.follow_up_texts import (
    CONTENT_VARIABLES,
    ENGLISH,
    SPANISH,
    TEXTS,
    Texts,
)
from voiceslot_tui.core.follow_ups import (
    Channel,
    EndedCall,
    FollowUp,
    FollowUpId,
    FollowUpKey,
    Form,
    Kind,
    follow_up_of,
)
from voiceslot_tui.wire.follow_up_messages import (
    Message,
    check_texts,
    unfit_variable,
    write_message,
)

START = Instant(1_790_000_000_000)
CONTENT = "HX00000000000000000000000000000000"


def follow_up(name: str = "Ana", summary: str = "") -> FollowUp:
    ended = EndedCall(
        FollowUpKey("conversation/conv_1"),
        "+12025550123",
        START,
        Disposition.ANSWERED,
        name=name,
        summary=summary,
        conversation_id=ConversationId("conv_1"),
    )
    return follow_up_of(ended, FollowUpId(1), START)


def free(row: FollowUp, kind: Kind, texts: Texts, sender: str = "Casa Azul") -> str:
    send = Send(Channel.WHATSAPP, Form.FREE_TEXT, kind)
    message = write_message(row, send, texts, sender, None)
    assert (message.content_sid, message.content_variables, message.subject) == ("", "", "")
    assert message.preview == message.body
    return message.body


def filled(
    row: FollowUp, texts: Texts = SPANISH, sender: str = "Casa Azul", keys: str = "1 2 3"
) -> Message:
    template = Template(CONTENT, Approval.APPROVED, tuple(keys.split()), texts.content)
    send = Send(Channel.WHATSAPP, Form.TEMPLATE, Kind.TALKED)
    return write_message(row, send, texts, sender, template)


def test_spanish_free_texts() -> None:
    agreed = follow_up(summary="Ana pagará el lunes.")
    assert free(agreed, Kind.TALKED, SPANISH) == (
        "Hola Ana:\n\nGracias por atender nuestra llamada. Este es el resumen de lo que hablamos: "
        "Ana pagará el lunes.\n\nCasa Azul"
    )
    assert free(follow_up(), Kind.TALKED, SPANISH) == (
        "Hola Ana:\n\nGracias por atender nuestra llamada. Si le quedó alguna duda, responda a "
        "este mensaje y con gusto le ayudamos.\n\nCasa Azul"
    )
    assert free(follow_up(""), Kind.TRIED, SPANISH, "") == (
        "Hola:\n\nIntentamos comunicarnos con usted por teléfono y no lo logramos. Si desea que le "
        "llamemos de nuevo, responda a este mensaje."
    )


def test_english_free_texts() -> None:
    agreed = follow_up(summary="Ana will pay on Monday.")
    assert free(agreed, Kind.TALKED, ENGLISH) == (
        "Hello Ana,\n\nThank you for taking our call. This is a summary of what we talked about: "
        "Ana will pay on Monday.\n\nCasa Azul"
    )
    assert free(follow_up(), Kind.TALKED, ENGLISH) == (
        "Hello Ana,\n\nThank you for taking our call. If you have any questions, just reply to "
        "this message and we will be glad to help.\n\nCasa Azul"
    )
    assert free(follow_up(""), Kind.TRIED, ENGLISH, "") == (
        "Hello,\n\nWe tried to reach you by phone and could not. If you would like us to call "
        "again, just reply to this message."
    )


def test_a_summary_says_nothing_where_nobody_answered() -> None:
    text = free(follow_up(summary="Voicemail greeting."), Kind.TRIED, ENGLISH)
    assert "Voicemail" not in text


def test_a_template_is_filled_in_as_json() -> None:
    message = filled(follow_up(summary="Ana pagará\nel lunes 🙂."))
    assert (message.body, message.content_sid) == ("", CONTENT)
    assert message.content_variables == json.dumps(
        {
            "1": "Ana",
            "2": "Gracias por atender nuestra llamada. Este es el resumen de lo que hablamos: "
            "Ana pagará el lunes .",
            "3": "Casa Azul",
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
    assert message.preview.startswith("Hola Ana: Gracias por atender")
    assert message.preview.endswith("Un saludo de Casa Azul. Puede responder a este mensaje.")


@pytest.mark.parametrize(
    ("texts", "name", "sender"),
    [(SPANISH, "qué tal", "nuestro equipo"), (ENGLISH, "there", "our team")],
)
def test_no_variable_is_empty(texts: Texts, name: str, sender: str) -> None:
    variables = json.loads(filled(follow_up("🙂", "🙂"), texts, "").content_variables)
    assert variables == {"1": name, "2": texts.talked, "3": sender}


def test_only_the_variables_of_the_template_are_sent_by_number_or_name() -> None:
    variables = json.loads(filled(follow_up(), keys="nombre mensaje resumen").content_variables)
    assert variables["nombre"] == "Ana"
    assert variables["mensaje"] == variables["resumen"] == SPANISH.talked
    assert filled(follow_up(), keys="").content_variables == ""


def test_a_template_with_a_variable_of_its_own_is_found_out_before_it_is_sent() -> None:
    assert unfit_variable(Template(CONTENT, variables=("1", "order_id"))) == "order_id"
    assert unfit_variable(Template(CONTENT, variables=tuple(CONTENT_VARIABLES))) == ""


@given(st.text(max_size=400), st.text(max_size=3_000), st.text(max_size=200))
def test_whatever_others_wrote_a_variable_is_one_short_line(
    name: str, summary: str, sender: str
) -> None:
    variables = json.loads(filled(follow_up(name, summary), sender=sender).content_variables)
    assert list(variables) == ["1", "2", "3"]
    for value in variables.values():
        assert 0 < len(value) <= 700
        assert not re.search(r"[\n\r\t\x00{}]| {4}", value)
    assert sum(map(len, variables.values())) + len(SPANISH.content) <= 1024
    assert len(free(follow_up(name, summary), Kind.TALKED, SPANISH, sender)) <= 1600


def test_names_that_look_like_templates_are_names() -> None:
    message = filled(follow_up("{{2}} {{ sender }}"))
    assert json.loads(message.content_variables)["1"] == "2 sender"
    assert message.preview.startswith("Hola 2 sender: ")


def test_an_email_has_a_subject() -> None:
    send = Send(Channel.EMAIL, Form.FREE_TEXT, Kind.TALKED)
    message = write_message(follow_up(), send, SPANISH, "Casa Azul", None)
    assert message.subject == "Casa Azul: sobre nuestra llamada"
    assert write_message(follow_up(), send, ENGLISH, "", None).subject == "about our call"


@pytest.mark.parametrize("language", ["es", "en"])
def test_our_own_texts_are_right(language: str) -> None:
    check_texts(TEXTS[language])
    assert TEXTS[language].language == language
    # WhatsApp takes no template that begins or ends with a variable.
    assert re.fullmatch(r"[^{].*[^}]", TEXTS[language].content)


def test_a_wrong_text_is_named() -> None:
    with pytest.raises(BadInput, match="tried must not use 'body'"):
        check_texts(replace(SPANISH, tried="{{ body }}"))
    check_texts(replace(SPANISH, letter="{{ body }}"))


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("name", ["", "Ana"])
@pytest.mark.parametrize("summary", ["", "You agreed on Tuesday."])
def test_a_text_that_was_checked_fills_every_variable(kind: Kind, name: str, summary: str) -> None:
    texts = replace(ENGLISH, talked="{{ sender }}", talked_summary="{{ summary }}")
    check_texts(texts, "Casa Azul")
    send = Send(Channel.WHATSAPP, Form.TEMPLATE, kind)
    template = Template(CONTENT, Approval.APPROVED, ("1", "2", "3"))
    message = write_message(follow_up(name, summary), send, texts, "Casa Azul", template)
    assert all(json.loads(message.content_variables).values())
