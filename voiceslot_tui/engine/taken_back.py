"""What was just taken back: calls not to be dialled any more, and people who want to be left alone.

A call was cancelled, or is proven to have reached its person by an earlier dial.

A request that was decided on before may still wait for its carrier or its connection, for seconds,
and a mail for its turn and its server, for a minute. Whoever makes it asks here once more before
its first byte leaves.

A wish to be left alone holds back everything, decided on before or after, until it is written down:
one that the disk refuses is insisted on, and holds until then.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

from voiceslot_tui.core.calls import CallId
from voiceslot_tui.core.follow_ups import Channel
from voiceslot_tui.core.limits import CONNECT_TIMEOUT_S, DIAL_STALE_S, MAIL_TIMEOUT_S

REQUEST_WAITS_S: Final = DIAL_STALE_S + CONNECT_TIMEOUT_S
"""For how long a request waits for its connection at most, from when it was decided on."""
MESSAGE_WAITS_S: Final = MappingProxyType(
    {
        Channel.WHATSAPP: REQUEST_WAITS_S,
        Channel.SMS: REQUEST_WAITS_S,
        Channel.EMAIL: DIAL_STALE_S + MAIL_TIMEOUT_S,
    }
)
"""For how long a message waits at most, from its claim until it leaves."""
_KEPT_S: Final = max(REQUEST_WAITS_S, *MESSAGE_WAITS_S.values())
"""What is taken back is remembered for as long as anything may wait that was decided on before."""


class TakenBack:
    """Calls and numbers that were taken back lately; moments are of the steady clock."""

    def __init__(self) -> None:
        self._at_s: OrderedDict[CallId | str, float] = OrderedDict()
        self._writing: dict[object, Sequence[str]] = {}
        self._unwritten: dict[str, Sequence[str]] = {}

    def add(self, several: Iterable[CallId | str], now_s: float) -> None:
        """Take back calls, or all that is for some numbers, from now on."""
        for one in several:
            self._at_s[one] = now_s
            self._at_s.move_to_end(one)
        while self._at_s and now_s - next(iter(self._at_s.values())) > _KEPT_S:
            self._at_s.popitem(last=False)

    @contextmanager
    def writing(self, numbers: Sequence[str], steady_s: Callable[[], float]) -> Iterator[None]:
        """Hold back all that is for some numbers while it is written down that they want out.

        What was decided on meanwhile is taken back as well.
        """
        writing = object()
        self._writing[writing] = numbers
        try:
            yield
        finally:
            self.add(self._writing.pop(writing), steady_s())

    def hold(self, key: str, numbers: Sequence[str]) -> None:
        """Hold back all that is for some numbers until `let_go`: it could not be written down."""
        self._unwritten[key] = numbers

    def let_go(self, key: str, now_s: float) -> None:
        """End a hold; what was decided on while it lasted is taken back as well."""
        self.add(self._unwritten.pop(key, ()), now_s)

    def holds(self, number: str) -> bool:
        """Tell whether it could not be written down that a number wants out."""
        return any(number in numbers for numbers in self._unwritten.values())

    def since(self, decided_s: float, *several: CallId | str) -> bool:
        """Tell whether any of them was taken back after a request was decided on, or is held."""
        held = (*self._writing.values(), *self._unwritten.values())
        return any(
            self._at_s.get(one, float("-inf")) >= decided_s or any(one in some for some in held)
            for one in several
        )
