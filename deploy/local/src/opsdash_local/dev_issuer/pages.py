"""Pages of the development issuer: who to sign in as, and a person's token for the shell; every value is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from textwrap import dedent
from urllib.parse import urlencode

from litestar import Response
from opsdash_gateway.console.auth.ended_sessions.routes import BACK_CHANNEL
from opsdash_gateway.console.auth.standalone_page import standalone_page

from opsdash_local.dev_issuer.people import Person

STYLES = "/dev/people.css"


def _memberships(person: Person) -> str:
    return ", ".join(f"{escape(member.role)} of {escape(member.slug)}" for member in person.memberships) or "no org"


def _people(title: str, entries: Iterable[tuple[str, Person]]) -> Response[str]:
    items = "".join(
        f'<li><a class="person" href="{escape(address)}"><strong>{escape(person.name)}</strong> '
        f"<span>{_memberships(person)}</span></a></li>"
        for address, person in entries
    )
    note = "Development only: pick a person, no password needed. The API is described at "
    body = f'<p>{note}<a href="/schema">/schema</a>.</p><ul class="people">{items}</ul>'
    return standalone_page(title, body, head=f'<link rel="stylesheet" href="{STYLES}">')


def styles() -> Response[str]:
    """The style sheet of the list of people."""
    text = files("opsdash_local.dev_issuer").joinpath("people.css").read_text(encoding="utf-8")
    return Response(text, media_type="text/css")


def people_page(people: list[Person]) -> Response[str]:
    """All people; each link signs one in."""
    return _people("Sign in", ((f"/dev/sign-in/{person.user_id}", person) for person in people))


def choice_page(people: list[Person], query: Mapping[str, str]) -> Response[str]:
    """The same people for a sign-in that the console has begun; each link goes on with it."""
    return _people(
        "Sign in",
        ((f"/dev/authorize?{urlencode({**query, 'login_hint': person.user_id})}", person) for person in people),
    )


def token_page(person: Person, token: str, logout_token: str, public_url: str) -> Response[str]:
    """One person's token and a command that uses it, and one that ends their sessions as a provider does."""
    path = f"/api/orgs/{person.memberships[0].slug}/tickets" if person.memberships else "/api/me"
    command = dedent(f"""\
        TOKEN={token}
        curl -H "Authorization: Bearer $TOKEN" {public_url}{path}""")
    leave = f"curl -d logout_token={logout_token} {public_url}{BACK_CHANNEL}"
    return standalone_page(
        person.name,
        f"<p>{_memberships(person)}</p><h2>Access token</h2><pre>{escape(token)}</pre>"
        f"<h2>Try it</h2><pre>{escape(command)}</pre>"
        "<h2>End the sessions of this person that began before this page</h2>"
        f"<pre>{escape(leave)}</pre>"
        f'<p><a href="/dev/sign-in/{person.user_id}">Sign in to the console</a></p>'
        '<p><a href="/dev/sign-in">All people</a></p>',
    )
