"""Makers of series with standing sign-ups."""

from typing import Any

from flask import Flask

from ikone_events.services.registering.standing_dates import due_registrations, register_standing
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.series import SeriesSettings
from ikone_events.store.registering.standing import StandingSignUp
from tests.factories import NOW, make_event

SERIES, SLUG = "Runder Tisch", "runder-tisch"
ANNA = {
    "first_name": "Anna",
    "last_name": "Amtmann",
    "email": "anna@example.org",
    "organisation_text": "Stadtverwaltung Bendorf",
}


def make_series(app: Flask, **values: Any) -> None:
    """What is set for the series of the other makers: standing sign-ups are taken."""
    with app.app_context(), transaction():
        defaults = {"slug": SLUG, "standing": True, "changed_at": NOW}
        db.session.add(SeriesSettings(**{**defaults, **values}))


def make_date(app: Flask, **values: Any) -> Event:
    """An open date of the series."""
    return make_event(app, **{"series": SERIES, **values})


def make_standing(app: Flask, **values: Any) -> StandingSignUp:
    """A confirmed standing sign-up to the series; Anna's unless somebody else is named."""
    defaults = {"series_slug": SLUG, "created_at": NOW, "confirmed_at": NOW, **ANNA}
    row = StandingSignUp(**{**defaults, **values})
    with app.app_context():
        with transaction():
            db.session.add(row)
        db.session.refresh(row)
        db.session.expunge(row)
    return row


def work(app: Flask, now: Any = NOW) -> int:
    """Register everybody who is due, as the worker does; returns how many became something."""
    done = 0
    with app.app_context():
        for due in due_registrations(now):
            with transaction():
                done += register_standing(due, now=now) is not None
        db.session.remove()
    return done
