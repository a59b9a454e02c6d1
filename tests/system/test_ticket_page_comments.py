"""Comments on the page: rights from the owner, one level of replies, conflicts, reading on."""

from __future__ import annotations

import re

from tests.system.conftest import Door, at, new_ticket, visitor
from tests.system.test_comments_xss import in_turns


class TestComments:
    async def test_written_answered_edited_and_deleted(self, door: Door):
        ticket, client = await new_ticket(door), visitor(door, "member")
        made = await client.post(at(ticket, "/comments"), {"body": "one *two*", "parent": ""})
        assert made.status == 201
        assert "<em>two</em>" in made.html
        assert 'hx-target="#comments-new"' in made.html
        top = made.events["opsdash:comment-created"]["id"]
        reply = await client.post(at(ticket, "/comments"), {"body": "three", "parent": top})
        assert f'hx-target="#replies-{top}"' in reply.html
        edited = await client.post(at(ticket, f"/comments/{top}"), {"body": "four"}, version=1)
        assert edited.status == 200
        assert "four" in edited.html
        assert "edited" in edited.html
        gone = await client.post(at(ticket, f"/comments/{top}/delete"), version=2)
        assert gone.status == 200
        assert "Comment deleted" in gone.html
        html = (await client.get(at(ticket))).html
        assert "Comment deleted" in html
        assert "three" in html
        assert "four" not in html

    async def test_edit_is_offered_by_right_and_earlier_texts_to_admins(self, door: Door):
        ticket, member, admin = await new_ticket(door), visitor(door, "member"), visitor(door, "admin")
        made = await admin.post(at(ticket, "/comments"), {"body": "before"})
        path = at(ticket, f"/comments/{made.events['opsdash:comment-created']['id']}")
        await admin.post(path, {"body": "after"}, version=1)
        assert f"{path}/edit" not in (await member.get(at(ticket))).html
        assert (await member.post(path, {"body": "x"}, version=2)).status == 403
        shown = (await admin.get(at(ticket))).html
        assert f"{path}/edit" in shown
        assert f"{path}/revisions" in shown
        assert "before" in (await admin.get(f"{path}/revisions")).html
        assert (await member.get(f"{path}/revisions")).status == 403

    async def test_an_overtaken_edit_keeps_the_box_and_shows_the_text_now(self, door: Door):
        ticket, client = await new_ticket(door), visitor(door, "member")
        made = await client.post(at(ticket, "/comments"), {"body": "first"})
        comment = made.events["opsdash:comment-created"]["id"]
        await visitor(door, "admin").post(at(ticket, f"/comments/{comment}"), {"body": "by the admin"}, version=1)
        answer = await client.post(at(ticket, f"/comments/{comment}"), {"body": "mine"}, version=1)
        assert answer.status == 412
        assert f'hx-target="#comment-now-{comment}"' in answer.html
        assert "by the admin" in answer.html
        assert 'data-now-version="2"' in answer.html

    async def test_a_comment_under_another_ticket_is_not_there(self, door: Door):
        ticket, other, client = await new_ticket(door), await new_ticket(door), visitor(door, "owner")
        made = await client.post(at(ticket, "/comments"), {"body": "here"})
        wrong = at(other, f"/comments/{made.events['opsdash:comment-created']['id']}")
        for answer in (
            await client.get(wrong),
            await client.get(f"{wrong}/edit"),
            await client.get(f"{wrong}/revisions"),
            await client.post(wrong, {"body": "x"}, version=1),
            await client.post(f"{wrong}/delete", version=1),
        ):
            assert answer.status == 404

    async def test_an_empty_one_is_refused_under_the_box(self, door: Door):
        ticket = await new_ticket(door)
        answer = await visitor(door, "member").post(at(ticket, "/comments"), {"body": "  "})
        assert answer.status == 422
        assert 'hx-target="#composer-error"' in answer.html

    async def test_mentions_are_sent_and_offered_again_in_the_edit_form(self, door: Door):
        ticket, client, ours = await new_ticket(door), visitor(door, "member"), door.api.ours
        assert str(ours.admin) in (await client.get(at(ticket, "/choose/mention?q=admin"))).html
        made = await client.post(at(ticket, "/comments"), {"body": "@admin of ours", "mention": [str(ours.admin)]})
        comment = made.events["opsdash:comment-created"]["id"]
        form = await client.get(at(ticket, f"/comments/{comment}/edit"))
        assert f'name="mention" value="{ours.admin}"' in form.html

    async def test_more_than_a_page_is_read_on_without_doubles(self, door: Door):
        ticket, client = await new_ticket(door), visitor(door, "member")
        path = f"/api/orgs/ours/tickets/{ticket['id']}/comments"
        await in_turns(door.as_("owner").call("POST", path, {"body": f"text {n}"}) for n in range(53))
        first = (await client.get(at(ticket))).html
        more = re.search(r'hx-get="[^"]*(/comments\?cursor=[^"]+)"', first)
        assert more is not None
        second = (await client.get(at(ticket, more[1]))).html
        ids = [re.findall(r'<article class="comment" id="comment-([^"]+)"', html) for html in (first, second)]
        assert [len(found) for found in ids] == [50, 3]
        assert not set(ids[0]) & set(ids[1])
        assert "comments?cursor" not in second
