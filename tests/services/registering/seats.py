"""What the tests about seats share: verbs in a transaction of their own, and looks at the rows."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from flask import Flask
from sqlalchemy import select, update

from ikone_events.domain.registering.registration import Status
from ikone_events.services.operating import verification
from ikone_events.services.registering.registrations import Applicant, register
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration, StatusChange
from tests.factories import NOW

Result = TypeVar("Result")
HOUR = timedelta(hours=1)


def write(app: Flask, verb: Callable[[], Result]) -> Result:
    """Do it in one transaction, as a page or the worker would."""
    with app.app_context(), transaction():
        return verb()


def applicant(email: str = "eva@example.org", **changes: object) -> Applicant:
    values = {"first_name": "Eva", "last_name": "Muster", "organisation": "Stadt Trier"}
    return Applicant(**{**values, "email": email, "locale": "de", **changes})  # type: ignore[arg-type]


def sign_up(app: Flask, event: Event, name: str, *, now: datetime = NOW, **changes: object) -> str:
    """Register somebody by the name before the @; returns what they got."""
    person = applicant(f"{name}@example.org", **changes)
    return write(app, lambda: register(event.slug, person, now=now)).value


def deliver_all(app: Flask, *, now: datetime = NOW) -> None:
    """All queued mails have left: the time of reserved seats runs from then."""
    queued = update(OutboxMail).where(OutboxMail.state == "queued")
    write(app, lambda: db.session.execute(queued.values(state="sent", sent_at=now)))


def person(app: Flask, name: str) -> Registration:
    """The newest registration of somebody, by the name before the @."""
    with app.app_context():
        wanted = select(Registration).where(Registration.email == f"{name}@example.org")
        found = db.session.scalars(wanted.order_by(Registration.id.desc())).first()
        assert found is not None, name
        db.session.expunge_all()
        return found


def statuses(app: Flask, event: Event) -> dict[str, str]:
    """Name and status of everybody at an event; what a pending one waits for behind a colon."""
    with app.app_context():
        wanted = select(Registration).where(Registration.event_id == event.id)
        rows = db.session.scalars(wanted.order_by(Registration.id)).all()
        return {row.email.partition("@")[0]: status_of(row) for row in rows}


def status_of(row: Registration) -> str:
    return f"{row.status}:{row.awaits}" if row.status == Status.PENDING else row.status


def mails(app: Flask) -> list[tuple[str, str]]:
    """Name and kind of all mails in their order."""
    with app.app_context():
        wanted = select(OutboxMail.recipient, OutboxMail.kind).order_by(OutboxMail.id)
        return [(to.partition("@")[0], kind) for to, kind in db.session.execute(wanted)]


def mail(app: Flask, name: str, kind: str) -> OutboxMail:
    """The one mail of a kind to somebody."""
    with app.app_context():
        wanted = select(OutboxMail).where(
            OutboxMail.recipient == f"{name}@example.org", OutboxMail.kind == kind
        )
        found = db.session.scalars(wanted).one()
        db.session.expunge_all()
        return found


def chain(app: Flask, name: str) -> list[tuple[str, str, str, str]]:
    """Action, source, target and actor of what led to somebody's status."""
    number = person(app, name).id
    with app.app_context():
        rows = db.session.scalars(
            select(StatusChange)
            .where(StatusChange.registration_id == number)
            .order_by(StatusChange.id)
        )
        return [(row.action, row.source, row.target, row.actor) for row in rows]


def reasons(app: Flask, name: str) -> list[str]:
    """The reasons that the chain gives."""
    number = person(app, name).id
    with app.app_context():
        wanted = select(StatusChange.reason).where(StatusChange.registration_id == number)
        return [reason for reason in db.session.scalars(wanted) if reason]


def faults(app: Flask, now: datetime = NOW) -> list[str]:
    """What `verify` finds, the history of hand-made events apart."""
    with app.app_context():
        return [line for line in verification.faults(now) if not line.startswith("history:")]
