"""What is read out of client data: only what is surely meant, and never with a crash."""

from __future__ import annotations

import pytest

from voiceslot_tui.wire.client_data import email_in


@pytest.mark.parametrize(
    ("data", "email"),
    [
        (None, ""),
        (b"", ""),
        (b'{"dynamic_variables":{"email":" ana@example.com\\n"}}', "ana@example.com"),
        (b'{"dynamic_variables":{"email":"a\\u001b[31m@example.com"}}', "a\ufffd[31m@example.com"),
        (b'{"dynamic_variables":{"email":7}}', ""),
        (b'{"dynamic_variables":{"EMAIL":"ana@example.com"}}', ""),
        (b'{"dynamic_variables":["email"]}', ""),
        (b'{"dynamic_variables":null}', ""),
        (b'{"email":"ana@example.com"}', ""),
        (b"[1]", ""),
        (b"no JSON", ""),
        (b"\xff\xfe", ""),
        (b'{"dynamic_variables":' + b"[" * 100_000, ""),
    ],
)
def test_the_address_among_the_variables_is_read(data: bytes | None, email: str) -> None:
    assert email_in(data) == email
