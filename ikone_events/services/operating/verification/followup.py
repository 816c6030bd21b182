"""Materials that are released or asked for, and feedback."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import exists, func, literal, or_, select

from ikone_events.domain.events.facts import State
from ikone_events.domain.followup.requests import RequestState
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.registering.form_fields import FormName
from ikone_events.services.operating.verification.rows import numbers_by_event, of_events
from ikone_events.store.db import db
from ikone_events.store.events.models import Event, Material
from ikone_events.store.followup.access import MaterialRelease
from ikone_events.store.followup.feedback import FeedbackAnswer, FeedbackDone
from ikone_events.store.followup.requests import IS_KNOWN, MAIL_KEY, MaterialRequest
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.form_fields import FormField
from ikone_events.store.registering.models import Registration


def released_to_others(_now: datetime) -> Iterator[str]:
    """Whoever a material is released to is registered for its event, and known."""
    elsewhere = Material.event_id != Registration.event_id
    rows = db.session.execute(
        select(MaterialRelease.material_id, Registration.id, elsewhere.label("elsewhere"))
        .join(Material, MaterialRelease.material_id == Material.id)
        .join(Registration, MaterialRelease.registration_id == Registration.id)
        .where(or_(elsewhere, Registration.anonymised_at.is_not(None)))
        .order_by(MaterialRelease.id)
    )
    for material, person, of_another in rows:
        whom = "of another event" if of_another else "whose data are deleted"
        yield f"materials: material {material} is released to registration {person} {whom}"


def granted_without_mail(_now: datetime) -> Iterator[str]:
    """Everybody whose request was granted got the link by mail."""
    prefix = literal(f"{MAIL_KEY}:") + MaterialRequest.public_id + ":"
    theirs = exists().where(
        OutboxMail.event_id == MaterialRequest.event_id,
        OutboxMail.kind == MailKind.MATERIALS_GRANTED.value,
        func.substr(OutboxMail.key, 1, func.length(prefix)) == prefix,
    )
    granted = MaterialRequest.state == RequestState.GRANTED.value
    rows = of_events(MaterialRequest, granted, IS_KNOWN, ~theirs)
    for slug, number in db.session.execute(rows):
        yield f"mails: {slug}: request for materials {number} was granted without a mail"


def requests_not_forgotten(_now: datetime) -> Iterator[str]:
    """Archived events know nobody who asked for materials."""
    rows = numbers_by_event(MaterialRequest, IS_KNOWN, Event.state == State.ARCHIVED.value)
    for slug, number in db.session.execute(rows):
        yield f"privacy: {slug}: {number} requests for materials should have been forgotten"


def lost_entries(_now: datetime) -> Iterator[str]:
    """An event has as many entries as people who are marked, or more: some are forgotten."""
    stored = (
        select(func.count(FeedbackAnswer.entry.distinct()))
        .where(FeedbackAnswer.event_id == Event.id)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Event.slug, func.count(), stored)
        .select_from(FeedbackDone)
        .join(Registration, FeedbackDone.registration_id == Registration.id)
        .join(Event, Registration.event_id == Event.id)
        .group_by(Event.id, Event.slug)
        .having(func.count() > stored)
        .order_by(Event.slug)
    )
    for slug, people, entries in rows:
        text = f"{people} people have answered and {entries} entries are stored"
        yield f"feedback: {slug}: {text}"


def answers_of_others(_now: datetime) -> Iterator[str]:
    """An answer is one to a question for the feedback of its event."""
    wrong = or_(
        FormField.event_id != FeedbackAnswer.event_id, FormField.form != FormName.FEEDBACK.value
    )
    rows = db.session.execute(
        select(FormField.key, func.count())
        .join(FeedbackAnswer, FeedbackAnswer.field_id == FormField.id)
        .where(wrong)
        .group_by(FormField.key)
        .order_by(FormField.key)
    )
    for key, number in rows:
        yield f"feedback: {number} answers to “{key}” belong to another form or event"


def marks_of_forgotten_people(_now: datetime) -> Iterator[str]:
    """Anonymised people are not marked any more."""
    number = db.session.scalar(
        select(func.count())
        .select_from(FeedbackDone)
        .join(Registration, FeedbackDone.registration_id == Registration.id)
        .where(Registration.anonymised_at.is_not(None))
    )
    if number:
        yield f"privacy: {number} marks of feedback should have been deleted and are not"
