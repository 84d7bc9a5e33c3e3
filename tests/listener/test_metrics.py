"""The figures for Prometheus: readable, equal to those of `/stats`, and few whatever happens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.listener.conftest import API_KEY, BEARER, NOW_S, MakeRig, Rig
from tests.listener.test_twilio import BASE, SENT, TOKEN, Twilio
from voiceslot_tui.core.calls import CallState, Disposition, Hold, Instant
from voiceslot_tui.core.errors import StoreUnavailable
from voiceslot_tui.core.follow_up_pages import FollowUpCounts
from voiceslot_tui.core.follow_ups import BlockReason, FollowUpState, SkipReason, WaitReason
from voiceslot_tui.core.request_times import NO_ANSWER, NOT_SENT, OUTCOMES, RequestTimes
from voiceslot_tui.core.snapshot import EngineState, Health, ServiceHealth, Slots
from voiceslot_tui.wire.twilio_errors import CODES

COUNTED = FollowUpCounts(
    states={FollowUpState.DUE: 9, FollowUpState.READ: 70, FollowUpState.FAILED: 13},
    waits={WaitReason.QUIET_HOURS: 5},
    skips={SkipReason.SUPPRESSED: 3},
    blocks={BlockReason.NO_TEMPLATE: 2},
    codes={63016: 4, 63024: 1, 99_999: 6, 88_888: 2},
    suppressed=11,
)


@pytest.fixture
async def busy(make_rig: MakeRig) -> Rig:
    """Give a listener whose engine has a figure of its own for everything."""
    rig = await make_rig(twilio_token=TOKEN, api_key=API_KEY, public_base_url=BASE)
    now = Instant(NOW_S * 1000)
    rig.engine.shown = replace(
        rig.engine.shown,
        engine=EngineState.PAUSED,
        slots=Slots(
            limit=20,
            effective=18,
            reserve=2,
            dialing=1,
            uncertain=2,
            live=3,
            unknown_holding=1,
            foreign=4,
            free=5,
            reading_age_s=1.5,
        ),
        calls={CallState.QUEUED: 30, CallState.LIVE: 3, CallState.ENDED: 200},
        holds={Hold.PARKED: 6, Hold.RETRY_WAIT: 7},
        dispositions={Disposition.ANSWERED: 100, Disposition.BUSY: 8},
        dials=250,
        ends=240,
        webhook_at=Instant(now - 12_000),
        webhook_refused=14,
        services=(
            ServiceHealth("dispatcher", Health.WELL, now),
            ServiceHealth("reconciler", Health.FAILING, now, 3, "no network"),
        ),
    )
    assert rig.engine.follow_ups is not None
    rig.engine.follow_ups.counted = COUNTED
    return rig


Figures = dict[tuple[str, str], float]
"""Figures by name and the values of their labels."""


async def scraped(rig: Rig) -> tuple[Figures, dict[str, str]]:
    """Give the figures of one scrape, and the kinds of the families."""
    async with rig.client.get(rig.url + "/metrics", headers=BEARER) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        families = list(text_string_to_metric_families(await response.text()))
    figures: Figures = {}
    for family in families:
        assert family.documentation
        for sample in family.samples:
            assert len(sample.labels) <= 2
            key = (sample.name.removeprefix("voiceslot_"), " ".join(sample.labels.values()))
            assert key not in figures
            figures[key] = sample.value
    return figures, {family.name: family.type for family in families}


def labelled(name: str, values: dict[Any, float]) -> Figures:
    return {(name, str(word)): float(value) for word, value in values.items()}


async def test_every_figure_is_that_of_the_stats(busy: Rig) -> None:
    _, stats = await busy.ask("GET", "/stats", headers=BEARER)
    shown = stats["snapshot"]
    slots = shown["slots"]
    figures, _ = await scraped(busy)
    wanted = {
        **labelled("slots", {kind: slots[kind] for kind in ("limit", "effective", "reserve")}),
        ("slots", "ours"): stats["inFlight"],
        ("slots", "foreign"): stats["remoteActive"],
        ("slots", "free"): stats["availableSlots"],
        **labelled("calls", dict.fromkeys(CallState, 0.0) | shown["calls"]),
        **labelled("held_calls", dict.fromkeys(Hold, 0.0) | shown["holds"]),
        **labelled("attempts_ended", dict.fromkeys(Disposition, 0.0) | shown["dispositions"]),
        ("dials_total", ""): shown["dials"],
        ("call_ends_total", ""): shown["ends"],
        ("reading_age_seconds", ""): slots["reading_age_s"],
        ("service_failing", "dispatcher"): 0,
        ("service_failing", "reconciler"): 1,
        ("batch_checks_total", ""): shown["batch_watch"]["count"],
        ("batch_check_seconds", ""): shown["batch_watch"]["took_s"],
        ("batches_watched", ""): shown["batch_watch"]["watched"],
        ("batches_unread", ""): shown["batch_watch"]["failed"],
        ("engine_paused", ""): shown["engine"] == "paused",
        ("build_info", shown["version"]): 1,
        ("webhook_age_seconds", "elevenlabs"): (shown["at"] - shown["webhook_at"]) / 1000,
        ("webhooks_refused_total", "elevenlabs"): shown["webhook_refused"],
        ("webhooks_refused_total", "twilio"): 0,
    }
    of_messages = {
        **labelled("follow_ups", dict.fromkeys(FollowUpState, 0.0) | COUNTED.states),
        **labelled("follow_ups_failed", {63016: 4, 63024: 1, "other": 8}),
        **labelled("follow_ups_waiting", dict.fromkeys(WaitReason, 0.0) | COUNTED.waits),
        **labelled("follow_ups_skipped", dict.fromkeys(SkipReason, 0.0) | COUNTED.skips),
        **labelled("follow_ups_blocked", dict.fromkeys(BlockReason, 0.0) | COUNTED.blocks),
        ("suppressed_numbers", ""): 11,
    }
    assert figures == wanted | of_messages
    assert stats["queueSize"] == figures["calls", "queued"] == 30


async def test_what_only_grows_is_a_counter_and_all_else_a_gauge(busy: Rig) -> None:
    _, kinds = await scraped(busy)
    counters = {name for name, kind in kinds.items() if kind == "counter"}
    assert counters == {
        "voiceslot_dials",
        "voiceslot_call_ends",
        "voiceslot_batch_checks",
        "voiceslot_webhooks_refused",
        "voiceslot_requests",
    }
    rest = {name: kind for name, kind in kinds.items() if name not in counters}
    assert rest.pop("voiceslot_request_seconds") == "histogram"
    assert set(rest.values()) == {"gauge"}


async def test_requests_are_told_by_host_with_how_long_and_what_came_back(
    make_rig: MakeRig,
) -> None:
    requests = RequestTimes()
    rig = await make_rig(api_key=API_KEY, requests=requests)
    for status, took_s in ((200, 0.05), (201, 0.2), (429, 0.2), (503, 61.0)):
        requests.answered("api.example.com", status, took_s)
    requests.failed("api.example.com", NOT_SENT)
    requests.failed("sms.example.com", NO_ANSWER)
    figures, _ = await scraped(rig)
    outcomes = {"2xx": 2, "4xx": 1, "5xx": 1, "not_sent": 1}
    for outcome in OUTCOMES:
        assert figures["requests_total", f"api.example.com {outcome}"] == outcomes.get(outcome, 0)
    assert figures["requests_total", "sms.example.com no_answer"] == 1
    at_most = [
        figures["request_seconds_bucket", f"api.example.com {bound}"]
        for bound in ("0.05", "0.1", "0.25", "0.5", "60.0", "+Inf")
    ]
    assert at_most == [1, 1, 3, 3, 3, 4]
    assert figures["request_seconds_count", "api.example.com"] == 4
    assert figures["request_seconds_sum", "api.example.com"] == pytest.approx(61.45)
    assert figures["request_seconds_count", "sms.example.com"] == 0


async def test_twilios_webhooks_have_a_moment_and_a_count_of_their_own(busy: Rig) -> None:
    twilio = Twilio(busy)
    assert ("webhook_age_seconds", "twilio") not in (await scraped(busy))[0]
    await twilio.post(SENT)
    await twilio.post(SENT, signature="forged")
    busy.engine.shown = replace(busy.engine.shown, at=Instant(NOW_S * 1000 + 3000))
    figures, _ = await scraped(busy)
    assert figures["webhook_age_seconds", "twilio"] == 3
    assert figures["webhooks_refused_total", "twilio"] == 1
    assert figures["webhooks_refused_total", "elevenlabs"] == 14


async def test_what_is_not_known_is_left_out(busy: Rig) -> None:
    shown = busy.engine.shown
    busy.engine.shown = replace(
        shown, slots=replace(shown.slots, reading_age_s=None), webhook_at=None, services=()
    )
    busy.engine.follow_ups = None
    names = {name for name, _ in (await scraped(busy))[0]}
    assert not names & {"reading_age_seconds", "webhook_age_seconds", "service_failing"}
    assert not {name for name in names if name.startswith(("follow_ups", "suppressed"))}
    assert "slots" in names


async def test_codes_that_nobody_knows_make_no_new_series(busy: Rig) -> None:
    assert busy.engine.follow_ups is not None
    codes = dict.fromkeys(range(100_000, 110_000), 1) | dict.fromkeys(CODES, 2)
    busy.engine.follow_ups.counted = replace(COUNTED, codes=codes)
    figures, _ = await scraped(busy)
    failed = {label for name, label in figures if name == "follow_ups_failed"}
    assert failed == {str(code) for code in CODES} | {"other"}
    assert figures["follow_ups_failed", "other"] == 10_000


async def test_a_scrape_reads_the_counters_once_and_leaves_nothing_behind(busy: Rig) -> None:
    assert busy.engine.follow_ups is not None
    first = await scraped(busy)
    assert busy.engine.follow_ups.readings == 1
    assert await scraped(busy) == first
    assert busy.engine.follow_ups.readings == 2


async def test_counters_that_cannot_be_read_are_told_so(busy: Rig) -> None:
    assert busy.engine.follow_ups is not None
    busy.engine.follow_ups.fails = StoreUnavailable("the disk is gone")
    status, body = await busy.ask("GET", "/metrics", headers=BEARER)
    assert (status, body["error"]["code"]) == (503, "store_unavailable")


async def test_head_gives_no_body(busy: Rig) -> None:
    async with busy.client.head(busy.url + "/metrics", headers=BEARER) as response:
        assert (response.status, await response.read()) == (200, b"")
