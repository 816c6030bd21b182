"""From rows to a finished letter in the outbox: one cause, one person, one key."""

from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from ikone_events.domain.edited_text import EditedText
from ikone_events.domain.messages import (
    CANCEL,
    REQUEST,
    Extras,
    Invitation,
    MailKind,
    calendar_method,
)
from ikone_events.domain.placeholders import EDITABLE
from ikone_events.domain.registration import Status
from ikone_events.mail.compose import Letter, compose
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
    held_at: tuple[datetime, datetime] | None = None,
    edited: EditedText | None = None,
) -> OutboxMail:
    """Compose a letter and put it into the outbox of this transaction.

    Raises the calendar sequence when the letter carries a calendar object. Any fault in
    composing goes up: a single letter undoes its cause. `held_at` is the start and end that the
    letter speaks of, where the event has moved on since. `edited` is the text to write with; when
    it is left out, a mailing's own is taken, and for single letters the one in force now.
    """
    letter, invitation = _compose(
        kind,
        registration,
        event,
        now=now,
        extras=extras,
        mailing=mailing,
        held_at=held_at,
        edited=edited,
    )
    row = _outbox_row(kind, registration, key=key, now=now)
    _fill(row, letter, registration, invitation)
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
    held_at: tuple[datetime, datetime] | None = None,
) -> None:
    """Compose a letter anew in its own row: another letter to mail programs, the same to us."""
    letter, invitation = _compose(
        kind, registration, event, now=now, extras=extras, mailing=mailing, held_at=held_at
    )
    began_thread = registration.thread_id in ("", row.message_id)
    row.message_id, row.created_at = _new_message_id(), now
    if began_thread:
        registration.thread_id = row.message_id
    row.references = "" if began_thread else registration.thread_id
    _fill(row, letter, registration, invitation)


def _compose(
    kind: MailKind,
    registration: Registration,
    event: Event,
    *,
    now: datetime,
    extras: Extras | None,
    mailing: Mailing | None,
    held_at: tuple[datetime, datetime] | None,
    edited: EditedText | None = None,
) -> tuple[Letter, Invitation | None]:
    # A follow-up's mailing holds three letters; which one this is, its caller need not know.
    own = edited is None or (mailing is not None and mailing.kind != kind.value)
    invitation = invitation_for(kind, registration, now)
    occasion = occasion_for(event, registration)
    if held_at is not None:
        occasion = replace(occasion, starts_at=held_at[0], ends_at=held_at[1])
    letter = compose(
        kind,
        occasion,
        recipient=recipient_of(registration),
        links=links_of(event, registration),
        sender=sender_of(event),
        extras=complete_extras(
            told_by(kind, extras or Extras(), registration), event, registration, now
        ),
        invitation=invitation,
        edited=_text_for(kind, registration, event, mailing) if own else edited,
    )
    return letter, invitation


def _fill(
    row: OutboxMail, letter: Letter, registration: Registration, invitation: Invitation | None
) -> None:
    row.recipient = registration.email
    row.recipient_name = f"{registration.first_name} {registration.last_name}"
    row.subject, row.text, row.html = letter.subject, letter.text, letter.html
    row.calendar, row.calendar_method = letter.calendar, letter.method
    if invitation is not None:
        row.calendar_uid, row.calendar_sequence = invitation.uid, invitation.sequence
        registration.calendar_uid = invitation.uid
        registration.calendar_sequence = invitation.sequence
        registration.calendar_method = letter.method or ""


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


def invitation_for(kind: MailKind, registration: Registration, now: datetime) -> Invitation | None:
    """The calendar side of the letter, with the next sequence (RFC 5546 section 2.1.4).

    Only who has a place is invited; who never got an entry needs no CANCEL.
    """
    method = calendar_method(kind)
    sent = registration.calendar_sequence
    if method is None or (method == CANCEL and sent is None):
        return None
    if method == REQUEST and registration.status != Status.CONFIRMED.value:
        return None
    sequence = 0 if sent is None else sent + 1
    return Invitation(uid=registration.calendar_uid, sequence=sequence, stamp=now)
