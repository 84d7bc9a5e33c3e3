"""A command whose help ends with examples, written as they are typed."""

from __future__ import annotations

from typing import Any

import click


class WithExamples(click.Command):
    """What has a section of examples in its help."""

    def __init__(self, *arguments: Any, examples: tuple[str, ...] = (), **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, each on its own line, unwrapped."""
        super().format_epilog(ctx, formatter)
        write_examples(self.examples, formatter)


class Explained(WithExamples):
    """A click command with a section of examples in its help."""


class ExplainedGroup(WithExamples, click.Group):
    """A click group with a section of examples in its help."""


def write_examples(examples: tuple[str, ...], formatter: click.HelpFormatter) -> None:
    """Write lines under the heading Examples."""
    if examples:
        with formatter.section("Examples"):
            for line in examples:
                formatter.write(f"{' ' * formatter.current_indent}{line}\n")
