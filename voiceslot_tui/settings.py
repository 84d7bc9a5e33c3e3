"""The settings: one table of names, defaults, checks and meanings, and how they are read.

`Settings` is the table: a field is the variable's name in lower case, with its default, the check
it must pass and the line that the README shows. The environment wins over `.env`, whose values
never reach the environment; a secret may be given as NAME_FILE instead. All that is wrong is said
at once, before anything starts. A value read here is never printed: a wrong one is described, not
quoted, and a `Secret` shows itself only to who asks for it by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, fields
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from voiceslot_tui.core.errors import SettingProblem, SettingsInvalid
from voiceslot_tui.core.follow_up_settings import FollowUpSettings, contradictions_of_follow_ups
from voiceslot_tui.core.limits import LIMIT_MAX
from voiceslot_tui.core.setting_names import judged_names
from voiceslot_tui.core.setting_rows import (
    NO_SECRET,
    Secret,
    header_secret,
    setting,
    signing_secret,
)
from voiceslot_tui.core.setting_values import (
    WrongValue,
    full_url,
    is_loopback,
    number,
    one_of,
    origin_url,
    shaped,
    status_words,
    whole,
)
from voiceslot_tui.env_file import read_env_file

_SECRET_FILE_BYTES_MAX: Final = 64 * 1024
_API_KEY_CHARS_ADVISED: Final = 16
_FILE: Final = "_FILE"


class CountStrategy(StrEnum):
    """How the live calls of the platform are counted (ELEVENLABS_ACTIVE_COUNT_STRATEGY)."""

    CONVERSATIONS = "conversations"
    """Lists live conversations with their ids: nothing is counted twice, nothing is missed."""
    LIVE_COUNT = "live_count"
    """Reads the platform's own counter."""
    OUTSTANDING = "outstanding"
    """Adds up dispatched minus finished of running batches."""
    DISPATCHED = "dispatched"
    """Adds up what running batches ever dispatched: wrong, kept for who relies on it."""
    BATCHES = "batches"
    """Counts one call for each running batch: wrong, kept for who relies on it."""


class UnknownCalls(StrEnum):
    """What becomes of a call that was looked up and never found (UNKNOWN_CALLS)."""

    ASK = "ask"
    REQUEUE = "requeue"


# --- the table


def _folder(text: str) -> Path | None:
    return Path(text).expanduser().absolute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(FollowUpSettings):
    """All settings, checked. A field is its variable's name in lower case; `Secret`s are masked."""

    elevenlabs_api_key: Secret = setting(
        NO_SECRET, header_secret, "key of the ElevenLabs workspace"
    )
    elevenlabs_concurrency_limit: int = setting(
        5, whole(1, LIMIT_MAX), "conversations your workspace may hold at once"
    )
    elevenlabs_base_url: str = setting(
        "https://api.elevenlabs.io", origin_url, "ElevenLabs in your region, or a simulator"
    )
    elevenlabs_active_calls_url: str = setting("", full_url, "full URL of the batch list instead")
    elevenlabs_start_call_url: str = setting(
        "", full_url, "full URL to start a call through Twilio instead"
    )
    elevenlabs_active_count_strategy: CountStrategy = setting(
        CountStrategy.CONVERSATIONS, one_of(CountStrategy), "how live calls are counted"
    )
    elevenlabs_active_statuses: tuple[str, ...] = setting(
        ("in_progress",), status_words, "statuses of a batch that is running, separated by commas"
    )
    polling_interval_ms: int = setting(
        2000, whole(100, 600_000), "milliseconds between two reads of the live calls"
    )
    slot_reserve: int = setting(0, whole(0, LIMIT_MAX), "slots never used by our own calls")
    calls_per_second: float = setting(
        1.0, number(0, 1000), "calls started a second; 0 is unlimited"
    )
    ring_timeout_s: int = setting(60, whole(1, 999), "seconds a phone may ring")
    max_call_minutes: int = setting(30, whole(1, 1440), "minutes a conversation may last")
    list_lag_s: float = setting(
        30.0, number(0, 3600), "seconds until a new call surely stands in the platform's lists"
    )
    start_timeout_s: float = setting(60.0, number(1, 600), "seconds to wait for a start's answer")
    unknown_calls: UnknownCalls = setting(
        UnknownCalls.ASK, one_of(UnknownCalls), "a call never found again: ask you, or requeue it"
    )
    unknown_after_s: float = setting(
        120.0, number(1, 86_400), "seconds of fruitless look-ups before a call is unknown"
    )
    host: str = setting(
        "127.0.0.1", shaped(r"[0-9A-Za-z.:_-]{1,253}", "a host name or address"), "listens here"
    )
    port: int = setting(4000, whole(0, 65_535), "and on this port; 0 takes any free one")
    public_base_url: str = setting(
        "", origin_url, "where the world reaches the listener, by a proxy"
    )
    voiceslot_api_key: Secret = setting(NO_SECRET, header_secret, "bearer key of the HTTP API")
    webhook_secret: Secret = setting(
        NO_SECRET,
        signing_secret,
        "signs ElevenLabs' webhooks; two, separated by a comma, while it changes",
    )
    twilio_account_sid: str = setting(
        "", shaped(r"AC[0-9a-fA-F]{32}", "AC and 32 hexadecimal digits"), "Twilio account"
    )
    twilio_auth_token: Secret = setting(NO_SECRET, header_secret, "token of the Twilio account")
    twilio_api_key_sid: str = setting(
        "", shaped(r"SK[0-9a-fA-F]{32}", "SK and 32 hexadecimal digits"), "Twilio key, instead"
    )
    twilio_api_key_secret: Secret = setting(NO_SECRET, header_secret, "secret of the Twilio key")
    twilio_base_url: str = setting(
        "", origin_url, "sends every Twilio request to this host instead"
    )
    voiceslot_data_dir: Path | None = setting(
        None, _folder, "folder of the database, the socket and the log"
    )
    voiceslot_group: str = setting(
        "",
        shaped(r"[0-9A-Za-z._-]{1,64}", "the name of a group"),
        "group that may attach a console",
    )
    voiceslot_theme: str = setting(
        "voiceslot", shaped("voiceslot|hc-dark|ansi", "voiceslot, hc-dark or ansi"), "the colours"
    )
    warnings: tuple[str, ...] = ()
    """What the operator should know although it works."""

    @property
    def webhook_secrets(self) -> tuple[bytes, ...]:
        """Give the webhook secrets that are valid now, as the signature check needs them."""
        parts = (part.strip() for part in self.webhook_secret.reveal().split(","))
        return tuple(part.encode() for part in parts if part)

    @property
    def twilio_tokens(self) -> tuple[bytes, ...]:
        """Give what Twilio signs its webhooks with; nothing where only an API key is set."""
        return (self.twilio_auth_token.reveal().encode(),) if self.twilio_auth_token else ()

    def secrets(self) -> tuple[str, ...]:
        """Give every secret's value, so that the log can hide them wherever they turn up."""
        values = (getattr(self, row.field) for row in table())
        found = [value.reveal() for value in values if isinstance(value, Secret) and value]
        return (*found, *(part.decode() for part in self.webhook_secrets))


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table: the variable, its default as one would write it, its meaning."""

    name: str
    default: str
    secret: bool
    meaning: str
    read: Callable[[str], object]

    @property
    def field(self) -> str:
        """Give the name of the field in Settings."""
        return self.name.lower()


def table() -> tuple[Setting, ...]:
    """Give the rows of the table, in the order in which they are shown."""
    return tuple(
        Setting(
            row.name.upper(),
            _written(row.default),
            isinstance(row.default, Secret),
            row.metadata["meaning"],
            row.metadata["read"],
        )
        for row in _fields_in_order()
        if row.metadata
    )


def _names() -> Iterator[str]:
    """Give every variable that is read."""
    for row in table():
        yield row.name
        if row.secret:
            yield row.name + _FILE


def _fields_in_order() -> list[Field[Any]]:
    """Give the fields as they are shown: those of the follow-ups last."""
    of_follow_ups = {row.name for row in fields(FollowUpSettings)}
    return sorted(fields(Settings), key=lambda row: row.name in of_follow_ups)


def _written(default: object) -> str:
    if isinstance(default, tuple):
        return ",".join(default)
    if isinstance(default, float):
        return f"{default:g}"
    return "" if default is None or isinstance(default, Secret) else str(default)


# --- reading


def load(environ: Mapping[str, str], env_file: Path | None = None) -> Settings:
    """Read and check all settings.

    The environment wins over the file; an empty value means the default; a missing file is fine.
    Raises SettingsInvalid with everything that is wrong; `warnings` holds what works but should be
    known.
    """
    problems: list[SettingProblem] = []
    of_file = read_env_file(env_file, problems)
    given = {**of_file, **environ}
    values: dict[str, object] = {}
    for row in table():
        try:
            text = _given(row, given)
            if text:
                values[row.field] = row.read(text)
        except WrongValue as wrong:
            problems.append(SettingProblem(row.name, str(wrong)))
    mistaken, doubtful = judged_names(environ, of_file, tuple(_names()))
    problems.extend(mistaken)
    settings = _settings(values)
    faulty = {problem.name for problem in problems}
    problems.extend(
        SettingProblem(names[0], message)
        for names, message in _contradictions(settings)
        if faulty.isdisjoint(names)
    )
    if problems:
        raise SettingsInvalid(tuple(problems))
    values["warnings"] = (*_file_warnings(env_file), *doubtful, *_doubts(settings))
    return _settings(values)


def load_data_dir(environ: Mapping[str, str], env_file: Path | None = None) -> Path | None:
    """Read where the data lies and nothing else, for commands that only talk to an engine.

    Raises SettingsInvalid where the file cannot be read. None means the usual folder.
    """
    problems: list[SettingProblem] = []
    given = {**read_env_file(env_file, problems), **environ}
    if problems:
        raise SettingsInvalid(tuple(problems))
    text = given.get("VOICESLOT_DATA_DIR", "").strip()
    return _folder(text) if text else None


def _settings(values: Mapping[str, object]) -> Settings:
    return Settings(**values)  # type: ignore[arg-type]


def _given(row: Setting, given: Mapping[str, str]) -> str:
    text = given.get(row.name, "").strip()
    file = given.get(row.name + _FILE, "").strip() if row.secret else ""
    if text and file:
        raise WrongValue(f"is set, and {row.name}{_FILE} too; keep one of them")
    text = _file_secret(Path(file).expanduser(), row) if file else text
    if not text.isprintable():
        raise WrongValue("must be text on one line, without control characters")
    return text


def _file_secret(path: Path, row: Setting) -> str:
    try:
        with path.open("rb") as file:
            text = file.read(_SECRET_FILE_BYTES_MAX).decode().strip()
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "it is not text"
        raise WrongValue(f"{row.name}{_FILE} cannot be read: {reason}") from None
    if not text:
        raise WrongValue(f"{row.name}{_FILE} names an empty file")
    return text


# --- what cannot be right together, and what works but should be known


def _contradictions(settings: Settings) -> Iterator[tuple[tuple[str, ...], str]]:
    """Give what is wrong with several settings together; the first named is to be changed."""
    if not settings.elevenlabs_api_key:
        names: tuple[str, ...] = ("ELEVENLABS_API_KEY",)
        yield names, "is missing; make one in the ElevenLabs settings under API keys"
    if settings.slot_reserve >= settings.elevenlabs_concurrency_limit:
        names = ("SLOT_RESERVE", "ELEVENLABS_CONCURRENCY_LIMIT")
        yield names, "must be below ELEVENLABS_CONCURRENCY_LIMIT, else nothing is dialled"
    if not settings.voiceslot_api_key and not is_loopback(settings.host):
        names = ("VOICESLOT_API_KEY", "HOST")
        yield names, "is needed because HOST lets other machines reach the listener"
    elif not settings.voiceslot_api_key and settings.public_base_url:
        names = ("VOICESLOT_API_KEY", "PUBLIC_BASE_URL")
        yield names, "is needed because PUBLIC_BASE_URL makes the listener public"
    if bool(settings.twilio_api_key_sid) != bool(settings.twilio_api_key_secret):
        names = ("TWILIO_API_KEY_SID", "TWILIO_API_KEY_SECRET")
        yield names, "goes together with TWILIO_API_KEY_SECRET; set both or neither"
    credentials = settings.twilio_auth_token or settings.twilio_api_key_secret
    if credentials and not settings.twilio_account_sid:
        yield ("TWILIO_ACCOUNT_SID",), "is missing beside the Twilio credentials"
    if settings.webhook_secret and not settings.webhook_secrets:
        yield ("WEBHOOK_SECRET",), "holds nothing but commas"
    if settings.alert_urls and find_spec("apprise") is None:
        yield ("ALERT_URLS",), "needs apprise, which is missing here: .venv/bin/pip install apprise"
    yield from contradictions_of_follow_ups(settings, has_carrier=bool(credentials))


_DOUBTS_ABOUT_STRATEGY: Final = {
    CountStrategy.DISPATCHED: (
        "ELEVENLABS_ACTIVE_COUNT_STRATEGY=dispatched adds up every call that running batches ever "
        "dispatched, ended ones too, and sees no single or inbound call: slots will stand empty or "
        "be overbooked. Use conversations."
    ),
    CountStrategy.BATCHES: (
        "ELEVENLABS_ACTIVE_COUNT_STRATEGY=batches counts one call for a batch that may have many, "
        "and sees no single or inbound call: the limit can be broken. Use conversations."
    ),
}


def _doubts(settings: Settings) -> Iterator[str]:
    doubt = _DOUBTS_ABOUT_STRATEGY.get(settings.elevenlabs_active_count_strategy)
    if doubt:
        yield doubt
    if settings.unknown_calls is UnknownCalls.REQUEUE:
        yield (
            "UNKNOWN_CALLS=requeue gives up the promise of at most one dial: a person whose call "
            "cannot be found again may be rung twice."
        )
    if not settings.webhook_secret:
        yield (
            "WEBHOOK_SECRET is not set: an unsigned webhook only makes us ask the platform about "
            "that conversation, it is not believed by itself."
        )
    key = settings.voiceslot_api_key.reveal()
    if settings.webhook_secret and not key:
        yield (
            "VOICESLOT_API_KEY is not set, and WEBHOOK_SECRET says that the world reaches the "
            "listener: through a proxy that does not say so, anybody could queue calls."
        )
    if key and len(key) < _API_KEY_CHARS_ADVISED:
        yield f"VOICESLOT_API_KEY is short: {_API_KEY_CHARS_ADVISED} random characters or more."


def _file_warnings(env_file: Path | None) -> Iterator[str]:
    if env_file is not None and env_file.is_file() and env_file.stat().st_mode & 0o077:
        yield f"{env_file.name} can be read by other users of this machine: chmod 600 it."
