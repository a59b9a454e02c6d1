"""The browser session: what the cookie is like, who gets past it, and what a forged request gets."""

from __future__ import annotations

import json
import time

import msgspec
import pytest
from cryptography.fernet import Fernet
from opsdash_gateway.console.auth import cookies
from opsdash_gateway.console.auth.addresses import safe_next
from opsdash_gateway.console.auth.session import (
    COOKIE,
    SESSION_SECONDS,
    SessionCookies,
    WebSession,
)
from opsdash_gateway.console.shell.page_headers import CONTENT_POLICY

from services.gateway.tests.sign_in import MARKS, NEW, OLD, ORIGIN, SESSION, SESSION_USER, signed_in, site


class TestCookie:
    def test_only_this_host_and_no_script_sees_it(self) -> None:
        first, *rest = SessionCookies(NEW).write(SESSION)
        assert first.key == COOKIE
        assert COOKIE.startswith("__Host-")
        parts = set(first.to_header(header="").split("; ")[1:])
        assert parts == {"Secure", "HttpOnly", "SameSite=lax", "Path=/", f"Max-Age={SESSION_SECONDS}"}
        assert all(item.max_age == 0 for item in rest)

    def test_nothing_of_it_can_be_read(self) -> None:
        value = SessionCookies(NEW).write(SESSION)[0].value or ""
        assert "Ada" not in value
        assert Fernet.generate_key().decode() not in value

    def test_long_tokens_take_several_cookies_below_4_kb(self) -> None:
        kept = SessionCookies(NEW)
        session = WebSession(SESSION_USER, "Ada", "x" * 5000, "t", MARKS)
        written = kept.write(session)
        assert all(len(item.to_header(header="")) < 4096 for item in written)
        assert kept.read({item.key: item.value or "" for item in written}) == session

    def test_a_shorter_session_ends_the_pieces_of_a_longer_one(self) -> None:
        assert [item.max_age for item in SessionCookies(NEW).write(SESSION)] == [SESSION_SECONDS, 0, 0]

    def test_too_long_is_an_error_not_a_cut(self) -> None:
        with pytest.raises(ValueError, match="does not fit"):
            SessionCookies(NEW).write(WebSession(SESSION_USER, "Ada", "x" * 12_000, "t", MARKS))

    def test_both_secrets_open_it_while_one_is_rotated(self) -> None:
        sealed = {COOKIE: SessionCookies(OLD).write(SESSION)[0].value or ""}
        assert SessionCookies(f"{NEW},{OLD}").read(sealed) == SESSION
        assert SessionCookies(NEW).read(sealed) is None
        fresh = {COOKIE: SessionCookies(f"{NEW},{OLD}").write(SESSION)[0].value or ""}
        assert SessionCookies(NEW).read(fresh) == SESSION

    def test_it_ends_after_its_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        kept = SessionCookies(NEW)
        sealed = {COOKIE: kept.write(SESSION)[0].value or ""}
        import time

        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + SESSION_SECONDS + 1)
        assert kept.read(sealed) is None

    @pytest.mark.parametrize("value", ["null", "a", "ä", "gAAAA", "=" * 200, "x" * 3800])
    def test_nonsense_is_signed_out_never_an_error(self, value: str) -> None:
        made = site()
        headers = {"Cookie": f"{COOKIE}={value}".encode("latin-1")}
        assert made.client.get("/en/page", headers=headers, follow_redirects=False).status_code == 303

    def test_a_changed_character_is_signed_out(self) -> None:
        kept = SessionCookies(NEW)
        value = kept.write(SESSION)[0].value or ""
        for place in (0, 10, len(value) // 2, len(value) - 3):
            changed = value[:place] + ("A" if value[place] != "A" else "B") + value[place + 1 :]
            assert kept.read({COOKIE: changed}) is None

    def test_a_value_sealed_for_another_purpose_is_not_a_session(self) -> None:
        from opsdash_http.security.encryption import Encrypter

        other = Encrypter(NEW, purpose="another", kind=WebSession, seconds=60)
        assert SessionCookies(NEW).read({COOKIE: other.encrypt(SESSION)}) is None


class TestSignedIn:
    def test_a_session_opens_the_page(self) -> None:
        assert signed_in().get().text == "Ada"

    def test_without_one_a_page_leads_to_sign_in_and_back(self) -> None:
        answer = site().get("/es/page?status=open&q=a%26b")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/es/sign-in?next=%2Fes%2Fpage%3Fstatus%3Dopen%26q%3Da%2526b"

    def test_a_fragment_tells_htmx_to_leave_the_page_around_it(self) -> None:
        headers = {"HX-Request": "true", "HX-Current-URL": f"{ORIGIN}/en/org/acme/support?q=1"}
        answer = site().get(**headers)
        assert answer.status_code == 401
        assert answer.headers["hx-redirect"] == "/en/sign-in?next=%2Fen%2Forg%2Facme%2Fsupport%3Fq%3D1"

    def test_a_token_that_is_not_good_any_more_is_signed_out(self) -> None:
        assert signed_in(good=()).get().status_code == 303

    def test_a_refresh_token_gets_another_one_and_the_cookie_follows(self) -> None:
        async def renew(old: WebSession) -> WebSession:
            return WebSession(old.user_id, old.name, "fresh", old.csrf_token, old.marks)

        made = signed_in(good=("fresh",), renew=renew)
        answer = made.get()
        assert answer.text == "Ada"
        cookie = answer.headers["set-cookie"].split(";")[0].partition("=")[2]
        session = made.kept.read({COOKIE: cookie})
        assert session is not None
        assert session.access_token == "fresh"

    @pytest.mark.parametrize("renewed", [None, WebSession(SESSION_USER, "Ada", "still bad", "t", MARKS)])
    def test_a_refresh_that_fails_is_signed_out(self, renewed: WebSession | None) -> None:
        async def renew(_: WebSession) -> WebSession | None:
            return renewed

        assert signed_in(good=(), renew=renew).get().status_code == 303

    def test_a_session_is_not_renewed_beyond_its_time(self) -> None:
        async def renew(old: WebSession) -> WebSession:
            return msgspec.structs.replace(old, access_token="fresh")

        old = msgspec.structs.replace(SESSION, started_at=time.time() - SESSION_SECONDS - 1)
        assert signed_in(old, good=("fresh",), renew=renew).get().status_code == 303
        assert signed_in(SESSION, good=("fresh",), renew=renew).get().status_code == 200

    def test_a_session_ends_in_time_also_where_access_tokens_live_longer(self) -> None:
        old = msgspec.structs.replace(SESSION, started_at=time.time() - SESSION_SECONDS - 1)
        assert signed_in(old).get().status_code == 303
        assert signed_in(SESSION).get().status_code == 200

    def test_a_bearer_token_is_no_session(self) -> None:
        assert site().get(Authorization="Bearer good").status_code == 303


class TestCsrf:
    def test_the_field_of_a_form_opens_it(self) -> None:
        assert signed_in().post(data={"csrf_token": SESSION.csrf_token}).text == "good"

    def test_so_does_the_header(self) -> None:
        assert signed_in().post(X_CSRF_Token=SESSION.csrf_token).text == "good"

    @pytest.mark.parametrize("data", [None, {}, {"csrf_token": ""}, {"csrf_token": "wrong"}, {"csrf_token": "ä"}])
    def test_without_or_with_a_wrong_token_it_is_403(self, data: dict[str, str] | None) -> None:
        answer = signed_in().post(data=data)
        assert answer.status_code == 403
        assert answer.json()["type"] == "/problems/csrf-failed"

    @pytest.mark.parametrize(
        "origin",
        [
            "",
            "null",
            "https://evil.test",
            f"{ORIGIN}.evil.test",
            "https://xsupport.example.test",
            "http://support.example.test",
        ],
    )
    def test_another_origin_or_none_is_403(self, origin: str) -> None:
        answer = signed_in().post(data={"csrf_token": SESSION.csrf_token}, Origin=origin)
        assert answer.status_code == 403

    @pytest.mark.parametrize("where", ["cross-site", "same-site", "none"])
    def test_another_site_is_403(self, where: str) -> None:
        answer = signed_in().post(data={"csrf_token": SESSION.csrf_token}, Sec_Fetch_Site=where)
        assert answer.status_code == 403

    @pytest.mark.parametrize("media_type", ["text/plain", "application/json", "multipart/form-data; boundary=x"])
    def test_other_media_types_are_refused(self, media_type: str) -> None:
        body = json.dumps({"csrf_token": SESSION.csrf_token})
        headers = {"Origin": ORIGIN, "Content-Type": media_type}
        assert signed_in().client.post("/en/page", content=body, headers=headers).status_code == 415

    def test_a_change_without_a_session_is_401(self) -> None:
        assert site().post(data={"csrf_token": "x"}).status_code == 401


ELSEWHERE = [
    None,
    "",
    "https://evil.test/",
    "//evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "/\t/evil.test",
    "/\n/evil.test",
]
ELSEWHERE += ["javascript:alert(1)", "evil.test", " /en", "/en\r\nSet-Cookie: a=b", "/..//evil.test", "/en/../..//x"]
ELSEWHERE += ["/api/me", "/dev/sign-in", "/sign-in/callback", "/sign-out", "/" + "a" * 1000]


class TestNext:
    @pytest.mark.parametrize("path", ["/en/org/acme/support", "/en/org/acme/support/42?tab=activity&q=%2F%2Fx", "/"])
    def test_a_path_of_ours_is_kept(self, path: str) -> None:
        assert safe_next(path) == path

    @pytest.mark.parametrize("value", ELSEWHERE)
    def test_anything_else_is_dropped(self, value: str | None) -> None:
        assert safe_next(value) is None


class TestHeaders:
    def test_every_page_has_the_exact_policy(self) -> None:
        headers = site().get("/html").headers
        assert headers["content-security-policy"] == CONTENT_POLICY
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "HX-Request" in headers["vary"]
        assert headers["strict-transport-security"].startswith("max-age=")

    def test_problems_keep_their_own(self) -> None:
        headers = site().post().headers
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["referrer-policy"] == "no-referrer"


def test_pieces_are_found_again_in_order() -> None:
    written = cookies.pieces("n", "".join(chr(97 + i % 26) for i in range(9000)), 5)
    assert cookies.joined("n", {item.key: item.value or "" for item in reversed(written)})[3800] == chr(97 + 3800 % 26)
    assert cookies.joined("n", {}) == ""
