"""Events: history, steps, files, anonymised people."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import func, or_, select

from ikone_events.domain.events.lifecycle import RULES, State
from ikone_events.domain.operating.alarms import ERASED_AFTER
from ikone_events.domain.plan.times import Anchor, due_at
from ikone_events.domain.times import moment_utc
from ikone_events.services.followup.files import lost_files
from ikone_events.services.followup.materials import path_of
from ikone_events.services.operating.verification.rows import numbers_by_event, of_events
from ikone_events.services.plan.plans import anchors_of, is_holiday, timing_of
from ikone_events.services.privacy.restored_people import find_returned
from ikone_events.services.privacy.retention_record import broken_records
from ikone_events.store.db import db
from ikone_events.store.erasing import find_debt
from ikone_events.store.events.models import Event, Material, StateChange
from ikone_events.store.events.queries import all_events
from ikone_events.store.events.speakers import Speaker
from ikone_events.store.mails.models import HAS_OBJECT, Mailing, OutboxMail
from ikone_events.store.plan.models import Step
from ikone_events.store.registering.form_fields import FormField
from ikone_events.store.registering.models import Registration

# The clock deletes lost files after a day; this is after the end of any upload.
_UPLOADED_WITHIN = timedelta(hours=1)
# First actions that are no transitions.
_BEGINNINGS = ("create", "load")
_JSON = (
    *(Event.programme, Event.figures, FormField.choices, FormField.versions),
    *(Mailing.texts, Step.reasons),
)


def broken_history(_now: datetime) -> Iterator[str]:
    """Each change starts where the last one ended, by a rule of the lifecycle, up to the state."""
    rows = db.session.scalars(select(StateChange).order_by(StateChange.event_id, StateChange.id))
    histories = {key: list(history) for key, history in groupby(rows, key=lambda row: row.event_id)}
    for event in all_events():
        yield from _broken_history(event, histories.get(event.id, []))


def _broken_history(event: Event, history: list[StateChange]) -> Iterator[str]:
    before = ""
    for row in history:
        if row.source != before or not _is_possible(row):
            yield (
                f"history: {event.slug}: “{row.action}” from “{row.source}” to “{row.target}”"
                f" does not follow from “{before}”"
            )
        before = row.target
    if before != event.state:
        yield f"history: {event.slug} is “{event.state}”, its history ends with “{before}”"


def _is_possible(row: StateChange) -> bool:
    if row.action in _BEGINNINGS:
        return row.action == "load" or not row.source
    ways = {(rule.action, rule.source, rule.target) for rule in RULES}
    return (row.action, row.source, row.target) in ways


def misplaced_steps(_now: datetime) -> Iterator[str]:
    """A waiting step is due when its event's dates say so."""
    waiting = select(Step).where(Step.outcome == "", Step.anchor != Anchor.FIXED.value)
    for step in db.session.scalars(waiting.order_by(Step.id)):
        expected = due_at(timing_of(step), anchors_of(step.event), is_holiday)
        if step.due_at != expected:
            yield (
                f"steps: {step.event.slug}: “{step.name}” is due at {moment_utc(step.due_at)},"
                f" its event's dates say {moment_utc(expected)}"
            )


def missing_files(_now: datetime) -> Iterator[str]:
    """Slides without their file."""
    for material in db.session.scalars(select(Material).where(Material.stored_name != "")):
        if not path_of(material).is_file():
            yield f"files: {material.event.slug}: the file of “{material.title}” is missing"


def lost_uploads(_now: datetime) -> Iterator[str]:
    """Files of the uploads folder without a row; one that is being uploaded is younger."""
    for path in lost_files(_UPLOADED_WITHIN):
        yield f"files: {path.name} in the uploads folder belongs to no material"


def remembered_persons(_now: datetime) -> Iterator[str]:
    """Anonymised people, and those of archived events, have no personal data left."""
    texts = (Registration.email, Registration.last_name, Registration.question)
    known = or_(*(text != "" for text in (*texts, Registration.search_key, Registration.name_key)))
    forgotten = Registration.anonymised_at.is_not(None)
    archived = Event.state == State.ARCHIVED.value
    people = numbers_by_event(Registration, known, or_(forgotten, archived))
    for rows in (people, numbers_by_event(Speaker, archived)):
        for slug, number in db.session.execute(rows):
            yield f"privacy: {slug}: {number} people should have been forgotten and are not"


def returned_persons(_now: datetime) -> Iterator[str]:
    """Nobody who was forgotten came back with a backup, and the records of it are whole."""
    if number := len(find_returned()):
        yield (
            f"privacy: {number} people had asked to be forgotten before a backup was restored; "
            "forget them again: ikone-events retention"
        )
    yield from broken_records()


def data_not_erased(now: datetime) -> Iterator[str]:
    """Deleted personal data have left the database's log."""
    since = find_debt()
    if since is not None and now - since >= ERASED_AFTER:
        yield f"privacy: deleted data may be in the write-ahead log since {moment_utc(since)}"


def damaged_json(_now: datetime) -> Iterator[str]:
    """Columns with JSON can be parsed."""
    for column in _JSON:
        number = column.class_.id
        for key, value in db.session.execute(select(number, column).where(column != "")):
            if not _is_json(value):
                yield f"data: {column.class_.__tablename__} {key} can't be read: {column.key}"


def _is_json(value: str) -> bool:
    try:
        json.loads(value)
    except ValueError:
        return False
    return True


def uninvited_speakers(_now: datetime) -> Iterator[str]:
    """Whoever counts as invited has got the mail with the entry, and no newer one."""
    newest = func.max(OutboxMail.calendar_sequence)
    rows = db.session.execute(
        select(Event.slug, Speaker.id, Speaker.calendar_sequence, newest)
        .select_from(Speaker)
        .join(Event, Speaker.event_id == Event.id)
        .outerjoin(OutboxMail, (OutboxMail.calendar_uid == Speaker.calendar_uid) & HAS_OBJECT)
        .where(Speaker.calendar_sequence.is_not(None))
        .group_by(Event.slug, Speaker.id, Speaker.calendar_sequence)
        .order_by(Speaker.id)
    )
    for slug, number, counted, sent in rows:
        if sent is None:
            yield f"mails: {slug}: speaker {number} counts as invited and was never written to"
        elif sent != counted:
            yield f"calendars: speaker {number} counts to {counted}, the newest e-mail is {sent}"


def hidden_materials(_now: datetime) -> Iterator[str]:
    """Only files that speakers hand in wait for their release."""
    rows = of_events(Material, ~Material.released, Material.stored_name == "")
    for slug, number in db.session.execute(rows):
        yield f"files: {slug}: material {number} waits for its release, and is no file"
