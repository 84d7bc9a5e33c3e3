"""Texts with gaps: what they may do, and that nothing else gets in, whatever it costs or hides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceslot_tui.core.errors import BadInput
from voiceslot_tui.core.follow_up_texts import Gaps
from voiceslot_tui.wire.text_templates import FILTERS, read_text

NAMES = frozenset({"name", "summary", "sender"})
ANY = Gaps(NAMES)
FULL = Gaps(NAMES, filled=NAMES)
VALUES = {"name": "Ana", "summary": "", "sender": "Casa Azul"}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Hola", "Hola"),
        ("Hola {{ name }}", "Hola Ana"),
        ("{% if summary %}{{ summary }}{% else %}Gracias{% endif %}", "Gracias"),
        ("{{ name if name != 'Ana' else 'tú' }}", "tú"),
        ("{{ summary or name|upper }}", "ANA"),
        ("{{ name and not summary }}", "True"),
        ("{# a note #}{{ sender|lower|title }}", "Casa Azul"),
        ("  Hola  \n", "Hola"),
        ("Hola & <b>{{ name }}</b>", "Hola & <b>Ana</b>"),
    ],
)
def test_gaps_are_filled(source: str, text: str) -> None:
    assert read_text(source, FULL).render(VALUES) == text


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("{{ nombre }}", "must not use 'nombre', only name, sender, summary"),
        ("{{ nme }}", "did you mean name?"),
        ("{{ 'x' * 300000000 }}", "must not use arithmetic"),
        ("{{ 2 ** 99999 }}", "must not use arithmetic"),
        ("{% for letter in name %}{{ letter }}{% endfor %}", "must not use loops"),
        ("{{ range(999999999) }}", "must not use calls"),
        ("{{ name.upper() }}", "must not use calls"),
        ("{{ name.__class__.__mro__ }}", "must not use attributes"),
        ("{{ name['__class__'] }}", "must not use brackets"),
        ("{{ name|attr('__class__') }}", "must not use 'attr', only "),
        ("{{ name|center(99999999) }}", "must not use 'center', only "),
        ("{{ name|format(name) }}", "must not use 'format', only "),
        ("{{ name ~ name }}", "must not use concat"),
        ("{% set name = 1 %}", "must not use assignments"),
        ("{% macro x() %}{% endmacro %}", "must not use macros"),
        ("{% include 'etc' %}", "must not use other files"),
        ("{{ self }}", "must not use 'self'"),
        ("{{ name in name }}", "must not use 'in', only eq, ne"),
        ("{{ [name] }}", "must not use list"),
        ("{{ name", "cannot be read: line 1: "),
        ("\n{% if name %}", "cannot be read: line 2: "),
        ("{% if name %}" * 30 + "x" + "{% endif %}" * 30, "nested too deeply"),
        ("{{ " + "(" * 1_900, "nested too deeply or broken"),
        ("{{ " + "not " * 400 + "name }}", "nested too deeply"),
        ("", "says nothing"),
        ("{# nothing #}", "says nothing"),
        ("ñ" * 1_001, "is longer than 2000 bytes"),
        ("x" * 1_601, "can become longer than 1600 characters"),
        ("x" * 1_200 + "{{ summary }}", "can become longer than 1600 characters"),
    ],
)
def test_everything_else_is_refused_with_a_reason(source: str, complaint: str) -> None:
    with pytest.raises(BadInput) as problem:
        read_text(source, ANY, "tried")
    assert complaint in problem.value.message
    assert problem.value.field == "tried"


@pytest.mark.parametrize(
    ("source", "filled", "empty", "case"),
    [
        ("", "", "", "; write something"),
        ("*_{# only signs #}_*", "", "", "; write something"),
        ("{% if name == 'Ana' %}x{% endif %}", "", "", " with name;"),
        ("{% if not name %}x{% endif %}", "", "", " with name;"),
        ("{% if name %}x{% endif %}", "", "", " without name;"),
        ("{% if name %}x{% endif %}", "name", "", ""),
        ("{{ summary }}", "", "", " without summary;"),
        ("{{ summary }}", "summary", "", ""),
        ("{% if summary %}In short: {{ summary }}{% endif %}", "", "summary", " without summary;"),
        ("{{ summary or name }}", "", "summary", " without name;"),
        ("{{ summary or name }}", "name", "summary", ""),
        ("{{ name or sender }}", "", "", " without name and sender;"),
        ("{% if name != sender %}x{% else %}y{% endif %}", "", "", ""),
        ("{{ name or sender or summary or 'x' }}", "", "", ""),
    ],
)
def test_a_text_says_something_in_every_case(
    source: str, filled: str, empty: str, case: str
) -> None:
    gaps = Gaps(NAMES, frozenset(filled.split()), frozenset(empty.split()))
    if not case:
        read_text(source, gaps)
        return
    with pytest.raises(BadInput, match=f"^tried says nothing{case}"):
        read_text(source, gaps, "tried")


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_every_filter_that_is_allowed_exists(name: str) -> None:
    assert read_text(f"{{{{ name|{name} }}}}x", ANY).render(VALUES)


@pytest.mark.parametrize("value", ["{{ 7*7 }}", "{% if %}", "</b>", "{{ self.__class__ }}", "\\"])
def test_a_value_is_never_read_as_a_template(value: str) -> None:
    assert read_text("<{{ name }}>", ANY).render({**VALUES, "name": value}) == f"<{value}>"


@given(st.text(max_size=200) | st.text("{}%()|'\"name.*[]#~ 0123456789", max_size=120))
def test_any_text_is_taken_or_refused(source: str) -> None:
    try:
        read_text(source, ANY).render(VALUES)
    except BadInput:
        return
