"""Keys that arrive together, as over a slow line, do what they would do one by one."""

from __future__ import annotations

import pytest
from textual import events

from tests.console.stage import Stage, stage
from tests.console.test_keys import some_link
from voiceslot_tui.console.dialogs.action_list import ActionList
from voiceslot_tui.console.dialogs.prompt import Prompt
from voiceslot_tui.wire import control
from voiceslot_tui.wire import follow_up_control as messages

CHARACTERS = {"colon": ":", "slash": "/", "question_mark": "?", "space": " "}


def strike(seen: Stage, *keys: str) -> None:
    """Send keys without waiting for what any of them does."""
    for key in keys:
        character = CHARACTERS.get(key, key if len(key) == 1 else None)
        seen.app.post_message(events.Key(key, character))


@pytest.mark.parametrize(
    ("keys", "written"),
    [
        (("x", "ctrl+u", "p", "a"), "pa"),
        (("a", "b", "backspace", "c"), "ac"),
        (("a", "b", "left", "c"), "acb"),
        (("a", "b", "home", "c", "end", "d"), "cabd"),
        (("a", "b", "home", "delete", "c"), "cb"),
        (("s", "t", "a", "tab", "q", "tab"), "state:queued"),
        (("a", "up", "b"), "person 39b"),
    ],
)
@pytest.mark.parametrize("is_open", [False, True], ids=["with the key before", "on an open line"])
async def test_an_editing_key_is_done_in_its_turn(
    keys: tuple[str, ...], written: str, is_open: bool
) -> None:
    async with stage(some_link()) as seen:
        await seen.press("slash")
        await seen.type("person 39")
        await seen.press("escape")
        strike(seen, "slash")
        if is_open:
            await seen.until(lambda: isinstance(seen.app.screen, Prompt))
        strike(seen, *keys)
        await seen.until(lambda: isinstance(seen.app.screen, Prompt))
        await seen.rest()
        line = seen.app.screen
        assert isinstance(line, Prompt)
        assert line.line.value == written
        await seen.press("enter")
        assert seen.app.main.queue.search.text == written


async def test_what_is_struck_behind_enter_is_no_part_of_what_is_handed_in() -> None:
    async with stage(some_link()) as seen:
        strike(seen, "colon", *"limit", "space", "5", "0", "backspace", "enter", "3")
        await seen.until(lambda: bool(seen.link.acts))
        assert seen.link.acts == [control.SetLimit(5)]


async def test_what_is_struck_behind_escape_changes_nothing() -> None:
    async with stage(some_link()) as seen:
        strike(seen, "slash", "a", "escape", "b")
        await seen.until(lambda: not isinstance(seen.app.screen, Prompt))
        await seen.rest()
        assert seen.app.main.queue.search.text == ""


@pytest.mark.parametrize(
    "keys",
    [
        (*"pause-messagex", "backspace", "s", "enter", "x"),
        (*"messages pause", "down", "up", "up", "enter", "x"),
    ],
)
async def test_a_search_of_all_actions_runs_the_one_that_was_found(keys: tuple[str, ...]) -> None:
    async with stage(some_link()) as seen:
        strike(seen, "question_mark")
        await seen.until(lambda: isinstance(seen.app.screen, ActionList))
        strike(seen, *keys)
        await seen.until(lambda: not isinstance(seen.app.screen, ActionList))
        assert seen.link.acts == [messages.PauseMessages()]


async def test_a_search_that_found_nothing_goes_on() -> None:
    async with stage(some_link()) as seen:
        strike(seen, "question_mark", *"zzz", "enter", "x")
        await seen.until(lambda: isinstance(seen.app.screen, ActionList))
        await seen.rest()
        assert "no action matches" in seen.text()
        strike(seen, "ctrl+u", *"pause-messages", "enter")
        await seen.until(lambda: seen.link.acts == [messages.PauseMessages()])
