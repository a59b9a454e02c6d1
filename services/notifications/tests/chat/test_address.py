"""Addresses of chats: which are refused, what a person may see of one, and what each kind of chat is sent."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest
import requests
from opsdash_http.client.typed_address import AddressRefused, Answer
from opsdash_notifications.chat import compat
from opsdash_notifications.chat.address import check_address
from opsdash_notifications.chat.answers import ChatFailed
from opsdash_notifications.chat.client import ChatClient
from opsdash_notifications.chat.kinds import KINDS, PLAIN_KINDS

SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
#: One of each kind, what is shown of it, and where its message goes.
TAKEN = {
    f"{SLACK}/#support": ("slack://…port", "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"),
    "workflows://prod-1.westeurope.logic.azure.com:443/643e69f83c8944438d/KQvwGXRhkQbsb2bFS": (
        "workflows://prod-1.westeurope.logic.azure.com/…2bFS",
        "https://prod-1.westeurope.logic.azure.com:443/workflows/643e69f83c8944438d/triggers/manual/paths/invoke",
    ),
    "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js": (
        "discord://…V_js",
        "https://discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
    ),
    "mmosts://chat.example.test/3ccdd113474722377935511fc85d3dd4": (
        "mmosts://chat.example.test/…3dd4",
        "https://chat.example.test/hooks/3ccdd113474722377935511fc85d3dd4",
    ),
    "rockets://2asdfa/asdfjskdfj@chat.example.test:8443/#general": (
        "rockets://chat.example.test/…eral",
        "https://chat.example.test:8443/hooks/2asdfa/asdfjskdfj",
    ),
    "gchat://workspace/key/token1234567890": (
        "gchat://…7890",
        "https://chat.googleapis.com/v1/spaces/workspace/messages",
    ),
    "matrixs://support:Jq8sT2yUo5iEw7rA@matrix.example.test/!room:example.test": (
        "matrixs://matrix.example.test/…test",
        "https://matrix.example.test/_matrix/client/v3/rooms/%21room%3Aexample.test/send/m.room.message/0",
    ),
    "ntfys://ntfy.example.test/opsdash-Jq8sT2yUo5iEw7rA": ("ntfys://ntfy.example.test/…w7rA", "https://ntfy.example.test/"),
}  # fmt: skip
#: What a homeserver of Matrix answers; no other chat asks for so much.
MATRIX = {
    "/.well-known/matrix/client": (404, {}),
    "/_matrix/client/v3/login": (
        200,
        {"access_token": "t", "user_id": "@s:example.test", "home_server": "example.test"},
    ),
    "/_matrix/client/v3/join/%21room%3Aexample.test": (200, {"room_id": "!room:example.test"}),
    "/_matrix/client/v3/rooms/%21room%3Aexample.test/send/m.room.message/0": (200, {"event_id": "$1"}),
}


class TestRefused:
    @pytest.mark.parametrize(
        "address",
        [
            "",
            "chat.example.test/hook",
            "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
            "mailto://user:pass@example.com",
            "json://example.com/x",
            "file:///etc/passwd",
            "syslog://",
            "windows://",
            "dbus://",
            "mmost://chat.example.test/3ccdd113474722377935511fc85d3dd4",
            "ntfy://ntfy.example.test/topic",
            "slack://",
            "slack://T1JJ3T3L2",
            "discord://4174216298",
            "gchat://workspace",
            "mmosts://chat.example.test",
            "rockets://chat.example.test/#general",
            "workflows://prod-1.westeurope.logic.azure.com/",
            "ntfys://",
            "mmosts://127.0.0.1/3ccdd113474722377935511fc85d3dd4",
            "mmosts://localhost/3ccdd113474722377935511fc85d3dd4",
            "mmosts://vault/3ccdd113474722377935511fc85d3dd4",
            "mmosts://10.0.0.7:8443/3ccdd113474722377935511fc85d3dd4",
            "mmosts://169.254.169.254/3ccdd113474722377935511fc85d3dd4",
            "mmosts://metadata.google.internal/3ccdd113474722377935511fc85d3dd4",
            "mmosts://2130706433/3ccdd113474722377935511fc85d3dd4",
            "mmosts://0x7f.0.0.1/3ccdd113474722377935511fc85d3dd4",
            "mmosts://[::1]/3ccdd113474722377935511fc85d3dd4",
            "mmosts://[::ffff:10.0.0.1]/3ccdd113474722377935511fc85d3dd4",
            "mmosts://chat.example.test:22/3ccdd113474722377935511fc85d3dd4",
            "mmosts://public.example.test@192.168.1.1/3ccdd113474722377935511fc85d3dd4",
            "ntfys://192.168.0.10/topic",
            "matrixs://user:pass@172.16.0.1/!room:example.test",
            "rockets://2asdfa/asdfjskdfj@100.64.0.1/#general",
            "workflows://10.1.2.3:443/643e69f83c8944438d/KQvwGXRhkQbsb2bFS",
            "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?template=/etc/passwd",
            "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?template=file:///etc/passwd",
            "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?ping=@everyone",
            "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?retry=9",
            "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?:token=x",
            f"{SLACK}?template=/etc/passwd",
            f"{SLACK}?format=html",
            "workflows://prod-1.westeurope.logic.azure.com/643e69/KQvwGXR?template=/etc/passwd",
            "ntfys://ntfy.example.test/topic?attach=http://169.254.169.254/",
            "ntfys://ntfy.example.test/topic?click=javascript:1",
            "ntfys://ntfy.example.test/topic?+X-Header=1",
            "mmosts://chat.example.test/3ccdd1134747?verify=no",
            "mmosts://chat.example.test/3ccdd1134747?redirect=yes",
            "ntfys://ntfy.example.test/to pic",
            "ntfys://ntfy.example.test/to\r\npic",
            "ntfys://ntfy.example.test/" + "x" * 1000,
            "mmosts://chät.example.test/3ccdd1134747",
        ],
    )
    def test_it_is_refused_without_being_repeated(self, address: str):
        with pytest.raises(AddressRefused) as refused:
            check_address(address, plain_http=False)
        assert str(refused.value).endswith(".")
        for part in ("passwd", "3ccdd", "JHMHI8qBe7", "TIiajkdn", "169.254"):
            assert part not in str(refused.value)

    @pytest.mark.parametrize("scheme", PLAIN_KINDS)
    def test_without_tls_in_the_local_profile_only(self, scheme: str):
        (address,) = (each for each in TAKEN if each.startswith(f"{scheme}s://"))
        plain = (
            address.replace(f"{scheme}s://", f"{scheme}://").replace(".test/", ".test:8080/").replace(":8443", ":8080")
        )
        assert check_address(plain, plain_http=True).scheme == scheme
        with pytest.raises(AddressRefused):
            check_address(plain, plain_http=False)


class TestTaken:
    @pytest.mark.parametrize("address", TAKEN)
    def test_its_last_characters_are_shown_and_no_more(self, address: str):
        checked = check_address(address, plain_http=False)
        assert (checked.text, checked.shown) == (address, TAKEN[address][0])

    @pytest.mark.parametrize("address", TAKEN)
    async def test_a_message_is_one_request_to_it_with_the_text_as_it_is(self, address: str):
        sent = list[tuple[str, Mapping[str, str], bytes]]()

        async def send(method: str, url: str, *, headers: Mapping[str, str], body: bytes, plain_http: bool) -> Answer:
            assert not plain_http
            target = url.partition("?")[0]
            status, answer = MATRIX.get(target.removeprefix("https://matrix.example.test"), (200, None))
            if target == TAKEN[address][1]:
                sent.append((url, headers, body))
            text = "ok" if answer is None else json.dumps(answer)
            return Answer(status, {"Content-Type": "application/json"}, text.encode(), whole=True)

        chat = ChatClient(plain_http=False, send=send)
        await chat.send(address, ["[#42] first", "second"], notice="the-notice")
        chat.close()
        ((_, headers, body),) = sent
        assert headers["X-OpsDash-Notice"] == "the-notice"
        text = body.decode()
        break_ = "\\n\\n" if address.startswith("workflows") else "\\n"
        assert f"[#42] first{break_}second" in text
        assert "github.com" not in text, "no pictures from elsewhere"

    def test_every_kind_is_tried(self):
        assert {address.partition(":")[0] for address in TAKEN} == set(KINDS)


class TestConnections:
    """What compat.py promises: seen with each plugin, so a release that connects otherwise is noticed."""

    def test_no_module_of_the_library_has_functions_that_send(self):
        for address in TAKEN:
            check_address(address, plain_http=False)
        loaded = [module for name, module in sys.modules.items() if name.startswith("apprise.")]
        assert {module.requests for module in loaded if hasattr(module, "requests")} == {compat.GUARDED}
        assert requests.Session is not compat.GUARDED.Session, "others in this process send as before"

    def test_nothing_leaves_where_no_message_is_composed(self):
        ours = compat.GUARDED
        for ask in (ours.get, ours.post, ours.Session().get, ours.session().put, partial(ours.request, "PATCH")):
            with pytest.raises(requests.ConnectionError, match="no request leaves"):
                ask("http://127.0.0.1:1/")

    @pytest.mark.parametrize("address", TAKEN)
    def test_no_plugin_opens_a_socket(self, address: str, monkeypatch: pytest.MonkeyPatch):
        def opened(*_: object, **__: object) -> None:
            raise AssertionError("it connects by itself")

        monkeypatch.setattr(socket.socket, "connect", opened)
        monkeypatch.setattr(socket, "getaddrinfo", opened)
        monkeypatch.setattr(socket, "create_connection", opened)
        check_address(address, plain_http=False)

    def test_neither_proxy_nor_netrc_is_asked(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
        netrc = tmp_path / "netrc"
        netrc.write_text("machine chat.example.test login ours password secret\n")
        monkeypatch.setenv("NETRC", str(netrc))
        seen = list[requests.PreparedRequest]()

        def exchange(request: requests.PreparedRequest) -> requests.Response:
            seen.append(request)
            raise requests.ConnectionError

        token = compat.EXCHANGE.set(exchange)
        with pytest.raises(requests.ConnectionError):
            compat.GUARDED.get("https://chat.example.test/", timeout=1)
        compat.EXCHANGE.reset(token)
        assert "Authorization" not in seen[0].headers

    @pytest.mark.parametrize(("status", "asked"), [(429, 1), (503, 1), (401, 2)])
    async def test_no_plugin_insists_or_opens_an_account(self, status: int, asked: int):
        """Matrix would ask again for as long as it is told to wait, and register where it cannot sign in."""
        urls = list[str]()

        async def send(method: str, url: str, *, headers: Mapping[str, str], body: bytes, plain_http: bool) -> Answer:
            urls.append(url)
            found = 404 if status == 401 and "well-known" in url else status
            return Answer(found, {"Retry-After": "3600"}, b'{"retry_after_ms": 3600000}', whole=True)

        (address,) = (each for each in TAKEN if each.startswith("matrixs"))
        chat = ChatClient(plain_http=False, send=send)
        with pytest.raises(ChatFailed):
            await chat.send(address, ["x"], notice="n")
        chat.close()
        assert len(urls) == asked
        assert not any("register" in url for url in urls)


class TestHostile:
    @pytest.mark.parametrize("body", [b"[" * 60_000, b"[]", b"1", b'"x"', b"\xff", b'{"access_token": []}'])
    async def test_an_odd_answer_is_a_failure_like_any_other(
        self, body: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def send(method: str, url: str, *, headers: Mapping[str, str], body: bytes, plain_http: bool) -> Answer:
            return Answer(200, {}, answered, True)

        answered = body
        chat = ChatClient(plain_http=False, send=send)
        with pytest.raises(ChatFailed) as failed:
            await chat.send(
                "matrixs://support:Jq8sT2yUo5iEw7rA@matrix.example.test/!room:example.test", ["x"], notice="n"
            )
        chat.close()
        assert failed.value.words == "HTTP 200", "what it answered may hold a token"
        assert "Jq8sT2yUo5iEw7rA" not in caplog.text
