"""Copying an event as a template: for another date of its series, or for something like it.

A copy has the frame of its event (title, format, place, series, contact, retention, what makes the
video room), and the parts that are ticked. It has no people, mails, history, files or codes, and
starts as a draft. What is decided about each column of an event stands in FRAME, _OF_PARTS, MOVED
and FRESH; a test asks where a new one belongs.
"""

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from ikone_events.domain.events.dates import year_complaint
from ikone_events.domain.events.draft import EventDraft
from ikone_events.domain.events.registration_settings import MOMENTS, SETTINGS
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.refusals import N_, UnfitInput
from ikone_events.domain.registering.form_fields import FormName, OwnField
from ikone_events.domain.times import moved_along, to_local
from ikone_events.services.events.editing import create_event, draft_of_event
from ikone_events.services.events.moving import moved_draft
from ikone_events.services.mails.invitations import new_calendar_uid
from ikone_events.services.plan.plans import (
    anchors_of,
    expire_if_past,
    set_timing,
    steps_of,
    timing_of,
)
from ikone_events.services.registering.form_fields import create_fields
from ikone_events.store.db import db
from ikone_events.store.events.models import Event, Material
from ikone_events.store.events.speakers import Speaker, speakers_of
from ikone_events.store.mails.models import MailText
from ikone_events.store.plan.models import Step
from ikone_events.store.registering.form_fields import FormField, fields_of_event


class CopyPart(StrEnum):
    """What a copy can take along besides the frame."""

    CONTENT = "content"
    SETTINGS = "settings"
    FIELDS = "fields"
    TEXTS = "texts"
    PLAN = "plan"
    CONTACTS = "contacts"
    FEEDBACK = "feedback"
    ROOM = "room"
    SPEAKERS = "speakers"


PART_LABELS: Mapping[CopyPart, str] = {
    CopyPart.CONTENT: N_("Summary, description and programme"),
    CopyPart.SETTINGS: N_("Number of places and rules of registration"),
    CopyPart.FIELDS: N_("Your own fields in the registration form"),
    CopyPart.TEXTS: N_("Edited e-mail texts"),
    CopyPart.PLAN: N_("Automatic steps with your changes, and your own messages"),
    CopyPart.CONTACTS: N_("Contacts for topics, among the materials"),
    CopyPart.FEEDBACK: N_("Feedback: questions, or the address of the survey"),
    CopyPart.ROOM: N_("The same video room: link, PIN and dial-in"),
    CopyPart.SPEAKERS: N_("Contributors: names and addresses; nothing is sent to them"),
}
# What is ticked at first: no room of one date, and nobody who has not been asked yet.
USUAL = tuple(part for part in CopyPart if part not in (CopyPart.ROOM, CopyPart.SPEAKERS))

FRAME = (
    *("title", "title_en", "series", "format", "zone", "place", "directions", "bring"),
    *("plan", "room_provider", "contact_name", "contact_email", "contact_phone"),
    "retention_days",
)
_OF_PARTS: Mapping[CopyPart, tuple[str, ...]] = {
    CopyPart.CONTENT: (
        *("summary", "summary_en", "description", "description_en", "programme"),
        *("question_label", "question_label_en"),
    ),
    CopyPart.SETTINGS: SETTINGS,
    CopyPart.FEEDBACK: ("feedback_url",),
    CopyPart.ROOM: ("room_url", "room_pin", "moderator_url", "dial_in"),
    CopyPart.SPEAKERS: ("speakers",),
}
# Settings of what comes after an event, which no draft has.
_AFTERWARDS = ("follow_up_to_waiting", "grants_materials")
MOVED = ("starts_at", "ends_at", *MOMENTS)
COPIED = (
    *FRAME,
    *_AFTERWARDS,
    *(n for names in _OF_PARTS.values() for n in names if n not in MOMENTS),
)
FRESH = (
    *("id", "slug", "state", "edit_version", "lock_version", "calendar_version"),
    *("public_version", "content_version", "public_changed_at", "created_at", "changed_at"),
    *("update_due_at", "update_since", "update_by", "update_reason"),
    *("seats_kept", "seats_kept_online", "seats_kept_on_site", "attendance_incomplete", "figures"),
)
# Texts of organisers' own steps bear these steps' names.
_OWN_STEPS = "own-"
_OF_TEXT = ("locale", "subject", "body", "changed_at", "changed_by")
_OF_SPEAKER = ("role", "name", "email", "email_key", "organisation_text", "locale")
_OF_CONTACT = (
    *("kind", "visibility", "title", "contact_name", "contact_email", "availability"),
    *("position", "description", "language"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copy:
    """A copy that is being made of `source`; the events are stored, the rest is not."""

    source: Event
    event: Event
    parts: frozenset[CopyPart]
    now: datetime


def copy_event(
    source: Event,
    *,
    title: str,
    title_en: str,
    starts_at: datetime,
    actor: str,
    now: datetime,
    parts: Collection[CopyPart] = USUAL,
) -> Event:
    """A new draft like an event, at another date; all its moments keep their distance.

    Its slug has the date if the title is taken. Raises UnfitInput when the result is not valid.
    """
    if far := year_complaint(starts_at, "starts_at"):
        raise UnfitInput(far)
    draft = replace(
        moved_draft(_with_parts(source, parts), starts_at), title=title, title_en=title_en
    )
    event = create_event(draft, actor=actor, now=now, mark=_day_of(draft))
    if CopyPart.SETTINGS in parts:
        for name in _AFTERWARDS:
            setattr(event, name, getattr(source, name))
    copy = _Copy(source=source, event=event, parts=frozenset(parts), now=now)
    for part, take in _TAKEN.items():
        if part in copy.parts:
            take(copy)
    db.session.flush()
    return event


def _with_parts(source: Event, parts: Collection[CopyPart]) -> EventDraft:
    """The content of the event without the parts that stay behind, which have their defaults."""
    draft = draft_of_event(source)
    defaults: dict[str, Any] = {field.name: field.default for field in fields(EventDraft)}
    left = [name for part, names in _OF_PARTS.items() if part not in parts for name in names]
    return replace(draft, **{name: defaults[name] for name in left})


def _day_of(draft: EventDraft) -> str:
    return to_local(draft.starts_at, draft.zone).date().isoformat()


def _copy_fields(copy: _Copy) -> None:
    _copy_form(copy, FormName.REGISTRATION)


def _copy_feedback(copy: _Copy) -> None:
    _copy_form(copy, FormName.FEEDBACK)


def _copy_form(copy: _Copy, form: FormName) -> None:
    """Copy the fields that are asked, in order; consents begin with their current text."""
    asked = fields_of_event(copy.source.id, form).where(FormField.retired_at.is_(None))
    described = [row.described() for row in db.session.scalars(asked)]
    steering = {(field.shown_if, field.shown_value) for field in described}
    create_fields(copy.event, (_as_offered(field, steering) for field in described), now=copy.now)


def _as_offered(field: OwnField, steering: set[tuple[str, str]]) -> OwnField:
    """A field without retired choices, unless another field depends on them."""
    kept = tuple(c for c in field.choices if not c.retired or (field.key, c.value) in steering)
    return replace(field, choices=kept)


def _copy_texts(copy: _Copy) -> None:
    for text in _texts_of(copy.source):
        if not text.kind.startswith(_OWN_STEPS):
            _add_text(copy.event, text, text.kind)


def _texts_of(event: Event) -> list[MailText]:
    return list(db.session.scalars(select(MailText).where(MailText.event_id == event.id)))


def _add_text(event: Event, text: MailText, kind: str) -> None:
    values = {name: getattr(text, name) for name in _OF_TEXT}
    db.session.add(MailText(scope=f"event:{event.id}", event_id=event.id, kind=kind, **values))


def _copy_steps(copy: _Copy) -> None:
    """The times of the plan's steps as they were changed, and own messages with their texts.

    A step that was switched off stays off. Who was chosen one by one stays behind, and so does a
    message to them.
    """
    present = {step.name: step for step in steps_of(copy.event)}
    for step in steps_of(copy.source):
        if step.name in present:
            _set_like(copy, present[step.name], step)
        elif step.name.startswith(_OWN_STEPS) and step.audience != Audience.CHOSEN.value:
            _copy_message(copy, step)


def _set_like(copy: _Copy, made: Step, step: Step) -> None:
    """A fixed moment keeps its distance to the start; any other follows its anchor."""
    made.active = step.active
    timing = timing_of(step)
    if timing.fixed is not None:
        timing = replace(timing, fixed=_moved(copy, timing.fixed))
    set_timing(made, timing, anchors_of(copy.event))
    expire_if_past(made, now=copy.now)


def _moved(copy: _Copy, moment: datetime) -> datetime:
    old, new = copy.source.starts_at, copy.event.starts_at
    return moved_along(moment, old=old, new=new, zone=copy.event.zone)


def _copy_message(copy: _Copy, step: Step) -> None:
    made = Step(
        event_id=copy.event.id,
        name=f"{_OWN_STEPS}{secrets.token_hex(8)}",
        kind=step.kind,
        audience=step.audience,
        organisation_id=step.organisation_id,
        title=step.title,
    )
    _set_like(copy, made, step)
    db.session.add(made)
    for text in _texts_of(copy.source):
        if text.kind == step.name:
            _add_text(copy.event, text, made.name)


def _copy_contacts(copy: _Copy) -> None:
    wanted = select(Material).where(
        Material.event_id == copy.source.id, Material.kind == "contact", Material.released
    )
    for contact in db.session.scalars(wanted.order_by(Material.position, Material.id)):
        values = {name: getattr(contact, name) for name in _OF_CONTACT}
        made = Material(event_id=copy.event.id, created_at=copy.now, **values)
        if contact.available_at is not None:
            made.available_at = _moved(copy, contact.available_at)
        db.session.add(made)


def _copy_speakers(copy: _Copy) -> None:
    """Enter the same people; they have links and invitations of their own, and know of nothing."""
    for speaker in speakers_of(copy.source):
        values = {name: getattr(speaker, name) for name in _OF_SPEAKER}
        uid, at = new_calendar_uid(), copy.now
        db.session.add(Speaker(event_id=copy.event.id, calendar_uid=uid, created_at=at, **values))


# Rows of further tables; a part with columns alone has none here.
_TAKEN: Mapping[CopyPart, Callable[[_Copy], None]] = {
    CopyPart.FIELDS: _copy_fields,
    CopyPart.FEEDBACK: _copy_feedback,
    CopyPart.TEXTS: _copy_texts,
    CopyPart.PLAN: _copy_steps,
    CopyPart.CONTACTS: _copy_contacts,
    CopyPart.SPEAKERS: _copy_speakers,
}
