"""The answers of a calendar program to caught invitations, without a mailbox."""

from datetime import datetime
from hashlib import sha256
from uuid import uuid4

from icalendar import Calendar, Event, vCalAddress

from ikone_events.demo.catcher import Caught
from ikone_events.domain.incoming.answer_rules import ANSWERS
from ikone_events.domain.incoming.mails import CalendarAnswer, Envelope, Method
from ikone_events.domain.mails.kinds import REQUEST


def can_be_answered(caught: Caught) -> bool:
    """Whether a calendar program would show answer buttons for this mail."""
    invited = _invitation(caught)
    return invited is not None and invited.get("ATTENDEE") is not None


def answer_to(caught: Caught, partstat: str, *, now: datetime) -> CalendarAnswer | None:
    """The answer, parsed from its calendar object; None for other mails."""
    invited = _invitation(caught)
    if invited is None or partstat not in ANSWERS:
        return None
    reply = _reply(invited, partstat, now)
    message_id = f"<{uuid4().hex}@trial.invalid>"
    data = reply.to_ical()
    [event] = _parsed(data).events
    attendee = event["ATTENDEE"]
    if not isinstance(attendee, vCalAddress):
        return None
    return CalendarAnswer(
        envelope=Envelope(
            digest=sha256(message_id.encode() + data).hexdigest(),
            message_id=message_id,
            sender=caught.recipient,
            received_at=now,
            references=(str(caught.message["Message-ID"]),),
            authenticated=True,
        ),
        method=Method.REPLY,
        uid=str(event["UID"]),
        attendee=str(attendee),
        partstat=str(attendee.params["PARTSTAT"]),
        sequence=event.sequence,
        stamp=event.decoded("DTSTAMP"),
    )


def uid_of(caught: Caught) -> str:
    """The UID of the calendar object in a mail; empty when there is none."""
    data = caught.part("text/calendar")
    return str(_parsed(data.encode()).events[0]["UID"]) if data else ""


def _parsed(data: bytes) -> Calendar:
    calendar = Calendar.from_ical(data)
    if not isinstance(calendar, Calendar):
        raise TypeError("not a calendar")
    return calendar


def _invitation(caught: Caught) -> Event | None:
    """The event that a mail asks about."""
    text = caught.part("text/calendar")
    if not text:
        return None
    calendar = _parsed(text.encode())
    if str(calendar.get("METHOD", "")) != REQUEST:
        return None
    return next(iter(calendar.events), None)


def _reply(invited: Event, partstat: str, now: datetime) -> Calendar:
    """As RFC 5546 section 3.2.3 has it: the same event, and who answers with the answer."""
    event = Event()
    for name in ("UID", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "ORGANIZER"):
        event[name] = invited[name]
    event.add("dtstamp", now.replace(microsecond=0))
    attendee = vCalAddress(str(invited["ATTENDEE"]))
    attendee.params["PARTSTAT"] = partstat
    event["ATTENDEE"] = attendee
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Ikone Events//Trial//EN")
    calendar.add("method", Method.REPLY.value)
    calendar.add_component(event)
    return calendar
