"""The mail log of an event: found by recipient, state, kind or mailing, without the bodies."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import defer

from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.paging import Page, paginate
from ikone_events.store.registering.models import Registration
from ikone_events.store.searching import containing

# Words of the filter; "deferred" is a mail that the mail server has sent back at least once.
DEFERRED = "deferred"
STATES = ("queued", DEFERRED, "sent", "failed", "stopped")
_DEFERRED = (OutboxMail.state == "queued") & (OutboxMail.tries > OutboxMail.tries_before)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSearch:
    """What somebody looks for; what is empty does not matter."""

    words: str = ""
    state: str = ""
    kind: str = ""
    mailing_id: int | None = None


def search_mails(event: Event, wish: MailSearch, *, number: int = 1) -> Page[OutboxMail]:
    """Mails of an event, failed ones first, then the newest."""
    conditions = [OutboxMail.event_id == event.id, *_conditions(wish)]
    wanted = (
        select(OutboxMail)
        .options(defer(OutboxMail.text), defer(OutboxMail.html), defer(OutboxMail.calendar))
        .where(*conditions)
        .order_by((OutboxMail.state != "failed"), OutboxMail.id.desc())
    )
    return paginate(wanted, number=number)


def get_mail(event: Event, mail_id: int) -> OutboxMail:
    """A mail of this very event; raises NotFound."""
    found = db.session.scalar(
        select(OutboxMail).where(OutboxMail.event_id == event.id, OutboxMail.id == mail_id)
    )
    if found is None:
        raise NotFound(Complaint(N_("There is no such e-mail.")))
    return found


def mails_to(registration: Registration) -> list[OutboxMail]:
    """Every mail to one person, the first one first."""
    wanted = (
        select(OutboxMail)
        .options(defer(OutboxMail.text), defer(OutboxMail.html), defer(OutboxMail.calendar))
        .where(OutboxMail.registration_id == registration.id)
        .order_by(OutboxMail.id)
    )
    return list(db.session.scalars(wanted))


def kinds_in(event: Event) -> list[str]:
    """The kinds of mails that an event has written."""
    wanted = select(OutboxMail.kind).where(OutboxMail.event_id == event.id).distinct()
    return sorted(db.session.scalars(wanted))


def _conditions(wish: MailSearch) -> list[ColumnElement[bool]]:
    found = containing(wish.words, [OutboxMail.recipient_name, OutboxMail.recipient])
    if wish.state == DEFERRED:
        found.append(_DEFERRED)
    elif wish.state:
        found.append(OutboxMail.state == wish.state)
    if wish.kind:
        found.append(OutboxMail.kind == wish.kind)
    if wish.mailing_id is not None:
        found.append(OutboxMail.mailing_id == wish.mailing_id)
    return found
