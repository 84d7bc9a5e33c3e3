"""Which answers go wrong, and how.

A rule names what goes wrong, on starts, messages or reads, how likely, and for how many
requests. For a start or a message it also says whether the phone rings all the same, because
that is the question the product has to answer without being able to know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from voiceslot_tui.simulator.settings import SettingsError
from voiceslot_tui.simulator.words import FaultKind, FaultPreset, FaultTarget

ACTS_BY_NATURE = frozenset(
    {
        FaultKind.NO_ANSWER,
        FaultKind.SLOW,
        FaultKind.HTML_200,
        FaultKind.TRUNCATED_JSON,
        FaultKind.CUT_BODY,
        FaultKind.RESET_AFTER_READING,
        FaultKind.RESET_HALF_HEADERS,
        FaultKind.NO_CONVERSATION_ID,
        FaultKind.STUCK_INITIATED,
        FaultKind.STUCK_IN_PROGRESS,
        FaultKind.UNKNOWN_STATUS,
        FaultKind.NO_SID,
    }
)
STORIES = frozenset(
    {FaultKind.NO_CONVERSATION_ID, FaultKind.STUCK_INITIATED, FaultKind.STUCK_IN_PROGRESS}
)
START_ONLY = STORIES | {FaultKind.NUMBER_REFUSED, FaultKind.AGENT_REFUSED}
READ_ONLY = frozenset({FaultKind.UNKNOWN_STATUS})
MESSAGE_ONLY = frozenset({FaultKind.NO_SID})
CARRIER_ONLY = frozenset({FaultKind.EMPTY_500, FaultKind.PROBLEM_503})
ALWAYS_ACTS = STORIES | MESSAGE_ONLY
READS = frozenset({FaultTarget.READ, FaultTarget.MESSAGE_READ})
MESSAGES = frozenset({FaultTarget.MESSAGE, FaultTarget.MESSAGE_READ})
TARGETS = (
    (START_ONLY, frozenset({FaultTarget.START}), "starts"),
    (READ_ONLY, READS, "reads"),
    (MESSAGE_ONLY, frozenset({FaultTarget.MESSAGE}), "messages"),
    (CARRIER_ONLY, MESSAGES, "messages"),
)
"""Which kinds act on some targets only."""


@dataclass(slots=True)
class FaultRule:
    """One thing that goes wrong. `acts`: the platform does what was asked before it answers."""

    kind: FaultKind
    target: FaultTarget
    probability: float
    acts: bool
    remaining: int | None = None
    delay_s: float = 2.0
    hits: int = 0

    def as_json(self) -> dict[str, Any]:
        """Give the rule as the control endpoint shows it."""
        return {name: getattr(self, name) for name in self.__slots__}


class Faults:
    """The rules in force; the first that strikes decides."""

    def __init__(self, seed: int) -> None:
        """Begin without any rule."""
        self.rules: list[FaultRule] = []
        self._chance = Random(f"faults {seed}")

    def add(self, rule: FaultRule) -> None:
        """Put a rule in force, after those already there."""
        self.rules.append(rule)

    def clear(self) -> None:
        """End all faults."""
        self.rules.clear()

    def strike(self, target: FaultTarget) -> FaultRule | None:
        """Say which fault strikes this request, and use it up."""
        for rule in self.rules:
            if rule.target is not target or self._chance.random() >= rule.probability:
                continue
            rule.hits += 1
            if rule.remaining is not None:
                rule.remaining -= 1
                if rule.remaining <= 0:
                    self.rules.remove(rule)
            return rule
        return None


def fits(kind: FaultKind, target: FaultTarget) -> bool:
    """Say whether a kind can act on a target."""
    return all(target in targets for kinds, targets, _ in TARGETS if kind in kinds)


def make_rule(
    kind: FaultKind,
    target: FaultTarget = FaultTarget.START,
    *,
    probability: float = 1.0,
    requests: int | None = None,
    acts: bool | None = None,
    delay_s: float = 2.0,
) -> FaultRule:
    """Make a rule; `requests` is for how many requests (None: for good).

    Raises SettingsError where the kind does not fit the target or a value is out of bounds.
    """
    for kinds, targets, words in TARGETS:
        if kind in kinds and target not in targets:
            raise SettingsError(f"target: {kind} acts on {words} only")
    if not 0 <= probability <= 1:
        raise SettingsError("probability: must be between 0 and 1")
    if requests is not None and requests < 1:
        raise SettingsError("requests: must be at least 1")
    if delay_s < 0:
        raise SettingsError("delay_s: must not be negative")
    does_act = kind in ACTS_BY_NATURE if acts is None else acts
    if kind is FaultKind.RESET_BEFORE_READING and does_act:
        raise SettingsError("acts: nothing can be done before the request is read")
    if kind in ALWAYS_ACTS and not does_act:
        raise SettingsError(
            f"acts: {kind} is a story of what was done, it cannot happen without it"
        )
    return FaultRule(kind, target, probability, does_act, requests, delay_s)


def read_rule(body: Mapping[str, Any]) -> FaultRule:
    """Read a rule from JSON: `kind`, `target`, `probability`, `requests`, `acts`, `delay_s`."""
    unknown = set(body) - {"kind", "target", "probability", "requests", "acts", "delay_s"}
    if unknown:
        raise SettingsError(f"{sorted(unknown)[0]}: no such part of a fault")
    if body.get("kind") not in set(FaultKind):
        raise SettingsError(f"kind: must be one of {', '.join(FaultKind)}")
    if body.get("target", FaultTarget.START) not in set(FaultTarget):
        raise SettingsError(f"target: must be one of {', '.join(FaultTarget)}")
    requests, acts = body.get("requests"), body.get("acts")
    if requests is not None and (isinstance(requests, bool) or not isinstance(requests, int)):
        raise SettingsError("requests: must be an integer")
    if acts is not None and not isinstance(acts, bool):
        raise SettingsError("acts: must be true or false")
    return make_rule(
        FaultKind(body["kind"]),
        FaultTarget(body.get("target", FaultTarget.START)),
        probability=_number(body, "probability", 1.0),
        requests=requests,
        acts=acts,
        delay_s=_number(body, "delay_s", 2.0),
    )


def _number(body: Mapping[str, Any], name: str, default: float) -> float:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SettingsError(f"{name}: must be a number")
    return float(value)


def preset_rules(preset: FaultPreset) -> list[FaultRule]:
    """Give the rules of a preset: a bad day, or the worst one we can think of."""
    if preset is FaultPreset.NONE:
        return []
    share = 0.01 if preset is FaultPreset.ROUGH else 0.05
    starts = (
        (FaultKind.ERROR_500, True),
        (FaultKind.ERROR_503, False),
        (FaultKind.RESET_AFTER_READING, True),
        (FaultKind.RESET_BEFORE_READING, False),
        (FaultKind.HTML_200, True),
    )
    reads = (FaultKind.ERROR_502_HTML, FaultKind.TRUNCATED_JSON, FaultKind.SLOW)
    return [
        *(make_rule(kind, probability=share, acts=acts) for kind, acts in starts),
        *(make_rule(kind, FaultTarget.READ, probability=share) for kind in reads),
        *(
            make_rule(kind, FaultTarget.MESSAGE, probability=share, acts=acts)
            for kind, acts in starts
        ),
        *(make_rule(kind, FaultTarget.MESSAGE_READ, probability=share) for kind in reads),
    ]
