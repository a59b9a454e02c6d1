"""Addresses of the list as filters of its owner: views and filters combine, unknown values are ignored."""

from __future__ import annotations

from urllib.parse import parse_qsl
from uuid import UUID

import pytest
from opsdash_gateway.web.list_query import VIEWS, ListQuery, read_list_query

ME = UUID("11111111-1111-4111-8111-111111111111")
OTHER = "22222222-2222-4222-8222-222222222222"


def owner_filter(*pairs: tuple[str, str]) -> dict[str, str] | None:
    return read_list_query(pairs).owner_filter(ME)


class TestViews:
    def test_nothing_asked_for_means_the_active_tickets_newest_first(self):
        assert owner_filter() == {"status": "open,in_progress,waiting", "sort": "-created_at"}

    def test_mine_are_the_readers_own(self):
        assert owner_filter(("view", "mine")) == {
            "status": "open,in_progress,waiting",
            "assignee": str(ME),
            "sort": "-created_at",
        }

    def test_a_filter_narrows_the_view(self):
        found = owner_filter(("view", "active"), ("status", "open"), ("status", "closed"))
        assert found is not None
        assert found["status"] == "open"

    @pytest.mark.parametrize(("view", "name", "value"), [("done", "status", "open"), ("mine", "assignee", OTHER)])
    def test_what_a_view_excludes_matches_nothing(self, view: str, name: str, value: str):
        assert owner_filter(("view", view), (name, value)) is None

    def test_me_within_my_view_is_no_contradiction(self):
        found = owner_filter(("view", "mine"), ("assignee", "me"), ("assignee", OTHER))
        assert found is not None
        assert found["assignee"] == str(ME)

    def test_breached_keeps_the_owners_own_predicate(self):
        assert owner_filter(("view", "breached")) == {"sla": "overdue", "sort": "-created_at"}


class TestUnknownValues:
    def test_are_ignored(self):
        pairs = [("view", "x"), ("sort", "x"), ("status", "x"), ("priority", "urgent,x"), ("assignee", "x"), ("y", "x")]
        assert read_list_query(pairs) == ListQuery(chosen={"priority": ("urgent",)})

    def test_a_value_may_come_with_commas_or_repeated(self):
        commas = read_list_query([("status", "waiting,open")])
        assert commas == read_list_query([("status", "open"), ("status", "waiting")])

    def test_words_are_cut_where_the_owner_would_refuse_them(self):
        assert len(read_list_query([("q", "x" * 500)]).words) == 200


class TestAddress:
    def test_the_default_list_has_none(self):
        assert ListQuery().address() == ""

    def test_reads_back_as_the_same_list(self):
        query = ListQuery("mine", {"status": ("open", "waiting"), "sla": ("today",)}, "a & b", "sla_due_at")
        assert read_list_query(parse_qsl(query.address())) == query

    def test_clearing_keeps_view_and_order(self):
        query = ListQuery("done", {"priority": ("low",)}, "words", "priority")
        assert query.narrowed
        assert query.cleared() == ListQuery("done", {}, "", "priority")

    def test_a_head_clicked_twice_turns_around(self):
        assert ListQuery().sorted_by("sla_due_at") == "sla_due_at"
        assert ListQuery(sort="sla_due_at").sorted_by("sla_due_at") == "-sla_due_at"
        assert ListQuery().sorted_by("-created_at") == "created_at"


def test_every_view_asks_for_what_the_owner_knows():
    for view in VIEWS:
        assert read_list_query([("view", view)]).view == view
