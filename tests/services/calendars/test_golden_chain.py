"""The life of an invitation as a mail server receives it: REQUEST, updates, CANCEL, and the return.

Everything goes the real way: services, worker, SMTP. What arrives is taken apart as Outlook, Google
and Apple need it, and read by parsers that did not write it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import pytest
import vobject
from flask import Flask
from icalendar import Calendar, Event
from sqlalchemy import select

from ikone_events.domain.events.draft import EventDraft
from ikone_events.domain.events.lifecycle import Action
from ikone_events.services.events.editing import edit_event
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.registering.registrations import Applicant, register
from ikone_events.services.registering.status import withdraw
from ikone_events.store.db import db, transaction
from ikone_events.store.events import models as tables
from ikone_events.store.registering.models import Registration
from tests.calendar_oracle import checked
from tests.factories import NOW, FixedClock, make_event
from tests.libical import read as read_by_libical
from tests.mailbox import Mailbox, Received

pytestmark = pytest.mark.slow

ANNA = Applicant(
    first_name="Änne",
    last_name="O'Hara, LL.M.",
    email="anna@example.org",
    organisation="Stadtverwaltung Bendorf",
    locale="de",
)
TREE = [
    "multipart/mixed",
    "multipart/alternative",
    "text/plain",
    "text/html",
    "text/calendar",
    "application/ics",
]


@dataclass(frozen=True)
class Entry:
    """A received mail with its object as three parsers agree on it."""

    mail: Received
    event: Event
    method: str

    @property
    def uid(self) -> str:
        return str(self.event["UID"])

    @property
    def sequence(self) -> int:
        return int(self.event["SEQUENCE"])

    @property
    def stamp(self) -> datetime:
        moment: datetime = self.event["DTSTAMP"].dt
        return moment

    @property
    def header(self) -> EmailMessage:
        return self.mail.message


@dataclass
class Chain:
    """One person at one event; every step is followed by the worker, a day apart."""

    app: Flask
    clock: FixedClock
    mailbox: Mailbox
    slug: str

    def register(self, applicant: Applicant = ANNA) -> Entry:
        with self.app.app_context(), transaction():
            register(self.slug, applicant, now=self.clock())
        return self.newest()

    def edit(self, **changes: object) -> Entry:
        """Change the content and wait until the organisers have been quiet."""
        with self.app.app_context(), transaction():
            event = db.session.scalars(select(tables.Event)).one()
            names = ("title", "starts_at", "ends_at", "room_url", "summary", "contact_email")
            same = {name: getattr(event, name) for name in names}
            draft = replace(EventDraft(**same), **changes)  # type: ignore[arg-type]
            edit_event(self.slug, draft, expected_edit_version=event.edit_version, now=self.clock())
        self.clock.move(minutes=30)
        return self.newest()

    def act(self, action: Action, **more: object) -> Entry:
        request = Request(action=action, actor="wilma@example.org", **more)  # type: ignore[arg-type]
        with self.app.app_context(), transaction():
            perform(self.slug, request, now=self.clock())
        return self.newest()

    def withdraw(self) -> Entry:
        with self.app.app_context(), transaction():
            person = db.session.scalars(select(Registration)).one()
            withdraw(person.public_id, now=self.clock())
        return self.newest()

    def newest(self) -> Entry:
        """Let the worker send; exactly one mail arrives, and it is well-formed."""
        before = len(self.mailbox.received)
        self.app.extensions["ikone_engine"].run_once()
        (mail,) = self.mailbox.received[before:]
        self.clock.move(hours=1)
        return well_formed(mail)


def chain_at(app: Flask, clock: FixedClock, mailbox: Mailbox, **values: object) -> Chain:
    event = make_event(app, title="Digitale Dörfer", plan="", **values)
    return Chain(app, clock, mailbox, event.slug)


def well_formed(mail: Received) -> Entry:
    """The tree, the headers and the bytes that calendar programs need, whatever the mail says."""
    message = mail.message
    assert [part.get_content_type() for part in message.walk()] == TREE
    alternative, attached = message.get_payload()  # type: ignore[misc]
    calendar_part = alternative.get_payload()[-1]
    data = calendar_part.get_payload(decode=True)
    assert calendar_part["Content-Disposition"] is None
    assert calendar_part["Content-Transfer-Encoding"] == "base64"
    assert attached.get_content_disposition() == "attachment"
    assert attached.get_payload(decode=True) == data
    assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")
    entry = _read_by_all(mail, data)
    assert calendar_part.get_param("method") == entry.method
    assert calendar_part.get_content_charset() == "utf-8"
    _has_headers(entry)
    return entry


def _read_by_all(mail: Received, data: bytes) -> Entry:
    calendar = Calendar.from_ical(checked(data))
    (event,) = calendar.events
    reading = read_by_libical(data)
    assert (reading.errors, reading.keeps_rules) == (0, True)
    (libical,) = reading.root.components
    other = vobject.readOne(data.decode("utf-8"))
    for name in ("SUMMARY", "LOCATION", "DESCRIPTION", "UID"):
        assert libical.get(name).value == event[name]
        assert getattr(other.vevent, name.lower()).value == event[name]
    assert other.method.value == reading.root.get("METHOD").value == calendar["METHOD"]
    return Entry(mail, event, str(calendar["METHOD"]))


def _has_headers(entry: Entry) -> None:
    header, event = entry.header, entry.event
    sender, recipient = header["From"].addresses[0], header["To"].addresses
    assert [one.addr_spec for one in recipient] == [ANNA.email]
    assert recipient[0].display_name == "Änne O'Hara, LL.M."
    assert str(event["ORGANIZER"]) == f"mailto:{sender.addr_spec}"
    assert str(event["ATTENDEE"]) == f"mailto:{ANNA.email}"
    assert event["ATTENDEE"].params["RSVP"] == "TRUE"
    assert header["Auto-Submitted"] == "auto-generated"
    assert header["Reply-To"].addresses[0].addr_spec == "jutta.beispiel@example.org"
    assert header["Message-ID"].startswith("<")
    assert parsedate_to_datetime(header["Date"]) == entry.stamp


def assert_follows(later: Entry, earlier: Entry, first: Entry, *, rises: bool = False) -> None:
    """The same entry, newer for every program, in the thread of the first; `rises` asks again."""
    assert later.uid == earlier.uid
    assert later.event["ORGANIZER"] == earlier.event["ORGANIZER"]
    assert later.sequence == earlier.sequence + rises
    assert later.stamp > earlier.stamp
    assert later.header["Message-ID"] != earlier.header["Message-ID"]
    assert later.header["In-Reply-To"] == first.header["Message-ID"]
    assert later.header["References"] == first.header["Message-ID"]


def test_request_two_updates_cancel(app: Flask, clock: FixedClock, mailbox: Mailbox) -> None:
    chain = chain_at(app, clock, mailbox)
    first = chain.register()
    assert (first.method, first.sequence) == ("REQUEST", 0)
    assert first.header["References"] is None
    assert first.event["LOCATION"] == "Online"
    assert first.event["STATUS"] == "CONFIRMED"

    link = chain.act(Action.DISPATCH)
    assert_follows(link, first, first)
    door = str(link.event["URL"])
    assert door.startswith("http://localhost/door/")
    assert link.event["LOCATION"] == door
    assert door in link.event["DESCRIPTION"]
    assert "/room" in link.mail.text
    assert "/r/" not in link.mail.calendar.decode()
    assert "raum-geheim" not in link.mail.text + link.event["DESCRIPTION"]

    start = NOW + timedelta(days=15)
    moved = chain.edit(starts_at=start, ends_at=start + timedelta(hours=2))
    assert_follows(moved, link, first, rises=True)
    assert (moved.method, moved.event["STATUS"]) == ("REQUEST", "CONFIRMED")
    assert (moved.event.start, moved.event.end) == (start, start + timedelta(hours=2))
    assert moved.event["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION"

    gone = chain.withdraw()
    assert_follows(gone, moved, first, rises=True)
    assert (gone.method, gone.event["STATUS"]) == ("CANCEL", "CANCELLED")
    assert gone.event.start == moved.event.start


def test_who_comes_back_gets_another_entry(app: Flask, clock: FixedClock, mailbox: Mailbox) -> None:
    chain = chain_at(app, clock, mailbox)
    first = chain.register()
    gone = chain.withdraw()
    back = chain.register()
    assert gone.uid == first.uid
    assert (back.method, back.sequence) == ("REQUEST", 0)
    assert back.uid != first.uid


def test_postponed_event_returns_as_another_entry_in_the_same_thread(
    app: Flask, clock: FixedClock, mailbox: Mailbox
) -> None:
    chain = chain_at(app, clock, mailbox)
    first = chain.register()
    off = chain.act(Action.POSTPONE, reason="Krank")
    assert (off.method, off.uid, off.sequence) == ("CANCEL", first.uid, 1)
    assert off.event.start == first.event.start

    start = NOW + timedelta(days=30)
    more = {"new_starts_at": start, "new_ends_at": start + timedelta(hours=2)}
    back = chain.act(Action.RESCHEDULE, **more)

    assert (back.method, back.sequence) == ("REQUEST", 0)
    assert back.uid != first.uid
    assert back.event.start == start
    assert back.header["References"] == first.header["Message-ID"]

    cancelled = chain.act(Action.CANCEL, reason="Zu wenige")
    assert (cancelled.method, cancelled.uid, cancelled.sequence) == ("CANCEL", back.uid, 1)
    assert cancelled.event.start == start


def test_two_edits_within_the_quiet_make_one_mail(
    app: Flask, clock: FixedClock, mailbox: Mailbox
) -> None:
    chain = chain_at(app, clock, mailbox)
    first = chain.register()
    with app.app_context(), transaction():
        event = db.session.scalars(select(tables.Event)).one()
        draft = EventDraft(
            title="Digitale Städte",
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            room_url=event.room_url,
            contact_email=event.contact_email,
        )
        edit_event(chain.slug, draft, expected_edit_version=event.edit_version, now=clock())
    clock.move(minutes=2)
    renamed = chain.edit(title="Digitale Regionen")
    assert_follows(renamed, first, first)
    assert renamed.event["SUMMARY"] == "Digitale Regionen"
    assert renamed.event.start == first.event.start
