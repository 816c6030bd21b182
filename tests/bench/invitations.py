"""What building one person's invitation costs, next to icalendar alone.

The yardstick builds the same lines from nothing; ours builds what people of an event share once.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from itertools import count

from icalendar import Calendar, Event, vCalAddress

from ikone_events.domain.calendars.invitation import calendar_object
from ikone_events.domain.mails.facts import EventSummary, Invitation, Links, Recipient, Sender

ROUNDS, EACH = 7, 400
STAMP = datetime(2026, 3, 2, 8, tzinfo=UTC)
SENDER = Sender(name="IKONE Veranstaltungen", address="events@ikone.example.org")
EVENT = EventSummary(
    title="Vom Leitbild zum Maßnahmenplan",
    summary="Sie bringen Ihren Entwurf mit, wir arbeiten daran in kleinen Gruppen.",
    starts_at=datetime(2026, 3, 27, 9, tzinfo=UTC),
    ends_at=datetime(2026, 3, 27, 11, tzinfo=UTC),
    zone="Europe/Berlin",
    format="online",
    organisation="IKONE",
    contact_name="Jutta Beispiel",
    contact_email="jutta.beispiel@example.org",
    public_url="https://events.example.org/events/leitbild",
    register_url="https://events.example.org/events/leitbild/register",
)
_number = count()

Row = tuple[str, str, str]


def measure() -> list[Row]:
    """All figures as rows: what, measured, aim."""
    ours, plain = _cost(_invitation), _cost(_plain)
    return [
        ("invitation, built", f"{ours:.0f} µs", "< 1000 µs"),
        ("the same by icalendar", f"{plain:.0f} µs", ""),
        ("  ratio", f"{ours / plain:.2f}", "<= 1.5"),
    ]


def _cost(job: Callable[[], bytes]) -> float:
    """Microseconds for one, in the best of some rounds."""
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(EACH):
            job()
        seconds.append(time.perf_counter() - start)
    return min(seconds) / EACH * 1_000_000


def _invitation() -> bytes:
    """Like a mailing: another person and another link each time."""
    number = next(_number)
    page = f"https://events.example.org/r/{number:030d}"
    return calendar_object(
        EVENT,
        Recipient(
            email=f"anna.{number}@example.org",
            locale="de",
            first_name="Anna",
            last_name=f"Müller-Beispiel {number}",
        ),
        links=Links(
            manage=page,
            privacy="https://events.example.org/privacy",
            door=f"https://events.example.org/door/{number:030d}",
        ),
        invitation=Invitation(uid=f"{number:036d}@example.org", sequence=1, stamp=STAMP),
        method="REQUEST",
        sender=SENDER,
    )


@cache
def _description() -> str:
    """The description of our own object, without its first line."""
    (event,) = Calendar.from_ical(_invitation()).events
    return str(event["DESCRIPTION"]).partition("\n")[2]


def _plain() -> bytes:
    number = next(_number)
    room = f"https://events.example.org/door/{number:030d}"
    organiser = vCalAddress(f"mailto:{SENDER.address}")
    organiser.params["CN"] = SENDER.name
    attendee = vCalAddress(f"mailto:anna.{number}@example.org")
    attendee.params.update(CN=f"Anna Müller-Beispiel {number}", CUTYPE="INDIVIDUAL", RSVP="TRUE")
    attendee.params.update(PARTSTAT="NEEDS-ACTION", ROLE="REQ-PARTICIPANT")
    event = Event()
    text = f"Teilnehmen: {room}\n{_description()}"
    texts = {"summary": EVENT.title, "location": room, "description": text}
    moments = {"dtstamp": STAMP, "dtstart": EVENT.starts_at, "dtend": EVENT.ends_at}
    words = {"status": "CONFIRMED", "transp": "OPAQUE", "class": "PRIVATE", "url": room}
    for name, value in {**texts, **moments, **words, "sequence": 1}.items():
        event.add(name, value)
    event.add("uid", f"{number:036d}@example.org")
    event["ORGANIZER"], event["ATTENDEE"] = organiser, attendee
    calendar = Calendar()
    for name, value in {"version": "2.0", "prodid": "-//Bench//DE", "method": "REQUEST"}.items():
        calendar.add(name, value)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


if __name__ == "__main__":
    for row in measure():
        print("{:<40}{:<26}{}".format(*row))
