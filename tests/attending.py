"""Who came, as everything that asks sees it."""

from datetime import datetime

from flask import Flask

from ikone_events.store.db import db
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.attendance import KnownAttendance, attendances
from tests.factories import NOW


def known_of(app: Flask, person: Registration, now: datetime = NOW) -> KnownAttendance:
    """What is known of a person's attendance."""
    with app.app_context():
        event = db.session.get_one(Registration, person.id).event
        return attendances(event, now, [person.id])[person.id]


def attendance_of_person(app: Flask, person: Registration, now: datetime = NOW) -> str | None:
    """The attendance of a person; None is unknown."""
    return known_of(app, person, now).attendance
