"""Whatever bytes arrive: nothing is raised, and what comes out is within its bounds."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from ikone_events.domain.incoming.mails import (
    Absence,
    Bounce,
    CalendarAnswer,
    Damaged,
    Incoming,
    ReturnedMail,
)
from ikone_events.mail.receiving import receive
from tests.effort import by_night
from tests.foreign_mails import (
    PROGRAMS,
    calendar_mail,
    exchange_absence,
    exchange_bounce,
    gmail_absence,
    gmail_bounce,
    human,
    postfix_bounce,
    winmail,
)

AT = datetime(2026, 3, 2, 9, 16, tzinfo=UTC)
_MAILS = [
    *(
        make(comment="Bis bald", method=method)
        for make in PROGRAMS.values()
        for method in ("REPLY", "COUNTER")
    ),
    *(postfix_bounce(), exchange_bounce(), gmail_bounce()),
    *(exchange_absence(), gmail_absence(), human(), winmail()),
    b"Authentication-Results: mx; dmarc=pass header.from=trier.example\r\n" + PROGRAMS["google"](),
]
_LINES = sorted({line for one in _MAILS for line in one.split(b"\r\n")})
# What tears structures apart when it stands where nobody expects it.
_SPLINTERS = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(_LINES),
    st.sampled_from(
        [
            b"\r\n",
            b"\n",
            b"\r",
            b"\x00",
            b"--",
            b"=?utf-8?q?=0D=0A?=",
            b'"',
            b"\\",
            b";",
            b":",
            b"BEGIN:VEVENT\r\n",
            b"END:VEVENT\r\n",
            b"BEGIN:VTIMEZONE\r\n",
            b"TZID=",
            b"99999999999",
            b"; charset=utf-7",
            b"; charset*=x'",
            b"Content-Type: ",
            b"(",
            b"\xff\xfe",
            b"\xc3",
        ]
    ),
)


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    """A mail of a program with some places cut out, doubled or replaced."""
    raw = draw(st.sampled_from(_MAILS))
    for _ in range(draw(st.integers(1, 8))):
        start = draw(st.integers(0, len(raw)))
        end = min(len(raw), start + draw(st.sampled_from([0, 0, 1, 3, 40, 400])))
        raw = raw[:start] + draw(_SPLINTERS) + raw[end:]
    return raw


@st.composite
def _mixed(draw: st.DrawFn) -> bytes:
    """Lines of all mails in any order."""
    return b"\r\n".join(draw(st.lists(st.sampled_from(_LINES), max_size=60)))


@st.composite
def _objects(draw: st.DrawFn) -> bytes:
    """Properties with any text for names, parameters and values."""
    text = st.text(st.characters(blacklist_categories=["Cs"]), max_size=30)
    names = st.sampled_from(["UID", "ATTENDEE", "DTSTAMP", "DTSTART", "SEQUENCE", "COMMENT"])
    lines = [
        f"{draw(names)}{draw(st.sampled_from(['', ';', ';TZID=', ';PARTSTAT=']))}{draw(text)}"
        f":{draw(text)}"
        for _ in range(draw(st.integers(0, 8)))
    ]
    whole = ("BEGIN:VCALENDAR", "METHOD:COUNTER", "BEGIN:VEVENT", *lines, "END:VEVENT")
    return calendar_mail(*whole, "END:VCALENDAR")


def _check(found: Incoming | None) -> None:
    if found is None:
        return
    envelope = found.envelope
    assert len(envelope.digest) == 64
    assert len(envelope.message_id) <= 250
    assert len(envelope.sender) <= 254
    assert len(envelope.references) <= 50
    assert not envelope.authenticated or envelope.sender.endswith("@trier.example")
    for text, most in _texts(found):
        assert len(text) <= most
        assert not any(ord(c) < 32 and c not in "\n\t" for c in text)
        assert not any(0xD800 <= ord(c) <= 0xDFFF for c in text)


def _texts(found: Incoming) -> list[tuple[str, int]]:
    if isinstance(found, CalendarAnswer):
        assert found.sequence is None or 0 <= found.sequence < 2**31
        moments = (found.stamp, found.proposed_starts_at, found.proposed_ends_at)
        assert all(moment is None or moment.tzinfo is UTC for moment in moments)
        return [
            (found.uid, 250),
            (found.attendee, 254),
            (found.partstat, 14),
            (found.comment, 1000),
        ]
    if isinstance(found, Bounce):
        return [
            (found.recipient, 254),
            (found.code, 12),
            (found.words, 1000),
            (found.original_message_id, 250),
        ]
    if isinstance(found, ReturnedMail):
        assert len(found.message_ids) <= 20
        assert len(found.addresses) <= 20
    if isinstance(found, Absence | ReturnedMail):
        return [(found.words, 1000)]
    assert isinstance(found, Damaged)
    return [(found.fault, 200)]


@settings(max_examples=by_night(200, 40))
@given(st.one_of(st.binary(max_size=500), _mutated(), _mixed(), _objects()))
def test_whatever_arrives_is_read_or_left(raw: bytes) -> None:
    _check(receive(raw, received_at=AT, authserv_id="mx"))
