"""Texts for the editor: the one to begin with, and a letter as somebody would get it.

Nothing is stored or sent; personal addresses open nothing.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import inspect

from ikone_events.domain.edited_text import EditedText
from ikone_events.domain.facts import Mode
from ikone_events.domain.lifecycle import State
from ikone_events.domain.messages import (
    ContactPerson,
    Difference,
    Extras,
    Fact,
    Invitation,
    Links,
    MailKind,
    Material,
    Recipient,
    calendar_method,
)
from ikone_events.domain.registration import Status
from ikone_events.mail.compose import Letter, compose
from ikone_events.mail.texts import starting_text
from ikone_events.services.drafts import mask_links
from ikone_events.services.letter_values import (
    complete_extras,
    handout_of,
    link_day,
    links_of,
    occasion_in,
    recipient_of,
    sender_of,
)
from ikone_events.services.office import office
from ikone_events.services.subscriber_letters import compose_to_subscriber
from ikone_events.store.events import Event
from ikone_events.store.queries import retention_until
from ikone_events.store.registrations import Registration
from ikone_events.store.subscribers import Subscriber

_TO_SUBSCRIBERS = (MailKind.ANNOUNCEMENT, MailKind.OPENING, MailKind.REMINDER_DEADLINE)
# The standing in which somebody gets such a letter; others are written to whoever is registered.
_STANDINGS = {
    MailKind.WAITLIST: Status.WAITLISTED,
    MailKind.CONFIRM_ADDRESS: Status.PENDING,
    MailKind.AWAITING_APPROVAL: Status.PENDING,
    MailKind.OFFER: Status.OFFERED,
    MailKind.DECLINED: Status.DECLINED,
    MailKind.OFFER_LAPSED: Status.EXPIRED,
    MailKind.HANDED_OVER: Status.CANCELLED,
}
_WITHDRAWS_ENTRY = (MailKind.DECLINED, MailKind.HANDED_OVER)
_KEPT_FOR = timedelta(days=2)
_SAMPLE_ROOM = "https://video.example.org/raum"
_ANOTHER_PLACE = {
    "de": Difference(Fact.WHERE, "Ort", "Rathaus, großer Saal", "Rathaus, kleiner Saal"),
    "en": Difference(Fact.WHERE, "Place", "Town hall, great hall", "Town hall, small hall"),
}


def standard_text(kind: str, locale: str) -> EditedText:
    """The built-in text with placeholders; for an own message, a skeleton."""
    return starting_text(_letter_kind(kind), locale)


def preview(
    kind: str,
    text: EditedText,
    locale: str,
    *,
    event: Event | None,
    person: Registration | None,
    now: datetime,
) -> Letter:
    """The letter for a person, or for an invented one, about an event or an invented one."""
    letter_kind, shown = _letter_kind(kind), event or _sample_event(now)
    if letter_kind in _TO_SUBSCRIBERS:
        subscriber = Subscriber(
            public_id="beispiel",
            link_epoch=1,
            email="erika.beispiel@example.org",
            locale=locale,
            created_at=now,
            confirmed_at=now,
        )
        made = compose_to_subscriber(letter_kind, subscriber, shown, now=now, edited=text)
    else:
        then = _with_open_room(shown)
        reader = _known(person, shown, then, now) if person else _invented(then, locale, now)
        reader = _as_written_to(letter_kind, reader, shown, now)
        spoken_to = replace(reader.recipient, locale=locale)
        made = _to_registered(letter_kind, text, replace(reader, recipient=spoken_to), then, now)
    return replace(made, subject=mask_links(made.subject), text=mask_links(made.text))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Whom a letter is shown for, and what only that person's letter tells."""

    recipient: Recipient
    links: Links
    extras: Extras
    mode: str = Mode.ONLINE.value


def _known(person: Registration, event: Event, then: Event, now: datetime) -> _Reader:
    """A person of the event; the copy of the event with the open room has no materials."""
    extras = complete_extras(handout_of(event, person), then, person, now)
    return _Reader(recipient_of(person), links_of(then, person), extras, person.mode)


def _invented(event: Event, locale: str, now: datetime) -> _Reader:
    """Not a row: registrations are made by signing up alone."""
    desk, until = office(), retention_until(event).date()
    manage = desk.page("/r/beispiel")
    links = Links(
        manage=manage,
        room=f"{manage}/room" if event.room_url else "",
        materials=f"{manage}/materials",
        privacy=desk.page("/privacy"),
    )
    recipient = Recipient(
        email="erika.beispiel@example.org",
        locale=locale,
        salutation="frau",
        title="Dr.",
        first_name="Erika",
        last_name="Beispiel",
        question="Geht das auch ohne eigene IT-Abteilung?",
    )
    extras = Extras(
        status=Status.CONFIRMED.value,
        delete_on=until,
        available_until=until,
        link_sent_on=link_day(event, now),
        registered_by="Kim Beispiel",
    )
    return _Reader(recipient, links, extras)


def _as_written_to(kind: MailKind, reader: _Reader, event: Event, now: datetime) -> _Reader:
    """The reader at the moment of such a letter, with the links that only this one carries."""
    manage, status = reader.links.manage, _STANDINGS.get(kind, reader.extras.status)
    asks = kind is MailKind.CONFIRM_ADDRESS
    asks |= kind is MailKind.WAITLIST and event.confirm_hours is not None
    links = replace(
        reader.links,
        confirm=f"{manage}/confirm" if asks else reader.links.confirm,
        accept=f"{manage}/accept" if kind is MailKind.OFFER else reader.links.accept,
    )
    extras = replace(
        reader.extras,
        status=str(status),
        hold_until=reader.extras.hold_until or now + _KEPT_FOR,
        other_person="Kai Beispiel",
    )
    return replace(reader, links=links, extras=extras)


def _to_registered(
    kind: MailKind, text: EditedText, reader: _Reader, event: Event, now: datetime
) -> Letter:
    """As if the event stood where this letter is written, with everything it can tell."""
    has_entry = reader.extras.status == Status.CONFIRMED.value or kind in _WITHDRAWS_ENTRY
    invited = calendar_method(kind) is not None and has_entry
    return compose(
        kind,
        occasion_in(event, reader.mode, reader.recipient.locale),
        recipient=reader.recipient,
        links=reader.links,
        sender=sender_of(event),
        extras=_full(kind, reader.extras, event, reader.recipient.locale),
        invitation=Invitation(uid="preview", sequence=0, stamp=now) if invited else None,
        edited=text,
    )


def _full(kind: MailKind, extras: Extras, event: Event, locale: str) -> Extras:
    """With invented words in place of what does not exist yet."""
    moved = kind is MailKind.MOVED
    slides = Material(title="Folien", url=office().page("/"))
    contact = ContactPerson(topic="Förderung", name="Erika Beispiel", email="e@example.org")
    return replace(
        extras,
        materials=extras.materials or (slides,),
        contacts=extras.contacts or (contact,),
        reason="Die Referentin ist erkrankt.",
        changes=(_ANOTHER_PLACE[locale],) if moved else (),
        old_starts_at=event.starts_at - timedelta(days=7) if moved else None,
        old_ends_at=event.ends_at - timedelta(days=7) if moved else None,
    )


def _with_open_room(event: Event) -> Event:
    """A row that no session knows, so nothing of it can be stored."""
    values = {column.key: getattr(event, column.key) for column in inspect(Event).column_attrs}
    values |= {"state": State.DISPATCHED.value, "room_url": event.room_url or _SAMPLE_ROOM}
    return Event(**values)


def _sample_event(now: datetime) -> Event:
    starts_at = now.replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=14)
    settings = office().settings
    return Event(
        id=0,
        slug="beispiel",
        state=State.OPEN.value,
        title="Beispiel-Veranstaltung",
        title_en="Example event",
        summary="Worum es geht, in einem Satz.",
        summary_en="What it is about, in one sentence.",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        zone=settings.timezone,
        format="online",
        place="",
        dial_in="+49 631 000 000",
        capacity=30,
        seats_kept=0,
        waiting_list=True,
        accepts_late=True,
        feedback_url="",
        contact_name="Erika Beispiel",
        contact_email=settings.sender,
        contact_phone="",
        retention_days=90,
    )


def _letter_kind(kind: str) -> MailKind:
    return MailKind(kind) if kind in set(MailKind) else MailKind.NOTE
