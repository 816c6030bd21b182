"""Letters to people who only left an address: news, and the question whether they meant it."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from ikone_events.domain.edited_text import EditedText
from ikone_events.domain.messages import Extras, Links, MailKind, Occasion, Recipient
from ikone_events.domain.placeholders import EDITABLE
from ikone_events.domain.times import to_local
from ikone_events.domain.tokens import Claim, Purpose
from ikone_events.mail.compose import Letter, compose
from ikone_events.services.letters import occasion_of, sender_of
from ikone_events.services.office import office
from ikone_events.services.texts import find_text, from_snapshot
from ikone_events.store.db import ask_for_delivery, db
from ikone_events.store.events import Event
from ikone_events.store.letters import Mailing, OutboxMail
from ikone_events.store.sittings import get_sitting
from ikone_events.store.subscribers import Subscriber

# Whoever does not confirm within this time is forgotten.
PATIENCE = timedelta(days=7)


def compose_to_subscriber(
    kind: MailKind,
    subscriber: Subscriber,
    event: Event | None,
    *,
    now: datetime,
    extras: Extras | None = None,
    edited: EditedText | None = None,
) -> Letter:
    """The finished letter, stored nowhere; without an event it is about the network."""
    locale = subscriber.locale
    return compose(
        kind,
        occasion_of(event, locale) if event else _house_as_occasion(now),
        recipient=Recipient(email=subscriber.email, locale=locale),
        links=_links_of(subscriber),
        sender=sender_of(event),
        extras=_extras(extras or Extras(), subscriber, event, now),
        edited=edited,
    )


def write_to_subscriber(
    kind: MailKind,
    subscriber: Subscriber,
    event: Event | None,
    *,
    key: str,
    now: datetime,
    edited: EditedText | None = None,
    mailing: Mailing | None = None,
    extras: Extras | None = None,
) -> OutboxMail:
    """Compose a letter and put it into the outbox of this transaction, with its way out.

    Where `edited` is left out, a mailing's own text is taken, and for single letters the one in
    force now.
    """
    text = edited or _text_for(kind, subscriber, event, mailing)
    letter = compose_to_subscriber(kind, subscriber, event, now=now, extras=extras, edited=text)
    row = OutboxMail(
        key=key,
        event_id=event.id if event else None,
        subscriber_id=subscriber.id,
        mailing_id=mailing.id if mailing else None,
        kind=kind.value,
        locale=subscriber.locale,
        recipient=subscriber.email,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        message_id=f"<{uuid4().hex}@{office().settings.host}>",
        unsubscribe=unsubscribe_page(subscriber),
        created_at=now,
        due_at=now,
    )
    db.session.add(row)
    ask_for_delivery()
    return row


def unsubscribe_page(subscriber: Subscriber) -> str:
    """The absolute address that takes the subscriber off the list, the same in every letter."""
    return _page("unsubscribe", subscriber)


def _page(action: str, subscriber: Subscriber) -> str:
    desk = office()
    claim = Claim(subscriber.public_id, subscriber.link_epoch)
    return desk.page(f"/{action}/{desk.signer.sign(Purpose.SUBSCRIPTION, claim)}")


def _links_of(subscriber: Subscriber) -> Links:
    return Links(
        manage=unsubscribe_page(subscriber),
        privacy=office().page("/privacy"),
        confirm="" if subscriber.confirmed_at else _page("subscribe", subscriber),
    )


def _text_for(
    kind: MailKind, subscriber: Subscriber, event: Event | None, mailing: Mailing | None
) -> EditedText | None:
    if mailing is not None:
        return from_snapshot(mailing.texts or "", subscriber.locale, kind.value)
    return find_text(event, kind.value, subscriber.locale) if kind in EDITABLE else None


def _extras(extras: Extras, subscriber: Subscriber, event: Event | None, now: datetime) -> Extras:
    zone = office().settings.timezone
    delete_on = to_local(subscriber.created_at + PATIENCE, zone).date()
    known = replace(extras, delete_on=delete_on, for_event=event is not None)
    if event is None:
        return known
    return replace(
        known,
        deadline=event.deadline or event.starts_at,
        free_places=get_sitting(event, now).free,
    )


def _house_as_occasion(now: datetime) -> Occasion:
    """What a letter about no event speaks of: the network itself. Its time stands nowhere."""
    desk = office()
    return Occasion(
        title=desk.settings.organisation,
        starts_at=now,
        ends_at=now,
        zone=desk.settings.timezone,
        format="",
        organisation=desk.settings.organisation,
        contact_email=desk.settings.sender,
        public_url=desk.page("/"),
        register_url=desk.page("/"),
    )
