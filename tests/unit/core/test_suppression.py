"""Who asks to be left alone, in the words that people use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceslot_tui.core.suppression import OPT_OUT_WORDS, asks_to_stop


@pytest.mark.parametrize(
    "message",
    [
        "STOP",
        "stop.",
        " Stop! ",
        "STOP 🙏",
        "Stop please",
        "BAJA",
        "Baja por favor",
        "CANCELAR",
        "¡Cancelar!",
        "Cancelar suscripción",
        "NO",
        "No, gracias",
        "No me llamen más",
        "no me llamen mas por favor",
        "Hola, quiero darme de baja",
        "UNSUBSCRIBE",
        "Don't contact me",
        "Don’t contact me",
        "ＳＴＯＰ",
        "stop".ljust(60, "!"),
    ],
)
def test_these_ask_to_stop(message: str) -> None:
    assert asks_to_stop(message)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "👍",
        "No puedo hoy, mañana mejor",
        "no, gracias, mañana mejor",
        "¿Puedo cancelar la cita del martes?",
        "Para mañana está bien",
        "Sí",
        "stopped by your office",
        "gracias",
        "baja" * 40,
        "stop".ljust(61, "!"),
        "no " * 40,
    ],
)
def test_these_are_conversation(message: str) -> None:
    assert not asks_to_stop(message)


@pytest.mark.parametrize("word", sorted(OPT_OUT_WORDS))
def test_every_word_is_found_however_it_is_written(word: str) -> None:
    for written in (word, word.upper(), f"  {word.title()}!!", f"{word}, gracias"):
        assert asks_to_stop(written)


@given(st.text(max_size=100))
def test_any_text_has_an_answer(message: str) -> None:
    assert asks_to_stop(message) in (True, False)
