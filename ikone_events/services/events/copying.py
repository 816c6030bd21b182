"""Copying an event as a template.

The copy has the content, the rules of registration, the own fields and the edited texts. It has no
people, mails, history, materials or codes, and no room: last year's link would admit strangers.
What makes the room is kept.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from ikone_events.domain.events.draft import EventDraft, year_complaint
from ikone_events.domain.refusals import UnfitInput
from ikone_events.domain.registering.form_fields import FormName, OwnField
from ikone_events.services.events.editing import create_event, draft_of_event
from ikone_events.services.events.moving import moved_draft
from ikone_events.services.registering.form_fields import lay_fields
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import MailText
from ikone_events.store.registering.form_fields import FormField, fields_of_event

# Texts of organisers' own steps bear these steps' names; the steps stay with their event.
_OWN_STEPS = "own-"
_OF_TEXT = ("kind", "locale", "subject", "body", "changed_at", "changed_by")


def copy_event(
    source: Event, *, title: str, title_en: str, starts_at: datetime, actor: str, now: datetime
) -> Event:
    """A new draft like an event, at another date; all its moments keep their distance.

    Raises UnfitInput when the result is not valid.
    """
    if far := year_complaint(starts_at, "starts_at"):
        raise UnfitInput(far)
    draft = replace(moved_draft(_without_room(source), starts_at), title=title, title_en=title_en)
    event = create_event(draft, actor=actor, now=now)
    _copy_fields(source, event, now=now)
    _copy_texts(source, event)
    db.session.flush()
    return event


def _without_room(source: Event) -> EventDraft:
    draft = draft_of_event(source)
    return replace(draft, room_url="", room_pin="", moderator_url="", dial_in="")


def _copy_fields(source: Event, event: Event, *, now: datetime) -> None:
    """Copy the fields that are asked, in order; consents begin with their current text."""
    for form in FormName:
        copy_form(source, event, form, now=now)


def copy_form(source: Event, event: Event, form: FormName, *, now: datetime) -> None:
    """Give an event that has no such fields yet the fields of a form of another event."""
    asked = fields_of_event(source.id, form).where(FormField.retired_at.is_(None))
    described = [row.described() for row in db.session.scalars(asked)]
    steering = {(field.shown_if, field.shown_value) for field in described}
    lay_fields(event, (_as_offered(field, steering) for field in described), now=now)


def _as_offered(field: OwnField, steering: set[tuple[str, str]]) -> OwnField:
    """A field without retired choices, unless another field depends on them."""
    kept = tuple(c for c in field.choices if not c.retired or (field.key, c.value) in steering)
    return replace(field, choices=kept)


def _copy_texts(source: Event, event: Event) -> None:
    texts = db.session.scalars(
        select(MailText).where(
            MailText.event_id == source.id, MailText.kind.not_like(f"{_OWN_STEPS}%")
        )
    )
    for text in texts.all():
        values = {name: getattr(text, name) for name in _OF_TEXT}
        db.session.add(MailText(scope=f"event:{event.id}", event_id=event.id, **values))
