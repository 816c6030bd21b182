"""What the next run of retention would delete, counted without changing anything."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Table, func, select, true

from ikone_events.domain.refusals import N_
from ikone_events.services.incoming import ingest
from ikone_events.services.mails import subscribers
from ikone_events.services.privacy.archiving import count_known, events_to_forget
from ikone_events.services.privacy.forgetting import NAMES_SOMEBODY, due_early
from ikone_events.services.registering import standing
from ikone_events.services.registering.lists import people_import
from ikone_events.store.db import Base, db
from ikone_events.store.erasing import PERSONAL
from ikone_events.store.events.models import Event, Material
from ikone_events.store.events.queries import find_event, retention_until
from ikone_events.store.followup.feedback import HAS_TEXT
from ikone_events.store.followup.requests import IS_KNOWN, MaterialRequest, due_to_forget
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.mails.models import OutboxMail, Subscriber
from ikone_events.store.registering.models import Code, ImportList, Registration
from ikone_events.store.registering.standing import StandingSignUp
from ikone_events.store.rooms.attendance import NAMES_A_SOURCE
from ikone_events.store.rooms.models import RoomSession

# What an archived event keeps: registrations without their names, what carries the figures, and
# what stays public. Subscribers have gone before.
_KEPT = frozenset(
    {
        *("form_field", "mailing", "published_answer", "registration", "standing_date"),
        "subscriber",
    }
)

TABLE_LABELS: Mapping[str, str] = {
    "answer": N_("answers to form fields"),
    "attendance": N_("records of attendance"),
    "check_in_press": N_("presses at the entrance"),
    "code": N_("labels of invitation codes"),
    "contact": N_("contact persons"),
    "delivery_note": N_("notes on the delivery of e-mails"),
    "feedback_answer": N_("texts of feedback"),
    "feedback_done": N_("marks of who has given feedback"),
    "import_list": N_("lists waiting to be imported"),
    "incoming_mail": N_("received e-mails"),
    "left_text": N_("unmatched names of public bodies"),
    "material": N_("uploads that nobody released"),
    "material_request": N_("requests for materials"),
    "outbox_mail": N_("e-mails"),
    "personal_feed": N_("private calendars"),
    "published_answer": N_("published answers that name somebody"),
    "question": N_("questions to the speakers"),
    "registration": N_("registrations"),
    "room_session": N_("reports of video rooms"),
    "speaker": N_("contributors"),
    "standing_sign_up": N_("standing sign-ups"),
    "status_change": N_("entries in the history of registrations"),
    "subscriber": N_("subscribers"),
    "undeliverable_address": N_("undeliverable addresses"),
}


@dataclass(frozen=True, slots=True)
class DueEvent:
    """What goes of one event; `whole`: its retention is over, and it is archived.

    `rows` are the numbers of further rows that are deleted or emptied, by table, without tables
    that have none.
    """

    event: Event
    whole: bool
    people: int
    rows: dict[str, int] = field(default_factory=dict)


def table_label(table: str) -> str:
    """What the rows of a table are (message id); a table without a label is shown by its name."""
    return TABLE_LABELS.get(table, table)


def due_with_archive(event: Event) -> DueEvent:
    """What goes when an event is archived now."""
    return DueEvent(event, True, count_known(event), _rows_of(event))


def due_events(now: datetime) -> list[DueEvent]:
    """Events whose retention is over, then those of which some data go earlier."""
    over = events_to_forget(now)
    whole = [due_with_archive(event) for event in over]
    slugs = {each.event.slug for each in whole}
    early = []
    for some in due_early(now):
        event = find_event(some.slug)
        if event is not None and some.slug not in slugs:
            rows = {"answer": some.answers} if some.answers else {}
            early.append(DueEvent(event, False, some.people, rows))
    return [*whole, *early]


def next_due(now: datetime, most: int) -> list[tuple[Event, datetime]]:
    """The next events whose retention ends, with the moment."""
    wanted = select(Event).where(Event.figures == "", Event.ends_at < now)
    coming = [(event, retention_until(event)) for event in db.session.scalars(wanted)]
    later = [each for each in coming if each[1] > now]
    return sorted(later, key=lambda each: each[1])[:most]


def _rows_of(event: Event) -> dict[str, int]:
    """The rows that are deleted or emptied with the names of an event, by table."""
    some = _emptied()
    numbers = {}
    for name in sorted(set(PERSONAL) - _KEPT):
        mine = _of_event(Base.metadata.tables[name], event)
        if mine is not None:
            wanted = select(func.count()).where(mine, some.get(name, true()))
            numbers[name] = db.session.scalar(wanted) or 0
    return {name: number for name, number in numbers.items() if number}


def _emptied() -> dict[str, ColumnElement[bool]]:
    """The rows of an event that lose something, of tables whose other rows stay as they are."""
    return {
        "attendance": NAMES_A_SOURCE,
        "code": Code.label != "",
        "feedback_answer": HAS_TEXT,
        "material": ~Material.released,
        "material_request": IS_KNOWN,
        "room_session": RoomSession.report.not_in(("", "{}")),
        "status_change": NAMES_SOMEBODY,
    }


def due_besides(now: datetime) -> dict[str, int]:
    """The people who are deleted whatever becomes of an event, by table; without empty ones."""
    conditions = {
        StandingSignUp: StandingSignUp.id.in_(standing.due_to_end(now)),
        Subscriber: subscribers.due_to_delete(now),
        MaterialRequest: due_to_forget(now),
        ImportList: people_import.due_to_delete(now),
        IncomingMail: ingest.due_to_delete(now),
    }
    found = {
        model.__tablename__: db.session.scalar(select(func.count()).where(due)) or 0
        for model, due in conditions.items()
    }
    return {name: number for name, number in found.items() if number}


def _of_event(table: Table, event: Event) -> ColumnElement[bool] | None:
    """The rows of a table that belong to an event, itself, by a registration or by a mail."""
    if "event_id" in table.c:
        return table.c.event_id == event.id
    if "registration_id" in table.c:
        mine = select(Registration.id).where(Registration.event_id == event.id)
        return table.c.registration_id.in_(mine)
    if "mail_id" in table.c:
        return table.c.mail_id.in_(select(OutboxMail.id).where(OutboxMail.event_id == event.id))
    return None
