"""How the text of one setting is read: a reader gives the value, or says what to write instead.

No message quotes what was given, because that may be a secret in the wrong place.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

_Word = TypeVar("_Word", bound=StrEnum)


class WrongValue(ValueError):
    """What is wrong with a value, and what to write instead."""


def whole(low: int, high: int) -> Callable[[str], int]:
    """Read a whole number between two bounds, both allowed."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,12}", text) or not low <= int(text) <= high:
            raise WrongValue(f"must be a whole number from {low} to {high}")
        return int(text)

    return read


def number(low: float, high: float) -> Callable[[str], float]:
    """Read a decimal number between two bounds, both allowed."""

    def read(text: str) -> float:
        is_number = re.fullmatch(r"[+-]?[0-9]{1,12}(\.[0-9]{1,12})?", text)
        if not is_number or not low <= float(text) <= high:
            raise WrongValue(f"must be a number from {low:g} to {high:g}")
        return float(text)

    return read


def one_of(words: type[_Word]) -> Callable[[str], _Word]:
    """Read one word of an enum."""

    def read(text: str) -> _Word:
        try:
            return words(text)
        except ValueError:
            names = [str(word) for word in words]
            raise WrongValue(f"must be one of {', '.join(names)}{meant(text, names)}") from None

    return read


def shaped(pattern: str, wanted: str) -> Callable[[str], str]:
    """Read text that matches a pattern, described by `wanted`."""

    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise WrongValue(f"must be {wanted}")
        return text

    return read


def status_words(text: str) -> tuple[str, ...]:
    """Read the platform's status words, separated by commas."""
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if not words or not all(re.fullmatch(r"[a-z][a-z_-]*", word) for word in words):
        raise WrongValue("must be status words in lower case, separated by commas: in_progress")
    return words


def origin_url(text: str) -> str:
    """Read the scheme, host and port of a service, without a path."""
    url = _url(text)
    if url.path.rstrip("/"):
        raise WrongValue("must end after the host and port, without a path")
    return f"{url.scheme}://{url.netloc}"


def full_url(text: str) -> str:
    """Read the whole URL of one request."""
    if not _url(text).path.rstrip("/"):
        raise WrongValue("must be the full URL of the request, with its path")
    return text


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address can only mean this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def meant(word: str, known: Iterable[str]) -> str:
    """Give the tail of a message: which known word was probably meant, if any is near."""
    near = nearest(word, known)
    return f"; did you mean {near}?" if near else ""


def nearest(word: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """Give the known word that is nearest, if one is as like as that (0 to 1); else nothing."""
    near = difflib.get_close_matches(word, list(known), 1, likeness)
    return near[0] if near else ""


def _url(text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port
    except ValueError:
        raise WrongValue("is not a URL") from None
    if not host or port == 0 or not re.fullmatch(r"[\x21-\x7e]+", text):
        raise WrongValue("must be a whole URL, like https://api.elevenlabs.io")
    if url.username is not None or url.query or url.fragment:
        raise WrongValue("must have no user name, no question mark and no # part")
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(host)):
        raise WrongValue("must begin with https:// (http:// is only for this machine: 127.0.0.1)")
    return url
