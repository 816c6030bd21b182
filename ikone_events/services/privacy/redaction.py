"""Names and addresses of attendees in texts that organisers have typed."""

import json
from collections.abc import Collection, Sequence

from sqlalchemy import select

from ikone_events.domain.salutation import full_name
from ikone_events.services.mails.texts import event_scope
from ikone_events.store.db import db
from ikone_events.store.events.models import Event, StateChange
from ikone_events.store.mails.models import Mailing, MailText
from ikone_events.store.registering.models import Registration

REDACTED = "…"


def names_of(event: Event) -> list[str]:
    """Full names and addresses of everybody who registered and is known, the longest first.

    Without those of the event's own contact, who may have registered too.
    """
    wanted = select(
        Registration.title, Registration.first_name, Registration.last_name, Registration.email
    ).where(Registration.event_id == event.id, Registration.anonymised_at.is_(None))
    names = set()
    for title, first, last, email in db.session.execute(wanted):
        names |= {full_name(title, first, last), full_name("", first, last), email}
    return longest_first(names - {event.contact_name, event.contact_email})


def longest_first(names: Collection[str]) -> list[str]:
    """The order in which names are redacted: with a title before without."""
    return sorted(filter(None, names), key=len, reverse=True)


def redact(text: str, names: Sequence[str]) -> str:
    """The text with dots in place of names."""
    for name in names:
        if name in text:
            text = text.replace(name, REDACTED)
    return text


def redact_reasons(event: Event, names: Sequence[str]) -> None:
    """Strike names out of the reasons that organisers gave, which stay in the history."""
    changes = select(StateChange).where(StateChange.event_id == event.id, StateChange.reason != "")
    mailings = select(Mailing).where(Mailing.event_id == event.id, Mailing.reason != "")
    for row in (*db.session.scalars(changes), *db.session.scalars(mailings)):
        if (redacted := redact(row.reason, names)) != row.reason:
            row.reason = redacted


def redact_texts(event: Event, names: Sequence[str]) -> None:
    """Strike names out of the edited texts of an event that is over."""
    for text in db.session.scalars(select(MailText).where(MailText.scope == event_scope(event))):
        for column in ("subject", "body"):
            before = getattr(text, column)
            if (redacted := redact(before, names)) != before:
                setattr(text, column, redacted)
    for mailing in db.session.scalars(select(Mailing).where(Mailing.event_id == event.id)):
        kept = json.loads(mailing.texts or "{}")
        parts = {key: {n: redact(t, names) for n, t in part.items()} for key, part in kept.items()}
        if parts != kept:
            mailing.texts = json.dumps(parts, ensure_ascii=False)
