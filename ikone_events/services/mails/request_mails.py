"""Mails to people who asked for the materials of an event without being registered."""

from datetime import datetime

from ikone_events.domain.mails.facts import Links, MailFacts, Recipient
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.times import to_local
from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.mail.writing.compose import compose
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.facts import text_for
from ikone_events.services.mails.values import sender_of, summary_of
from ikone_events.services.mails.writing import outbox_row, queue_unless_known
from ikone_events.store.events.models import Event
from ikone_events.store.followup.requests import MAIL_KEY, MaterialRequest
from ikone_events.store.mails.models import OutboxMail


def write_to_requester(
    kind: MailKind, request: MaterialRequest, event: Event, *, occasion: str, now: datetime
) -> None:
    """Write a mail about a request, unless there is one for this occasion and these links.

    A second one is composed too: response times must not reveal anything.
    """
    key = f"{MAIL_KEY}:{request.public_id}:{request.link_epoch}:{occasion}"
    row = _composed(kind, request, event, key=key, now=now)
    if queue_unless_known(row) and not request.thread_id:
        request.thread_id = row.message_id


def compose_in_vain(request: MaterialRequest, event: Event, *, now: datetime) -> None:
    """Take as long as for a mail: response times must not reveal who gets one."""
    _composed(MailKind.MATERIALS_GRANTED, request, event, key="", now=now)


def _composed(
    kind: MailKind, request: MaterialRequest, event: Event, *, key: str, now: datetime
) -> OutboxMail:
    facts = _facts_for_requester(kind, request, event)
    mail, thread = compose(facts), request.thread_id
    return outbox_row(facts, mail, key=key, now=now, event_id=event.id, references=thread)


def _facts_for_requester(kind: MailKind, request: MaterialRequest, event: Event) -> MailFacts:
    """The facts of a mail about a request; `status` is empty, unlike that of registered people."""
    page = _materials_page(request)
    until = request.granted_until
    return MailFacts(
        kind=kind,
        event=summary_of(event, request.locale),
        recipient=Recipient(email=request.email, locale=request.locale, last_name=request.name),
        links=Links(
            manage=f"{page}/delete",
            materials=page if kind is MailKind.MATERIALS_GRANTED else "",
            privacy=get_installation().page("/privacy"),
        ),
        sender=sender_of(event),
        text=text_for(kind, request.locale, event, None),
        available_until=to_local(until, event.zone).date() if until else None,
    )


def _materials_page(request: MaterialRequest) -> str:
    """The absolute address of the page with the materials."""
    installation, claim = get_installation(), LinkClaim(request.public_id, request.link_epoch)
    return installation.page(f"/materials/{installation.signer.sign(Purpose.MATERIALS, claim)}")
