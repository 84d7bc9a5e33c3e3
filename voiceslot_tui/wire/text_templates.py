"""Texts with gaps, as operators write them: a small part of Jinja2, checked before it is used.

A text may fill in names, test them and change their case; it has no loops, no calls, no attributes
and no arithmetic, so that what it costs is bounded by its length. What is filled in is text and is
never read as a template. Jinja2's sandbox stands behind this as a second wall; the library is
imported at the first text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from voiceslot_tui.core.errors import BadInput
from voiceslot_tui.core.limits import (
    MESSAGE_CHARS_MAX,
    NAME_CHARS_MAX,
    SUMMARY_CHARS_MAX,
    TEMPLATE_DEPTH_MAX,
    TEMPLATE_SOURCE_BYTES_MAX,
    VARIABLE_CHARS_MAX,
)
from voiceslot_tui.core.setting_values import meant
from voiceslot_tui.core.text import clean

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.nodes import Node
    from jinja2.sandbox import ImmutableSandboxedEnvironment

FILTERS: Final = frozenset({"capitalize", "default", "lower", "title", "trim", "upper"})
"""What may be done to a name: nothing that could make a long text of a short one."""

_NODES: Final = frozenset(
    {
        "And",
        "Compare",
        "CondExpr",
        "Const",
        "Filter",
        "If",
        "Name",
        "Not",
        "Operand",
        "Or",
        "Output",
        "Template",
        "TemplateData",
    }
)
"""All that a text may be made of."""

_LONGEST: Final = {
    "name": NAME_CHARS_MAX,
    "sender": NAME_CHARS_MAX,
    "summary": SUMMARY_CHARS_MAX,
    "body": VARIABLE_CHARS_MAX,
}


@dataclass(frozen=True, slots=True)
class TextTemplate:
    """A text that was checked. `render` cannot fail for values of the lengths in `limits`."""

    source: str
    _compiled: Template

    def render(self, values: Mapping[str, str]) -> str:
        """Fill in the values: every name that the text may use, empty where there is nothing."""
        return self._compiled.render(dict(values)).strip()


def read_text(source: str, names: frozenset[str], field: str = "") -> TextTemplate:
    """Check a text that may use some names. Raises BadInput saying what is wrong with it."""
    if len(source.encode("utf-8", "replace")) > TEMPLATE_SOURCE_BYTES_MAX:
        raise _bad(f"is longer than {TEMPLATE_SOURCE_BYTES_MAX} bytes", field)
    from jinja2 import TemplateError, TemplateSyntaxError

    try:
        _check(_environment().parse(source), names, field, 0)
        template = TextTemplate(source, _environment().from_string(source))
        for longest in (True, False):
            _check_result(template.render(_sample(names, longest)), longest, field)
    except TemplateSyntaxError as problem:
        where = f"line {problem.lineno}: {clean(problem.message or '')}"
        raise _bad(f"cannot be read: {where}", field) from None
    except (TemplateError, SyntaxError, RecursionError, MemoryError):
        raise _bad("cannot be read: it is nested too deeply or broken", field) from None
    return template


def _bad(what: str, field: str) -> BadInput:
    return BadInput(f"{field or 'The text'} {what}", field=field, code="text_template")


def _sample(names: frozenset[str], longest: bool) -> dict[str, str]:
    return {name: "m" * _LONGEST[name] if longest else "" for name in names}


def _check_result(text: str, longest: bool, field: str) -> None:
    if longest and not text:
        raise _bad("says nothing", field)
    if len(text) > MESSAGE_CHARS_MAX:
        raise _bad(f"can become longer than {MESSAGE_CHARS_MAX} characters", field)


def _check(node: Node, names: frozenset[str], field: str, depth: int) -> None:
    """Refuse everything that is not known to be harmless."""
    kind = type(node).__name__
    if kind not in _NODES:
        raise _bad(f"must not use {_WORDS.get(kind, kind.lower())}", field)
    if depth > TEMPLATE_DEPTH_MAX:
        raise _bad("is nested too deeply", field)
    for allowed, word in _named(node, names):
        if word not in allowed:
            known = ", ".join(sorted(allowed))
            shown = clean(word, 60)
            raise _bad(f"must not use '{shown}', only {known}{meant(shown, allowed)}", field)
    for child in node.iter_child_nodes():
        _check(child, names, field, depth + 1)


def _named(node: Node, names: frozenset[str]) -> Iterator[tuple[frozenset[str], str]]:
    """Yield the word of a node that names something, with the words that are allowed there."""
    from jinja2 import nodes

    if isinstance(node, nodes.Name):
        yield names, node.name
    elif isinstance(node, nodes.Filter):
        yield FILTERS, node.name
    elif isinstance(node, nodes.Operand):
        yield frozenset({"eq", "ne"}), node.op


_WORDS: Final = {
    "For": "loops",
    "Call": "calls",
    "Getattr": "attributes",
    "Getitem": "brackets",
    "Mul": "arithmetic",
    "Add": "arithmetic",
    "Pow": "arithmetic",
    "Macro": "macros",
    "Assign": "assignments",
    "Include": "other files",
    "Import": "other files",
    "Extends": "other files",
}


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    # A message is plain text: to escape it as HTML would show `&amp;` to people.
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
        cache_size=0,
    )
    environment.globals.clear()
    return environment
