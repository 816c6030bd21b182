"""Answers of calendars: what each program sends, and what is no answer to us."""

from datetime import UTC, datetime

import pytest

from ikone_events.domain.incoming.mails import CalendarAnswer, Damaged, Incoming, Method
from ikone_events.mail.receiving import ONLY_OUTLOOK, calendars, receive
from tests.foreign_mails import EVA, PROGRAMS, UID, calendar_mail, exchange, human, mail, winmail

AT = datetime(2026, 3, 2, 9, 16, tzinfo=UTC)


def read(raw: bytes) -> Incoming | None:
    return receive(raw, received_at=AT)


def answer(raw: bytes) -> CalendarAnswer:
    found = read(raw)
    assert isinstance(found, CalendarAnswer), found
    return found


def fault(raw: bytes) -> str:
    found = read(raw)
    assert isinstance(found, Damaged), found
    return found.fault


def reply(*more: str, method: str = "REPLY", attendee: str = "") -> bytes:
    """A small answer of lines, with more of them inside the VEVENT."""
    person = attendee or f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{EVA}"
    return calendar_mail(
        *("BEGIN:VCALENDAR", f"METHOD:{method}", "BEGIN:VEVENT", f"UID:{UID}"),
        *([person] if person != "-" else []),
        *(*more, "END:VEVENT", "END:VCALENDAR"),
    )


@pytest.mark.parametrize("partstat", ["ACCEPTED", "DECLINED", "TENTATIVE"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_answer_of_each_program_is_read(program: str, partstat: str) -> None:
    found = answer(PROGRAMS[program](partstat=partstat, comment="Bis bald\\, grüße", sequence="3"))
    assert (found.method, found.uid, found.attendee) == (Method.REPLY, UID, EVA)
    assert (found.partstat, found.sequence) == (partstat, 3)
    assert found.stamp == datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
    assert found.comment == "Bis bald, grüße"
    assert found.proposed_starts_at is None
    assert (found.envelope.sender, found.envelope.received_at) == (EVA, AT)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("break_lines", [(b"\r\n", b"\n"), (b"\r\n", b"\r\n")])
def test_line_ends_do_not_matter(program: str, break_lines: tuple[bytes, bytes]) -> None:
    assert answer(PROGRAMS[program]().replace(*break_lines)).partstat == "ACCEPTED"


def test_press_in_googles_calendar_is_a_persons_and_an_automatic_reply_is_not() -> None:
    raw = PROGRAMS["google"](partstat="DECLINED")
    assert b"Auto-Submitted: auto-generated" in raw
    assert not answer(raw).envelope.automatic
    assert answer(raw.replace(b"auto-generated", b"auto-replied")).envelope.automatic


def test_tutanota_answers_to_a_higher_sequence() -> None:
    assert answer(PROGRAMS["tutanota"]()).sequence == 1


@pytest.mark.parametrize(
    ("program", "starts", "ends"),
    [("exchange", "20260317T140000", "20260317T160000"), ("google", "20260317T130000Z", "")],
)
def test_counter_proposes_a_time_in_utc(program: str, starts: str, ends: str) -> None:
    found = answer(
        PROGRAMS[program](method="COUNTER", starts=starts, ends=ends or "20260317T150000Z")
    )
    assert found.method is Method.COUNTER
    assert found.proposed_starts_at == datetime(2026, 3, 17, 13, tzinfo=UTC)
    assert found.proposed_ends_at == datetime(2026, 3, 17, 15, tzinfo=UTC)
    assert found.proposed_starts_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("lines", "starts", "ends"),
    [
        (["DTSTART:20260317T130000Z", "DURATION:PT2H"], 13, 15),
        (["DTSTART;TZID=Europe/Berlin:20260317T140000"], 13, None),
        (["DTSTART;TZID=Customized Time Zone:20260317T140000"], None, None),
        (["DTSTART:20260317T140000"], None, None),
        (["DTSTART;VALUE=DATE:20260317"], None, None),
        (["DTSTART:tomorrow"], None, None),
    ],
)
def test_proposal_without_a_clear_moment_proposes_none(
    lines: list[str], starts: int | None, ends: int | None
) -> None:
    found = answer(reply(*lines, method="COUNTER"))
    hours = [m.hour if m else None for m in (found.proposed_starts_at, found.proposed_ends_at)]
    assert hours == [starts, ends]


def test_zone_definitions_of_strangers_are_never_worked_out() -> None:
    """One that changes every second would keep the parser busy for days."""
    bomb = (
        *("BEGIN:VTIMEZONE", "TZID:Bomb", "BEGIN:STANDARD", "DTSTART:19700101T000000"),
        *("RRULE:FREQ=SECONDLY", "TZOFFSETFROM:+0000", "TZOFFSETTO:+0100", "END:STANDARD"),
        "END:VTIMEZONE",
    )
    lines = (
        *("BEGIN:VCALENDAR", "METHOD:COUNTER", *bomb, "BEGIN:VEVENT", f"UID:{UID}"),
        *(f"ATTENDEE;PARTSTAT=TENTATIVE:mailto:{EVA}", "DTSTART;TZID=Bomb:20260317T140000"),
        *("RRULE:FREQ=SECONDLY", "END:VEVENT", "END:VCALENDAR"),
    )
    assert answer(calendar_mail(*lines)).proposed_starts_at is None


def test_refresh_needs_no_partstat() -> None:
    found = answer(reply(method="REFRESH", attendee=f"ATTENDEE:mailto:{EVA}"))
    assert (found.method, found.partstat) == (Method.REFRESH, "")


def test_method_that_is_none_of_a_guest_is_other() -> None:
    assert answer(reply(method="DECLINECOUNTER")).method is Method.OTHER


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL", "PUBLISH", "ADD"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_invitation_of_a_stranger_is_left_to_people(program: str, method: str) -> None:
    assert read(PROGRAMS[program](method=method)) is None


def test_method_of_the_object_wins_over_the_header() -> None:
    """Gateways rewrite the header; what the calendar wrote stands in the object."""
    raw = reply()
    assert answer(raw.replace(b"method=REPLY", b"method=REQUEST")).method is Method.REPLY
    assert read(raw.replace(b"METHOD:REPLY", b"METHOD:REQUEST")) is None


def test_method_of_the_header_serves_where_the_object_has_none() -> None:
    assert answer(reply().replace(b"METHOD:REPLY\r\n", b"")).method is Method.REPLY
    silent = reply().replace(b"METHOD:REPLY\r\n", b"").replace(b"method=REPLY", b"x=y")
    assert read(silent) is None


@pytest.mark.parametrize("charset", ["windows-1252", "utf-16", "iso-8859-1", "nonsense", "base64"])
def test_odd_charsets_are_read(charset: str) -> None:
    code = charset if charset not in ("nonsense", "base64") else "utf-8"
    text = reply("COMMENT:Grüße").partition(b"\r\n\r\n")[2].decode()
    raw = calendar_mail(
        data=b"",
        **{"Content-Type": f"text/calendar; method=REPLY; charset={charset}"},
    )
    head = raw.partition(b"\r\n\r\n")[0].replace(b"8bit", b"base64")
    from base64 import encodebytes

    assert answer(head + b"\r\n\r\n" + encodebytes(text.encode(code))).comment == "Grüße"


def test_same_object_twice_counts_once_and_two_different_ones_not_at_all() -> None:
    raw = PROGRAMS["thunderbird"]()
    assert answer(raw).partstat == "ACCEPTED"
    head, _, last = raw.rpartition(b"20260302T091500Z")
    assert answer(head + b"20260302T091501Z" + last).partstat == "ACCEPTED"
    head, _, last = raw.rpartition(b"PARTSTAT=ACCEPTED")
    assert fault(head + b"PARTSTAT=DECLINED" + last) == calendars.SEVERAL_ANSWERS


def test_broken_copy_does_not_spoil_the_whole_one() -> None:
    raw = PROGRAMS["thunderbird"]()
    head, _, last = raw.rpartition(f"UID:{UID}".encode())
    assert answer(head + b"X:Y" + last).uid == UID


def test_sequence_and_stamp_may_be_missing_or_nonsense() -> None:
    found = answer(reply())
    assert (found.sequence, found.stamp) == (None, None)
    for number in ("-1", "two", "99999999999", "2147483648"):
        found = answer(reply(f"SEQUENCE:{number}", "DTSTAMP:yesterday"))
        assert (found.sequence, found.stamp) == (None, None)


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("ATTENDEE;PARTSTAT=accepted:MAILTO:Eva.Muster@Trier.example", "Eva.Muster@Trier.example"),
        ("ATTENDEE;PARTSTAT=ACCEPTED:eva@trier.example", "eva@trier.example"),
        ("ATTENDEE;PARTSTAT=ACCEPTED:mailto:eva%2Bx@trier.example", "eva+x@trier.example"),
        ("ATTENDEE;PARTSTAT=ACCEPTED;EMAIL=eva@x.example:/1/principal/", "eva@x.example"),
        ("ATTENDEE;PARTSTAT=ACCEPTED;EMAIL=eva@x.example:urn:uuid:1-2", "eva@x.example"),
        ("ATTENDEE;PARTSTAT=ACCEPTED:mailto:eva@x.example?bcc=all@x.example", "eva@x.example"),
        ("ATTENDEE;PARTSTAT=ACCEPTED:mailto:eva%0D%0ABcc:x@x.example", "eva Bcc:x@x.example"),
    ],
)
def test_attendee_is_one_bare_address(line: str, address: str) -> None:
    found = answer(reply(attendee=line))
    assert (found.attendee, found.partstat) == (address, "ACCEPTED")


def test_what_stands_in_an_alarm_is_not_the_answers() -> None:
    """Apple gives alarms UIDs, and alarms by mail have ATTENDEEs of their own."""
    alarm = ("BEGIN:VALARM", "UID:alarm", "ATTENDEE:mailto:other@x.example", "END:VALARM")
    nested = ("BEGIN:VALARM", "BEGIN:VEVENT", "UID:other", "END:VEVENT", "END:VALARM")
    found = answer(reply(*alarm, *nested))
    assert (found.uid, found.attendee) == (UID, EVA)


def test_delegation_names_the_one_who_hands_over() -> None:
    handed = f'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:d@x.example":mailto:{EVA}'
    found = answer(reply(attendee=handed))
    assert (found.attendee, found.partstat) == (EVA, "DELEGATED")
    other = 'ATTENDEE;PARTSTAT=NEEDS-ACTION;DELEGATED-FROM="mailto:e":mailto:d@x.example'
    found = answer(reply(other, attendee=handed))
    assert (found.attendee, found.partstat) == (EVA, "DELEGATED")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (reply(attendee="-"), calendars.NO_ATTENDEE),
        (reply(attendee=f"ATTENDEE;PARTSTAT=MAYBE:mailto:{EVA}"), calendars.NO_ANSWER),
        (reply(attendee=f"ATTENDEE:mailto:{EVA}"), calendars.NO_ANSWER),
        (reply().replace(b"UID:" + UID.encode(), b"X-U:1"), calendars.NO_UID),
        (reply("UID:another"), calendars.NO_UID),
        (reply("END:VEVENT", "BEGIN:VEVENT", f"UID:{UID}"), calendars.SEVERAL_EVENTS),
        (reply(*(f"COMMENT:{n}" for n in range(500))), calendars.TOO_LARGE),
        (reply("X-BOMB:" + "x" * 600_000), calendars.TOO_LARGE),
        (reply(*["BEGIN:VALARM"] * 20), calendars.TOO_LARGE),
        (calendar_mail("Hello"), calendars.NO_OBJECT),
        (calendar_mail("BEGIN:VCALENDAR", "METHOD:REPLY", "END:VCALENDAR"), calendars.NO_OBJECT),
        (winmail(), ONLY_OUTLOOK),
    ],
)
def test_answer_that_breaks_the_rules_is_damaged(raw: bytes, words: str) -> None:
    assert fault(raw) == words


@pytest.mark.parametrize(
    "raw",
    [
        human(),
        winmail(b"IPM.Note"),
        reply("RECURRENCE-ID:20260316T090000Z"),
        reply().replace(b"VEVENT", b"VTODO"),
        reply().replace(UID.encode(), b"x" * 251),
        mail({"From": EVA, "Content-Type": "message/rfc822"}, exchange()),
        b"",
        b"\x00" * 100,
        exchange() + b"x" * 2_200_000,
    ],
    ids=["mail", "rich", "series", "task", "long-uid", "forwarded", "empty", "nuls", "huge"],
)
def test_mail_that_is_not_for_us_is_left_alone(raw: bytes) -> None:
    assert read(raw) is None


def test_comment_is_bounded_and_holds_no_control_characters() -> None:
    found = answer(reply("COMMENT:" + "ä\x07" * 3000, "SUMMARY:" + "x" * 100_000))
    assert found.comment == "ä" * 1000


def test_parts_are_bounded_in_number_and_depth() -> None:
    many = b"".join(b"--m\r\nContent-Type: text/plain\r\n\r\nx\r\n" for _ in range(10_000))
    inner = exchange().partition(b"\r\n\r\n")
    late = many + b"--m\r\n" + inner[0] + b"\r\n\r\n" + inner[2] + b"\r\n--m--\r\n"
    assert read(mail({"Content-Type": "multipart/mixed; boundary=m"}, late)) is None
    deep = exchange()
    for level in range(2_000):
        kind = f"Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n"
        deep = kind.encode() + deep
    assert read(deep) is None


def test_lines_are_bounded_because_each_is_compared_with_each_open_part() -> None:
    raw = exchange()
    assert read(raw + b"\n" * 50_000) is not None
    assert read(raw + b"\n" * 70_000) is None
    assert read(raw + b"\r" * 70_000) is None


def test_header_bombs_are_read_past() -> None:
    bombs = {f"X-{number}": "x" * 50 for number in range(10_000)}
    raw = exchange().replace(
        b"MIME-Version",
        "".join(f"{name}: {text}\r\n" for name, text in bombs.items()).encode() + b"MIME-Version",
        1,
    )
    assert answer(raw).partstat == "ACCEPTED"
