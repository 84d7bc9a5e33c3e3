"""What goes wrong at the platform, on its webhooks, in its lists and on the way to it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from random import Random
from types import MappingProxyType
from typing import Any, Final

from tests.simulation.answers_gone_wrong import draw_read, let_fail
from tests.simulation.happening import Happening, Teller, for_a_while
from tests.simulation.stories import Args, Frame
from voiceslot_tui.simulator.batches import Invited
from voiceslot_tui.simulator.faults import ALWAYS_ACTS, fits
from voiceslot_tui.simulator.words import FaultKind, FaultTarget, OverLimitMode

_MAY_RING: Final = tuple(
    kind for kind in FaultKind if fits(kind, FaultTarget.START) and kind not in ALWAYS_ACTS
)
_ALWAYS_RING: Final = tuple(sorted(kind for kind in ALWAYS_ACTS if fits(kind, FaultTarget.START)))
_NEVER_RINGS: Final = frozenset(
    {
        FaultKind.RESET_BEFORE_READING,
        FaultKind.RATE_LIMITED,
        FaultKind.UNAUTHORIZED,
        FaultKind.FORBIDDEN,
        FaultKind.NUMBER_REFUSED,
        FaultKind.AGENT_REFUSED,
    }
)
"""Refusals that prove that nothing was dialled: a platform that dials all the same is a liar."""

_OF_READS: Final = tuple(
    kind
    for kind in FaultKind
    if fits(kind, FaultTarget.READ) and kind is not FaultKind.RATE_LIMITED
)


_STARTS_STRIKE: Final = (
    *(f"start: {kind}, rings" for kind in _ALWAYS_RING),
    *(f"start: {kind}, rings" for kind in _MAY_RING if kind not in _NEVER_RINGS),
    *(f"start: {kind}" for kind in _MAY_RING if kind is not FaultKind.SLOW),
)


# --- answers


def _draw_start(chance: Random, frame: Frame) -> dict[str, Any]:
    kind = chance.choice((*_MAY_RING, *_ALWAYS_RING))
    acts = kind in ALWAYS_ACTS or (kind not in _NEVER_RINGS and chance.random() < 0.4)
    return {
        "kind": str(kind),
        "acts": acts,
        "share": chance.choice((0.2, 0.5, 1.0)),
        "delay_s": chance.choice((2.0, 20.0, 90.0)),
        "lasts_s": max(20.0, for_a_while(chance, frame)),
    }


async def _start_goes_wrong(teller: Teller, args: Args) -> None:
    let_fail(teller, FaultTarget.START, args, acts=args["acts"])


async def _read_goes_wrong(teller: Teller, args: Args) -> None:
    let_fail(teller, FaultTarget.READ, args, acts=None)


_ANSWERS_LOST: Final = tuple(
    kind for kind in _MAY_RING if kind not in _NEVER_RINGS and kind is not FaultKind.SLOW
)


def _draw_blind(chance: Random, frame: Frame) -> dict[str, Any]:
    lists = chance.choice(
        (
            {"hidden_share": 1.0},
            {"hidden_share": 0.5},
            {"list_lag_s": 0.9 * frame.list_lag_s},
            {"filters_ignored": True},
        )
    )
    return {
        "kind": str(chance.choice((*_ANSWERS_LOST, *_ALWAYS_RING))),
        "acts": True,
        "share": chance.choice((0.5, 1.0)),
        "delay_s": 20.0,
        "changes": dict(lists),
        "lasts_s": for_a_while(chance, frame),
    }


async def _blind_starts(teller: Teller, args: Args) -> None:
    let_fail(teller, FaultTarget.START, args, acts=True)
    await _lists_go_wrong(teller, args)


# --- webhooks


_MISHAPS: Final = ("lost", "doubled", "reordered", "forged", "stale", "future")
_HOOKS: Final = (
    ("webhook_loss_share", (0.2, 1.0)),
    ("webhook_duplicate_share", (0.3, 1.0)),
    ("webhook_delay_max_s", (5.0, 300.0, 3600.0)),
    ("webhook_reorder_share", (0.5,)),
    ("webhook_forged_share", (0.5, 1.0)),
    ("webhook_stale_share", (0.5,)),
    ("webhook_future_share", (0.5,)),
)


def _draw_hooks(chance: Random, frame: Frame) -> dict[str, Any]:
    some = chance.sample(_HOOKS, chance.randint(1, 3))
    changes = {name: chance.choice(values) for name, values in some}
    return {"changes": changes, "lasts_s": for_a_while(chance, frame)}


async def _hooks_go_wrong(teller: Teller, args: Args) -> None:
    teller.change_world(args["lasts_s"], args["changes"])


# --- lists


_LIES: Final = ("detail_lag_s", "shifting_pages", "filters_ignored")


def _draw_lists(chance: Random, frame: Frame) -> dict[str, Any]:
    some = chance.sample(
        (
            ("list_lag_s", (0.9 * frame.list_lag_s, 0.9 * frame.list_lag_s, 60.0)),
            ("detail_lag_s", (2.0, 10.0)),
            ("hidden_share", (0.3, 1.0)),
            ("shifting_pages", (True,)),
            ("filters_ignored", (True,)),
        ),
        chance.randint(1, 2),
    )
    changes = {name: chance.choice(values) for name, values in some}
    if "shifting_pages" in changes or chance.random() < 0.3:
        changes["page_size_max"] = chance.choice((1, 2, 3))
    return {"changes": changes, "lasts_s": for_a_while(chance, frame)}


async def _lists_go_wrong(teller: Teller, args: Args) -> None:
    changes = dict(args["changes"])
    if changes.get("hidden_share") or changes.get("list_lag_s", 0) > teller.judge.list_lag_s:
        teller.judge.lists_lie()
        teller.fired("lists: hidden" if changes.get("hidden_share") else "lists: late")
    for name in _LIES:
        if name in changes:
            teller.fired(f"lists: {name}")
    teller.change_world(args["lasts_s"], changes)


# --- slots


def _draw_limit(chance: Random, frame: Frame) -> dict[str, Any]:
    return {
        "limit": chance.randint(0, frame.limit),
        "over_limit": str(chance.choice(tuple(OverLimitMode))),
        "lasts_s": for_a_while(chance, frame),
    }


async def _limit_drops(teller: Teller, args: Args) -> None:
    changes = {"limit": args["limit"], "over_limit": args["over_limit"]}
    teller.change_world(args["lasts_s"], changes)


def _draw_foreign(chance: Random, frame: Frame) -> dict[str, Any]:
    return {"count": chance.randint(1, 3), "talk_s": chance.choice((5.0, 60.0, 400.0))}


async def _others_call(teller: Teller, args: Args) -> None:
    teller.fired("foreign calls")
    teller.town.world.start_foreign(args["count"], args["talk_s"], teller.town.now_s())
    teller.town.network.stir()


def _draw_batch(chance: Random, frame: Frame) -> dict[str, Any]:
    return {"people": chance.randint(1, 12), "target": chance.choice((None, 1, 3))}


async def _others_submit_a_batch(teller: Teller, args: Args) -> None:
    teller.fired("a batch")
    world = teller.town.world
    world.batches.submit(
        name="a batch of somebody else",
        agent_id="agent_sim_surveys",
        number=next(iter(world.numbers.values())),
        people=[Invited(f"+4477009{index:05d}", None) for index in range(args["people"])],
        now=teller.town.now_s(),
        target=args["target"],
    )
    teller.town.network.stir()


# --- the way there


def _draw_gap(chance: Random, frame: Frame) -> dict[str, Any]:
    return {"inbound": chance.random() < 0.5, "lasts_s": for_a_while(chance, frame)}


async def _nobody_is_reached(teller: Teller, args: Args) -> None:
    network = teller.town.network
    teller.fired("the network is down")
    network.reachable = False
    network.is_open = network.is_open and not args["inbound"]

    def again() -> None:
        network.reachable = network.is_open = True

    teller.later(args["lasts_s"], again)


def _draw_slow_way(chance: Random, frame: Frame) -> dict[str, Any]:
    return {"within_s": chance.choice((0.5, 3.0, 8.0)), "lasts_s": for_a_while(chance, frame)}


async def _connecting_takes_long(teller: Teller, args: Args) -> None:
    """Names are looked up slowly, or a packet is lost: each request leaves so much later."""
    network = teller.town.network
    teller.fired("connecting takes long")
    network.connects_within_s = args["within_s"]
    teller.later(args["lasts_s"], lambda: setattr(network, "connects_within_s", 0.0))


def _told(text: str, *names: str) -> Any:
    def words(args: Args) -> str:
        figures = ", ".join(f"{name} {args[name]}" for name in (names or args))
        return f"{text}: {figures}"

    return words


def _start_words(args: Args) -> str:
    rings = "the phone rings" if args["acts"] else "no phone rings"
    late = f" after {args['delay_s']:g} s" if args["kind"] == FaultKind.SLOW else ""
    return (
        f"{args['share']:.0%} of the starts for {args['lasts_s']:g} s: "
        f"{args['kind']}{late}, {rings}"
    )


PLATFORM: Final[Mapping[str, Happening]] = MappingProxyType(
    {
        "start_goes_wrong": Happening(
            _draw_start, _start_goes_wrong, _start_words, 7.0, _STARTS_STRIKE
        ),
        "blind_starts": Happening(
            _draw_blind,
            _blind_starts,
            _told("starts ring, unanswered and unlisted", "kind", "share", "changes", "lasts_s"),
            1.5,
        ),
        "read_goes_wrong": Happening(
            partial(draw_read, _OF_READS),
            _read_goes_wrong,
            _told("reads go wrong", "kind", "share", "lasts_s"),
            1.5,
            tuple(f"read: {kind}" for kind in _OF_READS),
        ),
        "hooks_go_wrong": Happening(
            _draw_hooks,
            _hooks_go_wrong,
            _told("webhooks go wrong", "changes", "lasts_s"),
            2.0,
            tuple(f"webhook {what}" for what in _MISHAPS),
        ),
        "lists_go_wrong": Happening(
            _draw_lists,
            _lists_go_wrong,
            _told("lists go wrong", "changes", "lasts_s"),
            1.5,
            ("lists: hidden", "lists: late", *(f"lists: {name}" for name in _LIES)),
        ),
        "limit_drops": Happening(
            _draw_limit,
            _limit_drops,
            _told("the platform's limit drops"),
            strikes=tuple(f"platform full: {mode}" for mode in OverLimitMode),
        ),
        "others_call": Happening(
            _draw_foreign, _others_call, _told("others call"), 1.5, ("foreign calls",)
        ),
        "others_submit_a_batch": Happening(
            _draw_batch,
            _others_submit_a_batch,
            _told("others submit a batch"),
            strikes=("a batch",),
        ),
        "nobody_is_reached": Happening(
            _draw_gap,
            _nobody_is_reached,
            _told("the network is down"),
            strikes=("the network is down",),
        ),
        "connecting_takes_long": Happening(
            _draw_slow_way,
            _connecting_takes_long,
            _told("connecting takes long"),
            0.7,
            ("connecting takes long",),
        ),
    }
)
"""By name."""
