"""What many people share is rendered once: each gets what a mail composed for them alone says."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ikone_events.domain.mails.edited_text import EditedText
from ikone_events.domain.mails.facts import Invitation, Links, MailFacts, MaterialLink, Recipient
from ikone_events.domain.mails.kinds import MailKind, calendar_method
from ikone_events.domain.mails.placeholders import PLACEHOLDERS
from ikone_events.domain.refusals import UnfitInput
from ikone_events.mail.writing.actions import main_action
from ikone_events.mail.writing.compose import compose
from ikone_events.mail.writing.shared_text import SharedText
from ikone_events.mail.writing.values import own_values, shared_facts, shared_values
from tests.effort import by_night
from tests.mail.writing.mails import BARE, EVENT, FACTS

pytestmark = pytest.mark.slow

# Two tokens, so that both people of an example have the same mould.
PAGES = [f"https://x.example/r/{letter * 52}.{letter * 40}" for letter in "tu"]
PAGE = PAGES[0]
HOSTILE = [
    *"<>&\"'@:{}\n ",
    *("{{titel}}", "**a**", "https://evil.example/x", "a@evil.example", "links.manage"),
    *("\ue0000\ue001", "\ue000vorname\ue001", "\ufdd0", "\u2029", "=?utf-8?q?a?=", "é🎉", "- "),
]
WORDS = st.just("") | st.lists(
    st.sampled_from(HOSTILE) | st.text("abc Ü", max_size=9), min_size=1, max_size=4
).map("".join)
PIECES = [
    *(f"{{{{{name}}}}}" for name in PLACEHOLDERS),
    *("\n", "\n\n", "\n- ", "\n– ", "\n1. ", "\n# ", " ", "Wort", "Siehe: "),
    *("**{{vorname}}** ", "_{{frage}}_", "[hier]({{zugangslink}})", "[{{ort}}]({{absagelink}})"),
    *("{{andere_person}}, {{titel}}\n", "{{unbekannt}}", f"\n{PAGE}\n", f"\n[Seite]({PAGE})\n"),
]
BODIES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join)
TEXTS = st.none() | st.builds(EditedText, BODIES.map(lambda body: " ".join(body.split())), BODIES)


def links(page: str) -> st.SearchStrategy[Links]:
    optional = ("room", "door", "confirm", "accept")
    return st.builds(
        Links,
        manage=st.sampled_from([page, page, f"{page}?a=1&b=<2>", EVENT.public_url]),
        privacy=st.just("https://x.example/privacy"),
        materials=st.sampled_from(["", f"{page}/materials", EVENT.register_url]),
        **{name: st.sampled_from(["", f"{page}/{name}"]) for name in optional},
    )


LINKS = st.sampled_from(PAGES).flatmap(links)
INVITATIONS = st.none() | st.builds(
    Invitation,
    uid=st.sampled_from(["u-1@x.example", "u-2@x.example"]),
    sequence=st.integers(0, 3),
    stamp=st.just(datetime(2021, 1, 4, tzinfo=UTC)),
    replaces=st.booleans(),
)


def recipients(locale: str) -> st.SearchStrategy[Recipient]:
    return st.builds(
        Recipient,
        email=st.sampled_from(["anna@example.org", "bo@example.org"]),
        locale=st.just(locale),
        first_name=WORDS,
        last_name=WORDS,
        salutation=st.sampled_from(["", "frau", "herr", "divers"]),
        title=st.sampled_from(["", "Dr.", "Prof. Dr."]),
        question=WORDS,
        mail_salutation=WORDS,
    )


@st.composite
def two_people(draw: st.DrawFn) -> list[MailFacts]:
    """Facts of two people in the same situation."""
    facts = replace(
        draw(st.sampled_from([BARE, FACTS])),
        kind=draw(st.sampled_from(MailKind)),
        text=draw(TEXTS),
        status=draw(st.sampled_from(["confirmed", "pending", "offered", "waitlisted", ""])),
        has_open_fields=draw(st.booleans()),
        for_event=draw(st.booleans()),
    )
    locale, files = draw(st.sampled_from(["de", "en"])), draw(st.integers(0, 2))
    return [
        replace(
            facts,
            recipient=draw(recipients(locale)),
            links=draw(LINKS),
            invitation=draw(INVITATIONS),
            registered_by=draw(WORDS),
            other_person=draw(WORDS),
            materials=tuple(
                MaterialLink(title="Folien", url=f"{PAGE}/{draw(WORDS)}") for _ in range(files)
            ),
            reserved_until=draw(
                st.none() | st.datetimes(datetime(2021, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
            ),
        )
        for _ in range(2)
    ]


def composed_alone(facts: MailFacts) -> tuple[str, str, str]:
    """The text with the person's values in the template itself, nothing left to be inserted."""
    values = shared_values(shared_facts(facts), own_values(facts).__getitem__) | {
        "calendar": bool(facts.invitation and calendar_method(facts.kind)),
        "replaces": bool(facts.invitation and facts.invitation.replaces),
    }
    moved = facts.kind is MailKind.MOVED and facts.old_dates is None
    edited = None if moved else facts.text
    text = SharedText(facts.kind, values, locale=facts.recipient.locale, edited=edited)
    return text.rendered({}, main_action(facts))[:3]


@settings(max_examples=by_night(1500, 150))
@given(two_people())
def test_everybody_gets_the_mail_that_is_composed_for_them_alone(people: list[MailFacts]) -> None:
    for facts in people:
        try:
            mail = compose(facts)
        except UnfitInput:
            continue
        assert (mail.subject, mail.text, mail.html) == composed_alone(facts)
