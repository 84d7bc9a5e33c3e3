"""Lists of messages: filters, pages that do not shift, and a list that knows late."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.unit.simulator.correspondence import (
    BRITON,
    MESSAGES,
    OURS,
    PERSON,
    Correspondence,
    refusal_of,
)
from tests.unit.simulator.telephone import people, read

PAGE_KEYS = {
    "messages",
    "end",
    "first_page_uri",
    "next_page_uri",
    "page",
    "page_size",
    "previous_page_uri",
    "start",
    "uri",
}


def test_the_newest_come_first_and_people_are_found_by_either_side() -> None:
    world = Correspondence()
    first = world.sent()
    answer = world.hear("Thank you")
    second, other = world.sent(), world.sent(BRITON)
    them, us = f"whatsapp:{PERSON}", f"whatsapp:{OURS}"
    assert world.sids() == [other, second, answer, first]
    assert world.sids(To=them) == [second, first]
    assert world.sids(To=them, From=us) == [second, first]
    assert world.sids(From=them) == [answer]
    assert world.sids(To=PERSON) == []
    [inbound] = world.listing(From=them)["messages"]
    assert (inbound["direction"], inbound["status"]) == ("inbound", "received")


def test_pages_do_not_shift_when_new_messages_come() -> None:
    world = Correspondence()
    sids = [world.sent(number) for number in people(5)]
    page = world.listing(PageSize=2)
    assert set(page) == PAGE_KEYS
    assert page["previous_page_uri"] is None
    found = [message["sid"] for message in page["messages"]]
    while page["next_page_uri"]:
        world.sent(BRITON)
        asked = urlsplit(page["next_page_uri"])
        assert asked.path == MESSAGES
        page = read(world.ask("GET", asked.path, query=asked.query))
        found += [message["sid"] for message in page["messages"]]
    assert found == sids[::-1]


def test_a_page_by_its_number_alone_is_counted_from_the_newest() -> None:
    world = Correspondence()
    sids = [world.sent(number) for number in people(5)]
    assert world.sids(PageSize=2, Page=1) == sids[::-1][2:4]
    assert world.sids(PageSize=2, Page=9) == []


def test_a_list_may_know_late_what_the_message_itself_tells_at_once() -> None:
    world = Correspondence(message_list_lag_s=5.0)
    sid = world.sent()
    assert world.sids() == []
    assert world.message(sid)["status"] == "queued"
    world.let_pass(5)
    assert world.sids() == [sid]


def test_the_date_of_sending_is_no_date_of_creation() -> None:
    world = Correspondence()
    sid = world.sent()
    assert world.sids(**{"DateSent>": "2030-03-17"}) == []
    world.let_pass(1)
    assert world.sids(**{"DateSent>": "2030-03-17"}) == [sid]
    assert world.sids(**{"DateSent>": "2030-03-17T17:46:42Z"}) == []
    assert world.sids(**{"DateSent<": "2030-03-17T17:46:42Z"}) == [sid]
    assert world.sids(DateSent="2030-03-17") == [sid]
    assert world.sids(DateSent="2030-03-18") == []


@pytest.mark.parametrize(
    "query", ["PageSize=many", "Page=-1", "PageToken=PAx", "DateSent=yesterday"]
)
def test_a_question_that_makes_no_sense_is_refused(query: str) -> None:
    assert refusal_of(Correspondence().ask("GET", MESSAGES, query=query)) == (400, 20001)
