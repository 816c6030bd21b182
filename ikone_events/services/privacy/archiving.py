"""Anonymising an event or a person; the figures stay."""

import json
from datetime import datetime

from sqlalchemy import delete, or_, select, update

from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.self_service import SelfServiceAction
from ikone_events.services.followup.requests import forget_requests
from ikone_events.services.privacy.forgetting import drop_imports, drop_mails, forget, strike_out
from ikone_events.services.registering.status import check_wish
from ikone_events.services.rooms.reports import forget_reported
from ikone_events.store.calendars.personal_feeds import drop_unused_feeds
from ikone_events.store.damage import readable
from ikone_events.store.db import db, rows_written
from ikone_events.store.events.models import Event, Material
from ikone_events.store.events.queries import retention_until
from ikone_events.store.events.speakers import Speaker
from ikone_events.store.figures.attendance import attendance_counts
from ikone_events.store.figures.counts import Table, counts_of
from ikone_events.store.followup.requests import MaterialRequest
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Code, ImportList, Registration
from ikone_events.store.rooms.sessions import forget_reports


def archive_persons(event: Event, *, now: datetime) -> None:
    """Store the figures of an event, then remove the personal data of its registrations."""
    if not event.figures:  # what has been reported stays
        event.figures = json.dumps(figures_of(event, now=now), ensure_ascii=False)
    forget(select(Registration.id).where(Registration.event_id == event.id), now=now)
    for table in (IncomingMail, OutboxMail, ImportList):
        db.session.execute(delete(table).where(table.event_id == event.id))
    forget_requests(MaterialRequest.event_id == event.id)  # no mails are left to look for
    # What nobody has released was meant for the office alone; its files go by the clock.
    unseen = Material.event_id == event.id, ~Material.released
    rows_written(delete(Material).where(*unseen))
    rows_written(delete(Speaker).where(Speaker.event_id == event.id))
    forget_reports(event.id)
    drop_unused_feeds()
    # Single codes are made out to somebody.
    rows_written(update(Code).where(Code.event_id == event.id).values(label=""))


def forget_person(registration: Registration, *, now: datetime) -> None:
    """Delete a person's details at their own request.

    Raises StatusRefused while they have or await a place at an event that is not over.
    """
    check_wish(registration, SelfServiceAction.DELETE, now)
    strike_out(registration)
    drop_imports(registration)
    forget_requests(
        MaterialRequest.event_id == registration.event_id,
        MaterialRequest.email_key == registration.email_key,
    )
    forget(select(Registration.id).where(Registration.id == registration.id), now=now)
    forget_reported(registration.event_id, registration.public_id)
    drop_mails(OutboxMail.registration_id == registration.id)
    drop_unused_feeds()
    db.session.refresh(registration)


def figures_of(event: Event, *, now: datetime) -> dict[str, int | None]:
    """The figures for the funder: people and distinct administrations, members separately.

    Those of attendance are None where nobody noted who came; after an event that did not take
    place they are 0.
    """
    counts, came = (
        counts_of(event, Table.PEOPLE, Table.ADMINISTRATIONS),
        attendance_counts(event, now),
    )
    known = {
        "attended_people": came.attended,
        "administrations_attended": came.members + came.non_members,
        "administrations_attended_members": came.members,
        "administrations_attended_non_members": came.non_members,
    }
    return {
        "registrations": counts.total,
        "confirmed": counts.confirmed,
        "waitlisted": counts.waiting,
        "cancelled": counts.by_status.get(Status.CANCELLED.value, 0),
        "administrations_confirmed": counts.administrations,
        **(known if came.is_known else dict.fromkeys(known)),
        "attendance_unknown_people": came.unknown,
    }


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
