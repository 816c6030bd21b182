"""Anonymising an event or a person; the figures stay."""

from datetime import datetime

from sqlalchemy import delete, func, or_, select, update

from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.registering.self_service import SelfServiceAction
from ikone_events.services.figures.events import figures_of
from ikone_events.services.followup.answers import withdraw_own_words
from ikone_events.services.followup.requests import forget_on_request, forget_requests
from ikone_events.services.privacy.forgetting import drop_imports, drop_mails, forget, redact_name
from ikone_events.services.privacy.redaction import names_of, redact_reasons, redact_texts
from ikone_events.services.privacy.retention_record import WORKER, recording
from ikone_events.services.registering import standing
from ikone_events.services.registering.status import check_wish
from ikone_events.services.rooms.reports import forget_reported
from ikone_events.store.calendars.personal_feeds import drop_unused_feeds
from ikone_events.store.damage import readable
from ikone_events.store.db import db, rows_written
from ikone_events.store.events.models import Event, Material
from ikone_events.store.events.queries import retention_until
from ikone_events.store.events.speakers import Speaker
from ikone_events.store.followup.feedback import forget_texts
from ikone_events.store.followup.requests import MaterialRequest
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.mails.log import delete_mails
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.operating.forgotten import note_forgotten
from ikone_events.store.registering.models import Code, ImportList, Registration
from ikone_events.store.registering.standing import StandingSignUp
from ikone_events.store.rooms.sessions import forget_reports


def archive_persons(event: Event, *, by: str = WORKER, now: datetime) -> None:
    """Store the figures of an event, then remove the personal data of its registrations.

    A record of that is stored; `by` is the actor.
    """
    with recording(by=by, as_of=now) as deleted:
        entry = {"event": event.slug, "archived": True, "people": count_known(event)}
        deleted.events.append(entry)
        _archive_persons(event, now=now)


def count_known(event: Event) -> int:
    """How many people of an event are not anonymised."""
    known = select(func.count()).where(
        Registration.event_id == event.id, Registration.anonymised_at.is_(None)
    )
    return db.session.scalar(known) or 0


def _archive_persons(event: Event, *, now: datetime) -> None:
    names = names_of(event)
    redact_reasons(event, names)
    redact_texts(event, names)
    if not event.figures:  # what has been reported stays
        event.figures = figures_of(event, now=now).as_json()
    forget(select(Registration.id).where(Registration.event_id == event.id), now=now)
    delete_mails(OutboxMail.event_id == event.id)
    for table in (IncomingMail, ImportList):
        db.session.execute(delete(table).where(table.event_id == event.id))
    forget_requests(MaterialRequest.event_id == event.id)  # no mails are left to look for
    # What nobody has released was meant for the office alone; its files go by the clock.
    unseen = Material.event_id == event.id, ~Material.released
    rows_written(delete(Material).where(*unseen))
    rows_written(delete(Speaker).where(Speaker.event_id == event.id))
    forget_reports(event.id)
    forget_texts(event.id)
    drop_unused_feeds()
    # Single codes are made out to somebody.
    labelled = Code.event_id == event.id, Code.label != ""
    rows_written(update(Code).where(*labelled).values(label=""))


def forget_person(registration: Registration, *, now: datetime) -> None:
    """Delete a person's details at their own request, with the standing sign-up behind them.

    Raises StatusRefused while they have or await a place at an event that is not over.
    """
    check_wish(registration, SelfServiceAction.DELETE, now)
    redact_name(registration)
    withdraw_own_words(registration)
    drop_imports(registration)
    if registration.standing_id is not None:
        standing.delete_on_request(StandingSignUp.id == registration.standing_id, now=now)
    forget_on_request(
        MaterialRequest.event_id == registration.event_id,
        MaterialRequest.email_key == registration.email_key,
        now=now,
    )
    forget(select(Registration.id).where(Registration.id == registration.id), now=now)
    forget_reported(registration.event_id, registration.public_id)
    drop_mails(OutboxMail.registration_id == registration.id)
    drop_unused_feeds()
    note_forgotten([registration.public_id], now.date())
    db.session.refresh(registration)


def events_to_forget(now: datetime) -> list[Event]:
    """Events whose retention is over and which are not archived.

    A postponed event waits for its new date. A draft stays, without its persons.
    """
    settled = (State.ARCHIVED.value, State.POSTPONED.value)
    has_work = or_(Event.state != State.DRAFT.value, Event.figures == "")
    candidates = (
        select(Event)
        .where(Event.state.not_in(settled), Event.ends_at < now, has_work)
        .order_by(Event.id)
    )
    return [event for event in readable(candidates, Event) if retention_until(event) <= now]
