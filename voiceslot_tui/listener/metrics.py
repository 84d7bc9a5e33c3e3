"""The figures of a moment as Prometheus takes them: names, units, and labels that stay few.

Nothing is counted here: one snapshot and one reading of the counters are put into words at each
scrape. A label is one of our own words or, for failed messages, a code that we know; never a
number, a name or an id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate
from typing import TYPE_CHECKING, Final, TypeVar

from voiceslot_tui.core.batch_progress import BatchChecks
from voiceslot_tui.core.calls import CallState, Disposition, Hold, Instant, seconds_between
from voiceslot_tui.core.follow_up_pages import FollowUpCounts
from voiceslot_tui.core.follow_ups import BlockReason, FollowUpState, SkipReason, WaitReason
from voiceslot_tui.core.request_times import BOUNDS_S, OUTCOMES, HostTimes
from voiceslot_tui.core.snapshot import EngineState, Health, Snapshot
from voiceslot_tui.wire.twilio_errors import CODES

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_Word = TypeVar("_Word", bound=StrEnum)

OTHER_CODES: Final = "other"
"""Stands for every code that is not in our table: strangers cannot make new series."""


@dataclass(frozen=True, slots=True)
class Figures:
    """All that one scrape tells. `counts` is None where no messages are sent.

    `requests` are those to the outside, by host.
    """

    snapshot: Snapshot
    counts: FollowUpCounts | None = None
    twilio_webhook_at: Instant | None = None
    twilio_webhooks_refused: int = 0
    requests: Mapping[str, HostTimes] = field(default_factory=dict)


def exposition(figures: Figures) -> bytes:
    """Write the figures in Prometheus' text format."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(figures))
    return generate_latest(registry)


class _Collector:
    """Gives the figures of one moment to one registry."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand: there is no other collector to be confused with."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Give all figures."""
        yield from _of_calls(self._figures.snapshot)
        yield from _of_engine(self._figures.snapshot)
        yield from _of_batches(self._figures.snapshot.batch_watch)
        yield from _of_webhooks(self._figures)
        yield from _of_requests(self._figures.requests)
        if self._figures.counts is not None:
            yield from _of_follow_ups(self._figures.counts)


def _of_calls(snapshot: Snapshot) -> Iterator[Metric]:
    slots = snapshot.slots
    by_kind = {
        "limit": slots.limit,
        "effective": slots.effective,
        "reserve": slots.reserve,
        "ours": slots.holding,
        "foreign": slots.foreign,
        "free": slots.free,
    }
    ended = _all(Disposition, snapshot.dispositions)
    yield _gauge("slots", "Slots by what they are.", "kind", by_kind)
    yield _gauge("calls", "Calls by their state.", "state", _all(CallState, snapshot.calls))
    yield _gauge(
        "held_calls", "Queued calls by what holds them back.", "hold", _all(Hold, snapshot.holds)
    )
    yield _gauge("attempts_ended", "Ended dials by how they went.", "disposition", ended)
    yield _counter("dials", "Dials since the engine started.", snapshot.dials)
    yield _counter("call_ends", "Ends of calls since the engine started.", snapshot.ends)
    if slots.reading_age_s is not None:
        yield _one(
            "reading_age_seconds", "Age of the last reading of live calls.", slots.reading_age_s
        )


def _of_engine(snapshot: Snapshot) -> Iterator[Metric]:
    from prometheus_client.core import InfoMetricFamily

    failing = {one.name: int(one.health is Health.FAILING) for one in snapshot.services}
    is_paused = snapshot.engine is EngineState.PAUSED
    yield _gauge("service_failing", "Whether a service fails now.", "service", failing)
    yield _one("engine_paused", "Whether an operator paused the engine.", int(is_paused))
    yield InfoMetricFamily(
        "voiceslot_build", "The program that runs.", value={"version": snapshot.version}
    )


def _of_batches(checks: BatchChecks) -> Iterator[Metric]:
    yield _counter("batch_checks", "Checks of all batches since the engine started.", checks.count)
    yield _one("batch_check_seconds", "How long the last check took.", checks.took_s)
    yield _one("batches_watched", "Batches that are watched.", checks.watched)
    yield _one("batches_unread", "Batches that the last check could not read.", checks.failed)


def _of_webhooks(figures: Figures) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily

    snapshot = figures.snapshot
    seen = {"elevenlabs": snapshot.webhook_at, "twilio": figures.twilio_webhook_at}
    ages = {who: seconds_between(at, snapshot.at) for who, at in seen.items() if at is not None}
    yield _gauge("webhook_age_seconds", "Time since a webhook was believed.", "service", ages)
    refused = CounterMetricFamily(
        "voiceslot_webhooks_refused",
        "Webhooks that nothing proved, since the engine started.",
        labels=("service",),
    )
    refused.add_metric(("elevenlabs",), snapshot.webhook_refused)
    refused.add_metric(("twilio",), figures.twilio_webhooks_refused)
    yield refused


def _of_requests(requests: Mapping[str, HostTimes]) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

    made = CounterMetricFamily(
        "voiceslot_requests",
        "Requests to each host since the engine started, by what came back.",
        labels=("host", "outcome"),
    )
    took = HistogramMetricFamily(
        "voiceslot_request_seconds", "How long the answers of each host took.", labels=("host",)
    )
    for host, times in requests.items():
        for outcome in OUTCOMES:
            made.add_metric((host, outcome), times.outcomes[outcome])
        at_most = zip((*map(str, BOUNDS_S), "+Inf"), accumulate(times.answers), strict=True)
        took.add_metric((host,), list(at_most), times.sum_s)
    yield made
    yield took


def _of_follow_ups(counts: FollowUpCounts) -> Iterator[Metric]:
    states = _all(FollowUpState, counts.states)
    yield _gauge("follow_ups", "Messages by their state.", "state", states)
    yield _gauge(
        "follow_ups_failed",
        "Failed messages by the messenger's code.",
        "code",
        _few_codes(counts.codes),
    )
    yield _gauge(
        "follow_ups_waiting",
        "Due messages by what they wait for.",
        "reason",
        _all(WaitReason, counts.waits),
    )
    skips = _all(SkipReason, counts.skips)
    yield _gauge("follow_ups_skipped", "Messages left out, by the reason.", "reason", skips)
    blocks = _all(BlockReason, counts.blocks)
    yield _gauge("follow_ups_blocked", "Blocked messages by the reason.", "reason", blocks)
    yield _one("suppressed_numbers", "Numbers on the suppression list.", counts.suppressed)


def _all(words: type[_Word], counted: Mapping[_Word, int]) -> dict[str, int]:
    """Give a figure for every word, so that a series does not come and go with its calls."""
    return {str(word): counted.get(word, 0) for word in words}


def _few_codes(codes: Mapping[int, int]) -> dict[str, int]:
    few = {str(code): count for code, count in codes.items() if code in CODES}
    few[OTHER_CODES] = sum(count for code, count in codes.items() if code not in CODES)
    return few


def _gauge(name: str, meaning: str, label: str, values: Mapping[str, float]) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(f"voiceslot_{name}", meaning, labels=(label,))
    for word, value in values.items():
        family.add_metric((word,), value)
    return family


def _one(name: str, meaning: str, value: float) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    return GaugeMetricFamily(f"voiceslot_{name}", meaning, value=value)


def _counter(name: str, meaning: str, value: float) -> Metric:
    from prometheus_client.core import CounterMetricFamily

    return CounterMetricFamily(f"voiceslot_{name}", meaning, value=value)
