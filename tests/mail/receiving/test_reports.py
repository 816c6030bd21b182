"""Bounces and absences, and the envelope that all mails have."""

from datetime import UTC, datetime

import pytest

from ikone_events.domain.incoming.mails import (
    Absence,
    Bounce,
    BounceCause,
    Damaged,
    Envelope,
    Incoming,
)
from ikone_events.mail.receiving import bounces, receive
from tests.foreign_mails import (
    EVA,
    MAIL,
    exchange,
    exchange_absence,
    exchange_bounce,
    gmail_absence,
    gmail_bounce,
    google,
    human,
    mail,
    postfix_bounce,
)

AT = datetime(2026, 3, 2, 9, 16, tzinfo=UTC)


def read(raw: bytes) -> Incoming | None:
    return receive(raw, received_at=AT)


def envelope(raw: bytes) -> Envelope:
    found = read(raw)
    assert found is not None
    return found.envelope


@pytest.mark.parametrize(
    ("raw", "code", "words"),
    [
        (postfix_bounce(), "5.1.1", "User unknown in virtual mailbox table"),
        (exchange_bounce(), "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound"),
        (gmail_bounce(), "5.1.1", "does not exist"),
    ],
    ids=["postfix", "exchange", "gmail"],
)
def test_bounce_of_each_server_is_read(raw: bytes, code: str, words: str) -> None:
    found = read(raw)
    assert isinstance(found, Bounce)
    assert (found.original_message_id, found.recipient) == (MAIL, EVA)
    assert (found.code, found.marks_address) == (code, True)
    assert words in found.words
    assert found.envelope.automatic


@pytest.mark.parametrize(
    ("action", "status", "lost", "cause"),
    [
        ("failed", "5.1.1", True, BounceCause.ADDRESS),
        ("failed", "5.2.1", True, BounceCause.ADDRESS),
        ("failed", "5.2.2", True, BounceCause.FULL),
        ("failed", "5.7.26", True, BounceCause.SENDER),
        ("failed", "5.1.8", True, BounceCause.SENDER),
        ("failed", "5.4.4", True, BounceCause.OTHER),
        ("failed", "4.4.7", True, BounceCause.OTHER),
        ("failed", "4.1.1", True, BounceCause.OTHER),
        ("delayed", "4.4.1", False, BounceCause.OTHER),
        ("delayed", "5.1.1", False, BounceCause.ADDRESS),
    ],
)
def test_loss_and_cause_are_two_facts(
    action: str, status: str, lost: bool, cause: BounceCause
) -> None:
    found = read(postfix_bounce(action=action, status=status))
    assert isinstance(found, Bounce)
    assert (found.lost, found.cause) == (lost, cause)
    assert found.marks_address is (lost and cause is BounceCause.ADDRESS)


@pytest.mark.parametrize("status", ["5.0.0 (unknown)", "no such person", "5.1.1111", ""])
def test_empty_status_is_taken_from_the_diagnosis(status: str) -> None:
    raw = postfix_bounce().replace(b"Status: 5.1.1", f"Status: {status}".encode())
    found = read(raw)
    assert isinstance(found, Bounce)
    assert (found.code, found.lost, found.marks_address) == ("5.1.1", True, True)


@pytest.mark.parametrize("action", ["relayed", "delivered", "expanded"])
def test_report_of_success_is_no_bounce(action: str) -> None:
    assert read(postfix_bounce(action=action, status="2.0.0")) is None


def test_empty_report_is_damaged() -> None:
    raw = postfix_bounce()
    for name in (b"Action:", b"Status:", b"Diagnostic-Code:"):
        raw = raw.replace(name, b"X-" + name)
    found = read(raw)
    assert isinstance(found, Damaged)
    assert found.fault == bounces.UNCLEAR


def test_mail_is_found_by_references_where_it_does_not_come_back() -> None:
    raw = gmail_bounce().replace(b"message/rfc822", b"application/octet-stream")
    found = read(raw)
    assert isinstance(found, Bounce)
    assert found.original_message_id == MAIL


def test_bounce_without_any_mail_names_none() -> None:
    found = read(postfix_bounce().replace(b"message/rfc822", b"application/octet-stream"))
    assert isinstance(found, Bounce)
    assert found.original_message_id == ""


def test_worst_of_several_recipients_is_returned() -> None:
    delayed = b"Final-Recipient: rfc822; b@x.example\r\nAction: delayed\r\nStatus: 4.0.0\r\n\r\n"
    raw = postfix_bounce().replace(
        b"Final-Recipient: rfc822; eva", delayed + b"Final-Recipient: rfc822; eva"
    )
    found = read(raw)
    assert isinstance(found, Bounce)
    assert (found.recipient, found.lost) == (EVA, True)


@pytest.mark.parametrize("raw", [exchange_absence(), gmail_absence()], ids=["exchange", "gmail"])
def test_absence_is_read_with_its_words(raw: bytes) -> None:
    found = read(raw)
    assert isinstance(found, Absence)
    assert "Ich bin bis 9. März nicht im Büro." in found.words
    assert found.envelope.references == (MAIL,)
    assert found.envelope.automatic


def test_subject_of_an_absence_is_decoded() -> None:
    found = read(gmail_absence())
    assert isinstance(found, Absence)
    assert found.words.splitlines()[0] == "Nicht im Büro Re: Ihre Anmeldung"


def test_automatic_mail_about_none_of_our_mails_is_left_alone() -> None:
    raw = gmail_absence().replace(b"In-Reply-To", b"X-A").replace(b"References", b"X-B")
    assert read(raw) is None


@pytest.mark.parametrize(
    ("header", "automatic"),
    [
        ("Auto-Submitted: auto-replied (vacation)", True),
        ("Auto-Submitted: auto-generated; x=y", True),
        ("Auto-Submitted: no", False),
        ("X-Autoreply: yes", True),
        ("Precedence: auto_reply", True),
        ("Precedence: bulk", False),
        ("X-Auto-Response-Suppress: All", False),
        ("X-MS-Exchange-Inbox-Rules-Loop: eva@trier.example", False),
    ],
)
def test_marks_of_programs(header: str, automatic: bool) -> None:
    raw = human().replace(b"MIME-Version", header.encode() + b"\r\nMIME-Version")
    assert isinstance(read(raw), Absence) is automatic


def test_receipt_of_a_reader_is_left_alone() -> None:
    raw = mail(
        {
            "From": EVA,
            "In-Reply-To": MAIL,
            "Auto-Submitted": "auto-replied",
            "Content-Type": "multipart/report; report-type=disposition-notification; boundary=r",
        },
        b"--r\n\nread\n--r\nContent-Type: message/disposition-notification\n\nX: y\n--r--\n",
    )
    assert read(raw) is None


def test_digest_is_the_same_however_the_mail_travelled() -> None:
    raw = exchange()
    trace = (
        b"Return-Path: <eva@trier.example>\r\nDelivered-To: x@example.org\r\n"
        b"Received: from a by b; Mon, 2 Mar 2026\r\nX-Spam-Score: 0.1\r\n"
        b"Authentication-Results: mx.example.org; dmarc=pass header.from=trier.example\r\n"
    )
    same = (raw, trace + raw, raw.replace(b"\r\n", b"\n"), raw + b"\r\n")
    assert len({envelope(one).digest for one in same}) == 1
    others = (
        raw,
        raw.replace(b"Message-ID: <", b"Message-ID: <x"),
        exchange(partstat="DECLINED"),
        google(),
    )
    assert len({envelope(one).digest for one in others}) == len(others)


def test_references_are_message_ids_and_bounded() -> None:
    ids = " ".join(f"<{number}@x.example>" for number in range(200))
    head = f"References: {ids}\r\n\t<broken@\r\n x> nonsense\r\nX-End: 1"
    raw = exchange_absence().replace(b"References: " + MAIL.encode(), head.encode())
    found = envelope(raw).references
    assert len(found) == 50
    assert found[:2] == (MAIL, "<199@x.example>")


@pytest.mark.parametrize(
    ("header", "sender"),
    [
        ("From: Eva <eva@Trier.Example>", "eva@trier.example"),
        ("From: eva@trier.example (Eva)", "eva@trier.example"),
        ('From: "evil@x.example" <eva@trier.example>', "eva@trier.example"),
        ("From: =?utf-8?q?=22a=40b=2Ec=22?= <eva@trier.example>", "eva@trier.example"),
        ("From: <eva@trier.example>, x", ""),
        ("From: nobody", ""),
        ("From: (unclosed eva@trier.example", ""),
        ("X-From: eva@trier.example", ""),
        ("From:", ""),
    ],
)
def test_sender_is_the_bare_address_of_from(header: str, sender: str) -> None:
    raw = exchange().replace(b"From: Eva Muster <eva.muster@trier.example>", header.encode())
    assert envelope(raw).sender == sender
