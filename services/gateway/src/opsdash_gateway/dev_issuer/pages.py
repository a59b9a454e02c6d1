"""Two plain pages to sign in as a demo person: no script, no style, every value escaped."""

from __future__ import annotations

from html import escape
from textwrap import dedent

from opsdash_gateway.dev_issuer.people import Person


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title></head><body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )


def _memberships(person: Person) -> str:
    return ", ".join(f"{escape(member.slug)} ({escape(member.role)})" for member in person.memberships)


def people_page(people: list[Person]) -> str:
    """All people, each with the orgs they belong to."""
    items = "".join(
        f'<li><a href="/dev/sign-in/{person.user_id}">{escape(person.name)}</a> {_memberships(person)}</li>'
        for person in people
    )
    note = "<p>Development only: pick a person, no password needed. The API is described at "
    return _page("Sign in", f'{note}<a href="/schema">/schema</a>.</p><ul>{items}</ul>')


def person_page(person: Person, token: str, public_url: str) -> str:
    """One person's token and a command that uses it."""
    path = f"/api/orgs/{person.memberships[0].slug}/tickets" if person.memberships else "/api/me"
    command = dedent(f"""\
        TOKEN={token}
        curl -H "Authorization: Bearer $TOKEN" {public_url}{path}""")
    return _page(
        person.name,
        f"<p>{_memberships(person) or 'No org'}</p><h2>Access token</h2><pre>{escape(token)}</pre>"
        f'<h2>Try it</h2><pre>{escape(command)}</pre><p><a href="/dev/sign-in">All people</a></p>',
    )
