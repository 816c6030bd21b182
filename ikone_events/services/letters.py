"""From rows to a finished letter in the outbox: one cause, one person, one key."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import uuid4

from ikone_events.domain.edited_text import EditedText
from ikone_events.domain.lifecycle import EventFormat, State
from ikone_events.domain.messages import (
    CANCEL,
    ContactPerson,
    Extras,
    Invitation,
    Links,
    MailKind,
    Material,
    Occasion,
    Recipient,
    Sender,
    calendar_method,
)
from ikone_events.domain.placeholders import EDITABLE
from ikone_events.domain.registration import Status
from ikone_events.domain.times import to_local
from ikone_events.mail.compose import Letter, compose
from ikone_events.services.office import office
from ikone_events.services.plans import dispatch_due_at
from ikone_events.services.texts import find_text, from_snapshot
from ikone_events.store.db import ask_for_delivery, db
from ikone_events.store.events import Event
from ikone_events.store.letters import Mailing, OutboxMail
from ikone_events.store.queries import retention_until
from ikone_events.store.registrations import Registration

# The room opens a little before the start, so that cameras and sound can be tried.
DOORS_OPEN_BEFORE = timedelta(minutes=15)


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
    occasion = occasion_of(event, registration.locale)
    if held_at is not None:
        occasion = replace(occasion, starts_at=held_at[0], ends_at=held_at[1])
    letter = compose(
        kind,
        occasion,
        recipient=recipient_of(registration),
        links=links_of(event, registration),
        sender=sender_of(event),
        extras=complete_extras(extras or Extras(), event, registration, now),
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
        registration.calendar_sequence = invitation.sequence


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

    Who waits has no entry; who never got one needs no CANCEL.
    """
    method = calendar_method(kind)
    sent = registration.calendar_sequence
    if method is None or registration.status == Status.WAITLISTED.value:
        return None
    if method == CANCEL and sent is None:
        return None
    sequence = 0 if sent is None else sent + 1
    return Invitation(uid=registration.calendar_uid, sequence=sequence, stamp=now)


def sender_of(event: Event | None) -> Sender:
    """The fixed From of all letters; a human reads what is sent to Reply-To."""
    settings = office().settings
    reply_to = event.contact_email if event else ""
    return Sender(name=settings.organisation, address=settings.sender, reply_to=reply_to)


def occasion_of(event: Event, locale: str) -> Occasion:
    """The event in one language, as letters and calendars tell it."""
    desk = office()
    return Occasion(
        title=event.title_in(locale),
        summary=event.summary_in(locale),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        zone=event.zone,
        format=event.format,
        place="" if event.format == EventFormat.ONLINE.value else event.place,
        dial_in=event.dial_in,
        room_opens_at=event.starts_at - DOORS_OPEN_BEFORE,
        organisation=desk.settings.organisation,
        contact_name=event.contact_name,
        contact_email=event.contact_email or desk.settings.sender,
        contact_phone=event.contact_phone,
        public_url=desk.page(f"/events/{event.slug}"),
        register_url=desk.page(f"/events/{event.slug}/register"),
        feedback_url=event.feedback_url,
    )


def links_of(event: Event, registration: Registration) -> Links:
    """The person's own links; the door to the room only once the link has been dispatched."""
    desk = office()
    manage = desk.personal_page(registration.public_id, registration.link_epoch)
    dispatched = event.state in (State.DISPATCHED.value, State.FOLLOWED_UP.value)
    enters = dispatched and registration.status == Status.CONFIRMED.value and event.room_url
    return Links(
        manage=manage,
        room=f"{manage}/room" if enters else "",
        materials=f"{manage}/materials",
        privacy=desk.page("/privacy"),
    )


def recipient_of(registration: Registration) -> Recipient:
    """The person as letters address them."""
    return Recipient(
        email=registration.email,
        locale=registration.locale,
        salutation=registration.salutation,
        title=registration.title,
        first_name=registration.first_name,
        last_name=registration.last_name,
        question=registration.question,
    )


def complete_extras(
    extras: Extras, event: Event, registration: Registration, now: datetime
) -> Extras:
    """What a kind of letter tells, with what holds for this person and this moment."""
    until = retention_until(event).date()
    return replace(
        extras,
        status=registration.status,
        delete_on=until,
        available_until=until,
        link_sent_on=link_day(event, now),
    )


def link_day(event: Event, now: datetime) -> date | None:
    """The day on which the plan sends the access link; None when nobody can promise one.

    Without a plan it is the day before the event.
    """
    if event.format == EventFormat.ON_SITE.value or event.state == State.DISPATCHED.value:
        return None
    day_before = event.starts_at - timedelta(days=1)
    sent_at = dispatch_due_at(event) if event.plan else day_before
    if sent_at is None:
        return None
    day = to_local(sent_at, event.zone).date()
    return day if day >= to_local(now, event.zone).date() else None


def handout_of(event: Event, registration: Registration) -> Extras:
    """What a follow-up hands out: links, files behind the person's own link, contacts."""
    root = links_of(event, registration).materials
    files = [item for item in event.materials if item.kind != "contact"]
    contacts = [item for item in event.materials if item.kind == "contact"]
    return Extras(
        materials=tuple(
            Material(title=item.title, url=item.url or f"{root}/{item.public_id}") for item in files
        ),
        contacts=tuple(
            ContactPerson(topic=item.title, name=item.contact_name, email=item.contact_email)
            for item in contacts
        ),
    )
