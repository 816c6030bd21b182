"""Materials on request: asking for them, deciding about it, and forgetting who asked."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update

from ikone_events.domain.address import email_key
from ikone_events.domain.events.facts import State
from ikone_events.domain.followup.requests import LINK_LIFE, RequestState, is_link_valid
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import StatusRefused
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.times import to_local
from ikone_events.services.mails import outbox, undeliverable_addresses
from ikone_events.services.mails.facts import facts_for
from ikone_events.services.mails.request_mails import compose_in_vain, write_to_requester
from ikone_events.services.mails.writing import finished_mail, queue_unless_known
from ikone_events.store.db import db, rows_written
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import event_not_found, lock_event
from ikone_events.store.followup.requests import (
    MAIL_KEY,
    MaterialRequest,
    due_to_forget,
    find_request_of,
    get_request,
    mails_of,
    no_request_because,
    waiting_requests,
)
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.mails.log import delete_mails
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.operating.forgotten import note_forgotten
from ikone_events.store.registering.models import Registration

# In place of an organiser's name where the setting of the event has decided.
BY_SETTING = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What somebody who asks for materials has typed; the name may be empty."""

    email: str
    organisation: str
    name: str
    locale: str


def ask_for_materials(slug: str, asking: Asking, *, now: datetime) -> None:
    """Store a request, or answer it by mail if that can be done at once.

    The caller can't see which of both, nor does the time it takes. Confirmed people get their
    own link again, and people with a valid link theirs, each at most once an hour; who was refused
    gets a mail that says so, once a day.
    Raises NotFound, and StatusRefused if materials can't be asked for.
    """
    event = lock_event(slug)
    if event.state == State.DRAFT.value:
        raise event_not_found()
    if complaint := no_request_because(event, now):
        raise StatusRefused(complaint)
    key = email_key(asking.email)
    person = _confirmed(event, key)
    if person is not None:
        _write_to_registered(person, event, now=now)
        return
    request = find_request_of(event, key) or _new_request(event, asking, key)
    if request.state == RequestState.REFUSED.value:
        kind, occasion = MailKind.MATERIALS_REFUSED, f"refused:{now:%Y%m%d}"
        write_to_requester(kind, request, event, occasion=occasion, now=now)
    elif is_link_valid(request.state, request.granted_until, now):
        _send_link(request, event, now=now)
    else:
        _wait(request, event, now=now)
        if event.grants_materials:
            _grant(request, event, actor=BY_SETTING, now=now)
        else:
            compose_in_vain(request, event, now=now)


def _confirmed(event: Event, key: str) -> Registration | None:
    wanted = select(Registration).where(
        Registration.event_id == event.id,
        Registration.email_key == key,
        Registration.status == Status.CONFIRMED.value,
        Registration.anonymised_at.is_(None),
    )
    return db.session.scalar(wanted)


def _write_to_registered(person: Registration, event: Event, *, now: datetime) -> None:
    key = f"{MAIL_KEY}:{person.public_id}:{person.link_epoch}:{now:%Y%m%d%H}"
    facts = facts_for(MailKind.MATERIALS_GRANTED, person, event, now=now)
    row = finished_mail(facts, person, event, key=key, now=now)
    if queue_unless_known(row) and not person.thread_id:
        person.thread_id = row.message_id


def _new_request(event: Event, asking: Asking, key: str) -> MaterialRequest:
    """Anybody can enter any address: details of an earlier request are never overwritten."""
    return MaterialRequest(
        event_id=event.id,
        state=RequestState.OPEN.value,
        email=asking.email,
        email_key=key,
        name=asking.name,
        organisation_text=asking.organisation,
        locale=asking.locale,
    )


def _wait(request: MaterialRequest, event: Event, *, now: datetime) -> None:
    """A new request waits for a decision, and one whose link has ended does so again."""
    if request.id is not None and request.state == RequestState.OPEN.value:
        return
    request.state = RequestState.OPEN.value
    request.asked_at, request.asked_on = now, to_local(now, event.zone).date()
    request.decided_at, request.decided_by, request.granted_until = None, "", None
    db.session.add(request)
    db.session.flush()


def grant_request(slug: str, public_id: str, *, actor: str, now: datetime) -> bool:
    """Send the link; False if it was granted already. Raises NotFound and StatusRefused."""
    event = _lock_offering(slug, now)
    return _grant(get_request(event, public_id), event, actor=actor, now=now)


def grant_all(slug: str, *, actor: str, now: datetime) -> int:
    """Grant every request that waits; returns how many. Raises NotFound and StatusRefused."""
    event = _lock_offering(slug, now)
    return sum(_grant(each, event, actor=actor, now=now) for each in waiting_requests(event))


def _lock_offering(slug: str, now: datetime) -> Event:
    event = lock_event(slug)
    if complaint := no_request_because(event, now):
        raise StatusRefused(complaint)
    return event


def _grant(request: MaterialRequest, event: Event, *, actor: str, now: datetime) -> bool:
    if is_link_valid(request.state, request.granted_until, now):
        return False
    request.state, request.granted_until = RequestState.GRANTED.value, now + LINK_LIFE
    request.decided_at, request.decided_by = now, actor
    _send_link(request, event, now=now)
    return True


def _send_link(request: MaterialRequest, event: Event, *, now: datetime) -> None:
    kind, occasion = MailKind.MATERIALS_GRANTED, f"{now:%Y%m%d%H}"
    write_to_requester(kind, request, event, occasion=occasion, now=now)


def refuse_request(slug: str, public_id: str, *, notify: bool, actor: str, now: datetime) -> None:
    """Refuse a request, or take a link back; a second time changes nothing. Raises NotFound.

    The person gets a mail only with `notify`; who was refused and asks again gets one in any case.
    """
    event = lock_event(slug)
    request = get_request(event, public_id)
    if request.state == RequestState.REFUSED.value:
        return
    if request.state == RequestState.GRANTED.value:
        request.link_epoch += 1
        outbox.stop_with_dead_links(mails_of(request), now=now)
    request.state, request.granted_until = RequestState.REFUSED.value, None
    request.decided_at, request.decided_by = now, actor
    if notify:
        kind, occasion = MailKind.MATERIALS_REFUSED, f"refused:{now:%Y%m%d}"
        write_to_requester(kind, request, event, occasion=occasion, now=now)
    db.session.flush()


def grant_by_itself(slug: str, *, granting: bool) -> None:
    """Set whether future requests are granted without a decision. Raises NotFound."""
    lock_event(slug).grants_materials = granting
    db.session.flush()


def delete_request(slug: str, public_id: str, *, now: datetime) -> None:
    """Forget who asked, for the office. Raises NotFound."""
    request = get_request(lock_event(slug), public_id)
    forget_on_request(MaterialRequest.id == request.id, now=now)


def forget_own(request: MaterialRequest, *, now: datetime) -> None:
    """Forget who asked, at their own wish; a second time changes nothing."""
    lock_event(request.event.slug)
    forget_on_request(MaterialRequest.id == request.id, now=now)


def forget_on_request(*whose: ColumnElement[bool], now: datetime) -> None:
    """Forget who asked, also when an older backup is restored."""
    note_forgotten(db.session.scalars(select(MaterialRequest.public_id).where(*whose)), now.date())
    forget_requests(*whose)


def forget_due_requests(now: datetime) -> int:
    """Forget the people whose links have ended long ago; returns how many."""
    return forget_requests(due_to_forget(now))


def forget_requests(*whose: ColumnElement[bool]) -> int:
    """Forget who asked, with all mails to them, queued ones too; returns how many.

    Event, state and day stay: they carry the figures.
    """
    db.session.flush()
    known = MaterialRequest.asked_at.is_not(None)
    found = db.session.scalars(select(MaterialRequest).where(known, *whose)).all()
    for request in found:
        mine = mails_of(request)
        ids = select(OutboxMail.id).where(mine)
        rows_written(delete(IncomingMail).where(IncomingMail.mail_id.in_(ids)))
        delete_mails(mine)
    numbers = [request.id for request in found]
    if not numbers:
        return 0
    emptied = update(MaterialRequest).where(MaterialRequest.id.in_(numbers))
    rows_written(
        emptied.values(
            **dict.fromkeys(("name", "email", "organisation_text", "thread_id", "decided_by"), ""),
            email_key=MaterialRequest.public_id,
            link_epoch=MaterialRequest.link_epoch + 1,
            **dict.fromkeys(("asked_at", "decided_at", "granted_until"), None),
        )
    )
    for request in found:
        db.session.expire(request)
    undeliverable_addresses.delete_unused()
    return len(numbers)
