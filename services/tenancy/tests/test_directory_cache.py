"""What is kept of a directory holds for one revision, and no more is kept than is allowed."""

from __future__ import annotations

from uuid import UUID, uuid4

from opsdash_tenancy.directory_cache import DirectoryCache

OURS, THEIRS = uuid4(), uuid4()


def cache(most: int = 10) -> DirectoryCache[dict[UUID, str]]:
    return DirectoryCache(dict, most=most)


def names(count: int) -> dict[UUID, str]:
    return {uuid4(): "name" for _ in range(count)}


class TestRevision:
    def test_the_same_is_grown_by_one_request_after_the_other(self):
        kept = cache()
        kept.at(OURS, 3)[OURS] = "Ada"
        assert kept.at(OURS, 3) == {OURS: "Ada"}

    def test_a_newer_one_starts_anew(self):
        kept = cache()
        kept.at(OURS, 3)[OURS] = "Ada"
        assert kept.at(OURS, 4) == {}

    def test_a_request_that_opened_the_org_before_the_change_gets_the_newer_one(self):
        kept = cache()
        kept.at(OURS, 4)[OURS] = "Grace"
        assert kept.at(OURS, 3) == {OURS: "Grace"}
        assert kept.at(OURS, 4) == {OURS: "Grace"}

    def test_what_a_late_request_adds_is_not_kept_for_the_newer_revision(self):
        kept = cache()
        late = kept.at(OURS, 3)
        kept.at(OURS, 4)
        late[OURS] = "Ada"
        assert kept.at(OURS, 4) == {}

    def test_orgs_have_their_own(self):
        kept = cache()
        kept.at(OURS, 3)[OURS] = "Ada"
        assert kept.at(THEIRS, 3) == {}
        assert kept.at(OURS, 3) == {OURS: "Ada"}


class TestBound:
    def test_the_org_that_has_not_been_asked_for_longest_is_forgotten(self):
        kept = cache(most=10)
        for org in (OURS, THEIRS):
            kept.at(org, 1).update(names(5))
        kept.at(OURS, 1)
        kept.trim()
        assert (len(kept.at(OURS, 1)), len(kept.at(THEIRS, 1))) == (5, 0)

    def test_orgs_without_a_name_count_too(self):
        kept = cache(most=10)
        first = kept.at(OURS, 1)
        for _ in range(10):
            kept.at(uuid4(), 1)
        kept.trim()
        assert kept.at(OURS, 1) is not first

    def test_an_org_with_more_than_all_may_have_is_forgotten(self):
        kept = cache(most=10)
        kept.at(OURS, 1).update(names(1000))
        kept.trim()
        assert kept.at(OURS, 1) == {}
