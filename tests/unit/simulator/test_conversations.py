"""The conversation list: filters, order, pages, lag and what it hides."""

from __future__ import annotations

import pytest

from tests.unit.simulator.telephone import BEGIN, LIVE_ONLY, Telephone, people, read


def one_a_second(count: int, **changes: object) -> tuple[Telephone, list[str]]:
    telephone = Telephone(limit=1000, **changes)
    ids = []
    for number in people(count):
        ids += telephone.started(number)
        telephone.let_pass(1)
    return telephone, ids


def walk(telephone: Telephone, *query: tuple[str, object]) -> list[str]:
    ids: list[str] = []
    cursor: list[tuple[str, object]] = []
    while True:
        page = telephone.get("/v1/convai/conversations", *query, *cursor)
        ids += [item["conversation_id"] for item in page["conversations"]]
        assert page["has_more"] is (page["next_cursor"] is not None)
        if not page["has_more"]:
            return ids
        cursor = [("cursor", page["next_cursor"])]


@pytest.mark.parametrize("page_size", [1, 4, 7, 8, 100])
def test_pages_give_everyone_once_newest_first(page_size: int) -> None:
    telephone, ids = one_a_second(8)
    assert walk(telephone, ("page_size", page_size)) == ids[::-1]
    assert walk(telephone, ("page_size", page_size), ("sort_direction", "asc")) == ids


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_the_bounds_of_the_start_are_kept(direction: str) -> None:
    telephone, ids = one_a_second(8)
    found = walk(
        telephone,
        ("call_start_after_unix", int(BEGIN) + 2),
        ("call_start_before_unix", int(BEGIN) + 5),
        ("sort_direction", direction),
        ("page_size", 2),
    )
    assert sorted(found) == ids[2:6]


def test_pages_of_the_live_are_whole_while_calls_end() -> None:
    telephone, ids = one_a_second(6)
    page = telephone.get("/v1/convai/conversations", *LIVE_ONLY, ("page_size", 3))
    telephone.let_pass(20)
    cursor = ("cursor", page["next_cursor"])
    assert telephone.listed(*LIVE_ONLY, ("page_size", 3), cursor) == ids[2:3]


def test_shifting_pages_repeat_and_skip() -> None:
    telephone, ids = one_a_second(4, shifting_pages=True)
    page = telephone.get("/v1/convai/conversations", ("page_size", 2))
    telephone.started("+12025550110")
    second = telephone.listed(("page_size", 2), ("cursor", page["next_cursor"]))
    assert second == [ids[2], ids[1]]


@pytest.mark.parametrize("at_first", [False, True])
def test_a_listing_goes_on_as_it_has_begun(at_first: bool) -> None:
    telephone, ids = one_a_second(7, shifting_pages=at_first)
    page = telephone.get("/v1/convai/conversations", ("page_size", 2))
    telephone.world.configure({"shifting_pages": not at_first})
    found = [item["conversation_id"] for item in page["conversations"]]
    cursor: str | None = page["next_cursor"]
    while cursor is not None:
        page = telephone.get("/v1/convai/conversations", ("page_size", 2), ("cursor", cursor))
        found += [item["conversation_id"] for item in page["conversations"]]
        cursor = page["next_cursor"]
    assert found == ids[::-1]


@pytest.mark.parametrize("cursor", ["o", "-1", "ox", "1o", "o-1"])
def test_a_cursor_that_is_none_is_refused(cursor: str) -> None:
    telephone, _ = one_a_second(2)
    reply = telephone.send("GET", "/v1/convai/conversations", f"cursor={cursor}")
    assert (reply.status, b"Invalid cursor" in reply.body) == (422, True)


def test_statuses_are_excluded() -> None:
    telephone, ids = one_a_second(30)
    assert telephone.listed(*LIVE_ONLY, ("page_size", 100)) == ids[:5:-1]
    only_done = [("exclude_statuses", word) for word in ("initiated", "in-progress", "processing")]
    assert telephone.listed(*only_done) == ids[3::-1]


def test_persons_agents_and_variables_are_found() -> None:
    telephone = Telephone()
    [first] = telephone.started("+12025550110", attempt="a1", user_id="u1")
    [second] = telephone.started(
        "+12025550111", attempt="a2", agent_id="agent_sim_surveys", variables={"age": 40}
    )
    assert telephone.listed(("user_id", "u1")) == [first]
    assert telephone.listed(("user_id", "nobody")) == []
    assert telephone.listed(("agent_id", "agent_sim_surveys")) == [second]

    def by(test: str) -> list[str]:
        return telephone.listed(("dynamic_variable_params", test))

    assert by("voiceslot_attempt_id:eq:a2") == [second]
    assert by("voiceslot_attempt_id:in:a1,a2") == [second, first]
    assert by("voiceslot_attempt_id:neq:a2") == [first]
    assert by("age:gte:40") == [second]
    assert by("age:gt:40") == []
    assert by("age:lt:9") == []
    assert by("missing:eq:1") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page_size=0", "page_size"),
        ("page_size=101", "page_size"),
        ("cursor=elsewhere", "cursor"),
        ("exclude_statuses=finished", "exclude_statuses"),
        ("call_start_after_unix=yesterday", "call_start_after_unix"),
        ("dynamic_variable_params=age", "dynamic_variable_params"),
        ("sort_direction=up", "sort_direction"),
    ],
)
def test_a_wrong_parameter_is_named(query: str, field: str) -> None:
    reply = Telephone().send("GET", "/v1/convai/conversations", query)
    assert reply.status == 422
    assert read(reply)["detail"][0]["loc"] == ["query", field]


def test_a_lagging_list_shows_the_past() -> None:
    telephone, ids = one_a_second(3, list_lag_s=10.0)
    assert telephone.listed(*LIVE_ONLY) == []
    telephone.let_pass(8.5)
    assert telephone.listed(*LIVE_ONLY) == ids[1::-1]
    telephone.let_pass(20)
    # The calls end at 25, 26 and 27 s; at 31.5 s the list stands at 21.5 s.
    assert telephone.listed(*LIVE_ONLY) == ids[::-1]
    assert telephone.status(ids[0]) == "done"
    telephone.let_pass(4)
    assert telephone.listed(*LIVE_ONLY) == ids[:0:-1]
    page = telephone.get("/v1/convai/conversations")
    assert [item["status"] for item in page["conversations"]] == [
        "in-progress",
        "in-progress",
        "processing",
    ]


def test_a_lagging_detail_is_not_found_at_first() -> None:
    telephone = Telephone(detail_lag_s=3.0)
    [call] = telephone.started("+12025550110")
    assert telephone.send("GET", f"/v1/convai/conversations/{call}").status == 404
    telephone.let_pass(3)
    assert telephone.status(call) == "initiated"


def test_hidden_calls_are_in_no_list_but_live_all_the_same() -> None:
    telephone, ids = one_a_second(4)
    telephone.control("POST", "hide", {"conversation_ids": [ids[1]]})
    assert telephone.listed(*LIVE_ONLY) == [ids[3], ids[2], ids[0]]
    telephone.world.configure({"hidden_share": 1.0})
    assert telephone.listed(*LIVE_ONLY) == telephone.listed() == []
    assert telephone.get("/v1/convai/analytics/live-count") == {"count": 4}
    telephone.world.configure({"hidden_share": 0.0})
    telephone.control("POST", "hide", {"conversation_ids": []})
    assert telephone.listed(*LIVE_ONLY) == ids[::-1]


def test_a_share_hides_about_that_many() -> None:
    telephone = Telephone(limit=1000, hidden_share=0.5)
    telephone.started(*people(100))
    assert 30 < len(telephone.listed(("page_size", 100))) < 70
