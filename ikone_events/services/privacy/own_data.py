"""All stored data of one person as JSON (GDPR 15 and 20).

Keys are column names, moments ISO 8601 in UTC. Left out: data about other people, and secrets
(tokens of links, the calendar's UID).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from ikone_events.domain.incoming.answer_rules import same_person
from ikone_events.domain.incoming.mails import IncomingKind
from ikone_events.domain.registering.form_fields import answer_words
from ikone_events.domain.rooms.questions import QuestionSource
from ikone_events.services.installation import get_identity, get_installation
from ikone_events.services.registering.answers import GivenAnswer, answers_as_asked
from ikone_events.services.registering.seating import mode_of
from ikone_events.store.calendars.personal_feeds import find_feed_of
from ikone_events.store.db import db
from ikone_events.store.directory.models import Contact
from ikone_events.store.events.models import Event
from ikone_events.store.followup.access import released_titles
from ikone_events.store.followup.feedback import has_answered
from ikone_events.store.followup.requests import requests_by_address
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.incoming.queries import received_from
from ikone_events.store.mails.models import OutboxMail, Subscriber
from ikone_events.store.mails.objections import objected_among
from ikone_events.store.registering.models import Registration, StatusChange
from ikone_events.store.registering.queries import status_history
from ikone_events.store.registering.standing import StandingSignUp, standing_of
from ikone_events.store.registering.waiting_list import waiting_position
from ikone_events.store.rooms.attendance import attendances
from ikone_events.store.rooms.models import Question
from ikone_events.store.rooms.questions import answers_to

Data = dict[str, Any]

_DETAILS = (
    *("salutation", "title", "first_name", "last_name", "email", "position", "question"),
    *("locale", "registered_at", "registered_by", "via", "note", "wants_supplement"),
)
_OF_CONTACT = (
    *("salutation", "title", "first_name", "last_name", "email", "position", "locale"),
    *("source", "legal_basis", "note"),
)
_OF_STANDING = (
    *("series_slug", "salutation", "title", "first_name", "last_name", "email", "position"),
    "locale",
)
# Any other actor is an organiser, whose address is personal data of another person.
_ACTORS = {"person": "you", "calendar": "your calendar", "system": "system"}


def data_of(registration: Registration, *, now: datetime) -> Data:
    """All data about the person, ready for JSON."""
    event, feed = registration.event, find_feed_of(registration.email_key)
    return {
        "format": "ikone-events registration 1",
        "written_at": _iso(now),
        "responsible": {
            "organisation": get_identity().organisation,
            "privacy_contact": get_identity().privacy_contact,
            "privacy_notice": get_installation().page("/privacy"),
        },
        "event": _event(event),
        "details": {name: _plain(getattr(registration, name)) for name in _DETAILS},
        "administration": _administration(registration),
        "answers": [_answer(given, registration) for given in answers_as_asked(registration)],
        "questions": [_question(row, registration) for row in answers_to(registration)],
        "standing": _status(registration),
        "history": [_change(change) for change in status_history(registration)],
        "attendance": _attendance(registration, now),
        # Which answers they were is not known.
        "feedback_given": has_answered(registration.id),
        "materials_released_to_you": released_titles(registration.id),
        "calendar": {
            "entry_sent": registration.calendar_sequence is not None,
            "answer_of_your_calendar": registration.partstat or None,
            "private_calendar_since": _iso(feed.created_at if feed else None),
        },
        "standing_sign_ups": [_standing(row) for row in standing_of(registration.email_key)],
        "subscriptions": [_subscription(row) for row in _subscriptions(registration.email_key)],
        "contact_person": _contact(registration),
        "objected_to_announcements": bool(objected_among([registration.email_key])),
        "requests_for_materials": list(_material_requests(registration.email_key)),
        "mails_about_you": [_received(mail, registration) for mail in received_from(registration)],
        "mails": [_mail(outbox_mail) for outbox_mail in _mails(registration)],
        "deletion": {"details_are_deleted_at": _iso(registration.kept_until)},
    }


def _event(event: Event) -> Data:
    return {
        "title": event.title,
        "address": get_installation().page(f"/events/{event.slug}"),
        "starts_at": _iso(event.starts_at),
        "ends_at": _iso(event.ends_at),
        "time_zone": event.zone,
        "format": event.format,
    }


def _administration(registration: Registration) -> Data:
    """The text that was typed and the administration it matched."""
    matched = registration.organisation
    return {
        "as_typed": registration.organisation_text,
        "matched_name": matched.name if matched else None,
        "matched_kind": matched.kind if matched else None,
        "matched_official_key": matched.official_key if matched else None,
    }


def _attendance(registration: Registration, now: datetime) -> Data:
    """What is known of the attendance; who of the office noted it is another person."""
    known = attendances(registration.event, now, [registration.id])[registration.id]
    moments = ("door_at", "joined_at", "left_at", "seen_at")
    return {
        "attended": known.attendance,
        "known_from": known.source,
        **{name: _iso(getattr(known, name)) for name in moments},
        "minutes": known.minutes,
        "id_in_the_room": known.provider_user or None,
        "noted": known.stated,
        "noted_at": _iso(known.stated_at),
    }


def _contact(registration: Registration) -> Data | None:
    """The entry of the address among the contacts of the office."""
    mine = select(Contact).where(Contact.email_key == registration.email_key)
    contact = db.session.scalar(mine)
    if contact is None:
        return None
    return {
        **{name: getattr(contact, name) for name in _OF_CONTACT},
        "administration": contact.organisation_text,
        "entered_at": _iso(contact.created_at),
        "checked_at": _iso(contact.checked_at),
    }


def _standing(row: StandingSignUp) -> Data:
    """A standing sign-up of the address to a series."""
    return {
        **{name: getattr(row, name) for name in _OF_STANDING},
        "administration": row.organisation_text,
        "entered_by_the_office": bool(row.entered_by),
        "signed_up_at": _iso(row.created_at),
        "confirmed_at": _iso(row.confirmed_at),
        "last_attended_at": _iso(row.attended_at),
    }


def _subscriptions(email_key: str) -> Iterable[Subscriber]:
    wanted = select(Subscriber).where(Subscriber.email_key == email_key)
    return db.session.scalars(wanted.order_by(Subscriber.id))


def _subscription(row: Subscriber) -> Data:
    """A subscription of the address; without an event it is to all announcements."""
    about = db.session.get(Event, row.event_id) if row.event_id else None
    return {
        "opening_of": about.title if about else None,
        "email": row.email,
        "language": row.locale,
        "subscribed_at": _iso(row.created_at),
        "confirmed_at": _iso(row.confirmed_at),
    }


def _answer(given: GivenAnswer, registration: Registration) -> Data:
    field, locale = given.field, registration.locale
    short = field.keep_days is not None
    deleted_at = registration.event.ends_at + timedelta(days=field.keep_days or 0)
    return {
        "field": field.key,
        "kind": field.kind.value,
        "label": field.label_in(locale),
        "values": list(given.values),
        "in_words": [answer_words(field, value, locale) for value in given.values],
        "version_of_the_text": field.version,
        "answered_at": _iso(given.at),
        "deleted_at": _iso(deleted_at if short else registration.kept_until),
    }


def _question(row: Question, registration: Registration) -> Data:
    """A question that was asked live, or what became of that of the form."""
    live = row.source == QuestionSource.LIVE.value
    return {
        "asked": "while the event was running" if live else "when registering",
        "text": row.text if live else registration.question,
        "asked_at": _iso(row.asked_at),
        "answered_at": _iso(row.answered_at),
        "answer": row.answer or None,
        "answer_sent_at": _iso(row.sent_at),
        "published_without_your_name": row.published_id is not None,
    }


def _material_requests(email_key: str) -> Iterable[Data]:
    """The requests of the same address, also for materials of other events."""
    for request in requests_by_address(email_key):
        yield {
            "event": request.event.title,
            "name": request.name or None,
            "email": request.email,
            "administration": request.organisation_text,
            "language": request.locale,
            "asked_at": _iso(request.asked_at),
            "state": request.state,
            "decided_at": _iso(request.decided_at),
            "link_valid_until": _iso(request.granted_until),
        }


def _status(registration: Registration) -> Data:
    return {
        "status": registration.status,
        "since": _iso(registration.status_at),
        "awaits": registration.awaits or None,
        "kept_until": _iso(registration.reserved_until),
        "place_in_the_waiting_list": waiting_position(registration),
        "takes_part": mode_of(registration.event, registration).value,
        "address_confirmed_at": _iso(registration.address_confirmed_at),
        "approved_at": _iso(registration.approved_at),
        "offer_accepted_at": _iso(registration.accepted_at),
        "by_invitation_code": registration.code_id is not None,
        "taken_over_from_somebody": registration.predecessor_id is not None,
    }


def _change(change: StatusChange) -> Data:
    return {
        "at": _iso(change.at),
        "action": change.action,
        "from": change.source or None,
        "to": change.target,
        "by": _ACTORS.get(change.actor, "organiser"),
        "reason": change.reason,
    }


def _mails(registration: Registration) -> Iterable[OutboxMail]:
    wanted = select(OutboxMail).where(OutboxMail.registration_id == registration.id)
    return db.session.scalars(wanted.order_by(OutboxMail.id))


def _mail(outbox_mail: OutboxMail) -> Data:
    return {
        "kind": outbox_mail.kind,
        "subject": outbox_mail.subject,
        "to": outbox_mail.recipient,
        "state": outbox_mail.state,
        "written_at": _iso(outbox_mail.created_at),
        "sent_at": _iso(outbox_mail.sent_at),
    }


def _received(mail: IncomingMail, registration: Registration) -> Data:
    """A mail received about the registration; words of other senders are left out."""
    yours = same_person(mail.sender, registration.email)
    return {
        "kind": mail.kind,
        "outcome": mail.outcome,
        "received_at": _iso(mail.received_at),
        "from_your_address": yours,
        "answer": mail.partstat or None,
        "code": mail.code or None,
        "proposed_starts_at": _iso(mail.proposed_starts_at),
        "proposed_ends_at": _iso(mail.proposed_ends_at),
        "words": mail.words if yours or mail.kind == IncomingKind.BOUNCE.value else None,
    }


def _plain(value: object) -> object:
    return _iso(value) if isinstance(value, datetime) else value


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
