"""`voiceslot demo`: a whole campaign against the simulated world, without keys or telephones.

Everything it starts ends with it, whichever way it ends. Without a terminal it runs for a while
and is judged by the simulated world, which knows who was really rung.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any, Final

import click

from voiceslot_tui.cli.child_process import ChildProcess, DiedEarly
from voiceslot_tui.cli.console import without_terminal
from voiceslot_tui.cli.demo_folder import claimed_folder
from voiceslot_tui.cli.demo_people import batch, people
from voiceslot_tui.cli.demo_world import LIMIT, World, running_engine, running_world
from voiceslot_tui.cli.ending_signals import EndingSignals
from voiceslot_tui.cli.explained import Explained
from voiceslot_tui.cli.failures import DONE, FAILED, say
from voiceslot_tui.cli.status_text import status_lines
from voiceslot_tui.core.snapshot import Snapshot
from voiceslot_tui.link.client import Link
from voiceslot_tui.simulator.directory import AGENTS, PHONE_NUMBERS
from voiceslot_tui.wire import control

SAY_EVERY_S: Final = 5.0


@click.command(
    cls=Explained,
    examples=(
        "voiceslot demo",
        "voiceslot demo --keep                      go on where the last demo stopped",
        "voiceslot demo --seconds 60 < /dev/null    without a screen, and judged",
    ),
)
@click.option("--keep", is_flag=True, help="Go on with the calls of the last demo.")
@click.option(
    "--seconds",
    type=click.FloatRange(1, 86_400),
    default=20.0,
    show_default=True,
    help="How long it runs without a terminal.",
)
def demo(keep: bool, seconds: float) -> int:
    """Watch a whole campaign, simulated: no keys, no telephones.

    Starts a simulated telephone world, an engine with 5 slots and 200 invented people, and a batch
    call that others run meanwhile, and opens the console on it; whoever was called gets a message.
    Everything ends when the console is closed. Without a terminal it runs for --seconds and prints
    what really happened; the exit code is then 0 only if the limit was kept and nobody was rung or
    written to twice. Your settings and .env are not read. Its files are in .demo, here.
    """
    with (
        EndingSignals() as ending,
        claimed_folder(keep=keep) as folder,
        running_world(folder, ending) as world,
        running_engine(folder, world, ending) as engine,
    ):
        asyncio.run(_fill_queue(folder.places.socket, world))
        if without_terminal():
            return _run_judged(folder.places.socket, world, engine, seconds)
        from voiceslot_tui.console.app import run

        return run(folder.places.socket, demo=True, owns_engine=True)


async def _fill_queue(socket: Path, world: World) -> None:
    """Put the people into the queue, and submit a batch, unless calls of a kept demo wait."""
    link = await Link.connect(socket)
    try:
        snapshot = (await link.ask(control.GetSnapshot())).snapshot
        if not snapshot.queued:
            calls = tuple(people(AGENTS[0].agent_id, PHONE_NUMBERS[0].phone_number_id))
            await link.ask(control.Enqueue(calls))
            world.submit_batch(batch(AGENTS[1].agent_id, PHONE_NUMBERS[0].phone_number_id))
    finally:
        link.close()


# --- without a terminal


def _run_judged(socket: Path, world: World, engine: ChildProcess, seconds: float) -> int:
    say(f"no terminal: the demo runs for {seconds:g} s, then the simulated world judges it")
    end = monotonic() + seconds
    while (left := end - monotonic()) > 0:
        if engine.ended(min(left, SAY_EVERY_S)):
            raise DiedEarly(f"the engine has ended: {engine.last_words()}")
        say(f"{max(0.0, end - monotonic()):3.0f} s left: {_in_short(_snapshot(socket))}")
    snapshot, truth = _snapshot(socket), world.truth()
    click.echo("\n".join((*status_lines(snapshot), *truth_lines(truth))))
    return DONE if is_kept(truth) else FAILED


def _snapshot(socket: Path) -> Snapshot:
    async def ask() -> Snapshot:
        link = await Link.connect(socket)
        try:
            return (await link.ask(control.GetSnapshot())).snapshot
        finally:
            link.close()

    return asyncio.run(ask())


def _in_short(snapshot: Snapshot) -> str:
    slots = snapshot.slots
    return (
        f"{slots.holding} of {slots.limit} slots in use, {snapshot.queued} queued, "
        f"{snapshot.ends} calls over"
    )


def is_kept(truth: Mapping[str, Any]) -> bool:
    """Tell whether the promises were kept: somebody rung, nobody twice, never over the limit."""
    return (
        truth["people_rung"] > 0
        and truth["max_live"] <= LIMIT
        and not truth["people_rung_again"]
        and not truth["attempts_dialled_again"]
        and not truth["messages"]["people_again"]
    )


def truth_lines(truth: Mapping[str, Any]) -> list[str]:
    """Write what the simulated world knows as lines for a person."""
    outcomes = ", ".join(f"{count} {name}" for name, count in sorted(truth["outcomes"].items()))
    kept = "kept" if is_kept(truth) else "NOT KEPT"
    return [
        "",
        "What really happened, as the simulated world saw it:",
        f"  people rung              {truth['people_rung']}",
        f"  people rung twice        {len(truth['people_rung_again'])}",
        f"  people written to        {truth['messages']['people']}",
        f"  people written to twice  {len(truth['messages']['people_again'])}",
        f"  most calls live at once  {truth['max_live']} of {LIMIT}",
        f"  calls that ended         {outcomes or 'none yet'}",
        f"  {kept}: never above the limit, nobody rung or written to twice",
    ]
