"""Loading a file of events and people; states are taken as given, no mail is sent."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from ikone_events.domain.events.facts import AFTER_FOLLOW_UP
from ikone_events.domain.events.lifecycle import RULES, State
from ikone_events.domain.followup.details import MaterialKind
from ikone_events.domain.mails.kinds import CANCEL, REQUEST
from ikone_events.domain.operating.dataset import Dataset, read_dataset
from ikone_events.domain.operating.dataset_events import EventRecord, MaterialRecord
from ikone_events.domain.operating.dataset_records import RegistrationRecord
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registering.registration import Attendance, Status
from ikone_events.services.directory.contacts import store_contacts
from ikone_events.services.directory.importing import store_organisations
from ikone_events.services.events.editing import fill_event
from ikone_events.services.followup.files import stored_file, upload_from
from ikone_events.services.followup.materials import add_last, new_entry, new_file
from ikone_events.services.followup.sending import note_mailed
from ikone_events.services.mails.invitations import new_calendar_uid
from ikone_events.services.plan.plans import create_plan
from ikone_events.services.privacy.archiving import archive_persons
from ikone_events.services.registering.answers import store_answers
from ikone_events.services.registering.form_fields import create_fields, keep_places
from ikone_events.services.registering.seating import keep_seats, mode_for
from ikone_events.services.rooms.registry import kinds_set_up
from ikone_events.store.db import db
from ikone_events.store.directory.models import Organisation
from ikone_events.store.directory.naming import find_by_name
from ikone_events.store.events.models import Event, StateChange
from ikone_events.store.mails.models import NETWORK, Subscriber
from ikone_events.store.mails.objections import objected_among
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.attendance import load_statements

_METHODS = {Status.CONFIRMED: REQUEST, Status.CANCELLED: CANCEL}


@dataclass(slots=True)
class Loaded:
    """The numbers of stored rows, slides whose files were missing, coming events without a room.

    The provider of such a room is not set up (yet); the file is right all the same.
    """

    events: int = 0
    registrations: int = 0
    organisations: int = 0
    missing_files: list[str] = field(default_factory=list)
    without_room: list[str] = field(default_factory=list)


def store_dataset(dataset: Dataset, *, folder: Path, actor: str, now: datetime) -> Loaded:
    """Store a checked file. Raises UnfitInput on a slug that exists."""
    loaded = Loaded()
    organisations, loaded.organisations = store_organisations(dataset.organisations, now=now)
    events = {
        record.slug: _store_event(record, loaded, folder=folder, actor=actor, now=now)
        for record in dataset.events
    }
    people = [
        (_store_registration(record, events[record.event], organisations), record.attended)
        for record in dataset.registrations
    ]
    loaded.registrations = len(people)
    _store_subscribers(dataset)
    store_contacts(dataset.contacts, actor=actor, now=now)
    db.session.flush()
    load_statements(
        (person, Attendance.ATTENDED if attended else Attendance.MISSED)
        for person, attended in people
        if attended is not None and _took_part_or_not(person, now)
    )
    loaded.without_room = _without_room(events.values(), now)
    for event in events.values():
        create_plan(event, now=now)
        keep_seats(event, now=now)
        keep_places(event)
        if event.state == State.ARCHIVED.value:
            archive_persons(event, by=actor, now=now)
    return loaded


def _without_room(events: Iterable[Event], now: datetime) -> list[str]:
    usable = {kind.value for kind in kinds_set_up()}
    return [each.slug for each in events if each.room_provider not in usable and each.ends_at > now]


def _store_event(
    record: EventRecord, loaded: Loaded, *, folder: Path, actor: str, now: datetime
) -> Event:
    if db.session.scalar(select(Event.id).where(Event.slug == record.slug)) is not None:
        text = N_("An event with this short name exists already.")
        raise UnfitInput(Complaint(text, {}, f"events {record.slug}"))
    event = Event(slug=record.slug, state=record.state.value, created_at=now, changed_at=now)
    fill_event(event, record.draft)
    db.session.add(event)
    db.session.flush()
    _store_history(event, record, actor=actor, now=now)
    create_fields(event, record.fields, now=now)
    for material in record.materials:
        _store_material(event, material, loaded, folder=folder, now=now)
    if record.state in AFTER_FOLLOW_UP:
        note_mailed(event, now=now)
    loaded.events += 1
    return event


def _store_history(event: Event, record: EventRecord, *, actor: str, now: datetime) -> None:
    """Store the file's history where it ends in the given state, else one row "load"."""
    steps = list(record.history)
    if not steps or steps[-1][2] is not record.state:
        steps.append((now, actor, record.state))
    source = ""
    for at, by, state in steps:
        row = StateChange(
            event_id=event.id,
            action=_action_between(source, state),
            source=source,
            target=state.value,
            actor=by,
            at=at,
        )
        db.session.add(row)
        source = state.value


def _action_between(source: str, target: State) -> str:
    if not source:
        return "create" if target is State.DRAFT else "load"
    found = (r.action.value for r in RULES if r.source == source and r.target is target)
    return next(found, "load")


def _store_material(
    event: Event, record: MaterialRecord, loaded: Loaded, *, folder: Path, now: datetime
) -> None:
    if record.kind is not MaterialKind.FILE:
        add_last(event, new_entry(record.kind, record.details, now=now))
        return
    path = folder / Path(record.file).name
    if not path.is_file():
        loaded.missing_files.append(path.name)
        return
    with stored_file(upload_from(path)) as stored:
        add_last(event, new_file(stored, record.details, now=now))


def _store_registration(
    record: RegistrationRecord,
    event: Event,
    organisations: Mapping[str, Organisation],
) -> Registration:
    organisation = organisations.get(record.organisation) or find_by_name(
        str(record.values["organisation_text"])
    )
    status: Status = record.values["status"]
    registration = Registration(
        **{**record.values, "status": status.value},
        event_id=event.id,
        mode=mode_for(event, "").value,
        organisation_id=organisation.id if organisation else None,
        waiting_order=0 if status is Status.WAITLISTED else None,
        calendar_uid=new_calendar_uid(),
        calendar_sequence=_sequence(status),
        calendar_method=_METHODS.get(status, ""),
    )
    db.session.add(registration)
    store_answers(registration, event, record.answers, now=record.registered_at)
    return registration


def _took_part_or_not(person: Registration, now: datetime) -> bool:
    return person.status == Status.CONFIRMED.value and person.event.ends_at <= now


def _sequence(status: Status) -> int | None:
    """People who were confirmed have a calendar entry that later mails update."""
    return {Status.CONFIRMED: 0, Status.CANCELLED: 1}.get(status)


def _store_subscribers(dataset: Dataset) -> None:
    """One confirmed subscriber of the network per address that agreed, unless it has objected."""
    on_list = select(Subscriber.email_key).where(Subscriber.topic == NETWORK)
    objected = objected_among(record.key for record in dataset.registrations)
    known = set(db.session.scalars(on_list)) | objected
    for record in sorted(dataset.registrations, key=lambda record: record.registered_at):
        if not record.subscribed or record.key in known:
            continue
        known.add(record.key)
        subscriber = Subscriber(
            **{name: record.values[name] for name in ("email", "email_key", "locale")},
            created_at=record.registered_at,
            confirmed_at=record.registered_at,
        )
        db.session.add(subscriber)


def read_file(path: Path, *, hosts: Collection[str] = ()) -> Dataset:
    """Read and check a JSON file; raises UnfitInput with the place of the fault.

    `hosts` of rooms may be in one's own network.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as fault:
        raise UnfitInput(Complaint(N_("The file is not written in UTF-8."))) from fault
    except json.JSONDecodeError as fault:
        text = N_("The file is not JSON: line %(line)d, column %(column)d.")
        values = {"line": fault.lineno, "column": fault.colno}
        raise UnfitInput(Complaint(text, values)) from fault
    return read_dataset(data, hosts=hosts)
