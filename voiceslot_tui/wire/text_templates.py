"""Texts with gaps, as operators write them: a small part of Jinja2, checked before it is used.

A text may fill in names, test them and change their case; it has no loops, no calls, no attributes
and no arithmetic, so that what it costs is bounded by its length. What is filled in is text and is
never read as a template. Jinja2's sandbox stands behind this as a second wall; the library is
imported at the first text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Final

from voiceslot_tui.core.errors import BadInput
from voiceslot_tui.core.follow_up_texts import Gaps
from voiceslot_tui.core.limits import (
    MESSAGE_CHARS_MAX,
    NAME_CHARS_MAX,
    SUMMARY_CHARS_MAX,
    TEMPLATE_DEPTH_MAX,
    TEMPLATE_SOURCE_BYTES_MAX,
    VARIABLE_CHARS_MAX,
)
from voiceslot_tui.core.message_text import one_line
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


def read_text(source: str, gaps: Gaps, field: str = "") -> TextTemplate:
    """Check a text that may use some names. Raises BadInput saying what is wrong with it.

    It must say something whichever of its names are empty, as far as they can be.
    """
    if len(source.encode("utf-8", "replace")) > TEMPLATE_SOURCE_BYTES_MAX:
        raise _bad(f"is longer than {TEMPLATE_SOURCE_BYTES_MAX} bytes", field)
    from jinja2 import TemplateError, TemplateSyntaxError
    from jinja2.nodes import Name

    try:
        tree = _environment().parse(source)
        _check(tree, gaps.names, field, 0)
        template = TextTemplate(source, _environment().from_string(source))
        used = sorted({node.name for node in tree.find_all(Name)})
        _check_results(template, used, gaps, field)
    except TemplateSyntaxError as problem:
        where = f"line {problem.lineno}: {clean(problem.message or '')}"
        raise _bad(f"cannot be read: {where}", field) from None
    except (TemplateError, SyntaxError, RecursionError, MemoryError):
        raise _bad("cannot be read: it is nested too deeply or broken", field) from None
    return template


def _bad(what: str, field: str) -> BadInput:
    return BadInput(f"{field or 'The text'} {what}", field=field, code="text_template")


def _samples(used: Sequence[str], gaps: Gaps) -> Iterator[dict[str, str]]:
    """Yield every case that a text may meet: each name as long as it may be, and empty."""
    choices = []
    for name in used:
        longest = "m" * _LONGEST[name]
        either = (longest,) if name in gaps.filled else (longest, "")
        choices.append(("",) if name in gaps.empty else either)
    return (dict(zip(used, values, strict=True)) for values in product(*choices))


def _check_results(template: TextTemplate, used: Sequence[str], gaps: Gaps, field: str) -> None:
    """Refuse a text that is too long, or says nothing, in some case. Signs alone say nothing."""
    for sample in _samples(used, gaps):
        text = template.render(sample)
        if len(text) > MESSAGE_CHARS_MAX:
            raise _bad(f"can become longer than {MESSAGE_CHARS_MAX} characters", field)
        if not one_line(text):
            raise _bad(f"says nothing{_case(sample, gaps)}", field)


def _case(sample: Mapping[str, str], gaps: Gaps) -> str:
    """Name what is empty in a case, or else what is not: what may be either comes first."""
    if not sample:
        return "; write something"
    empty = {name for name, value in sample.items() if not value}
    named = empty - gaps.empty or empty or set(sample)
    case = f"{'without' if empty else 'with'} {' and '.join(sorted(named))}"
    return f" {case}; write something for that case too"


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
