"""Links that turn mails off: good for whom and what they were made for, and for nothing else."""

from __future__ import annotations

from itertools import combinations
from uuid import UUID, uuid4

import pytest
from opsdash_contracts.notices import Reason
from opsdash_notifications.mail.links import PATH, MailLinks

OLD, NEW = "o" * 32, "n" * 32
PERSON = uuid4()
LINKS = MailLinks("https://support.example.test", NEW)


def parts(url: str) -> tuple[UUID, str, str]:
    user_id, names, signature = url.partition(f"{PATH}/")[2].split("/")
    return UUID(user_id), names, signature


def test_a_link_says_what_it_turns_off() -> None:
    url = LINKS.unsubscribe(PERSON, [Reason.MENTIONED, Reason.COMMENTED, Reason.MENTIONED])
    assert LINKS.kinds_of(*parts(url)) == frozenset({Reason.MENTIONED, Reason.COMMENTED})


def test_one_that_is_used_for_another_reason_is_none() -> None:
    for first, second in combinations(Reason, 2):
        user_id, _, signature = parts(LINKS.unsubscribe(PERSON, [first]))
        assert LINKS.kinds_of(user_id, second, signature) is None
        assert LINKS.kinds_of(user_id, f"{first},{second}", signature) is None


def test_one_of_somebody_else_is_none() -> None:
    _, names, signature = parts(LINKS.unsubscribe(PERSON, [Reason.MENTIONED]))
    assert LINKS.kinds_of(uuid4(), names, signature) is None


@pytest.mark.parametrize("forged", ["", "x", "ä", "\udcff", "A" * 32])
def test_one_that_was_made_up_is_none(forged: str) -> None:
    assert LINKS.kinds_of(PERSON, Reason.MENTIONED, forged) is None


def test_one_whose_signature_was_changed_is_none() -> None:
    user_id, names, signature = parts(LINKS.unsubscribe(PERSON, [Reason.MENTIONED]))
    for place in range(len(signature)):
        changed = signature[:place] + ("A" if signature[place] != "A" else "B") + signature[place + 1 :]
        assert LINKS.kinds_of(user_id, names, changed) is None


def test_old_links_work_while_the_secret_is_rotated() -> None:
    old = parts(MailLinks(LINKS.public_url, OLD).unsubscribe(PERSON, [Reason.MENTIONED]))
    assert MailLinks(LINKS.public_url, f"{NEW},{OLD}").kinds_of(*old) == frozenset({Reason.MENTIONED})
    assert LINKS.kinds_of(*old) is None


def test_links_to_tickets_are_of_the_console() -> None:
    assert LINKS.ticket("brightside", 42, "es") == "https://support.example.test/es/org/brightside/support/42"
