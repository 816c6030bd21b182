"""The mail log of an event, searched by recipient, state, kind or mailing; deleting mails."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.orm import defer

from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.store.db import db, rows_written
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import DeliveryNote, OutboxMail
from ikone_events.store.paging import Page, containing, paginate
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.search import named

# States of the filter; "deferred" is a queued mail that the server has deferred at least once.
DEFERRED = "deferred"
STATES = ("queued", DEFERRED, "sent", "failed", "stopped")
WITHOUT_BODIES = select(OutboxMail).options(
    defer(OutboxMail.text), defer(OutboxMail.html), defer(OutboxMail.calendar)
)
_DEFERRED = (OutboxMail.state == "queued") & (OutboxMail.tries > OutboxMail.tries_before)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSearch:
    """The conditions of a search; empty ones are ignored."""

    words: str = ""
    state: str = ""
    kind: str = ""
    mailing_id: int | None = None


def search_mails(
    event: Event, wish: MailSearch, *, news: bool = True, number: int = 1
) -> Page[OutboxMail]:
    """One page of the mails of an event without bodies, failed ones first, then the newest.

    `news`: also those to subscribers and contacts.
    """
    conditions = [OutboxMail.event_id == event.id, *_conditions(event, wish)]
    if not news:
        conditions += [OutboxMail.subscriber_id.is_(None), OutboxMail.contact_id.is_(None)]
    wanted = WITHOUT_BODIES.where(*conditions).order_by(
        (OutboxMail.state != "failed"), OutboxMail.id.desc()
    )
    return paginate(wanted, number=number)


def get_mail(event: Event, mail_id: int, *, news: bool = True) -> OutboxMail:
    """A mail of this event, with `news` also one to a reader; raises NotFound."""
    found = db.session.scalar(
        select(OutboxMail).where(OutboxMail.event_id == event.id, OutboxMail.id == mail_id)
    )
    if found is None or (found.is_news and not news):
        raise NotFound(Complaint(N_("There is no such e-mail.")))
    return found


def mails_to(registration: Registration) -> list[OutboxMail]:
    """All mails to one person without bodies, the first one first."""
    wanted = WITHOUT_BODIES.where(OutboxMail.registration_id == registration.id).order_by(
        OutboxMail.id
    )
    return list(db.session.scalars(wanted))


def waiting_by_kind(event: Event, now: datetime) -> dict[str, int]:
    """The kinds of the mails of an event, with how many of them wait for their next try."""
    waits = (OutboxMail.state == "queued") & or_(_DEFERRED, OutboxMail.due_at > now)
    wanted = select(OutboxMail.kind, func.count().filter(waits))
    rows = db.session.execute(
        wanted.where(OutboxMail.event_id == event.id).group_by(OutboxMail.kind)
    )
    return dict(sorted((kind, number) for kind, number in rows))


def _to_somebody(event: Event, words: str) -> list[ColumnElement[bool]]:
    """Mails to a person who is named so now, or whose mail was addressed so."""
    if not words.split():
        return []
    addressed = containing(words, [OutboxMail.recipient_name, OutboxMail.recipient])
    people = select(Registration.id).where(Registration.event_id == event.id, *named(words))
    return [or_(and_(*addressed), OutboxMail.registration_id.in_(people))]


def _conditions(event: Event, wish: MailSearch) -> list[ColumnElement[bool]]:
    found = _to_somebody(event, wish.words)
    if wish.state == DEFERRED:
        found.append(_DEFERRED)
    elif wish.state:
        found.append(OutboxMail.state == wish.state)
    if wish.kind:
        found.append(OutboxMail.kind == wish.kind)
    if wish.mailing_id is not None:
        found.append(OutboxMail.mailing_id == wish.mailing_id)
    return found


def delete_mails(*which: ColumnElement[bool]) -> int:
    """Delete mails, and the notes of their delivery by a statement that records count.

    Returns how many mails.
    """
    ids = select(OutboxMail.id).where(*which)
    rows_written(delete(DeliveryNote).where(DeliveryNote.mail_id.in_(ids)))
    return rows_written(delete(OutboxMail).where(*which))
