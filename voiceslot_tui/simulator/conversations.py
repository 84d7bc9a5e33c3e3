"""The conversation list: filters, order, lag, hidden ids, pages.

What is asked most - the live ones, one person's, one attempt's - is answered from an index, so
that a poll costs what it returns and not what has ever happened.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from voiceslot_tui.simulator.bodies import conversation_item
from voiceslot_tui.simulator.calls import ATTEMPT_VARIABLE, LIVE_STATUSES, Call
from voiceslot_tui.simulator.words import CallStatus

if TYPE_CHECKING:
    from voiceslot_tui.simulator.world import World

DEFAULT_PAGE = 30
LARGEST_PAGE = 100
OPERATORS = frozenset({"eq", "neq", "gt", "gte", "lt", "lte", "in"})
ENDED_STATUSES = frozenset(CallStatus) - LIVE_STATUSES


class QueryError(ValueError):
    """A query parameter is wrong; `field` names it."""

    def __init__(self, field: str, text: str) -> None:
        """Name the parameter and say what is wrong with it."""
        super().__init__(text)
        self.field = field


@dataclass(frozen=True, slots=True)
class VariableTest:
    """One `name:op:value` of `dynamic_variable_params`."""

    name: str
    operator: str
    value: str

    def holds(self, call: Call) -> bool:
        """Compare as numbers where both are numbers, else as text."""
        variables = call.order.variables
        if self.name not in variables:
            return False
        actual = variables[self.name]
        if self.operator == "in":
            return any(_compare("eq", actual, wanted) for wanted in _choices(self.value))
        return _compare(self.operator, actual, self.value)


_OFFSET: Final = "o"
"""What begins a cursor that counts conversations."""


@dataclass(frozen=True, slots=True)
class ConversationQuery:
    """What a list request asks for.

    A page begins after a conversation's number (`cursor`) or, where pages shift, after so many
    conversations (`offset`). A listing goes on as it has begun.
    """

    page_size: int = DEFAULT_PAGE
    cursor: int | None = None
    offset: int = 0
    agent_id: str | None = None
    user_id: str | None = None
    started_after: float | None = None
    started_before: float | None = None
    excluded: frozenset[str] = frozenset()
    tests: tuple[VariableTest, ...] = ()
    newest_first: bool = True
    with_summary: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Conversations of one page with their statuses, and where the next page begins."""

    found: list[tuple[Call, CallStatus]]
    next_cursor: str | None


def read_query(text: str) -> ConversationQuery:
    """Read a query string. Raises QueryError naming the parameter."""
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        values.setdefault(name, []).append(value)
    single = {name: found[-1] for name, found in values.items()}
    cursor, offset = _cursor(single.get("cursor"))
    return ConversationQuery(
        page_size=_page_size(single.get("page_size")),
        cursor=cursor,
        offset=offset,
        agent_id=single.get("agent_id"),
        user_id=single.get("user_id"),
        started_after=_moment(single, "call_start_after_unix"),
        started_before=_moment(single, "call_start_before_unix"),
        excluded=_statuses(values.get("exclude_statuses", [])),
        tests=tuple(map(_variable_test, values.get("dynamic_variable_params", []))),
        newest_first=_direction(single.get("sort_direction", "desc")),
        with_summary=single.get("summary_mode") == "include",
    )


def find_page(world: World, query: ConversationQuery) -> Page:
    """Find one page, as old as the list's lag; a server may give fewer than were asked for."""
    as_of = world.now - world.settings.list_lag_s
    by_offset = query.offset > 0 or (query.cursor is None and world.settings.shifting_pages)
    page_size = min(query.page_size, world.settings.page_size_max)
    matching = _matching(world, query, as_of, query.cursor)
    found: list[tuple[Call, CallStatus]] = []
    for index, hit in enumerate(matching):
        if index < query.offset:
            continue
        if len(found) == page_size:
            offset = f"{_OFFSET}{query.offset + len(found)}"
            return Page(found, offset if by_offset else str(found[-1][0].sequence))
        found.append(hit)
    return Page(found, None)


def list_body(world: World, query: ConversationQuery, status_word: str | None) -> dict[str, Any]:
    """Give the answer of the list; `status_word` replaces every status by one nobody knows."""
    page = find_page(world, query)
    items = [
        conversation_item(
            world, call, status_word or status, world.now, with_summary=query.with_summary
        )
        for call, status in page.found
    ]
    return {
        "conversations": items,
        "next_cursor": page.next_cursor,
        "has_more": page.next_cursor is not None,
    }


def _matching(
    world: World, query: ConversationQuery, as_of: float, after: int | None
) -> Iterator[tuple[Call, CallStatus]]:
    for call in _ordered(_candidates(world, query, as_of), query, after):
        status = call.status_at(as_of)
        if status is not None and _is_wanted(world, query, call, status):
            yield call, status


def _candidates(world: World, query: ConversationQuery, as_of: float) -> Sequence[Call]:
    if world.settings.filters_ignored:
        return world.calls
    if query.user_id is not None:
        return world.by_user.get(query.user_id, [])
    for test in query.tests:
        if test.name == ATTEMPT_VARIABLE and test.operator == "eq":
            return world.by_attempt.get(test.value, [])
    if query.excluded >= ENDED_STATUSES:
        return _recently_live(world, as_of)
    return world.calls


def _recently_live(world: World, as_of: float) -> list[Call]:
    """Give the calls that were live at a moment, in order of their start."""
    calls = list(world.live.values())
    if world.settings.list_lag_s <= 0:
        return calls
    for call in reversed(world.ended):
        left_at = call.settled_at if call.ended_at is None else call.ended_at
        if left_at is not None and left_at <= as_of:
            break
        calls.append(call)
    return sorted(calls, key=lambda call: call.sequence)


def _ordered(calls: Sequence[Call], query: ConversationQuery, after: int | None) -> Iterable[Call]:
    low, high = 0, len(calls)
    if query.started_after is not None:
        low = bisect_left(calls, query.started_after, key=lambda call: call.started_at)
    if query.started_before is not None:
        high = bisect_right(calls, query.started_before, key=lambda call: call.started_at)
    if after is not None and query.newest_first:
        high = min(high, bisect_left(calls, after, key=lambda call: call.sequence))
    elif after is not None:
        low = max(low, bisect_right(calls, after, key=lambda call: call.sequence))
    span = range(high - 1, low - 1, -1) if query.newest_first else range(low, high)
    return (calls[index] for index in span)


def _is_wanted(world: World, query: ConversationQuery, call: Call, status: CallStatus) -> bool:
    if status in query.excluded:
        return False
    if query.agent_id is not None and call.order.agent_id != query.agent_id:
        return False
    if call.story.hide_draw < world.settings.hidden_share:
        return False
    if call.conversation_id in world.hidden_ids:
        return False
    return world.settings.filters_ignored or all(test.holds(call) for test in query.tests)


def _compare(operator: str, actual: object, wanted: str) -> bool:
    left, right = _comparable(actual, wanted)
    if operator in ("eq", "neq"):
        return (left == right) is (operator == "eq")
    if operator in ("gt", "gte") and left > right:
        return True
    if operator in ("lt", "lte") and left < right:
        return True
    return operator in ("gte", "lte") and left == right


def _comparable(actual: object, wanted: str) -> tuple[Any, Any]:
    if isinstance(actual, bool):
        return str(actual).lower(), wanted.lower()
    if isinstance(actual, int | float):
        try:
            return float(actual), float(wanted)
        except ValueError:
            return str(actual), wanted
    return str(actual), wanted


def _choices(value: str) -> list[str]:
    try:
        choices = json.loads(value)
    except ValueError:
        return value.split(",")
    return [str(choice) for choice in choices] if isinstance(choices, list) else [value]


def _page_size(value: str | None) -> int:
    if value is None:
        return DEFAULT_PAGE
    if not value.isdecimal() or not 1 <= int(value) <= LARGEST_PAGE:
        raise QueryError("page_size", f"Input should be between 1 and {LARGEST_PAGE}")
    return int(value)


def _cursor(value: str | None) -> tuple[int | None, int]:
    """Read where a page begins: after which conversation's number, or after how many."""
    if not value:
        return None, 0
    digits = value.removeprefix(_OFFSET)
    if not digits.isdecimal():
        raise QueryError("cursor", "Invalid cursor")
    return (int(value), 0) if digits == value else (None, int(digits))


def _moment(single: dict[str, str], name: str) -> float | None:
    value = single.get(name)
    if value is None:
        return None
    try:
        return float(int(value))
    except ValueError as error:
        raise QueryError(name, "Input should be a valid integer") from error


def _statuses(values: list[str]) -> frozenset[str]:
    for value in values:
        if value not in set(CallStatus):
            raise QueryError("exclude_statuses", f"Input should be one of {', '.join(CallStatus)}")
    return frozenset(values)


def _variable_test(text: str) -> VariableTest:
    name, _, rest = text.partition(":")
    operator, colon, value = rest.partition(":")
    if not name or operator not in OPERATORS or not colon:
        raise QueryError("dynamic_variable_params", "Expected name:op:value")
    return VariableTest(name, operator, value)


def _direction(value: str) -> bool:
    if value not in ("asc", "desc"):
        raise QueryError("sort_direction", "Input should be 'asc' or 'desc'")
    return value == "desc"
