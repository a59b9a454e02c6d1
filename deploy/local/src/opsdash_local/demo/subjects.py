"""What the demo tickets are about, as plain data."""

from __future__ import annotations

from typing import NamedTuple


class Subject(NamedTuple):
    """`status` is the one the ticket ends in."""

    title: str
    category: str
    priority: str
    status: str
    text: str


SUBJECTS = (
    Subject(
        "Webhook deliveries failing with 502 since this morning",
        "technical",
        "urgent",
        "in_progress",
        (
            "Since about 08:40 UTC every delivery to our endpoint returns 502. Nothing changed on our"
            " side and the same endpoint answers normally when we replay the payload with curl.\n\n"
            "Retries are piling up: 1,184 events are queued and our order sync is now two hours "
            "behind. Could you pause retries while you look?"
        ),
    ),
    Subject(
        "Invoice INV-2041 charged twice in October",
        "billing",
        "high",
        "open",
        ("Our card was charged on the 3rd and again on the 5th for the same invoice. Please refund one of them."),
    ),
    Subject(
        "SSO login loops back to the sign-in page",
        "account",
        "urgent",
        "open",
        ("After signing in at our identity provider, people land on the sign-in page again. Only Safari is affected."),
    ),
    Subject(
        "CSV export drops accented characters in contact names",
        "technical",
        "medium",
        "open",
        ("`Zoë` becomes `Zo?` when the export is opened in a spreadsheet. UTF-8 with a byte order mark would help."),
    ),
    Subject(
        "Change the billing contact and VAT number",
        "billing",
        "low",
        "waiting",
        "Please send invoices to accounts payable from now on and use our new VAT number.",
    ),
    Subject(
        "Add a saved view for unassigned tickets",
        "feature_request",
        "low",
        "open",
        ("We look for tickets without an assignee every morning. A saved view would spare us the filter."),
    ),
    Subject(
        "Project timeline is empty after duplicating a template",
        "technical",
        "high",
        "in_progress",
        (
            "1. Duplicate the *Retainer* template\n2. Open the timeline\n\nNo phases are shown until the"
            " page is reloaded."
        ),
    ),
    Subject(
        "Two people need access to the client workspace",
        "account",
        "medium",
        "waiting",
        "Both start on Monday and only need to read for now.",
    ),
    Subject(
        "How do we archive a finished engagement?",
        "general",
        "low",
        "resolved",
        "The project is done but we would like to keep its files. What is the recommended way?",
    ),
    Subject(
        "Mobile: comment box hidden behind the keyboard",
        "technical",
        "medium",
        "open",
        "On smaller phones the box scrolls out of view as soon as the keyboard opens.",
    ),
    Subject(
        "Request for a signed data processing agreement",
        "general",
        "medium",
        "waiting",
        "Our legal team needs a countersigned copy before the end of the quarter.",
    ),
    Subject(
        "Refund for unused seats after downgrade",
        "billing",
        "high",
        "in_progress",
        "We went from 40 to 25 seats mid-term. When will the difference be credited?",
    ),
    Subject(
        "Slow search on workspaces with 40k contacts",
        "technical",
        "high",
        "open",
        ("Typing in the contact picker takes four to six seconds per letter in our largest workspace."),
    ),
    Subject(
        "Dark mode for the client portal",
        "feature_request",
        "low",
        "closed",
        "Several of our clients asked for it. Is it planned?",
    ),
    Subject(
        "Password reset e-mail never arrives at our domain",
        "account",
        "high",
        "resolved",
        "Other mails from you arrive. Our gateway shows no attempt for the reset mails at all.",
    ),
    Subject(
        "Calendar sync creates events one day early",
        "technical",
        "medium",
        "in_progress",
        "All-day events of colleagues in Auckland appear a day early for everyone in Europe.",
    ),
    Subject(
        "Need a quote for 60 additional seats",
        "general",
        "medium",
        "open",
        "Annual billing, starting next month. Is there a volume price?",
    ),
    Subject(
        "API rate limit headers missing on 429 responses",
        "technical",
        "low",
        "closed",
        "`Retry-After` is there, but the remaining-quota headers documented on your site are not.",
    ),
)
