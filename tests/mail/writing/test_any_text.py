"""Any text in any field that reaches a header: it reads back as meant, or the mail is refused."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ikone_events.domain.header_text import (
    ascii_address,
    header_complaint,
    name_complaint,
    normal_line,
    normal_text,
    one_line,
    text_complaint,
)
from ikone_events.domain.mails.edited_text import EditedText
from ikone_events.domain.mails.facts import MailFacts, Recipient, Sender
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import Refusal
from ikone_events.mail.sending.mime import mime_bytes
from ikone_events.mail.writing.compose import ComposedMail, compose
from tests.calendar_oracle import checked_mail
from tests.effort import by_night
from tests.mail.writing.mails import DOOR, EVENT, INVITATION, person

pytestmark = pytest.mark.slow

HEADERS = {
    *("From", "To", "Reply-To", "Subject", "Message-ID", "In-Reply-To", "References"),
    *("Auto-Submitted", "Date", "MIME-Version", "Content-Type"),
}
FIT = [*"\\;,:\"'=<>@()ß🎉 ", "?=", "<x@y.zz>", "LL.M.", "мы"]
UNFIT = [*"\t\r\n\0\x85\u2028\ufeff\ud800", "=?utf-8?q?Hi=0D=0ABcc:_x@y?=", "\r\nBcc: x@y.zz"]
TAME = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])
GRAMMAR = (
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}@([a-z0-9]([a-z0-9-]{0,9}[a-z0-9])?\.){1,2}[a-z]{2,5}"
)
GOOD_ADDRESS = st.from_regex(GRAMMAR, fullmatch=True) | st.just("amt@dörfer.example")
BAD_ADDRESS = st.sampled_from(["a b@c.de", "a@b.de\r\nBcc: x@y.zz", "a@b.de, c@d.de", ""])


def texts(character: st.SearchStrategy[str], odd: list[str]) -> st.SearchStrategy[str]:
    piece = st.text(character, max_size=20) | st.sampled_from(odd)
    return st.lists(piece, max_size=6).map("".join)


def fields(text: st.SearchStrategy[str], address: st.SearchStrategy[str]) -> st.SearchStrategy:  # type: ignore[type-arg]
    names = dict.fromkeys(("title", "office", "first_name", "last_name"), text)
    return st.fixed_dictionaries({**names, "email": address, "reply_to": address})


# Mostly fit, so that mails are made; else anything, so that some must be refused.
FIELDS = fields(texts(TAME, FIT), GOOD_ADDRESS) | fields(
    texts(st.characters(), FIT + UNFIT), GOOD_ADDRESS | BAD_ADDRESS
)


@dataclass(frozen=True)
class Row:
    recipient: str
    recipient_name: str
    subject: str
    text: str
    html: str
    calendar: bytes | None
    calendar_method: str | None
    message_id: str = "<outbox-17@ikone.example.org>"
    references: str = "<outbox-1@ikone.example.org>"
    unsubscribe: str = ""
    created_at: datetime = datetime(2021, 1, 4, 8, 30, tzinfo=UTC)


def row_of(mail: ComposedMail, who: Recipient) -> Row:
    """As the outbox stores it."""
    name = f"{who.first_name} {who.last_name}"
    return Row(who.email, name, mail.subject, mail.text, mail.html, mail.calendar, mail.method)


def words(message: Message, name: str) -> str:
    return str(make_header(decode_header(str(message[name]).replace("\r\n", ""))))


def mailbox(message: Message, name: str) -> tuple[str, str]:
    shown, address = parseaddr(str(message[name]).replace("\r\n", ""))
    return str(make_header(decode_header(shown))), address


def about(kind: MailKind, title: str, who: Recipient, sender: Sender) -> MailFacts:
    return MailFacts(
        kind=kind,
        event=replace(EVENT, title=title),
        recipient=who,
        links=DOOR,
        sender=sender,
        invitation=INVITATION,
    )


@settings(max_examples=by_night(400, 80))
@given(
    given_fields=FIELDS,
    kind=st.sampled_from([MailKind.CONFIRMATION, MailKind.CANCELLATION, MailKind.REMINDER_DAY]),
)
def test_any_text_in_a_header_reads_back_or_is_refused(
    given_fields: dict[str, str], kind: MailKind
) -> None:
    names = {name: given_fields[name] for name in ("first_name", "last_name")}
    title, office, email = (given_fields[name] for name in ("title", "office", "email"))
    sender = Sender(
        name=office, address="events@ikone.example.org", reply_to=given_fields["reply_to"]
    )
    who = Recipient(email=email, locale="de", **names)
    try:
        mail = compose(about(kind, title, who, sender))
        message = message_from_bytes(mime_bytes(row_of(mail, who), sender))
    except Refusal:
        return
    assert set(message.keys()) <= HEADERS
    assert len(message.keys()) == len(set(message.keys()))
    assert mailbox(message, "From") == (one_line(office), sender.address)
    assert mailbox(message, "To") == (one_line(" ".join(names.values())), ascii_address(email))
    assert words(message, "Subject") == mail.subject
    assert one_line(title)[:100] in mail.subject
    if mail.calendar:
        checked_mail(
            mail.calendar,
            method=mail.method,
            attendee=ascii_address(email),
            organiser=sender.address,
        )


def test_ordinary_words_are_not_refused() -> None:
    """Refusing everything would pass the test above."""
    sender = Sender(name="Büro, IKONE", address="events@ikone.example.org")
    who = Recipient(email="anna@example.org", locale="de", first_name="Änne", last_name="O'Hara")
    title = 'Von "A" bis Z: Wie, wo & was?'
    mail = compose(about(MailKind.CONFIRMATION, title, who, sender))
    message = message_from_bytes(mime_bytes(row_of(mail, who), sender))
    assert mailbox(message, "From") == ("Büro, IKONE", sender.address)
    assert mailbox(message, "To") == ("Änne O'Hara", "anna@example.org")
    assert 'Von "A" bis Z: Wie, wo & was?' in words(message, "Subject")


HIDING = st.characters() | st.sampled_from([*"=?.:/@\u200d\ufeff\u200b\u202e\u0308eu😀\xa0\u3000"])


@settings(max_examples=by_night(400, 80))
@given(title=texts(HIDING, FIT), name=texts(HIDING, FIT), question=texts(HIDING, [*FIT, "\n"]))
def test_whatever_the_checks_accept_is_sent_and_comes_back_equal(
    title: str, name: str, question: str
) -> None:
    title, name = normal_line(title)[:100].strip(), normal_line(name)
    question = normal_text(question)
    if header_complaint(title) or name_complaint(name) or text_complaint(question):
        return
    who = Recipient(
        email="anna@example.org", locale="de", first_name="Anna", last_name=name, question=question
    )
    sender = Sender(name="Büro", address="events@ikone.example.org")
    facts = replace(
        about(MailKind.NOTE, title, who, sender),
        text=EditedText("Zu {{titel}}", "Guten Tag {{nachname}} !\n\n{{frage}}"),
    )
    mail = compose(facts)
    message = message_from_bytes(mime_bytes(row_of(mail, who), sender))
    assert mailbox(message, "To") == (f"Anna {name}".strip(), who.email)
    assert words(message, "Subject") == f"Zu {title}".strip()
    assert f"Guten Tag {name} !" in mail.text or not name
    lines = {" ".join(line.split()) for line in question.split("\n")}
    assert lines <= {" ".join(line.split()) for line in mail.text.split("\n")}


def test_words_of_strangers_become_no_links() -> None:
    names = {"first_name": "anna@evil.example", "last_name": "https://evil.example/x"}
    who = person("de", question="Siehe https://evil.example\nund b@evil.example", **names)
    others = {"registered_by": "c@evil.example", "other_person": "d@evil.example"}
    text = EditedText("{{vorname}}", "{{vorname}} **{{nachname}}** {{frage}}\n\n{{kontakt_email}}")
    sender = Sender(name="Büro", address="events@ikone.example.org")
    for kind in MailKind:
        facts = replace(about(kind, "Titel", who, sender), status="confirmed", **others)
        for edited in (None, text):
            mail = compose(replace(facts, text=edited))
            linked = set(re.findall(r'href="([^"]*)"', mail.html))
            assert {each for each in linked if "evil" in each} == set()
            assert f"mailto:{EVENT.contact_email}" in linked
            assert not set("\ufdd0\ufdd1") & set(mail.subject + mail.text + mail.html)


def test_value_before_bold_words_keeps_its_space() -> None:
    text = EditedText("x", "Hallo {{vorname}} **{{nachname}}** und {{vorname}}")
    sender = Sender(name="Büro", address="events@ikone.example.org")
    who = person("de", first_name="Anna", last_name="Muster")
    mail = compose(replace(about(MailKind.NOTE, "Titel", who, sender), text=text))
    assert "Hallo Anna Muster und Anna" in mail.text
    assert "Hallo Anna <strong>Muster</strong> und Anna" in mail.html
