"""What mails to accounts have in common: their facts, their keys, and how long they are kept."""

from datetime import datetime, timedelta

from ikone_events.domain.mails.facts import EventSummary, Links, MailFacts, Recipient
from ikone_events.domain.mails.kinds import TO_ACCOUNTS, MailKind
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.values import sender_of
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.mails.log import delete_mails
from ikone_events.store.mails.models import OutboxMail

# For this time the list of accounts shows whether a link was sent or returned.
_KEPT_FOR = timedelta(days=30)


def account_mail_key(organiser_id: int, cause: str = "") -> str:
    """The key of a mail to an account; without a cause what all keys of its mails begin with."""
    return f"account:{organiser_id}:{cause}"


def account_facts(
    kind: MailKind, account: Organiser, event: EventSummary, *, manage: str, locale: str
) -> MailFacts:
    """The facts of a mail to an account; `locale` is for one that has chosen no language.

    `manage` is the path of the page to which the mail leads.
    """
    page = get_installation().page
    return MailFacts(
        kind=kind,
        event=event,
        recipient=Recipient(
            email=account.email, locale=account.locale or locale, last_name=account.name
        ),
        links=Links(manage=page(manage), privacy=page("/privacy")),
        sender=sender_of(None),
    )


def delete_expired(now: datetime) -> None:
    """Delete old mails to accounts."""
    to_accounts = OutboxMail.kind.in_([kind.value for kind in TO_ACCOUNTS])
    old = OutboxMail.created_at <= now - _KEPT_FOR
    delete_mails(to_accounts, old, OutboxMail.state != "queued")
