"""Leaving an address: it loses links and calendar entry, and gets a last mail without a name."""

from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from ikone_events.domain.mails.kinds import CANCEL, REQUEST, MailKind
from ikone_events.services.mails import undeliverable_addresses
from ikone_events.services.mails.invitations import new_calendar_uid
from ikone_events.services.mails.replacing import replace_links
from ikone_events.services.mails.writing import write_mail
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration


def leave_address(registration: Registration, event: Event, *, now: datetime) -> None:
    """Revoke the links, withdraw the calendar entry of the present address, and begin anew.

    An address that nothing was sent to, or from which mails come back, gets no mail. Otherwise it
    is notified, since the mails that it has got contain links and an entry.
    """
    has_entry = _choose_entry(registration)
    replace_links(registration)
    knows = has_entry or _has_got_mail(registration)
    if knows and not undeliverable_addresses.is_marked(registration.email):
        key = f"address:{registration.public_id}:{registration.link_epoch}:former"
        write_mail(MailKind.ADDRESS_WITHDRAWN, registration, event, key=key, now=now)
    # The former mailbox knows the UID, and has answered; the new one knows no earlier mail.
    registration.calendar_uid, registration.calendar_sequence = new_calendar_uid(), None
    registration.calendar_stamp = None
    registration.calendar_method = registration.partstat = registration.thread_id = ""


def _choose_entry(registration: Registration) -> bool:
    """Whether the mailbox has an entry, as far as our mails decide it.

    UID and sequence of the registration become those of this entry; without one there is none to
    withdraw. A newer entry may be in a mail that has not been sent.
    """
    objects = select(OutboxMail).where(
        OutboxMail.registration_id == registration.id, OutboxMail.calendar_uid != ""
    )
    mine = OutboxMail.recipient == registration.email
    sent = objects.where(mine, _is_out()).order_by(OutboxMail.id.desc()).limit(1)
    newest = db.session.scalar(sent)
    if newest is not None and newest.calendar_method == REQUEST:
        last = select(
            func.max(OutboxMail.calendar_sequence), func.max(OutboxMail.calendar_stamp)
        ).where(OutboxMail.calendar_uid == newest.calendar_uid)
        registration.calendar_uid = newest.calendar_uid
        sequence, stamp = db.session.execute(last).one()
        registration.calendar_sequence, registration.calendar_stamp = sequence, stamp
        return True
    assumed = newest is None and db.session.scalar(objects.limit(1)) is None
    if assumed and registration.calendar_method != CANCEL:  # from a file or deleted mails
        return registration.calendar_sequence is not None
    registration.calendar_sequence = None
    return False


def _has_got_mail(registration: Registration) -> bool:
    mine = OutboxMail.registration_id == registration.id
    sent = select(OutboxMail.id).where(mine, OutboxMail.recipient == registration.email, _is_out())
    return db.session.scalar(sent.limit(1)) is not None


def _is_out() -> ColumnElement[bool]:
    """Accepted by the mail server, or perhaps being handed to it."""
    on_its_way = (OutboxMail.state == "queued") & OutboxMail.lease_until.is_not(None)
    return (OutboxMail.state == "sent") | on_its_way
