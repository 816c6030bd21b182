"""The finished message has the tree that calendars need and headers that read back as meant."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from ikone_events.domain.header_text import header_complaint, one_line
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import UnfitInput
from ikone_events.mail.sending.mime import mime_bytes
from ikone_events.mail.writing.compose import ComposedMail
from tests.effort import by_night
from tests.mail.writing.mails import DOOR, SENDER, written


@dataclass(frozen=True)
class Row:
    mailing_id: int | None
    recipient: str
    recipient_name: str
    subject: str
    text: str
    html: str
    calendar: bytes | None
    calendar_method: str | None
    message_id: str
    references: str
    unsubscribe: str
    created_at: datetime


def row(mail: ComposedMail, **changes: str | int) -> Row:
    plain = Row(
        mailing_id=None,
        recipient="anna@example.org",
        recipient_name="Änna O'Beispiel, LL.M.",
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        calendar=mail.calendar,
        calendar_method=mail.method,
        message_id="<outbox-17@ikone.example.org>",
        references="",
        unsubscribe="",
        created_at=datetime(2021, 1, 4, 8, 30, tzinfo=UTC),
    )
    return replace(plain, **changes)


def parsed(data: bytes) -> EmailMessage:
    message = BytesParser(policy=policy.default).parsebytes(data)
    assert isinstance(message, EmailMessage)
    return message


INVITING = written(MailKind.ACCESS_LINK, links=DOOR)
PLAIN = written(MailKind.WAITLIST)


def test_invitation_has_the_tree_that_shows_buttons() -> None:
    message = parsed(mime_bytes(row(INVITING), SENDER))
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]


def test_calendar_part_carries_the_method_and_the_same_bytes_twice() -> None:
    message = parsed(mime_bytes(row(INVITING), SENDER))
    calendar, attached = list(message.walk())[4:]
    assert calendar["Content-Type"].params == {"charset": "utf-8", "method": "REQUEST"}
    assert calendar["Content-Disposition"] is None
    assert calendar["Content-Transfer-Encoding"] == "base64"
    assert calendar.get_payload(decode=True) == INVITING.calendar
    assert attached.get_payload(decode=True) == INVITING.calendar
    assert attached.get_filename() == "invite.ics"
    assert attached["Content-Type"].params["name"] == "invite.ics"
    assert attached.get_content_disposition() == "attachment"


@pytest.mark.parametrize(
    ("kind", "method"), [(MailKind.MOVED, "REQUEST"), (MailKind.CANCELLATION, "CANCEL")]
)
def test_method_of_header_and_object_agree(kind: MailKind, method: str) -> None:
    message = parsed(mime_bytes(row(written(kind)), SENDER))
    part = list(message.walk())[4]
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes)
    assert part.get_param("method") == Calendar.from_ical(data)["METHOD"] == method


def test_mail_without_calendar_is_text_and_html() -> None:
    message = parsed(mime_bytes(row(PLAIN), SENDER))
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    plain = message.get_body(("plain",))
    html = message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n") == PLAIN.text
    assert html.get_content().replace("\r\n", "\n").rstrip() == PLAIN.html.rstrip()


def test_damaged_calendar_method_is_refused() -> None:
    with pytest.raises(UnfitInput):
        mime_bytes(replace(row(INVITING), calendar_method="X\r\nY: z"), SENDER)


def test_message_is_crlf_seven_bit_and_has_no_long_lines() -> None:
    data = mime_bytes(row(INVITING), SENDER)
    assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")
    assert data.isascii()
    assert max(len(line) for line in data.split(b"\r\n")) <= 78


def test_headers_show_who_when_and_that_a_machine_wrote() -> None:
    message = parsed(mime_bytes(row(PLAIN), SENDER))
    assert str(message["From"]) == "IKONE Veranstaltungen <events@ikone.example.org>"
    assert str(message["To"]) == '"Änna O\'Beispiel, LL.M." <anna@example.org>'
    assert str(message["Reply-To"]) == "fragen@ikone.example.org"
    assert message["Date"].datetime == datetime(2021, 1, 4, 8, 30, tzinfo=UTC)
    assert message["Message-ID"] == "<outbox-17@ikone.example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "References" not in message
    assert not {"Cc", "Bcc"} & set(message.keys())


def test_later_mails_point_to_the_first() -> None:
    first = "<0123456789abcdef0123456789abcdef@veranstaltungen.ikone-netzwerk.example.org>"
    data = mime_bytes(row(PLAIN, references=first), SENDER)
    assert f"In-Reply-To: {first}\r\n".encode() in data.replace(b"\r\n ", b" ")
    assert f"References: {first}\r\n".encode() in data.replace(b"\r\n ", b" ")
    own = mime_bytes(row(PLAIN, references="<outbox-17@ikone.example.org>"), SENDER)
    assert b"References" not in own


def test_same_row_gives_the_same_bytes() -> None:
    assert mime_bytes(row(INVITING), SENDER) == mime_bytes(row(INVITING), SENDER)


def test_mail_to_a_subscriber_is_left_by_one_click() -> None:
    address = f"https://ikone.example.org/s/{'x' * 200}/unsubscribe"
    data = mime_bytes(row(PLAIN, unsubscribe=address), SENDER)
    assert f"\r\nList-Unsubscribe: <{address}>\r\n".encode() in data
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in data
    assert "List-Unsubscribe" not in parsed(mime_bytes(row(PLAIN), SENDER))


def test_mailing_to_subscribers_names_its_list() -> None:
    def list_of(**changes: str | int) -> str | None:
        sender = replace(SENDER, name="Büro, IKONE")
        return parsed(mime_bytes(row(PLAIN, **changes), sender))["List-Id"]

    address = "https://ikone.example.org/unsubscribe/t"
    named = list_of(unsubscribe=address, mailing_id=7)
    assert named == "Büro, IKONE <announcements.ikone.example.org>"
    # A request to confirm the subscription, and a mailing to people who registered.
    assert list_of(unsubscribe=address) is list_of(mailing_id=7) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ohne Zeilenende",
        "zwei am Ende\n\n",
        ". Punkt\n.\n..\nFrom mir\n",
        "Leerzeichen am Ende \t\n= Gleich\n",
        "\u2028 \x85 \u200b 🙂\n",
        "--=_alternative_0\n" + "ö" * 300,
        "Mac\rWindows\r\nUnix\n",
    ],
)
def test_any_text_arrives_line_by_line(text: str) -> None:
    message = message_from_bytes(mime_bytes(replace(row(INVITING), text=text, html=text), SENDER))
    plain, html = list(message.walk())[2:4]
    expected = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n") + "\n"
    for part in (plain, html):
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        assert payload.decode().replace("\r\n", "\n") == expected
    assert not [part for part in message.walk() if part.defects]


@settings(max_examples=by_night(100, 20))
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_text_is_seven_bit_in_short_lines(text: str) -> None:
    data = mime_bytes(replace(row(PLAIN), text=text), SENDER)
    assert data.isascii()
    assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")
    assert max(len(line) for line in data.split(b"\r\n")) <= 78


def test_foreign_domain_travels_as_xn() -> None:
    message = parsed(mime_bytes(row(PLAIN, recipient="amt@dörfer.example"), SENDER))
    assert message["To"].addresses[0].addr_spec == "amt@xn--drfer-jua.example"


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "=?utf-8?q?Hi=0D=0ABcc:_x@y?="},
        {"subject": "Hi\r\nBcc: x@y"},
        {"recipient_name": "=?utf-8?q?Hi=0D=0ABcc:_x@y?="},
        {"recipient": "a@b.de, c@d.de"},
        {"recipient": "a@b.de\r\nBcc: x@y"},
        {"message_id": "<a@b>\r\nBcc: x@y"},
        {"references": "<a@b> x"},
        {"unsubscribe": "https://x.example/s\r\nBcc: x@y"},
        {"unsubscribe": "https://x.example/s>, <mailto:x@y"},
        {"unsubscribe": "mailto:x@y"},
    ],
)
def test_header_injection_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(UnfitInput):
        mime_bytes(row(PLAIN, **changes), SENDER)


def test_reading_back_notices_a_smuggled_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ikone_events.mail.sending.mime.header_complaint", lambda *_: None)
    with pytest.raises(UnfitInput, match="read back"):
        mime_bytes(row(PLAIN, subject="=?utf-8?q?Hi=0D=0ABcc:_x@y?="), SENDER)


AWKWARD = st.lists(
    st.sampled_from([*'aß🙂"\\(),.<>@:;=?-–_/', "Dörfer", "Workshop", "für", " "]), max_size=50
).map("".join)


@settings(max_examples=by_night(250, 50))
@given(st.text(max_size=200) | AWKWARD, st.text(max_size=150) | AWKWARD)
def test_any_fit_subject_and_name_travel_unchanged(subject: str, name: str) -> None:
    subject, name = one_line(subject), one_line(name)
    assume(header_complaint(subject) is None and header_complaint(name) is None)
    data = mime_bytes(row(PLAIN, subject=subject, recipient_name=name), SENDER)
    read = message_from_bytes(data)
    assert str(make_header(decode_header(read["Subject"].replace("\r\n", "")))) == subject
    display_name, address = parseaddr(read["To"].replace("\r\n", ""))
    assert (str(make_header(decode_header(display_name))), address) == (name, row(PLAIN).recipient)


def test_name_that_folding_might_damage_arrives_whole() -> None:
    name = "фзкабзтя ожсжуаоозкууяк радсвма зислмкфж"
    data = mime_bytes(row(PLAIN, recipient_name=name), SENDER)
    display_name, address = parseaddr(message_from_bytes(data)["To"].replace("\r\n", ""))
    assert (str(make_header(decode_header(display_name))), address) == (name, row(PLAIN).recipient)


@pytest.mark.parametrize("subject", ["00000000 ¡¡¡¡¡¡¡𐀀𐀀𐀀𐀀𐀀 ¡", "Ein Wort " * 20 + "ß", "kurz"])
def test_subject_arrives_space_by_space(subject: str) -> None:
    data = mime_bytes(row(PLAIN, subject=one_line(subject)), SENDER)
    folded = message_from_bytes(data)["Subject"].replace("\r\n", "")
    assert str(make_header(decode_header(folded))) == one_line(subject)


@pytest.mark.parametrize("length", range(30, 70))
def test_subject_folded_before_an_umlaut_is_sent(length: int) -> None:
    subject = f"{'x' * length} Maßnahmenplan, 15.12.2026"
    mail = row(written(MailKind.PROMOTION), subject=subject)
    read = parsed(mime_bytes(mail, SENDER))
    assert " ".join(str(read["Subject"]).split()) == subject
