"""The page "Notifications": what it shows, what it changes, and what it says when that does not work."""

from __future__ import annotations

from typing import Any

import pytest
from opsdash_contracts.notices import Reason
from opsdash_gateway.console.i18n.labels import labels_in
from opsdash_gateway.console.i18n.languages import load_languages

from services.gateway.tests.console.settings.test_frame import MINE, Telling, preferences, problem, tickets, window_of
from tests.support.web_clients import Visitor

PATH = "/settings/notifications"
#: The form as a browser sends it when nobody has touched it.
UNTOUCHED = {
    "mail": ["assigned", "mentioned"], "mail_delay_seconds": "60", "muted_until": "", "from": "22:00", "to": "07:00",
    "zone": "", "urgent_through": "on", "language": "en", "digest_hour": "", "digest_zone": "",
    "reader_zone": "", "version": "4",
}  # fmt: skip
QUIET = {"is_quiet": "on", "from": "21:30", "to": "06:15", "zone": "Europe/Madrid"}


def field(html: str, name: str) -> str:
    """The element with this name."""
    before, _, after = html.partition(f' name="{name}"')
    return before.rpartition("<")[2] + after.partition(">")[0]


def chosen(html: str, name: str) -> str:
    select = html.partition(f' name="{name}"')[2].partition("</select>")[0]
    return select.partition(" selected")[0].rpartition('value="')[2].partition('"')[0]


@pytest.fixture
def window(telling: Any, upstream: Any) -> Visitor:
    upstream.answer = tickets()
    return window_of(telling)


class TestShowing:
    def test_every_reason_has_a_name(self):
        assert set(labels_in(load_languages()["en"])["reason_long"]) == set(Reason)

    async def test_what_is_stored(self, window: Visitor, notifications: Any):
        notifications.answer = Telling(
            preferences(
                mail_delay_seconds=90, quiet_hours={"from": "21:30", "to": "06:15", "zone": "America/New_York"},
                urgent_through=False, muted_until="2126-03-03T08:00:00Z", language="es",
            )
        )  # fmt: skip
        html = (await window.get(PATH, fragment=False, Cookie=window.cookie() + "; opsdash-zone=Asia/Kolkata")).html
        ticks = [html.partition(f'value="{name}"')[2].partition(">")[0] for name in preferences()["mail"]]
        assert [" checked" in tick for tick in ticks] == [True, True, False]
        assert (chosen(html, "mail_delay_seconds"), chosen(html, "language")) == ("90", "es")
        assert (chosen(html, "zone"), "Asia/Kolkata (this device)" in html) == ("America/New_York", True)
        assert ('value="21:30"' in field(html, "from"), 'value="06:15"' in field(html, "to")) == (True, True)
        assert " checked" not in field(html, "urgent_through")
        assert 'value="2126-03-03T13:30"' in field(html, "muted_until")
        assert 'name="reader_zone" value="Asia/Kolkata"' in html

    async def test_marks_which_mails_are_off_at_first(self, window: Visitor, notifications: Any):
        notifications.answer = Telling()
        html = (await window.get(PATH)).html
        told = {name: html.partition(f'value="{name}"')[2].partition("</li>")[0] for name in preferences()["mail"]}
        assert {name: "off by default" in text for name, text in told.items()} == {
            "assigned": False, "mentioned": False, "status_changed": True,
        }  # fmt: skip

    async def test_the_zone_of_the_device_is_offered_first(self, window: Visitor, notifications: Any):
        notifications.answer = Telling()
        html = (await window.get(PATH, Cookie=window.cookie() + "; opsdash-zone=Europe/Madrid")).html
        assert chosen(html, "zone") == "Europe/Madrid"
        assert "selected" not in html.partition(' name="zone"')[2].partition("</optgroup>")[2].partition("</select>")[0]

    async def test_the_digest_with_its_zone(self, window: Visitor, notifications: Any):
        notifications.answer = Telling(preferences(digest_hour=7, digest_zone="Asia/Kolkata"))
        html = (await window.get(PATH)).html
        assert (chosen(html, "digest_hour"), chosen(html, "digest_zone")) == ("7", "Asia/Kolkata")

    async def test_no_language_is_that_of_the_workspace(self, window: Visitor, notifications: Any):
        notifications.answer = Telling(preferences(language_chosen=False))
        assert chosen((await window.get(PATH)).html, "language") == ""


class TestChanging:
    @pytest.mark.parametrize(
        ("form", "change"),
        [
            ({"mail": ["assigned", "status_changed"]}, {"mail": {"mentioned": False, "status_changed": True}}),
            ({"mail_delay_seconds": "0"}, {"mail_delay_seconds": 0}),
            (QUIET, {"quiet_hours": {"from": "21:30", "to": "06:15", "zone": "Europe/Madrid"}}),
            ({"urgent_through": None}, {"urgent_through": False}),
            ({"language": "es"}, {"language": "es"}),
            ({"language": ""}, {"language": None}),
            ({"muted_until": "2126-03-03T09:00"}, {"muted_until": "2126-03-03T09:00:00+00:00"}),
            (
                {"muted_until": "2126-07-03T09:00", "reader_zone": "Europe/Madrid"},
                {"muted_until": "2126-07-03T07:00:00+00:00"},
            ),
        ],
    )
    async def test_sends_what_differs_with_the_version_that_was_seen(
        self, window: Visitor, notifications: Any, form: dict[str, Any], change: dict[str, Any]
    ):
        notifications.answer = telling = Telling()
        page = await window.post(PATH, {name: value for name, value in (UNTOUCHED | form).items() if value is not None})
        assert telling.changes == [(MINE, change, '"4"')]
        assert page.status == 200
        assert page.events["opsdash:toast"] == {"kind": "success", "text": "Saved"}
        assert 'name="version" value="5"' in page.html

    async def test_ends_quiet_hours_and_muting(self, window: Visitor, notifications: Any):
        hours = {"from": "22:00", "to": "07:00", "zone": "UTC"}
        notifications.answer = telling = Telling(preferences(quiet_hours=hours, muted_until="2126-03-03T08:00:00Z"))
        await window.post(PATH, UNTOUCHED)
        assert telling.changes == [(MINE, {"quiet_hours": None, "muted_until": None}, '"4"')]

    async def test_sets_the_digest_and_ends_it(self, window: Visitor, notifications: Any):
        notifications.answer = telling = Telling()
        await window.post(PATH, UNTOUCHED | {"digest_hour": "8", "digest_zone": "Europe/Madrid"})
        await window.post(PATH, UNTOUCHED | {"digest_hour": "", "digest_zone": "Europe/Madrid", "version": "5"})
        assert telling.changes == [
            (MINE, {"digest_hour": 8, "digest_zone": "Europe/Madrid"}, '"4"'), (MINE, {"digest_hour": None}, '"5"'),
        ]  # fmt: skip

    async def test_without_scripts_the_page_comes_back_and_says_so(self, window: Visitor, notifications: Any):
        notifications.answer = telling = Telling()
        page = await window.post(PATH, UNTOUCHED | {"language": "es"}, fragment=False)
        assert (page.status, page.headers["Location"]) == (303, "/en/org/brightside/settings/notifications?saved")
        assert telling.changes == [(MINE, {"language": "es"}, '"4"')]
        assert 'role="status"' in (await window.get(f"{PATH}?saved", fragment=False)).html.partition("setting-form")[2]

    async def test_nothing_is_sent_where_nothing_differs(self, window: Visitor, notifications: Any):
        notifications.answer = telling = Telling()
        page = await window.post(PATH, UNTOUCHED)
        assert (telling.changes, page.events["opsdash:toast"]["text"]) == ([], "Saved")


class TestRefusals:
    @pytest.mark.parametrize(
        ("form", "name", "text"),
        [
            (QUIET | {"zone": ""}, "zone", "This is needed."),
            (QUIET | {"from": ""}, "from", "This is needed."),
            (QUIET | {"to": "21:30"}, "to", "Choose another time than the beginning."),
            ({"digest_hour": "8", "digest_zone": ""}, "digest_zone", "This is needed."),
            ({"muted_until": "tomorrow"}, "muted_until", "This is not a date and time."),
        ],
    )
    async def test_stand_beside_the_field_and_keep_what_was_typed(
        self, window: Visitor, notifications: Any, form: dict[str, str], name: str, text: str
    ):
        notifications.answer = telling = Telling()
        page = await window.post(PATH, UNTOUCHED | form)
        assert (page.status, telling.changes) == (422, [])
        assert f'aria-invalid="true" aria-describedby="error-{name}' in field(page.html, name)
        assert text in page.html.partition(f'id="error-{name}"')[2].partition("</p>")[0]
        if form.get(name):
            assert form[name] in field(page.html, name)

    async def test_of_the_service_do_too(self, window: Visitor, notifications: Any):
        notifications.answer = telling = Telling()
        telling.refusal = lambda: problem("validation", 400, ("/quiet_hours/zone", "not-allowed"))
        page = await window.post(PATH, UNTOUCHED | QUIET)
        assert page.status == 422
        assert "Choose one of the list." in page.html.partition('id="error-zone"')[2].partition("</p>")[0]
        assert 'value="21:30"' in field(page.html, "from")

    async def test_a_change_elsewhere_is_told_and_what_was_typed_stays(self, window: Visitor, notifications: Any):
        notifications.answer = telling = Telling(preferences(version=7))
        telling.refusal = lambda: problem("stale-version", 412)
        page = await window.post(PATH, UNTOUCHED | {"language": "es"}, fragment=False)
        assert telling.changes == [(MINE, {"language": "es"}, '"4"')]
        assert page.status == 422
        assert "were changed elsewhere in the meantime" in page.html
        assert (chosen(page.html, "language"), 'name="version" value="7"' in page.html) == ("es", True)

    async def test_a_service_that_is_away_is_told_with_a_toast(self, window: Visitor, notifications: Any):
        notifications.answer = telling = Telling()
        telling.refusal = lambda: problem("unavailable", 503)
        page = await window.post(PATH, UNTOUCHED | {"language": "es"})
        assert (page.status, page.events["opsdash:toast"]["kind"]) == (503, "error")
