"""The day of an event for the pictures of the handbook: who is there, and what was asked."""

from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import select

from ikone_events.services.rooms.attendance import enter_by_door
from ikone_events.services.rooms.check_in import Press, check_in
from ikone_events.services.rooms.questions import ask_live
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from tests.factories import FixedClock, make_speaker, personal_path

ON_SITE = 20
ENTERED = 43
PLACE = {
    "place": "Rathaus Kaiserslautern, Ratssaal",
    "directions": "Eingang Burgstraße, Aufzug in den 2. Stock",
    "bring": "Ausweis für den Empfang",
}


def begin_day(app: Flask, clock: FixedClock, slug: str) -> dict[str, str]:
    """Move the clock into the event, which is on site and online now; returns paths by name."""
    with app.app_context(), transaction():
        event = db.session.scalars(select(Event).where(Event.slug == slug)).one()
        event.format, event.state = "hybrid", "dispatched"
        event.room_url, event.dial_in = "https://video.example.org/raum-7", "+49 631 000 123"
        for name, value in PLACE.items():
            setattr(event, name, value)
        clock.moment = event.starts_at + timedelta(minutes=7)
        people = _confirmed(event)
        for person in people[:ON_SITE]:
            person.mode = "on_site"
        db.session.flush()
        _enter(event, people, clock())
        guest, visitor = people[-1], people[0]
        ask_live(guest.public_id, "Gibt es die Folien auch als Vorlage?", now=clock())
    known = {"calendar_sequence": 0, "partstat": "ACCEPTED"}
    make_speaker(app, event, name="Dr. Ada Beispiel", email="ada@example.org", **known)
    make_speaker(app, event, name="Bo Muster", email="bo@example.org", role="co_organiser")
    return {"guest": personal_path(app, guest), "visitor": personal_path(app, visitor)}


def _confirmed(event: Event) -> list[Registration]:
    chosen = select(Registration).where(
        Registration.event_id == event.id, Registration.status == "confirmed"
    )
    return list(db.session.scalars(chosen.order_by(Registration.last_name)))


def _enter(event: Event, people: list[Registration], now: datetime) -> None:
    """Some stand at the entrance, others press the button at the door; some come later."""
    for number, person in enumerate(people[:ENTERED]):
        at = now - timedelta(minutes=20 - number % 18)
        if person.mode == "on_site":
            if number % 3:
                check_in(event, person.public_id, Press(by="Eva Helferin"), now=at)
        else:
            enter_by_door(person.id, event.id, now=at)
