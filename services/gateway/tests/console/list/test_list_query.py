"""Addresses of the list as filters of its upstream: views and filters combine, unknown values are ignored."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl
from uuid import UUID

import pytest
from opsdash_gateway.console.list.query import VIEWS, ListQuery, read_list_query

ME = UUID("11111111-1111-4111-8111-111111111111")
OTHER = "22222222-2222-4222-8222-222222222222"


def upstream_filter(*pairs: tuple[str, str]) -> dict[str, str] | None:
    return read_list_query(pairs).upstream_filter(ME)


class TestViews:
    def test_nothing_asked_for_means_the_active_tickets_newest_first(self):
        assert upstream_filter() == {"status": "open,in_progress,waiting", "sort": "-created_at"}

    def test_mine_are_the_readers_own(self):
        assert upstream_filter(("view", "mine")) == {
            "status": "open,in_progress,waiting",
            "assignee": str(ME),
            "sort": "-created_at",
        }

    def test_a_filter_narrows_the_view(self):
        found = upstream_filter(("view", "active"), ("status", "open"))
        assert found is not None
        assert found["status"] == "open"

    def test_what_a_view_excludes_matches_nothing(self):
        assert upstream_filter(("view", "mine"), ("assignee", OTHER)) is None

    @pytest.mark.parametrize(("view", "status"), [("active", "closed"), ("done", "open"), ("mine", "resolved")])
    def test_a_status_that_is_asked_for_is_looked_for_beyond_the_view(self, view: str, status: str):
        found = upstream_filter(("view", view), ("status", status))
        assert found is not None
        assert found["status"] == status
        assert read_list_query([("view", view), ("status", status)]).leaves_view
        assert not read_list_query([("view", view), ("status", "")]).leaves_view

    def test_me_within_my_view_is_no_contradiction(self):
        found = upstream_filter(("view", "mine"), ("assignee", "me"), ("assignee", OTHER))
        assert found is not None
        assert found["assignee"] == str(ME)

    def test_breached_keeps_the_owners_own_predicate(self):
        assert upstream_filter(("view", "breached")) == {"sla": "overdue", "sort": "-created_at"}


class TestReferences:
    @pytest.mark.parametrize("name", ["contact", "company", "project"])
    def test_narrow_the_list_as_they_do_in_the_api(self, name: str):
        found = upstream_filter((name, OTHER), (name, "none"))
        assert found is not None
        assert found[name] == f"{OTHER},none"
        query = read_list_query([(name, OTHER)])
        assert query.address() == f"{name}={OTHER}"
        assert query.without(name) == ListQuery()


class TestToday:
    def test_is_the_readers_day(self):
        query = replace(read_list_query([("sla", "today,overdue")]), zone="Asia/Tokyo")
        assert (query.upstream_filter(ME) or {})["time_zone"] == "Asia/Tokyo"

    def test_needs_no_zone_when_it_is_not_asked_for(self):
        assert "time_zone" not in (replace(ListQuery(), zone="Asia/Tokyo").upstream_filter(ME) or {})


class TestNotUnderstood:
    @pytest.mark.parametrize(
        ("pairs", "told"),
        [
            ([("colour", "blue")], ("colour",)),
            ([("status", "open,nonsense")], ("status=nonsense",)),
            ([("company", "Kestrel")], ("company=Kestrel",)),
            ([("view", "x"), ("sort", "size")], ("sort=size", "view=x")),
            ([("status", ""), ("q", "a"), ("cursor", "b"), ("view", "mine"), ("sort", "priority")], ()),
        ],
    )
    def test_is_named(self, pairs: list[tuple[str, str]], told: tuple[str, ...]):
        assert read_list_query(pairs).ignored == told


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
