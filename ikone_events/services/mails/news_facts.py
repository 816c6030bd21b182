"""The facts of mails to subscribers and to contacts of the office."""

from dataclasses import replace
from datetime import datetime, timedelta

from ikone_events.domain.mails.facts import Links, MailFacts, Recipient
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.times import to_local
from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.facts import text_for
from ikone_events.services.mails.values import network_summary, sender_of, summary_of
from ikone_events.store.directory.models import Contact
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing, Subscriber
from ikone_events.store.registering.availability import get_availability

# An address that is not confirmed within this time is deleted.
CONFIRM_WITHIN = timedelta(days=7)


def facts_for_subscriber(
    kind: MailKind,
    subscriber: Subscriber | Contact,
    event: Event | None,
    *,
    now: datetime,
    mailing: Mailing | None = None,
) -> MailFacts:
    """The facts of a mail to a subscriber or contact; without an event about the network."""
    zone = get_installation().settings.timezone
    facts = MailFacts(
        kind=kind,
        event=summary_of(event, subscriber.locale) if event else network_summary(now),
        recipient=Recipient(email=subscriber.email, locale=subscriber.locale),
        links=Links(
            manage=unsubscribe_page(subscriber), privacy=get_installation().page("/privacy")
        ),
        sender=sender_of(event),
        text=text_for(kind, subscriber.locale, event, mailing),
        reason=mailing.reason if mailing else "",
        delete_on=to_local(subscriber.created_at + CONFIRM_WITHIN, zone).date(),
        deadline=event.deadline or event.starts_at if event else None,
        free_places=get_availability(event, now).free if event else None,
        for_event=event is not None,
    )
    if isinstance(subscriber, Contact):
        return replace(
            facts,
            recipient=_contact_as_recipient(subscriber),
            legal_basis=subscriber.legal_basis,
            contact_source=subscriber.source,
        )
    if subscriber.confirmed_at is None:
        confirm = _subscriber_page("subscribe", subscriber)
        return replace(facts, links=replace(facts.links, confirm=confirm))
    return facts


def _contact_as_recipient(contact: Contact) -> Recipient:
    return Recipient(
        email=contact.email,
        locale=contact.locale,
        first_name=contact.first_name,
        last_name=contact.last_name,
        salutation=contact.salutation,
        title=contact.title,
    )


def unsubscribe_page(subscriber: Subscriber | Contact) -> str:
    """The absolute URL to unsubscribe, the same in every mail."""
    if isinstance(subscriber, Contact):
        installation, claim = get_installation(), LinkClaim(subscriber.address_hash, 1)
        token = installation.signer.sign(Purpose.OBJECTION, claim)
        return installation.page(f"/unsubscribe/{token}")
    return _subscriber_page("unsubscribe", subscriber)


def _subscriber_page(action: str, subscriber: Subscriber) -> str:
    installation = get_installation()
    claim = LinkClaim(subscriber.public_id, subscriber.link_epoch)
    return installation.page(f"/{action}/{installation.signer.sign(Purpose.SUBSCRIPTION, claim)}")
