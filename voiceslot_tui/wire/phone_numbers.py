"""Phone numbers from outside, as E.164: `+`, country code, number, nothing else.

A number that would ring somebody else than meant is worse than none, so nothing is guessed: no
country is assumed, letters are never turned into digits, and two numbers are never read as one.
One old way of writing, which no network dials any more, is read as the line that it names: Mexican
mobiles as `+521` and ten digits, which WhatsApp still says.

Whether a number is possible and what kind it is, the library phonenumbers knows, which is imported
at the first number.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

from voiceslot_tui.core.errors import BadInput
from voiceslot_tui.core.same_line import NOT_DIALLED_ANY_MORE, as_dialled

if TYPE_CHECKING:
    from phonenumbers import PhoneMetadata

_CHARS_MAX: Final = 64
_E164_DIGITS_MAX: Final = 15
_PLAIN: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_WRITTEN: Final = re.compile(r"\+[0-9 ().-]+")
_DASHES: Final = re.compile(r"[\u2010-\u2015\u2212]")
_EXAMPLE: Final = "like +12025550123"
_ALL_PREMIUM: Final = frozenset({979})
_NO_REGION: Final = "001"
"""How phonenumbers names codes that belong to no country, such as satellite phones."""


def read_number(text: str, field: str = "") -> str:
    """Give a number as E.164.

    Blanks, dots, dashes, brackets and invisible characters are taken out, and what is not dialled
    any more is given as it is dialled now. Raises BadInput, naming the field, for anything that is
    not one possible number beginning with `+`, and for premium-rate numbers. Emergency and short
    numbers have no international form and are refused as impossible.
    """
    try:
        return _checked(text if _PLAIN.fullmatch(text) else _plain(text))
    except _Refused as problem:
        message = f"{field or 'The number'} {problem}"
        raise BadInput(message, field=field, code="phone_number") from None


def number_or_nothing(text: str) -> str:
    """Give a number as E.164, or nothing where it cannot be read."""
    try:
        return read_number(text)
    except BadInput:
        return ""


class _Refused(ValueError):
    """What is wrong with a number, as the rest of a sentence that begins with its field."""


def _plain(text: str) -> str:
    if len(text) > _CHARS_MAX:
        raise _Refused(f"is too long for a phone number; write it {_EXAMPLE}")
    visible = "".join(
        character
        for character in unicodedata.normalize("NFKC", text)
        if unicodedata.category(character) != "Cf"
    )
    visible = _DASHES.sub("-", visible).strip()
    if not visible.startswith("+"):
        wanted = f"must begin with + and the country code, {_EXAMPLE}"
    elif any(character.isalpha() for character in visible):
        wanted = f"must hold no letters; write it {_EXAMPLE}"
    elif visible.count("+") > 1:
        wanted = "must be one number, not two"
    elif not _WRITTEN.fullmatch(visible):
        wanted = f"must hold digits only, after a +; write it {_EXAMPLE}"
    else:
        return visible
    raise _Refused(wanted)


def _checked(written: str) -> str:
    import phonenumbers

    written = _dialled_now(written)
    try:
        number = phonenumbers.parse(written)
    except phonenumbers.NumberParseException:
        raise _Refused(
            f"is no international phone number; check the country code, {_EXAMPLE}"
        ) from None
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise _Refused(f"is not a possible number: it has {_length(reason)}")
    national = phonenumbers.national_significant_number(number)
    if len(f"{number.country_code}{national}") > _E164_DIGITS_MAX:
        raise _Refused(f"is not a possible number: it has more than {_E164_DIGITS_MAX} digits")
    premium = _premium(number.country_code)
    if (
        premium is not None
        and premium.fullmatch(national)
        and phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.PREMIUM_RATE
    ):
        raise _Refused("is a premium-rate number, which is never called")
    return _stable(written, f"+{number.country_code}{national}")


def _dialled_now(written: str) -> str:
    """Give a number as it is dialled now; one that is dialled so already stays as it is written."""
    plain = f"+{_digits(written)}"
    dialled = as_dialled(plain)
    return written if dialled == plain else dialled


def _digits(written: str) -> str:
    return "".join(filter(str.isdigit, written))


def _stable(written: str, read: str) -> str:
    """Give a number in the form that reads as itself.

    The library takes out one prefix that is dialled inside a country only. Where it would take
    another out of what is left, the first was part of the number, which then stays as written.
    """
    import phonenumbers

    digits = _digits(written)
    if digits == read[1:] or len(digits) > _E164_DIGITS_MAX:
        return read
    again = phonenumbers.parse(read)
    same = f"+{again.country_code}{phonenumbers.national_significant_number(again)}" == read
    return read if same else f"+{digits}"


def _length(reason: int) -> str:
    from phonenumbers import ValidationResult

    return {
        ValidationResult.TOO_SHORT: "too few digits for its country",
        ValidationResult.TOO_LONG: "too many digits for its country",
        ValidationResult.INVALID_COUNTRY_CODE: "a country code that does not exist",
    }.get(reason, "a length that its country does not use")


def possible_pattern() -> str:
    """Give a regular expression for E.164 that allows what `read_number` does, for a JSON schema.

    Made of the lengths and the premium-rate numbers of every country code, of which the library
    reads all details: call it once, and away from anything urgent.
    """
    import phonenumbers

    parts = list(NOT_DIALLED_ANY_MORE)
    for code, regions in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()):
        details = _details(code, regions[0])
        general = details.general_desc if details else None
        lengths = general.possible_length if general else ()
        if code not in _ALL_PREMIUM and lengths:
            digits = "|".join(
                f"[0-9]{{{length}}}"
                for length in sorted(lengths)
                if len(str(code)) + length <= _E164_DIGITS_MAX
            )
            premium = _premium(code)
            barred = f"(?!(?:{premium.pattern})$)" if premium else ""
            parts.append(f"{code}{barred}(?:{digits})")
    return rf"^\+(?:{'|'.join(parts)})$"


def _details(country_code: int, region: str) -> PhoneMetadata | None:
    from phonenumbers import PhoneMetadata

    if region == _NO_REGION:
        return PhoneMetadata.metadata_for_nongeo_region(country_code, None)
    return PhoneMetadata.metadata_for_region(region, None)


@cache
def _premium(country_code: int) -> re.Pattern[str] | None:
    """Put the premium-rate patterns of all regions of a country code into one, to ask them at once.

    It may say yes too often, never no too often; who gets a yes asks the library.
    """
    import phonenumbers

    patterns = set()
    for region in phonenumbers.region_codes_for_country_code(country_code):
        details = _details(country_code, region)
        if details and details.premium_rate and details.premium_rate.national_number_pattern:
            patterns.add(details.premium_rate.national_number_pattern)
    return re.compile("|".join(f"(?:{one})" for one in sorted(patterns))) if patterns else None
