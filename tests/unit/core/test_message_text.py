"""Summaries and names on their way into a message: plain, short, without effect."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceslot_tui.core.message_text import clean_name, clean_summary, clipped, one_line


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Ana pagará el lunes.", "Ana pagará el lunes."),
        ("Ana pagará\nel lunes.", "Ana pagará el lunes."),
        ("Uno.\n\n\tDos.\r\n  Tres.", "Uno. Dos. Tres."),
        ("# Resumen\n\n**Ana** pagará `hoy`", "Resumen. Ana pagará hoy"),
        (
            "Acordaron:\n- pago el lunes\n- enviar la factura\nGracias",
            "Acordaron: pago el lunes. enviar la factura. Gracias",
        ),
        ("1. Primero\n2. Segundo", "Primero. Segundo"),
        ("¡Sí!\n\n¿Cómo?\n\nUno;\n\nDos,\n\nTres…\n\nFin", "¡Sí! ¿Cómo? Uno; Dos, Tres… Fin"),
        ("Primer párrafo\n\nSegundo párrafo", "Primer párrafo. Segundo párrafo"),
        ("Todo bien 👍🏽 familia 👨‍👩‍👧 🇨🇴 ❤️ 1️⃣", "Todo bien familia 1"),
        ("<b>Pagó</b> &amp; firmó<br/>ya", "Pagó & firmóya"),
        ("2 < 3 y 5 > 4", "2 < 3 y 5 > 4"),
        ("Ver [el contrato](https://example.org/x) y ![foto](a.png)", "Ver el contrato y foto"),
        (
            "*negrita* _cursiva_ ~tachado~ ana_maria@example.org",
            "negrita cursiva tachado ana_maria@example.org",
        ),
        ("Costó 25 °C, $ 3.000 © ½", "Costó 25 °C, $ 3.000 © ½"),
        ("{{1}} {% x %} {{ name }}", "1 % x % name"),
        ("a\x00b\x1b[31mc\u202ed\u200be\ufeff", "a b [31mcde"),
        ("", ""),
        ("🙏🙏\n---\n***", ""),
        ("   \n \t ", ""),
    ],
)
def test_a_summary_becomes_plain_sentences(written: str, read: str) -> None:
    assert clean_summary(written) == read


def test_twenty_thousand_characters_become_a_few_sentences() -> None:
    summary = clean_summary("Hablamos del pago. " * 1_100)
    assert len(summary) <= 500
    assert summary.endswith("Hablamos del pago.")
    assert len(clean_summary("palabra " * 3_000)) <= 500
    assert clean_summary("palabra " * 3_000).endswith("palabra…")
    assert clean_summary("x" * 50_000) == "x" * 499 + "…"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Ana", "Ana"),
        ("  Ana \n María ", "Ana María"),
        ("Ana\u2028María\u2029Paz", "Ana María Paz"),
        ("[@click=app.quit]Pedro[/]", "[@click=app.quit]Pedro[/]"),
        ("{{ 7*7 }}", "77"),
        ("Ana 💃", "Ana"),
        ("🙂", ""),
        ("José Ángel Ñúñez-O’Brien", "José Ángel Ñúñez-O’Brien"),
        ("n" * 99, "n" * 59 + "…"),
        ("🙂" * 479 + "Ana", "A"),
        ("🙂" * 480 + "Ana", ""),
    ],
)
def test_a_name_is_one_line(written: str, read: str) -> None:
    assert clean_name(written) == read


@pytest.mark.parametrize(
    ("signs", "read"),
    [
        ("© ° ½ ¬ + ≤ ∑ ←", "© ° ½ ¬ + ≤ ∑ ←"),
        ("a☺b🏽c♥d", "abcd"),
        ("a\ufe00b\ufe0fc", "abc"),
        ("a\u200db\ue000c\u0378d\ud800e\u20e3f", "abcdef"),
        ("a\ufffdb", "ab"),
        ("e\u0301", "e\u0301"),
    ],
)
def test_pictures_and_what_cannot_be_seen_go_and_signs_stay(signs: str, read: str) -> None:
    assert one_line(signs) == read


@given(st.text(max_size=700), st.integers(2, 200))
def test_whatever_is_written_is_short_and_on_one_line(written: str, most: int) -> None:
    for read in (clean_summary(written, most), clean_name(written, most)):
        assert len(read) <= most
        assert read == read.strip()
        assert not set(read) & set("\n\r\t{}*`~|\x1b\u202e\ufffd")
        assert "  " not in read
        assert all(unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Co") for sign in read)


@given(st.text(max_size=300))
def test_cleaning_twice_changes_nothing(written: str) -> None:
    once = one_line(written)
    assert one_line(once) == once


@pytest.mark.parametrize(
    ("text", "most", "cut"),
    [
        ("Corto.", 6, "Corto."),
        ("Una frase. Otra frase más larga.", 20, "Una frase."),
        ("Una frase. Otra frase más larga.", 21, "Una frase."),
        ("Sí. Una frase muy larga sin fin", 20, "Sí. Una frase muy…"),
        ("Sí, ya. Una frase muy larga", 20, "Sí, ya. Una frase…"),
        ("abcdefghij", 5, "abcd…"),
        ("uno dos, tres", 9, "uno dos…"),
        ("unos doscientos", 9, "unos…"),
        ("talla X, o talla Y", 14, "talla X, o…"),
        ("talla X, oscura", 10, "talla X…"),
    ],
)
def test_text_is_cut_between_sentences_or_words(text: str, most: int, cut: str) -> None:
    assert clipped(text, most) == cut
