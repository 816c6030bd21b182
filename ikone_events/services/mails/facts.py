"""Gathering the facts of a mail from the database, for previews, test mails and real mails."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from ikone_events.domain.calendars.feeds import in_language
from ikone_events.domain.mails.edited_text import EditedText
from ikone_events.domain.mails.facts import (
    Difference,
    EventSummary,
    Fact,
    Links,
    MailFacts,
    Recipient,
)
from ikone_events.domain.mails.kinds import CANCEL, FOLLOW_UPS, MailKind, calendar_method
from ikone_events.domain.mails.placeholders import EDITABLE
from ikone_events.domain.registering.form_fields import Answers
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.follow_up import (
    asked_by,
    contacts_among,
    follow_up_for,
    links_after,
    links_to,
    seen_by,
)
from ikone_events.services.mails.invitations import invitation_for
from ikone_events.services.mails.texts import find_text, from_snapshot
from ikone_events.services.mails.values import (
    changes_for,
    has_open_fields,
    last_notified_version,
    link_day,
    links_of,
    recipient_of,
    sender_of,
    summary_for,
)
from ikone_events.store.calendars.personal_feeds import lock_feed
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import retention_until
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.registering.models import Registration, StatusChange
from ikone_events.store.registering.standing import StandingSignUp
from ikone_events.store.rooms.attendance import attendance_of

# The details of these people are deleted before those of people who took part.
_ENDED = (Status.CANCELLED.value, Status.DECLINED.value)


def facts_for(
    kind: MailKind,
    registration: Registration,
    event: Event,
    *,
    now: datetime,
    mailing: Mailing | None = None,
    known: Event | None = None,
    again: OutboxMail | None = None,
    reason: str = "",
    other_person: str = "",
    given: Answers | None = None,
) -> MailFacts:
    """The facts of a mail, or of `again`, rewritten; `given` are answers not stored yet."""
    known = known or _known_version(kind, registration, event, again)
    return MailFacts(
        kind=kind,
        event=_summary(kind, registration, event, known),
        recipient=_recipient(kind, registration),
        sender=sender_of(event),
        invitation=invitation_for(kind, registration, event, now=now, known=known, again=again),
        text=text_for(kind, registration.locale, event, mailing),
        status=registration.status,
        reason=mailing.reason if mailing else reason or _reason(kind, registration),
        other_person=other_person or _other_person(kind, registration),
        registered_by=registration.registered_by,
        standing_series=_standing_series(kind, registration, event),
        calendar_address=_calendar_address(kind, registration, now),
        reserved_until=registration.reserved_until,
        changes=_changes(kind, registration, event, known),
        old_dates=_old_dates(kind, event, known, mailing),
        **_after_event(kind, registration, event, mailing, now),
        link_sent_on=link_day(event, now),
        available_until=retention_until(event).date(),
        delete_on=_delete_on(registration, event),
        has_open_fields=has_open_fields(kind, registration, event, now, given),
    )


def _after_event(
    kind: MailKind, registration: Registration, event: Event, mailing: Mailing | None, now: datetime
) -> dict[str, Any]:
    """Links, materials, contacts and questions; who may see nothing gets no link to materials."""
    seen = seen_by(kind, registration, event, mailing, now)
    links = _links(kind, registration, event)
    if kind in FOLLOW_UPS:
        links = links_after(kind, links, event, seen=bool(seen), now=now)
    return {
        "links": links,
        "asks_questions": links.feedback == f"{links.manage}/feedback",
        "materials": links_to(seen, registration),
        "contacts": contacts_among(seen),
        "questions": asked_by(kind, registration, mailing),
    }


def kinds_for(
    kind: MailKind, event: Event, people: Collection[int], *, now: datetime
) -> Mapping[int, MailKind]:
    """The kind of each person's mail in a mailing; a follow-up depends on status and attendance."""
    if kind is not MailKind.FOLLOW_UP:
        return dict.fromkeys(people, kind)
    came = attendance_of(now, event.id)
    rows = db.session.execute(
        select(Registration.id, Registration.status, came).where(Registration.id.in_(people))
    )
    return {number: follow_up_for(status, attendance) for number, status, attendance in rows}


def _known_version(
    kind: MailKind, registration: Registration, event: Event, again: OutboxMail | None
) -> Event:
    """New registrations have no earlier mail: skip the query."""
    if again is None:
        new = not registration.thread_id and registration.calendar_sequence is None
        return event if new else last_notified_version(event, registration)
    if kind is MailKind.CONFIRMATION and registration.thread_id in ("", again.message_id):
        return event
    later_sent = calendar_method(kind) != CANCEL
    return last_notified_version(event, registration, before=again.id, later_sent=later_sent)


def _summary(
    kind: MailKind, registration: Registration, event: Event, known: Event
) -> EventSummary:
    """The event; a CANCEL has the date that is in the calendar, which may be an older one."""
    summary = summary_for(event, registration)
    if calendar_method(kind) != CANCEL:
        return summary
    return replace(summary, starts_at=known.starts_at, ends_at=known.ends_at)


def _is_moved(known: Event, event: Event) -> bool:
    return (known.starts_at, known.ends_at) != (event.starts_at, event.ends_at)


def _recipient(kind: MailKind, registration: Registration) -> Recipient:
    """Somebody else may read a former address: the mail to it names nobody."""
    if kind is MailKind.ADDRESS_WITHDRAWN:
        return Recipient(email=registration.email, locale=registration.locale)
    return recipient_of(registration)


def _links(kind: MailKind, registration: Registration, event: Event) -> Links:
    if kind is MailKind.ADDRESS_WITHDRAWN:
        page = get_installation().page
        return Links(manage=page(f"/events/{event.slug}"), privacy=page("/privacy"))
    links = links_of(event, registration)
    if registration.standing_id is None:
        return links
    standing = db.session.get(StandingSignUp, registration.standing_id)
    return replace(links, standing=standing_page(standing)) if standing else links


def _standing_series(kind: MailKind, registration: Registration, event: Event) -> str:
    """The series of the standing sign-up that a mail leads to."""
    leads = kind is not MailKind.ADDRESS_WITHDRAWN and registration.standing_id is not None
    return event.series if leads else ""


def standing_page(standing: StandingSignUp) -> str:
    """The absolute URL of the page of a standing sign-up, the same in every mail."""
    installation = get_installation()
    claim = LinkClaim(standing.public_id, standing.link_epoch)
    return installation.page(f"/standing/{installation.signer.sign(Purpose.STANDING, claim)}")


def _changes(
    kind: MailKind, registration: Registration, event: Event, known: Event
) -> tuple[Difference, ...]:
    """Differences to the version the person knows; only some kinds list a changed room."""
    knows_room = kind in (MailKind.MOVED, MailKind.CHANGED)
    changes = changes_for(known, event, registration, knows_room=knows_room)
    if kind is MailKind.CHANGED:  # its text says how the person takes part from now on
        return tuple(each for each in changes if each.fact is not Fact.WHERE)
    return changes


def _old_dates(
    kind: MailKind, event: Event, known: Event, mailing: Mailing | None
) -> tuple[datetime, datetime] | None:
    """The date the person knows, or the replaced one of the mailing if they know the new date."""
    if _is_moved(known, event):
        return known.starts_at, known.ends_at
    if mailing and kind is MailKind.MOVED and mailing.old_starts_at and mailing.old_ends_at:
        return mailing.old_starts_at, mailing.old_ends_at
    return None


def text_for(
    kind: MailKind, locale: str, event: Event | None, mailing: Mailing | None
) -> EditedText | None:
    """The edited text: of a mailing the one it began with, of a single mail the current one."""
    if mailing is not None:
        return from_snapshot(mailing.texts or "", locale, kind.value)
    return find_text(event, kind.value, locale) if kind in EDITABLE else None


def _delete_on(registration: Registration, event: Event) -> date:
    ended = registration.status in _ENDED
    return (registration.kept_until if ended else retention_until(event)).date()


def _reason(kind: MailKind, registration: Registration) -> str:
    if kind is not MailKind.DECLINED:
        return ""
    wanted = (
        select(StatusChange.reason)
        .where(
            StatusChange.registration_id == registration.id,
            StatusChange.target == Status.DECLINED.value,
        )
        .order_by(StatusChange.id.desc())
    )
    return db.session.scalar(wanted.limit(1)) or ""


def _other_person(kind: MailKind, registration: Registration) -> str:
    """The name of the predecessor or the deputy; empty if it has been deleted."""
    person = None
    if kind is MailKind.TAKEN_OVER and registration.predecessor_id is not None:
        person = db.session.get(Registration, registration.predecessor_id)
    elif kind is MailKind.HANDED_OVER:
        deputies = select(Registration).where(Registration.predecessor_id == registration.id)
        person = db.session.scalar(deputies.order_by(Registration.id.desc()).limit(1))
    if person is None or person.anonymised_at is not None:
        return ""
    return person.name


def _calendar_address(kind: MailKind, registration: Registration, now: datetime) -> str:
    """The URL of the private calendar; it contains the language, since programs send none."""
    if kind is not MailKind.CALENDAR_ADDRESS:
        return ""
    feed, installation = lock_feed(registration.email_key, now=now), get_installation()
    token = installation.signer.sign(Purpose.CALENDAR, LinkClaim(feed.public_id, feed.link_epoch))
    return installation.page(in_language(f"/feeds/{token}.ics", registration.locale))
