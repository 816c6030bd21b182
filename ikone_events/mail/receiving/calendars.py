"""Answers of calendars (iTIP, RFC 5546)."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from icalendar import Calendar, Event

from ikone_events.domain.header_text import one_line
from ikone_events.domain.incoming.mails import CalendarAnswer, Damaged, Envelope, Method
from ikone_events.domain.refusals import N_
from ikone_events.mail.receiving.envelope import answers_by_itself
from ikone_events.mail.receiving.essence import Essence, TooMuchError, essence_of
from ikone_events.mail.receiving.message import Mail, content, decoded, leaves, parameter, words

TOO_LARGE = N_("The calendar object is too large for an answer.")
NO_OBJECT = N_("The calendar object can't be read.")
SEVERAL_EVENTS = N_("The answer is about several events.")
SEVERAL_ANSWERS = N_("The mail holds several different answers.")
NO_UID = N_("The answer does not say which invitation it is about.")
ONE_ATTENDEE = N_("The answer does not come from exactly one person.")
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


class _Fault(Exception):
    """Why an object is no valid answer."""


def answer_of(mail: Mail, envelope: Envelope) -> CalendarAnswer | Damaged | None:
    """The answer in this mail. Google and Thunderbird send the object twice; it counts once."""
    envelope = replace(envelope, automatic=answers_by_itself(mail))
    answers: list[CalendarAnswer] = []
    faults: list[str] = []
    parts = [part for part in leaves(mail) if part.get_content_type() in _TYPES]
    for part in parts[:_MOST_OBJECTS]:
        try:
            answer = _read(part, envelope)
        except _Fault as fault:
            faults.append(str(fault))
        else:
            if answer is not None and _essentials(answer) not in map(_essentials, answers):
                answers.append(answer)
    if len(answers) > 1:
        return Damaged(envelope=envelope, fault=SEVERAL_ANSWERS)
    if answers:
        return answers[0]
    return Damaged(envelope=envelope, fault=faults[0]) if faults else None


def _essentials(answer: CalendarAnswer) -> tuple[object, ...]:
    """What copies of one answer have in common; their DTSTAMP may differ."""
    return answer.method, answer.uid, answer.attendee, answer.partstat, answer.sequence


def _read(part: Mail, envelope: Envelope) -> CalendarAnswer | None:
    """Read one object. Its own METHOD takes precedence over that of the Content-Type.

    Gateways drop and rewrite parameters, and attached objects have none.
    """
    declared = parameter(part, "method").upper()
    try:
        essence = _essence(part, declared)
    except TooMuchError as fault:
        raise _Fault(TOO_LARGE) from fault
    method = (essence.method or declared) if essence else declared
    if method in _INVITING:
        return None
    if essence is None:
        raise _Fault(NO_OBJECT)
    if essence.of_series or (essence.others and not essence.events):
        return None  # not about one of our invitations, which are single dates
    if len(essence.events) != 1:
        raise _Fault(SEVERAL_EVENTS if essence.events else NO_OBJECT)
    known = Method(method) if method in set(Method) else Method.OTHER
    return _answer(_parsed(essence), known, envelope)


def _essence(part: Mail, declared: str) -> Essence | None:
    data = content(part)
    if len(data) > _MOST_BYTES:
        if declared in _INVITING:
            return None
        raise TooMuchError
    return essence_of(decoded(data, parameter(part, "charset")))


def _parsed(essence: Essence) -> Event:
    try:
        calendar = Calendar.from_ical(essence.text)
    except ValueError as fault:
        raise _Fault(NO_OBJECT) from fault
    events = calendar.events
    if len(events) != 1:
        raise _Fault(NO_OBJECT)
    return events[0]


def _answer(event: Event, method: Method, envelope: Envelope) -> CalendarAnswer | None:
    uid = one_line(_single(event, "UID", NO_UID))
    if not uid:
        raise _Fault(NO_UID)
    if len(uid) > _MOST_UID:
        return None  # none of ours
    attendee, partstat = _attendee(event)
    if method is Method.REPLY and not partstat:
        raise _Fault(NO_ANSWER)
    proposes = method is Method.COUNTER
    return CalendarAnswer(
        envelope=envelope,
        method=method,
        uid=uid,
        attendee=attendee,
        partstat=partstat,
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


def _attendee(event: Event) -> tuple[str, str]:
    """Address and PARTSTAT of the person who answers; of a delegation, of the person delegating."""
    found = event.get("ATTENDEE", [])
    people = found if isinstance(found, list) else [found]
    if len(people) > 1:
        people = [p for p in people if _param(p, "PARTSTAT") == "DELEGATED"]
    if len(people) != 1:
        raise _Fault(ONE_ATTENDEE)
    (person,) = people
    partstat = _param(person, "PARTSTAT")
    return _address(person), partstat if partstat in _PARTSTATS else ""


def _param(person: object, name: str) -> str:
    return str(getattr(person, "params", {}).get(name, "")).strip().upper()


def _address(person: object) -> str:
    """The address; Apple's servers write it into the parameter EMAIL."""
    address = str(person)
    if address.lower().startswith("mailto:"):
        address = unquote(address[len("mailto:") :]).partition("?")[0]
    elif "@" not in address or "/" in address:
        address = str(getattr(person, "params", {}).get("EMAIL", ""))
    return one_line(address)[:_MOST_ADDRESS]


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
