"""What producers, operators and strangers do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import Random
from types import MappingProxyType
from typing import Any, Final

from tests.simulation.happening import Happening, Teller
from tests.simulation.stories import Args, Frame
from tests.simulation.town import person
from voiceslot_tui.core.calls import CallId, CallState
from voiceslot_tui.core.errors import StoreUnavailable, VoiceslotError
from voiceslot_tui.core.facts import Wish
from voiceslot_tui.core.pages import Filter, PageQuery, Place
from voiceslot_tui.core.undo import Done
from voiceslot_tui.engine.engine import Engine
from voiceslot_tui.simulator.words import OverLimitMode

_PEOPLE: Final = 30
OPERATORS: Final = ("ana", "ben")


# --- producers


def _draw_enqueue(chance: Random, frame: Frame) -> dict[str, Any]:
    return {
        "people": sorted(chance.sample(range(_PEOPLE), chance.choice((1, 3, 6, 12)))),
        "priorities": [chance.choice((0, 0, 0, 5, -3)) for _ in range(3)],
        "attempts": chance.choice((1, 1, 1, 1, 2, 3)),
    }


async def _calls_are_asked_for(teller: Teller, args: Args) -> None:
    """Ask until told, as producers do: each order has its key, however often it is repeated."""
    for index in args["people"]:
        priority = args["priorities"][index % len(args["priorities"])]
        teller.meanwhile(teller.order(person(index), priority, args["attempts"]))


# --- operators

_WISHES: Final = tuple(Wish)
_ACTS: Final = (
    ("wish", 6.0),
    ("prioritise", 1.5),
    ("move", 1.0),
    ("pause", 2.0),
    ("resume", 2.0),
    ("limit", 1.5),
    ("hang_up", 1.0),
    ("take_back", 1.5),
    ("reconcile", 0.5),
)


_ACTS_STRIKE: Final = (
    *(f"operator: {wish}" for wish in _WISHES),
    *(f"operator: {act}" for act, _ in _ACTS if act != "wish"),
)


def _draw_act(chance: Random, frame: Frame) -> dict[str, Any]:
    (act,) = chance.choices([name for name, _ in _ACTS], [weight for _, weight in _ACTS])
    args: dict[str, Any] = {
        "who": chance.choice(OPERATORS),
        "act": act,
        "calls": sorted({chance.randint(1, 20) for _ in range(chance.choice((1, 1, 2, 5)))}),
    }
    match act:
        case "wish":
            args["wish"] = str(chance.choice(_WISHES))
        case "prioritise":
            args["to"] = chance.choice((-5, 0, 7, 1000))
        case "move":
            args["place"] = str(chance.choice(tuple(Place)))
        case "limit":
            args["limit"] = chance.randint(1, frame.limit + 2)
    return args


async def _an_operator_acts(teller: Teller, args: Args) -> None:
    teller.meanwhile(_act(teller, args))


async def _act(teller: Teller, args: Args) -> None:
    judge = teller.judge
    judge.asked(args)
    teller.fired(f"operator: {args.get('wish', args['act'])}")
    try:
        done = await teller.town.ask(_asking(teller, args))
    except VoiceslotError:
        return
    finally:
        judge.answered(args)
    if done is not None:
        teller.undo_of[args["who"]] = done
        judge.told(args, done)


def _asking(teller: Teller, args: Args) -> Callable[[Engine], Awaitable[Done | None]]:
    calls: Sequence[CallId] = [CallId(number) for number in args["calls"]]
    by = args["who"]
    match args["act"]:
        case "wish":
            return lambda engine: engine.wish(calls, Wish(args["wish"]), by=by)
        case "prioritise":
            return lambda engine: engine.prioritise(calls, to=args["to"], by=by)
        case "move":
            return lambda engine: engine.move(calls, Place(args["place"]), by=by)
        case "pause":
            return lambda engine: engine.pause(by=by)
        case "resume":
            return lambda engine: engine.resume(by=by)
        case "limit":
            return lambda engine: engine.set_limit(args["limit"], by=by)
        case "hang_up":
            return lambda engine: engine.hang_up(calls[0], by=by)
        case "take_back":
            last = teller.undo_of.get(by)
            undo = last.undo if last is not None else ()
            teller.judge.takes_back(undo)
            return lambda engine: engine.take_back(undo, by=by)
        case _:
            return _reconcile


async def _reconcile(engine: Engine) -> None:
    engine.reconcile_now()


# --- a cancel that comes while the phone may be ringing


_UNDER_WAY: Final = frozenset({CallState.DIALING, CallState.UNCERTAIN})


def _draw_second_thoughts(chance: Random, frame: Frame) -> dict[str, Any]:
    return {
        "who": chance.choice(OPERATORS),
        "looks": chance.choice((1, 3)),
        "refuses": chance.random() < 0.7,
        "lasts_s": chance.choice((5.0, 20.0)),
    }


async def _an_operator_has_second_thoughts(teller: Teller, args: Args) -> None:
    """Whatever is being dialled is cancelled, while the platform answers late, and mostly no."""
    network = teller.town.network
    network.slow_s = 1.0
    teller.later(args["lasts_s"], lambda: setattr(network, "slow_s", 0.0))
    if args["refuses"]:
        full = {"limit": 0, "over_limit": str(OverLimitMode.REFUSE_CONCURRENT)}
        teller.change_world(args["lasts_s"], full)
    teller.meanwhile(_cancel_what_is_dialled(teller, args))


async def _cancel_what_is_dialled(teller: Teller, args: Args) -> None:
    query = PageQuery(where=Filter(states=_UNDER_WAY), count=50)
    for _ in range(args["looks"]):
        await asyncio.sleep(1.0)
        try:
            page = await teller.town.ask(lambda engine: engine.page(query))
        except StoreUnavailable:
            continue
        calls = [] if page is None else [int(row.call.id) for row in page.rows]
        if calls:
            teller.fired("cancelled in mid-dial")
            wish = {"who": args["who"], "act": "wish", "calls": calls, "wish": str(Wish.CANCEL)}
            await _act(teller, wish)


# --- strangers


def _draw_stranger(chance: Random, frame: Frame) -> dict[str, Any]:
    return {"nth": chance.randint(0, 10), "shape": chance.choice(("envelope", "flexible", "noise"))}


async def _a_stranger_posts(teller: Teller, args: Args) -> None:
    """Somebody without the secret says that a call has ended."""
    teller.fired("a stranger posts")
    calls = teller.town.world.calls
    named = calls[args["nth"] % len(calls)].conversation_id if calls else "conv_nobody"
    bodies: dict[str, Any] = {
        "envelope": {
            "type": "post_call_transcription",
            "event_timestamp": int(teller.town.now_s()),
            "data": {"conversation_id": named, "agent_id": "agent_x", "status": "done"},
        },
        "flexible": {"conversation_id": named, "status": "completed"},
        "noise": ["not", "an", "object"],
    }
    body = json.dumps(bodies[args["shape"]]).encode()
    headers = {"ElevenLabs-Signature": f"t={int(teller.town.now_s())},v0={'0' * 64}"}
    teller.meanwhile(teller.town.network.post("/webhook/elevenlabs", body, headers))


def _act_words(args: Args) -> str:
    figures = {name: value for name, value in args.items() if name not in ("who", "act")}
    return f"{args['who']}: {args['act']} {figures}"


PEOPLE: Final[Mapping[str, Happening]] = MappingProxyType(
    {
        "enqueue": Happening(
            _draw_enqueue,
            _calls_are_asked_for,
            lambda a: f"calls to {a['people']} are asked for, {a['attempts']} attempts each",
            2.0,
        ),
        "an_operator_acts": Happening(_draw_act, _an_operator_acts, _act_words, 4.0, _ACTS_STRIKE),
        "second_thoughts": Happening(
            _draw_second_thoughts,
            _an_operator_has_second_thoughts,
            lambda a: f"{a['who']} cancels what is being dialled for {a['lasts_s']:g} s",
            0.8,
            ("cancelled in mid-dial",),
        ),
        "a_stranger_posts": Happening(
            _draw_stranger,
            _a_stranger_posts,
            lambda a: f"a stranger posts {a['shape']} about call {a['nth']}",
            0.7,
            ("a stranger posts",),
        ),
    }
)
"""By name."""
