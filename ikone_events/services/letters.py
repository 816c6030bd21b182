"""From rows to a finished letter in the outbox: one cause, one person, one key."""

from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from ikone_events.domain.edited_text import EditedText
from ikone_events.domain.messages import (
    CANCEL,
    Extras,
    Invitation,
    MailKind,
    Occasion,
    calendar_method,
)
from ikone_events.domain.placeholders import EDITABLE
from ikone_events.mail.compose import Letter, compose
from ikone_events.services.invitations import (
    invitation_for,
    makes_known,
    note_object,
    object_again,
)
from ikone_events.services.letter_values import (
    DOORS_OPEN_BEFORE,
    complete_extras,
    handout_of,
    link_day,
    links_of,
    occasion_for,
    occasion_of,
    recipient_of,
    sender_of,
)
from ikone_events.services.office import office
from ikone_events.services.texts import find_text, from_snapshot
from ikone_events.services.told import is_moved, told_event, with_changes
from ikone_events.services.told_by import told_by
from ikone_events.store.db import ask_for_delivery, db
from ikone_events.store.events import Event
from ikone_events.store.letters import Mailing, OutboxMail
from ikone_events.store.registrations import Registration

__all__ = [
    "DOORS_OPEN_BEFORE",
    "complete_extras",
    "handout_of",
    "invitation_for",
    "link_day",
    "links_of",
    "occasion_for",
    "occasion_of",
    "occasion_told",
    "recipient_of",
    "rewrite_letter",
    "sender_of",
    "write_letter",
]


def write_letter(
    kind: MailKind,
    registration: Registration,
    event: Event,
    *,
    key: str,
    now: datetime,
    extras: Extras | None = None,
    mailing: Mailing | None = None,
    told: Event | None = None,
    edited: EditedText | None = None,
) -> OutboxMail:
    """Compose a letter and put it into the outbox of this transaction.

    Raises the calendar sequence when the letter carries a calendar object. Any fault in
    composing goes up: a single letter undoes its cause. `told` is the event as the person knows
    it, looked up when it is left out. `edited` is the text to write with; when that is left out, a
    mailing's own is taken, and for single letters the one in force now.
    """
    row = _outbox_row(kind, registration, key=key, now=now)
    told = told or _told(event, registration)
    invitation = invitation_for(kind, registration, now, moved=is_moved(told, event))
    letter = _compose(
        kind,
        registration,
        event,
        now=now,
        extras=extras,
        mailing=mailing,
        told=told,
        invitation=invitation,
        edited=edited,
    )
    _fill(row, letter, registration, event, invitation)
    row.mailing_id = mailing.id if mailing else None
    if not registration.thread_id:
        registration.thread_id = row.message_id
    db.session.add(row)
    ask_for_delivery()
    return row


def rewrite_letter(
    row: OutboxMail,
    kind: MailKind,
    registration: Registration,
    event: Event,
    *,
    now: datetime,
    extras: Extras | None = None,
    mailing: Mailing | None = None,
) -> None:
    """Compose a letter anew in its own row: another letter to mail programs, the same to us."""
    began_thread = registration.thread_id in ("", row.message_id)
    first = began_thread and kind is MailKind.CONFIRMATION
    told = (
        event
        if first
        else told_event(
            event, registration, before=row.id, later_sent=calendar_method(kind) != CANCEL
        )
    )
    invitation = object_again(row, kind, registration, now, moved=is_moved(told, event))
    letter = _compose(
        kind,
        registration,
        event,
        now=now,
        extras=extras,
        mailing=mailing,
        told=told,
        invitation=invitation,
    )
    row.message_id, row.created_at = _new_message_id(), now
    if began_thread:
        registration.thread_id = row.message_id
    row.references = "" if began_thread else registration.thread_id
    _fill(row, letter, registration, event, invitation)


def _told(event: Event, registration: Registration) -> Event:
    """Somebody new has got no letter, and that need not be asked."""
    new = not registration.thread_id and registration.calendar_sequence is None
    return event if new else told_event(event, registration)


def _compose(
    kind: MailKind,
    registration: Registration,
    event: Event,
    *,
    now: datetime,
    extras: Extras | None,
    mailing: Mailing | None,
    told: Event,
    invitation: Invitation | None,
    edited: EditedText | None = None,
) -> Letter:
    # A follow-up's mailing holds three letters; which one this is, its caller need not know.
    own = edited is None or (mailing is not None and mailing.kind != kind.value)
    extras = with_changes(extras or Extras(), kind, registration, told=told, event=event)
    return compose(
        kind,
        occasion_told(kind, registration, event, told),
        recipient=recipient_of(registration),
        links=links_of(event, registration),
        sender=sender_of(event),
        extras=complete_extras(told_by(kind, extras, registration), event, registration, now),
        invitation=invitation,
        edited=_text_for(kind, registration, event, mailing) if own else edited,
    )


def occasion_told(
    kind: MailKind, registration: Registration, event: Event, told: Event, locale: str = ""
) -> Occasion:
    """The event as a letter speaks of it: what is taken out of calendars is the date in them."""
    occasion = occasion_for(event, registration, locale)
    if calendar_method(kind) != CANCEL:
        return occasion
    return replace(occasion, starts_at=told.starts_at, ends_at=told.ends_at)


def _fill(
    row: OutboxMail,
    letter: Letter,
    registration: Registration,
    event: Event,
    invitation: Invitation | None,
) -> None:
    row.recipient = registration.email
    row.recipient_name = f"{registration.first_name} {registration.last_name}"
    row.subject, row.text, row.html = letter.subject, letter.text, letter.html
    row.calendar, row.calendar_method = letter.calendar, letter.method
    row.event_version = event.version if makes_known(row.kind, registration, letter) else None
    if invitation is not None:
        note_object(row, registration, invitation, letter)


def _text_for(
    kind: MailKind, registration: Registration, event: Event, mailing: Mailing | None
) -> EditedText | None:
    if mailing is not None:
        return from_snapshot(mailing.texts or "", registration.locale, kind.value)
    if kind not in EDITABLE:
        return None
    return find_text(event, kind.value, registration.locale)


def _outbox_row(
    kind: MailKind, registration: Registration, *, key: str, now: datetime
) -> OutboxMail:
    return OutboxMail(
        key=key,
        event_id=registration.event_id,
        registration=registration,
        kind=kind.value,
        locale=registration.locale,
        message_id=_new_message_id(),
        references=registration.thread_id,
        state="queued",
        created_at=now,
        due_at=now,
    )


def _new_message_id() -> str:
    return f"<{uuid4().hex}@{office().settings.host}>"
