"""The whole numbers that commands take: of rows and codes, as large as the database holds them."""

from __future__ import annotations

from typing import Any, Final

import click

_STORED_MAX: Final = 2**63 - 1


class _Whole(click.IntRange):
    """A whole number; what is none is told in words instead of as a range."""

    name = "whole number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it; fails, saying what was given, where it is none."""
        if isinstance(value, str) and not value.strip().removeprefix("-").isdecimal():
            self.fail(
                f"{value!r} is no whole number, as the console and --json show it", param, ctx
            )
        return super().convert(value, param, ctx)


ROW_ID: Final = _Whole(1, _STORED_MAX)
"""The number of a call or a message."""
ERROR_CODE: Final = _Whole(1, _STORED_MAX)
"""A messenger's own code for what went wrong."""
