"""Answers of calendars (iTIP, RFC 5546)."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from icalendar import Calendar, Event

from ikone_events.domain.header_text import one_line
from ikone_events.domain.incoming.answer_rules import same_person
from ikone_events.domain.incoming.mails import (
    AttendeeAnswer,
    CalendarAnswer,
    Damaged,
    Envelope,
    Method,
)
from ikone_events.domain.refusals import N_
from ikone_events.mail.receiving.calendar_lines import (
    CalendarLines,
    TooMuchError,
    read_calendar_lines,
    unfolded,
)
from ikone_events.mail.receiving.envelope import answers_by_itself
from ikone_events.mail.receiving.message import Mail, content, decoded, leaves, parameter, words

TOO_LARGE = N_("The calendar object is too large for an answer.")
NO_OBJECT = N_("The calendar object can't be read.")
SEVERAL_EVENTS = N_("The answer is about several events.")
SEVERAL_ANSWERS = N_("The e-mail contains several different answers.")
NO_UID = N_("The answer does not say which invitation it is about.")
NO_ATTENDEE = N_("The answer does not say who answers.")
NO_ANSWER = N_("The answer says neither yes nor no.")

_TYPES = frozenset({"text/calendar", "application/ics"})
# Invitations and announcements by people; they stay in the mailbox.
_INVITING = frozenset({"REQUEST", "PUBLISH", "CANCEL", "ADD", ""})
_PARTSTATS = frozenset({"ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED", "NEEDS-ACTION"})
_MOST_OBJECTS = 4
_MOST_BYTES = 512 * 1024
_MOST_UID = 250
_MOST_ADDRESS = 254
_NUMBER = re.compile(r"[0-9]{1,10}")
_SEQUENCES_END = 2**31


# The parameters of an ATTENDEE line are read by name: some programs forget to quote them.
_QUOTED = re.compile(r'"[^"]*"')
_PARTSTAT = re.compile(r";[ \t]*PARTSTAT[ \t]*=[ \t]*\"?([A-Z-]+)", re.IGNORECASE)
_EMAIL = re.compile(r";[ \t]*EMAIL[ \t]*=[ \t]*\"?([^\";:,\s]+)", re.IGNORECASE)
_MAILTO = re.compile(r"mailto:", re.IGNORECASE)


class _Fault(Exception):
    """Why an object is no valid answer; `uid` says which invitation it is about."""

    def __init__(self, words: str, uid: str = "") -> None:
        super().__init__(words)
        self.uid = uid


def answer_of(mail: Mail, envelope: Envelope) -> CalendarAnswer | Damaged | None:
    """The answer in this mail. Google and Thunderbird send the object twice; it counts once."""
    envelope = replace(envelope, automatic=answers_by_itself(mail))
    answers: list[CalendarAnswer] = []
    faults: list[_Fault] = []
    parts = [part for part in leaves(mail) if part.get_content_type() in _TYPES]
    for part in parts[:_MOST_OBJECTS]:
        try:
            answer = _read(part, envelope)
        except _Fault as fault:
            faults.append(fault)
        else:
            if answer is not None and _essentials(answer) not in map(_essentials, answers):
                answers.append(answer)
    if len(answers) > 1:
        faults = [_Fault(SEVERAL_ANSWERS, answers[0].uid)]
    elif answers:
        return answers[0]
    if not faults:
        return None
    first, names = faults[0], envelope.references
    return Damaged(envelope=envelope, fault=str(first), uid=first.uid, message_ids=names)


def _essentials(answer: CalendarAnswer) -> tuple[object, ...]:
    """What copies of one answer have in common; their DTSTAMP may differ."""
    return answer.method, answer.uid, answer.attendee, answer.partstat, answer.sequence


def _read(part: Mail, envelope: Envelope) -> CalendarAnswer | None:
    """Read one object. Its own METHOD takes precedence over that of the Content-Type.

    Gateways drop and rewrite parameters, and attached objects have none.
    """
    declared = parameter(part, "method").upper()
    try:
        lines = _calendar_lines(part, declared)
    except TooMuchError as fault:
        raise _Fault(TOO_LARGE) from fault
    method = (lines.method or declared) if lines else declared
    if method in _INVITING:
        return None
    if lines is None:
        raise _Fault(NO_OBJECT)
    if lines.of_series or (lines.others and not lines.events):
        return None  # not about one of our invitations, which are single dates
    known = Method(method) if method in set(Method) else Method.OTHER
    try:
        return _answer(lines, known, envelope)
    except _Fault as fault:
        raise _Fault(str(fault), one_line(lines.uid)) from fault


def _calendar_lines(part: Mail, declared: str) -> CalendarLines | None:
    data = content(part)
    if len(data) > _MOST_BYTES:
        if declared in _INVITING:
            return None
        raise TooMuchError
    charset = parameter(part, "charset")
    wide = charset.lower().startswith("utf-16") or data[:2] in (b"\xff\xfe", b"\xfe\xff")
    return read_calendar_lines(decoded(data if wide else unfolded(data), charset))


def _parsed(lines: CalendarLines) -> Event:
    try:
        calendar = Calendar.from_ical(lines.text)
    except ValueError as fault:
        raise _Fault(NO_OBJECT) from fault
    events = calendar.events
    if len(events) != 1:
        raise _Fault(NO_OBJECT)
    return events[0]


def _answer(lines: CalendarLines, method: Method, envelope: Envelope) -> CalendarAnswer | None:
    if lines.is_cut:
        raise _Fault(TOO_LARGE)
    if len(lines.events) != 1:
        raise _Fault(SEVERAL_EVENTS if lines.events else NO_OBJECT)
    event = _parsed(lines)
    uid = one_line(_single(event, "UID", NO_UID))
    if not uid:
        raise _Fault(NO_UID)
    if len(uid) > _MOST_UID:
        return None  # none of ours
    attendees = tuple(map(_attendee, lines.attendees))
    if not attendees:
        raise _Fault(NO_ATTENDEE)
    if method is Method.REPLY and not any(each.partstat for each in attendees):
        raise _Fault(NO_ANSWER)
    who = _answering(attendees, envelope)
    proposes = method is Method.COUNTER
    return CalendarAnswer(
        envelope=envelope,
        method=method,
        uid=uid,
        attendee=who.address,
        partstat=who.partstat,
        attendees=attendees,
        sequence=_sequence(event),
        stamp=_moment(event, "DTSTAMP"),
        comment=_comment(event),
        proposed_starts_at=_moment(event, "DTSTART") if proposes else None,
        proposed_ends_at=_end(event) if proposes else None,
    )


def _single(event: Event, name: str, fault: str) -> str:
    found = event.get(name, "")
    if isinstance(found, list):
        raise _Fault(fault)
    return str(found)


def _answering(attendees: Sequence[AttendeeAnswer], envelope: Envelope) -> AttendeeAnswer:
    """The one who answers: the only one, the sender, or the one who delegates; else nobody."""
    if len(attendees) == 1:
        return attendees[0]
    delegating = (each for each in attendees if each.partstat == "DELEGATED")
    sender = (each for each in attendees if same_person(each.address, envelope.sender))
    return next(delegating, None) or next(sender, None) or AttendeeAnswer("", "")


def _attendee(line: str) -> AttendeeAnswer:
    """Address and PARTSTAT of an ATTENDEE line; the address stands behind the last `mailto:`.

    Apple's servers write it into the parameter EMAIL.
    """
    *before, last = _MAILTO.split(line)
    found = _PARTSTAT.search(_QUOTED.sub("", line)) or _PARTSTAT.search(line)
    partstat = found[1].upper() if found else ""
    address = unquote(last).partition("?")[0]
    if not before:
        written = line.rpartition(":")[2].strip()
        email = _EMAIL.search(line)
        is_address = "@" in written and "/" not in written
        address = written if is_address else (email[1] if email else "")
    address = one_line(address).strip("<> ")[:_MOST_ADDRESS]
    return AttendeeAnswer(address, partstat if partstat in _PARTSTATS else "")


def _sequence(event: Event) -> int | None:
    found = str(event.get("SEQUENCE", "")).strip()
    if not _NUMBER.fullmatch(found):
        return None
    return number if (number := int(found)) < _SEQUENCES_END else None


def _comment(event: Event) -> str:
    found = event.get("COMMENT", [])
    return words("\n".join(map(str, found if isinstance(found, list) else [found])))


def _moment(event: Event, name: str) -> datetime | None:
    """A time in UTC; None for a date or a time without a zone."""
    found = _dt(event, name)
    if not isinstance(found, datetime) or found.tzinfo is None:
        return None
    try:
        return found.astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def _end(event: Event) -> datetime | None:
    end, start = _moment(event, "DTEND"), _moment(event, "DTSTART")
    length = _dt(event, "DURATION")
    if end is None and start is not None and isinstance(length, timedelta):
        try:
            return start + length
        except OverflowError:
            return None
    return end


def _dt(event: Event, name: str) -> object:
    """The value of a date property, None if the parser could not read it."""
    try:
        return getattr(event.get(name), "dt", None)
    except ValueError:
        return None
