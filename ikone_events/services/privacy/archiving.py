"""Anonymising an event or a person; the figures stay."""

import json
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update

from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.registering.registration import Attendance, Status
from ikone_events.domain.registering.self_service import SelfServiceAction
from ikone_events.services.privacy.forgetting import drop_imports, drop_mails, forget, strike_out
from ikone_events.services.registering.status import check_wish
from ikone_events.store.calendars.personal_feeds import drop_unused_feeds
from ikone_events.store.damage import readable
from ikone_events.store.db import db, rows_written
from ikone_events.store.directory.models import Organisation, member_on
from ikone_events.store.events.models import Event, Material
from ikone_events.store.events.queries import retention_until
from ikone_events.store.events.speakers import Speaker
from ikone_events.store.figures.counts import COUNTED_KINDS, Table, counts_of
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Code, ImportList, Registration


def archive_persons(event: Event, *, now: datetime) -> None:
    """Store the figures of an event, then remove the personal data of its registrations."""
    if not event.figures:  # what has been reported stays
        event.figures = json.dumps(figures_of(event), ensure_ascii=False)
    forget(select(Registration.id).where(Registration.event_id == event.id), now=now)
    for table in (IncomingMail, OutboxMail, ImportList):
        db.session.execute(delete(table).where(table.event_id == event.id))
    # What nobody has released was meant for the office alone; its files go by the clock.
    unseen = Material.event_id == event.id, ~Material.released
    rows_written(delete(Material).where(*unseen))
    rows_written(delete(Speaker).where(Speaker.event_id == event.id))
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
    forget(select(Registration.id).where(Registration.id == registration.id), now=now)
    drop_mails(OutboxMail.registration_id == registration.id)
    drop_unused_feeds()
    db.session.refresh(registration)


def figures_of(event: Event) -> dict[str, int]:
    """The figures for the funder: people and distinct administrations, members separately."""
    counts = counts_of(event, Table.PEOPLE, Table.ADMINISTRATIONS)
    attended = (
        select(Organisation.id, member_on(event.day).label("member"))
        .join(Registration, Registration.organisation_id == Organisation.id)
        .where(
            Registration.event_id == event.id,
            Registration.attendance == Attendance.ATTENDED.value,
            Organisation.kind.in_(COUNTED_KINDS),
        )
        .distinct()
        .subquery()
    )
    rows = db.session.execute(select(attended.c.member, func.count()).group_by(attended.c.member))
    by_membership = {bool(member): number for member, number in rows}
    people = db.session.scalar(
        select(func.count()).where(
            Registration.event_id == event.id,
            Registration.attendance == Attendance.ATTENDED.value,
        )
    )
    return {
        "registrations": counts.total,
        "confirmed": counts.confirmed,
        "waitlisted": counts.waiting,
        "cancelled": counts.by_status.get(Status.CANCELLED.value, 0),
        "administrations_confirmed": counts.administrations,
        "attended_people": people or 0,
        "administrations_attended": sum(by_membership.values()),
        "administrations_attended_members": by_membership.get(True, 0),
        "administrations_attended_non_members": by_membership.get(False, 0),
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
