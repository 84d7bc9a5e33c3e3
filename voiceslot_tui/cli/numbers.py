"""The whole numbers that commands take: of rows and codes, as large as the database holds them."""

from __future__ import annotations

from typing import Final

import click

_STORED_MAX: Final = 2**63 - 1

ROW_ID: Final = click.IntRange(1, _STORED_MAX)
"""The number of a call or a message."""
ERROR_CODE: Final = click.IntRange(1, _STORED_MAX)
"""A messenger's own code for what went wrong."""
