"""The judge's endpoints, and settings that change while the world runs."""

from __future__ import annotations

import pytest

from tests.unit.simulator.telephone import Telephone, people, read
from voiceslot_tui.simulator.launch import settings_from_options
from voiceslot_tui.simulator.settings import SettingsError, WorldSettings, demo_settings


def test_any_setting_changes_at_run_time() -> None:
    telephone = Telephone()
    reply = telephone.control("POST", "settings", {"limit": 1, "over_limit": "success_false"})
    assert reply.status == 200
    assert read(telephone.control("GET", "settings"))["over_limit"] == "success_false"
    telephone.started("+12025550110")
    assert read(telephone.start("+12025550111"))["success"] is False


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"limit": -1}, "limit"),
        ({"limit": True}, "limit"),
        ({"limit": 2.5}, "limit"),
        ({"talk_s": "long"}, "talk_s"),
        ({"hidden_share": 1.5}, "hidden_share"),
        ({"over_limit": "explode"}, "over_limit"),
        ({"shifting_pages": 1}, "shifting_pages"),
        ({"seed": 4}, "seed"),
        ({"colour": "red"}, "colour"),
        ({"speed": 0}, "speed"),
        ({"webhook_delay_min_s": 3}, "webhook_delay_max_s"),
    ],
)
def test_a_wrong_change_is_named_and_changes_nothing(
    changes: dict[str, object], named: str
) -> None:
    telephone = Telephone()
    before = telephone.world.settings
    reply = telephone.control("POST", "settings", {"talk_s": 1.0, **changes})
    assert reply.status == 400
    assert str(read(reply)["error"]).startswith(named)
    assert telephone.world.settings is before


def test_faults_are_added_and_cleared() -> None:
    telephone = Telephone()
    rules = [{"kind": "error_500", "acts": True, "requests": 1}, {"kind": "slow", "target": "read"}]
    assert len(read(telephone.control("POST", "faults", {"faults": rules}))["faults"]) == 2
    assert telephone.start().status == 500
    assert telephone.truth()["dials"] == {"own": 1}
    assert len(telephone.truth()["faults"]) == 1
    telephone.control("POST", "faults", {"clear": True})
    assert telephone.truth()["faults"] == []


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"kind": "gremlins"},
        {"kind": "slow", "target": "nowhere"},
        {"kind": "slow", "requests": 0},
        {"kind": "slow", "probability": 2},
        {"kind": "slow", "probability": "often"},
        {"kind": "slow", "acts": "yes"},
        {"kind": "slow", "delay_s": -1},
        {"kind": "slow", "often": True},
    ],
)
def test_a_wrong_fault_is_refused(rule: dict[str, object]) -> None:
    telephone = Telephone()
    assert telephone.control("POST", "faults", {"faults": [rule]}).status == 400
    assert telephone.truth()["faults"] == []


def test_the_dial_log_goes_on_after_a_number() -> None:
    telephone = Telephone()
    telephone.start("+12025550110", "attempt-1")
    telephone.started(*people(3))
    first = read(telephone.control("GET", "calls"))["calls"]
    rest = read(telephone.control("GET", "calls", query="after=1"))["calls"]
    assert [call["sequence"] for call in first] == [0, 1, 2, 3]
    assert (first[0]["number"], first[0]["attempt_id"]) == ("+12025550110", "attempt-1")
    assert rest == first[2:]
    assert telephone.control("GET", "calls", query="after=x").status == 400


def test_foreign_calls_come_by_control() -> None:
    telephone = Telephone()
    reply = telephone.control("POST", "foreign", {"count": 3, "talk_s": 10})
    assert len(read(reply)["conversation_ids"]) == 3
    assert telephone.control("POST", "foreign", {"count": 0}).status == 400
    telephone.let_pass(10)
    assert telephone.truth()["live"] == 0


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_name_is_not_found(method: str) -> None:
    assert Telephone().control(method, "nothing").status == 404


def test_options_become_settings() -> None:
    settings = settings_from_options(seed=9, limit=3, talk_s=1, api_key="another-key")
    assert (settings.seed, settings.limit, settings.talk_s) == (9, 3, 1.0)
    assert settings.ring_s == WorldSettings().ring_s
    assert settings_from_options(demo=True) == demo_settings()
    with pytest.raises(SettingsError):
        settings_from_options(limit=-1)


def test_demo_calls_can_be_watched() -> None:
    demo = demo_settings()
    shortest = demo.talk_s * (1 - demo.talk_spread)
    longest = demo.talk_s * (1 + demo.talk_spread)
    assert 5.9 < shortest < longest < 20.1
