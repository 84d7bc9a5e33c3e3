"""The way in of every command: which there are, and what becomes of what goes wrong.

A command's module is imported when it is run, so that `voiceslot status` does not pay for the
console. Whatever fails ends in a sentence on stderr and an exit code: 0 done, 1 refused or failed,
2 wrong usage or settings, 130 interrupted.
"""

from __future__ import annotations

import sys
from importlib import import_module
from io import TextIOWrapper
from types import MappingProxyType
from typing import Final, NoReturn

import click

from voiceslot_tui import __version__
from voiceslot_tui.cli.explained import write_examples
from voiceslot_tui.cli.failures import exit_code_of

COMMANDS: Final = MappingProxyType(
    {
        "serve": ("serve", "Run the engine in the foreground."),
        "demo": ("demo", "Watch a whole campaign, simulated: no keys, no telephones."),
        "simulator": ("simulator", "Run the simulated telephone world by itself."),
        "enqueue": ("enqueue", "Put calls into the queue."),
        "pause": ("plain", "Start no more calls."),
        "resume": ("plain", "Dial again."),
        "cancel": ("plain", "Cancel calls that have not ended."),
        "prioritise": ("plain", "Change which queued calls go first."),
        "limit": ("plain", "Set how many calls may be live at once."),
        "status": ("plain", "Show what the engine is doing."),
        "explain": ("plain", "Say why a call, or anything, is not dialled."),
        "messages": ("messages", "Show the messages after ended calls, newest first."),
        "message": (
            "messages",
            "Show all about one message: its tries, and what it says or would say.",
        ),
        "follow-ups": (
            "messages",
            "Pause, resume, retry or leave out messages, or change their template.",
        ),
        "dnc": ("dnc", "Keep the list of numbers that are never called or written to."),
        "batches": ("batches", "Show the workspace's batches, or act on them."),
    }
)
"""Every command: the module that holds it, and what it does, as its own help begins."""


EXAMPLES: Final = (
    "voiceslot demo        see it at work, without keys",
    "voiceslot             open the console",
    "voiceslot enqueue --to +12025550123 --agent agent_1 --phone-number-id phnum_1",
    "voiceslot status --json | jq .slots",
    'eval "$(_VOICESLOT_COMPLETE=bash_source voiceslot)"        completion in this shell',
)


class CommandsOnDemand(click.Group):
    """The commands by name, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order in which they are shown."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"voiceslot_tui.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])
        write_examples(EXAMPLES, formatter)


@click.group(
    cls=CommandsOnDemand,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="voiceslot")
@click.pass_context
def voiceslot(context: click.Context) -> int | None:
    """Queue, dial and watch voice-agent calls, never more at once than the slots allow.

    Without a command, open the console; the engine is started if none runs, and goes on when the
    console is closed. Every other command talks to a running engine.

    Settings come from the environment and from the file .env in this folder; VOICESLOT_DATA_DIR
    says which engine is meant.
    """
    if context.invoked_subcommand is not None:
        return None
    from voiceslot_tui.cli.console import open_console

    return open_console()


def run(arguments: list[str]) -> int:
    """Run one command and give its exit code; raise nothing but SystemExit of shell completion."""
    if isinstance(sys.stdout, TextIOWrapper):
        # For a letter that the terminal's encoding lacks stands "?"; no output ends there.
        sys.stdout.reconfigure(errors="replace")
    try:
        outcome = voiceslot.main(arguments, prog_name="voiceslot", standalone_mode=False)
    except Exception as problem:  # noqa: BLE001 - this is where every failure gets its sentence
        return exit_code_of(problem)
    return outcome if isinstance(outcome, int) else 0


def main() -> NoReturn:
    """Run the command that the program was called with."""
    sys.exit(run(sys.argv[1:]))
