"""Test mails by which administrators see whether mails leave, and what the mail server says."""

from datetime import datetime

from sqlalchemy import delete, select

from ikone_events.domain.mails.kinds import MailKind
from ikone_events.mail.writing.compose import compose
from ikone_events.services.accounts.account_mails import account_facts
from ikone_events.services.mails import mail_server
from ikone_events.services.mails.values import network_summary
from ikone_events.services.mails.writing import outbox_row, queue
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db, rows_written
from ikone_events.store.mails.models import OutboxMail


def find_test_mail(account: Organiser) -> OutboxMail | None:
    """The last test mail of an account, if it is still kept."""
    return db.session.scalar(select(OutboxMail).where(OutboxMail.key == _key(account)))


def send_test_mail(account: Organiser, *, locale: str, now: datetime) -> OutboxMail:
    """Write a test mail to the account, in place of its earlier one.

    The mail server is tried at once, although it may have a pause after refusals.
    """
    rows_written(delete(OutboxMail).where(OutboxMail.key == _key(account)))
    kind, network = MailKind.MAIL_TEST, network_summary(now)
    facts = account_facts(
        kind, account, network, manage="/organise/settings/mailbox", locale=locale
    )
    mail_server.try_at_once()
    return queue(outbox_row(facts, compose(facts), key=_key(account), now=now))


def last_sent_at() -> datetime | None:
    """When the mail server took the newest mail that it has taken, or None."""
    sent = select(OutboxMail.sent_at).where(OutboxMail.sent_at.is_not(None))
    return db.session.scalar(sent.order_by(OutboxMail.id.desc()).limit(1))


def _key(account: Organiser) -> str:
    return f"mail-test:{account.id}"
