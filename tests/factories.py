"""Makers of test data: sensible defaults, everything else by keyword, written and committed.

They open their own application context, as a request does: a context that lies around a test
client's requests would be shared by all of them. What they return is detached but fully loaded.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from flask import Flask

from ikone_events.config import Settings
from ikone_events.domain.address import email_key
from ikone_events.domain.registering.registration import Attendance
from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.services.directory.administrations import keep_names
from ikone_events.services.installation import get_installation
from ikone_events.store.db import db, transaction
from ikone_events.store.directory.models import Contact, Organisation
from ikone_events.store.events.models import Event, Material
from ikone_events.store.events.speakers import Speaker
from ikone_events.store.followup.requests import MaterialRequest
from ikone_events.store.incoming.models import Mailbox
from ikone_events.store.mails.models import (
    NETWORK,
    Heartbeat,
    Mailing,
    MailText,
    OutboxMail,
    OutboxPause,
    Subscriber,
)
from ikone_events.store.mails.objections import hash_of
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.attendance import record_statement

# A Monday, 10:00 in Berlin.
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
# Makes an event one of last week: make_event(app, **PAST).
PAST = {"starts_at": NOW - timedelta(days=3), "ends_at": NOW - timedelta(days=3, hours=-2)}
# Makes an event one of this day: make_event(app, **TODAY).
TODAY = {
    "starts_at": NOW + timedelta(hours=1),
    "ends_at": NOW + timedelta(hours=3),
    "format": "on_site",
    "place": "Rathaus Bendorf",
    "room_url": "",
    "dial_in": "",
}
SECRET = "kQ7vX2mZ9pL4tR8wN3bC6yH1jF5dG0sA"  # invented, for tests only

_number = count(1)
Row = TypeVar("Row")


@dataclass
class FixedClock:
    """A clock that stands still until a test moves it."""

    moment: datetime = field(default=NOW)

    def __call__(self) -> datetime:
        return self.moment

    def move(self, **duration: float) -> None:
        """Move on by a timedelta's keywords: clock.move(days=1)."""
        self.moment += timedelta(**duration)


def make_settings(data_dir: Path, **changes: Any) -> Settings:
    """Settings of a small installation at http://localhost with its data in a folder."""
    values: dict[str, Any] = {
        "secret_key": SECRET,
        "base_url": "http://localhost",
        "data_dir": data_dir,
        "mail_from": "events@example.org",
        "organisation": "IKONE DS",
        "address": "Musterstraße 1, 67655 Kaiserslautern",
        "privacy_contact": "datenschutz@example.org",
        "rate_limits": False,
    }
    return Settings(**{**values, **changes})


def make_event(app: Flask, **values: Any) -> Event:
    """An open online event two weeks from NOW, 10:00 to 12:00 in Berlin, with 20 places."""
    number = next(_number)
    defaults: dict[str, Any] = {
        "slug": f"workshop-{number}",
        "state": "open",
        "title": f"Workshop {number}",
        "summary": "Kurz gesagt.",
        "starts_at": NOW + timedelta(days=14),
        "ends_at": NOW + timedelta(days=14, hours=2),
        "format": "online",
        "room_url": "https://video.example.org/raum-geheim",
        "dial_in": "+49 631 000 123",
        "capacity": 20,
        "contact_name": "Jutta Beispiel",
        "contact_email": "jutta.beispiel@example.org",
        "created_at": NOW - timedelta(days=7),
        "changed_at": NOW - timedelta(days=7),
    }
    return stored(app, Event(**{**defaults, **values}))


def make_registration(app: Flask, event: Event, **values: Any) -> Registration:
    """A confirmed person at an event; `email_key` follows `email`, whoever waits has an order.

    `attendance` is what the office says of the person.
    """
    number = next(_number)
    defaults: dict[str, Any] = {
        "event_id": event.id,
        "status": "confirmed",
        "status_at": NOW - timedelta(days=1),
        "registered_at": NOW - timedelta(days=1),
        "first_name": "Maria",
        "last_name": f"Muster{number}",
        "email": f"maria.muster{number}@example.org",
        "organisation_text": "Stadtverwaltung Bendorf",
        "calendar_uid": f"secret-{number}@localhost",
    }
    merged = {**defaults, **values}
    merged.setdefault("email_key", email_key(merged["email"]))
    if merged["status"] == "waitlisted":
        merged.setdefault("waiting_order", 0)
    attendance, at = merged.pop("attendance", None), merged.pop("attended_at", None)
    person = stored(app, Registration(**merged))
    if attendance:
        with app.app_context(), transaction():
            said = Attendance(attendance)
            record_statement(person.id, event.id, said, now=at or event.ends_at, by="")
    return person


def make_speaker(app: Flask, event: Event, **values: Any) -> Speaker:
    """A speaker of an event, to whom nothing has been sent; `email_key` follows `email`."""
    number = next(_number)
    defaults: dict[str, Any] = {
        "event_id": event.id,
        "role": "speaker",
        "name": f"Dr. Ada Vortrag{number}",
        "email": f"ada.vortrag{number}@example.org",
        "calendar_uid": f"speaker-secret-{number}@localhost",
        "created_at": NOW - timedelta(days=1),
    }
    merged = {**defaults, **values}
    merged.setdefault("email_key", email_key(merged["email"]))
    return stored(app, Speaker(**merged))


def make_material(
    app: Flask, event: Event, content: bytes = b"%PDF-1.7 ", **values: Any
) -> Material:
    """Slides of an event with their file; `kind`, `url` and so on make it something else."""
    number = next(_number)
    defaults: dict[str, Any] = {
        "event_id": event.id,
        "kind": "slides",
        "title": f"Folien {number}",
        "stored_name": f"stored{number}",
        "file_name": f"Folien {number}.pdf",
        "content_type": "application/pdf",
        "size": len(content),
        "created_at": NOW,
    }
    material = Material(**{**defaults, **values})
    if material.stored_name:
        with app.app_context():
            folder = get_installation().uploads_dir
        folder.mkdir(parents=True, exist_ok=True)
        (folder / material.stored_name).write_bytes(content)
    return stored(app, material)


def make_request(app: Flask, event: Event, **values: Any) -> MaterialRequest:
    """Somebody's request for the materials of an event, which waits; a decided one has its mail."""
    number = next(_number)
    defaults: dict[str, Any] = {
        "event_id": event.id,
        "name": f"Nora Nachfrage{number}",
        "email": f"nora{number}@example.org",
        "organisation_text": "Kreisverwaltung Kusel",
        "asked_at": NOW - timedelta(hours=1),
        "asked_on": NOW.date(),
    }
    merged = {**defaults, **values}
    merged.setdefault("email_key", email_key(merged["email"]))
    if merged.get("state") in ("granted", "refused"):
        merged = {"decided_at": NOW, "decided_by": "Wilma Organisaria", **merged}
    if merged.get("state") == "granted":
        merged = {"granted_until": NOW + timedelta(days=30), **merged}
    return stored(app, MaterialRequest(**merged))


def make_organisation(app: Flask, name: str, **values: Any) -> Organisation:
    """An administration that counts, a member unless said otherwise; found by its names."""
    number = next(_number)
    defaults: dict[str, Any] = {"key": f"org-{number}", "kind": "verbandsgemeinde", "member": True}
    aliases = values.pop("aliases", ())
    organisation = Organisation(name=name, **{"short_name": "", **defaults, **values})
    keep_names(organisation, aliases)
    return stored(app, organisation)


def make_mail(app: Flask, registration: Registration, **values: Any) -> OutboxMail:
    """A queued confirmation in the outbox."""
    number = next(_number)
    defaults: dict[str, Any] = {
        "key": f"key-{number}",
        "event_id": registration.event_id,
        "registration_id": registration.id,
        "kind": "confirmation",
        "locale": "de",
        "recipient": registration.email,
        "link_epoch": registration.link_epoch,
        "subject": "Ihre Anmeldung",
        "text": "Guten Tag",
        "html": "<p>Guten Tag</p>",
        "message_id": f"<{number}@localhost>",
        "created_at": NOW,
        "due_at": NOW,
    }
    return stored(app, OutboxMail(**{**defaults, **values}))


def make_subscriber(app: Flask, event: Event | None = None, **values: Any) -> Subscriber:
    """A confirmed subscriber of the network, or of the opening of an event."""
    number = next(_number)
    defaults: dict[str, Any] = {
        "topic": f"event:{event.id}" if event else NETWORK,
        "event_id": event.id if event else None,
        "email": f"leserin{number}@example.org",
        "created_at": NOW - timedelta(days=1),
        "confirmed_at": NOW - timedelta(days=1),
    }
    merged = {**defaults, **values}
    merged.setdefault("email_key", email_key(merged["email"]))
    return stored(app, Subscriber(**merged))


def make_contact(app: Flask, **values: Any) -> Contact:
    """A contact of the office without a public body, checked yesterday."""
    number = next(_number)
    defaults: dict[str, Any] = {
        **dict.fromkeys(("position", "organisation_text"), ""),
        "first_name": "Kai",
        "last_name": f"Kontakt{number}",
        "email": f"kontakt{number}@example.org",
        "source": "Website der Stadt, 2. Februar 2026",
        "legal_basis": "public_task",
        "created_at": NOW - timedelta(days=1),
        "checked_at": NOW - timedelta(days=1),
    }
    contact = Contact(**{**defaults, **values})
    contact.email_key = email_key(contact.email)
    contact.note_keys()
    with app.app_context(), transaction():
        contact.address_hash = hash_of(contact.email_key)
    return stored(app, contact)


def make_mailing(app: Flask, event: Event, **values: Any) -> Mailing:
    """A mailing of access links whose mails have all been written."""
    defaults: dict[str, Any] = {
        "event_id": event.id,
        "kind": "access_link",
        "audience": "confirmed",
        "created_at": NOW,
        "finished_at": NOW,
    }
    return stored(app, Mailing(**{**defaults, **values}))


def make_heartbeat(
    app: Flask, beat_at: datetime = NOW, worker: str = "test:1", **values: Any
) -> Heartbeat:
    """A worker's last sign of life; `refused_at` and `refusal` say what the mail server said."""
    return stored(app, Heartbeat(worker=worker, beat_at=beat_at, **values))


def make_mailbox(app: Flask, settings: Settings, **values: Any) -> Mailbox:
    """What is known of the mailbox that settings name; read a minute ago unless said otherwise."""
    assert settings.imap is not None
    return stored(
        app, Mailbox(name=settings.imap.name, **{"read_at": NOW - timedelta(minutes=1), **values})
    )


def make_text(app: Flask, kind: str, event: Event | None = None, **values: Any) -> MailText:
    """A German text in place of the standard one, of one event or of all."""
    defaults: dict[str, Any] = {
        "scope": f"event:{event.id}" if event else "installation",
        "event_id": event.id if event else None,
        "kind": kind,
        "locale": "de",
        "subject": "Eigener Betreff",
        "body": "Eigener Text",
        "changed_at": NOW,
        "changed_by": "Wilma Organisaria",
    }
    return stored(app, MailText(**{**defaults, **values}))


def make_pause(app: Flask, reason: str = "restored") -> OutboxPause:
    """The outbox is paused, as after a restore."""
    return stored(app, OutboxPause(id=1, since=NOW, reason=reason))


def personal_path(app: Flask, registration: Registration, part: str = "") -> str:
    """The path of a person's own page, or of a part of it ("/room")."""
    with app.app_context():
        installation = get_installation()
        whole = installation.personal_page(registration.public_id, registration.link_epoch, part)
        return whole.removeprefix(installation.settings.base_url)


def speaker_path(app: Flask, speaker: Speaker, purpose: Purpose = Purpose.SPEAKER) -> str:
    """The path of a speaker's page, door or upload."""
    with app.app_context():
        installation = get_installation()
        whole = installation.speaker_page(purpose, speaker.public_id, speaker.link_epoch)
        return whole.removeprefix(installation.settings.base_url)


def request_path(app: Flask, request: MaterialRequest, part: str = "") -> str:
    """The path of the materials that somebody asked for, or of a part of it ("/delete")."""
    with app.app_context():
        claim = LinkClaim(request.public_id, request.link_epoch)
        return f"/materials/{get_installation().signer.sign(Purpose.MATERIALS, claim)}{part}"


def door_path(app: Flask, registration: Registration) -> str:
    """The path of a person's door, as it stands in the calendar entry."""
    with app.app_context():
        installation = get_installation()
        whole = installation.door(registration.public_id, registration.link_epoch)
        return whole.removeprefix(installation.settings.base_url)


def check_in_path(app: Flask, registration: Registration) -> str:
    """The path of a person's check-in code, as it stands in the ticket."""
    with app.app_context():
        installation = get_installation()
        whole = installation.check_in(registration.public_id, registration.link_epoch)
        return whole.removeprefix(installation.settings.base_url)


def contact_path(app: Flask, contact: Contact) -> str:
    """The path by which a contact objects to announcements."""
    with app.app_context():
        claim = LinkClaim(contact.address_hash, 1)
        return f"/unsubscribe/{get_installation().signer.sign(Purpose.OBJECTION, claim)}"


def subscription_path(app: Flask, subscriber: Subscriber, action: str = "unsubscribe") -> str:
    """The path of the page that a mail to a subscriber leads to: subscribe or unsubscribe."""
    with app.app_context():
        claim = LinkClaim(subscriber.public_id, subscriber.link_epoch)
        return f"/{action}/{get_installation().signer.sign(Purpose.SUBSCRIPTION, claim)}"


def stored(app: Flask, row: Row) -> Row:
    """Write a row and commit it; what comes back is detached but fully loaded."""
    with app.app_context():
        with transaction():
            db.session.add(row)
            db.session.flush()
            db.session.refresh(row)
        db.session.expunge(row)
    return row
