"""What goes wrong with follow-ups: at the messenger, on its callbacks, with templates and people.

Only towns whose engine sends messages have these. Batches of the workspace are here as well: that
their recipients' calls end is what most messages are about.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from random import Random
from types import MappingProxyType
from typing import Any, Final

from tests.simulation.answers_gone_wrong import draw_read, let_fail
from tests.simulation.happening import Happening, Teller, for_a_while
from tests.simulation.hearing_judge import HEARD_FROM_LIST
from tests.simulation.stories import (
    OTHER_TEMPLATE_SID,
    TEMPLATE_SID,
    WHATSAPP_SENDER,
    Args,
    Frame,
)
from tests.simulation.town import person
from voiceslot_tui.core.errors import VoiceslotError
from voiceslot_tui.core.follow_up_facts import FollowUpWish
from voiceslot_tui.core.follow_up_pages import FollowUpFilter
from voiceslot_tui.core.follow_ups import FollowUpId, FollowUpState
from voiceslot_tui.engine.engine import Engine
from voiceslot_tui.simulator.batches import Invited
from voiceslot_tui.simulator.correspondents import FATES
from voiceslot_tui.simulator.faults import ALWAYS_ACTS, fits
from voiceslot_tui.simulator.message_forms import Written
from voiceslot_tui.simulator.message_words import Channel, Fate, TemplateStatus
from voiceslot_tui.simulator.words import FaultKind, FaultTarget

_PEOPLE: Final = 30
_GUESTS: Final = 12
_OPERATOR: Final = "ana"


def guest(index: int) -> str:
    """Give one of the people whom only batches call."""
    return person(_PEOPLE + index)


# --- the messenger's answers

_KINDS: Final = tuple(kind for kind in FaultKind if fits(kind, FaultTarget.MESSAGE))
_NEVER_TAKES: Final = frozenset(
    {
        FaultKind.RESET_BEFORE_READING,
        FaultKind.RATE_LIMITED,
        FaultKind.UNAUTHORIZED,
        FaultKind.FORBIDDEN,
    }
)
"""Refusals with a code of the messenger's: one that takes the message all the same is a liar."""
_OF_READS: Final = tuple(kind for kind in FaultKind if fits(kind, FaultTarget.MESSAGE_READ))
_SENDS_STRIKE: Final = (
    *(f"message: {kind}, taken" for kind in _KINDS if kind not in _NEVER_TAKES),
    *(
        f"message: {kind}"
        for kind in _KINDS
        if kind not in ALWAYS_ACTS and kind is not FaultKind.SLOW
    ),
)


def _draw_send(chance: Random, frame: Frame) -> dict[str, Any]:
    kind = chance.choice(_KINDS)
    always = kind in ALWAYS_ACTS or kind is FaultKind.SLOW
    return {
        "kind": str(kind),
        "acts": always or (kind not in _NEVER_TAKES and chance.random() < 0.5),
        "share": chance.choice((0.3, 0.6, 1.0)),
        "delay_s": chance.choice((2.0, 8.0, 40.0)),
        "lasts_s": max(20.0, for_a_while(chance, frame)),
    }


async def _send_goes_wrong(teller: Teller, args: Args) -> None:
    let_fail(teller, FaultTarget.MESSAGE, args, acts=args["acts"])


_ANSWERS_LOST: Final = tuple(
    kind for kind in _KINDS if kind not in _NEVER_TAKES and kind is not FaultKind.SLOW
)


def _draw_blind(chance: Random, frame: Frame) -> dict[str, Any]:
    return {
        "kind": str(chance.choice(_ANSWERS_LOST)),
        "acts": True,
        "share": chance.choice((0.5, 1.0)),
        "delay_s": 20.0,
        "changes": {
            "message_list_lag_s": chance.choice((60.0, 400.0, 400.0)),
            "callback_loss_share": chance.choice((0.0, 1.0)),
        },
        "lasts_s": max(60.0, for_a_while(chance, frame)),
    }


async def _blind_sends(teller: Teller, args: Args) -> None:
    """Let messages be taken of which neither the answer nor, for a while, the list tells."""
    teller.fired("messages: taken, unanswered and unlisted")
    let_fail(teller, FaultTarget.MESSAGE, args, acts=True)
    teller.change_world(args["lasts_s"], args["changes"])


async def _look_up_goes_wrong(teller: Teller, args: Args) -> None:
    let_fail(teller, FaultTarget.MESSAGE_READ, args, acts=None)


# --- its lists, callbacks and fates

_CHANGES: Final[Mapping[str, tuple[tuple[str, tuple[Any, ...]], ...]]] = MappingProxyType(
    {
        "message_list_is_late": (("message_list_lag_s", (5.0, 60.0, 400.0)),),
        "callbacks_go_wrong": (
            ("callback_loss_share", (0.3, 1.0)),
            ("callback_duplicate_share", (0.5, 1.0)),
            ("callback_delay_max_s", (5.0, 300.0, 3600.0)),
            ("callback_reorder_share", (0.5,)),
            ("callback_forged_share", (0.5, 1.0)),
            ("message_answer_delay_s", (3.0, 9.0, 30.0)),
            ("callback_error_word", ("undelivered",)),
        ),
        "messages_do_not_arrive": (
            ("message_undelivered_share", (0.3, 1.0)),
            ("message_unconfirmed_share", (0.5, 1.0)),
            ("not_on_whatsapp_share", (0.5, 1.0)),
            ("sender_failure", (63007, 63018, 63012, 63013)),
        ),
        "summaries_are_late": (
            ("analysis_s", (30.0, 120.0)),
            ("detail_lag_s", (5.0, 20.0)),
            ("batch_ids_lag_s", (10.0, 100.0)),
        ),
    }
)
"""Settings of the world that happenings change for a while, by the happening's name."""
_MISHAPS: Final = tuple(f"callback {what}" for what in ("lost", "doubled", "reordered", "forged"))


def _changing(name: str) -> tuple[Callable[[Random, Frame], dict[str, Any]], Any]:
    def draw(chance: Random, frame: Frame) -> dict[str, Any]:
        possible = _CHANGES[name]
        some = chance.sample(possible, chance.randint(1, min(3, len(possible))))
        changes = {setting: chance.choice(values) for setting, values in some}
        return {"changes": changes, "lasts_s": for_a_while(chance, frame)}

    async def change(teller: Teller, args: Args) -> None:
        for setting in args["changes"]:
            teller.fired(f"messages: {setting}")
        teller.change_world(args["lasts_s"], args["changes"])

    return draw, change


def _changes(name: str, words: str, weight: float = 1.0) -> Happening:
    return Happening(
        *_changing(name),
        lambda a: f"{words} for {a['lasts_s']:g} s: {a['changes']}",
        weight,
        _strikes(name),
    )


def _strikes(name: str) -> tuple[str, ...]:
    return tuple(f"messages: {setting}" for setting, _ in _CHANGES[name])


def _draw_fates(chance: Random, frame: Frame) -> dict[str, Any]:
    return {
        "people": sorted(chance.sample(range(_PEOPLE), 6)),
        "guests": sorted(chance.sample(range(_GUESTS), 3)),
        "fate": str(chance.choice(tuple(Fate))),
    }


async def _people_have_fates(teller: Teller, args: Args) -> None:
    teller.fired(f"fate: {args['fate']}")
    people = teller.town.world.messenger.people
    for number in (*map(person, args["people"]), *map(guest, args["guests"])):
        people[number].script = FATES[Fate(args["fate"])]


# --- templates


def _draw_template(chance: Random, frame: Frame) -> dict[str, Any]:
    status = chance.choice(
        (
            TemplateStatus.REJECTED,
            TemplateStatus.PAUSED,
            TemplateStatus.DISABLED,
            TemplateStatus.PENDING,
        )
    )
    return {"status": str(status), "lasts_s": for_a_while(chance, frame)}


async def _template_is_stopped(teller: Teller, args: Args) -> None:
    template = teller.town.world.messenger.templates[TEMPLATE_SID]
    teller.fired(f"template {args['status']}")
    template.status = TemplateStatus(args["status"])

    def approved_again() -> None:
        template.status = TemplateStatus.APPROVED

    teller.later(args["lasts_s"], approved_again)


# --- batches


def _draw_batch(chance: Random, frame: Frame) -> dict[str, Any]:
    return {
        "people": sorted(chance.sample(range(_GUESTS), chance.choice((1, 3, 8, 12)))),
        "target": chance.choice((1, 3, 10)),
        "forbidden": chance.random() < 0.1,
        "cancel_after_s": chance.choice((None, None, None, 5.0, 60.0)),
        "retry_after_s": chance.choice((None, None, 60.0, 300.0)),
        "changes": chance.choice(
            ({}, {}, {"batch_cancel_cuts_calls": True}, {"batch_cancel_marks_live": True})
        ),
    }


async def _a_batch_is_submitted(teller: Teller, args: Args) -> None:
    """Submit a batch to the workspace: some of its people are reached, some are not."""
    teller.fired("a batch of the workspace")
    town = teller.town
    world = town.world
    data = {"conversation_config_override": {}} if args["forbidden"] else None
    world.configure({**args["changes"], "batch_overrides_allowed": not args["forbidden"]})
    batch = world.batches.submit(
        name="recordatorios",
        agent_id="agent_sim_surveys",
        number=next(iter(world.numbers.values())),
        people=[Invited(guest(index), data) for index in args["people"]],
        now=town.now_s(),
        target=args["target"],
    )
    town.network.stir()

    def cancel() -> None:
        teller.fired("a batch is cancelled")
        world.batches.cancel(batch, town.now_s())
        town.network.stir()

    def retry() -> None:
        if any(one.status == "failed" for one in batch.recipients):
            teller.fired("a batch is retried")
            world.batches.retry(batch, town.now_s())
            town.network.stir()

    if args["cancel_after_s"] is not None:
        teller.later(args["cancel_after_s"], cancel)
    elif args["retry_after_s"] is not None:
        teller.later(args["retry_after_s"], retry)


# --- people


_NOBODY_IS_TOLD: Final = "what people write comes by no webhook"
_SAID: Final = ("Hola, gracias", "STOP", "STOP", "Baja, por favor", "START")


def _draw_writing(chance: Random, frame: Frame) -> dict[str, Any]:
    people = [person(chance.randrange(_PEOPLE)) for _ in range(3)]
    guests = [guest(chance.randrange(_GUESTS)) for _ in range(2)]
    return {
        "numbers": [*people, *guests],
        "text": chance.choice(_SAID),
        "webhook_is_lost": chance.random() < 0.5,
        "let_back_after_s": chance.choice((None, None, 10.0, 60.0, 400.0)),
    }


async def _people_write(teller: Teller, args: Args) -> None:
    """Let people write; a while later an operator may take somebody off the list again."""
    town = teller.town
    teller.fired(f"a person writes {args['text']}")
    url = town.world.settings.inbound_url
    if args.get("webhook_is_lost"):
        teller.fired(_NOBODY_IS_TOLD)
        town.world.configure({"inbound_url": ""})
    for number in args["numbers"]:
        written = Written(number, WHATSAPP_SENDER, Channel.WHATSAPP, args["text"])
        town.world.messenger.hear(written, town.now_s())
    town.world.configure({"inbound_url": url})
    town.network.stir()
    if args.get("let_back_after_s") is not None:
        let_back = {"act": "unsuppress", "number": args["numbers"][0]}
        teller.later(args["let_back_after_s"], lambda: teller.meanwhile(_act(teller, let_back)))


# --- operators

_ACTS: Final = (
    ("pause", 1.5),
    ("resume", 1.5),
    ("wish", 4.0),
    ("retry_all", 1.0),
    ("suppress", 1.0),
    ("unsuppress", 1.0),
    ("watch", 1.0),
    ("interval", 0.5),
    ("look", 0.5),
    ("template", 0.7),
)
_ACTS_STRIKE: Final = (
    *(f"messages: operator: {wish}" for wish in FollowUpWish),
    *(f"messages: operator: {act}" for act, _ in _ACTS if act != "wish"),
)


def _draw_act(chance: Random, frame: Frame) -> dict[str, Any]:
    (act,) = chance.choices([name for name, _ in _ACTS], [weight for _, weight in _ACTS])
    args: dict[str, Any] = {"act": act}
    match act:
        case "wish":
            args["wish"] = str(chance.choice(tuple(FollowUpWish)))
            args["messages"] = sorted({chance.randint(1, 20) for _ in range(chance.randint(1, 6))})
        case "suppress" | "unsuppress":
            numbers = (person(chance.randrange(_PEOPLE)), guest(chance.randrange(_GUESTS)))
            args["number"] = chance.choice(numbers)
        case "watch":
            args["on"] = chance.random() < 0.5
        case "interval":
            args["seconds"] = chance.choice((1.0, 10.0, 40.0))
        case "template":
            args["content_sid"] = chance.choice((TEMPLATE_SID, TEMPLATE_SID, OTHER_TEMPLATE_SID))
    return args


async def _an_operator_minds_messages(teller: Teller, args: Args) -> None:
    teller.meanwhile(_act(teller, args))


async def _act(teller: Teller, args: Args) -> None:
    judge = teller.judge.messages
    if judge is None:
        return
    judge.asked(args)
    teller.fired(f"messages: operator: {args.get('wish', args['act'])}")
    done = None
    try:
        done = await teller.town.ask(_asking(args))
    except VoiceslotError:
        return
    finally:
        judge.answered(args, done=done is not None)


def _asking(args: Args) -> Callable[[Engine], Awaitable[object]]:
    by = _OPERATOR
    match args["act"]:
        case "pause":
            return lambda engine: engine.follow_ups.pause(by=by)
        case "resume":
            return lambda engine: engine.follow_ups.resume(by=by)
        case "wish":
            ids, wish = list(map(FollowUpId, args["messages"])), FollowUpWish(args["wish"])
            return lambda engine: engine.follow_ups.wish(ids, wish, by=by)
        case "retry_all":
            failed = FollowUpFilter(states=frozenset({FollowUpState.FAILED}))
            return lambda engine: engine.follow_ups.retry_all(failed, by=by)
        case "suppress":
            return lambda engine: engine.follow_ups.suppress(args["number"], "asked", by=by)
        case "unsuppress":
            return lambda engine: engine.follow_ups.unsuppress(args["number"], by=by)
        case "watch":
            return lambda engine: engine.batches.watch(args["on"], by=by)
        case "interval":
            return lambda engine: engine.batches.set_interval(args["seconds"], by=by)
        case "template":
            return lambda engine: engine.follow_ups.use_template(args["content_sid"], by=by)
        case _:
            return _look


async def _look(engine: Engine) -> None:
    engine.follow_ups.read_now()
    engine.batches.check_now()


def _send_words(args: Args) -> str:
    taken = "they are taken" if args["acts"] else "none is taken"
    late = f" after {args['delay_s']:g} s" if args["kind"] == FaultKind.SLOW else ""
    return (
        f"{args['share']:.0%} of the messages for {args['lasts_s']:g} s: "
        f"{args['kind']}{late}, {taken}"
    )


def _writing_words(args: Args) -> str:
    others = {name: value for name, value in args.items() if name not in ("numbers", "text")}
    return f"{args['numbers']} write: {args['text']} {others}"


def _batch_words(args: Args) -> str:
    figures = {name: value for name, value in args.items() if value not in (None, {}, False)}
    return f"a batch is submitted {figures}"


MESSAGES: Final[Mapping[str, Happening]] = MappingProxyType(
    {
        "send_goes_wrong": Happening(_draw_send, _send_goes_wrong, _send_words, 6.0, _SENDS_STRIKE),
        "blind_sends": Happening(
            _draw_blind,
            _blind_sends,
            lambda a: f"messages are taken, unanswered and unlisted: {dict(a)}",
            2.0,
            ("messages: taken, unanswered and unlisted",),
        ),
        "look_up_goes_wrong": Happening(
            partial(draw_read, _OF_READS),
            _look_up_goes_wrong,
            lambda a: f"{a['share']:.0%} of the look-ups for {a['lasts_s']:g} s: {a['kind']}",
            2.0,
            tuple(f"message_read: {kind}" for kind in _OF_READS),
        ),
        "message_list_is_late": _changes("message_list_is_late", "the message list is late"),
        "callbacks_go_wrong": replace(
            _changes("callbacks_go_wrong", "callbacks go wrong", 3.0),
            strikes=(*_strikes("callbacks_go_wrong"), *_MISHAPS),
        ),
        "messages_do_not_arrive": _changes("messages_do_not_arrive", "messages are lost", 3.0),
        "summaries_are_late": _changes("summaries_are_late", "summaries are late"),
        "people_have_fates": Happening(
            _draw_fates,
            _people_have_fates,
            lambda a: f"messages to {a['people']} and guests {a['guests']}: {a['fate']}",
            2.0,
            tuple(f"fate: {fate}" for fate in Fate),
        ),
        "template_is_stopped": Happening(
            _draw_template,
            _template_is_stopped,
            lambda a: f"the template is {a['status']} for {a['lasts_s']:g} s",
            1.5,
            tuple(f"template {status}" for status in ("rejected", "paused", "disabled", "pending")),
        ),
        "a_batch_is_submitted": Happening(
            _draw_batch,
            _a_batch_is_submitted,
            _batch_words,
            2.0,
            ("a batch of the workspace", "a batch is cancelled", "a batch is retried"),
        ),
        "people_write": Happening(
            _draw_writing,
            _people_write,
            _writing_words,
            3.0,
            (
                *(f"a person writes {text}" for text in dict.fromkeys(_SAID)),
                _NOBODY_IS_TOLD,
                HEARD_FROM_LIST,
            ),
        ),
        "an_operator_minds_messages": Happening(
            _draw_act,
            _an_operator_minds_messages,
            lambda a: f"{_OPERATOR}: {a['act']} {dict(a)}",
            4.0,
            _ACTS_STRIKE,
        ),
    }
)
"""By name."""
