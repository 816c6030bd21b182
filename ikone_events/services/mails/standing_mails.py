"""Mails about a standing sign-up itself; those of its dates are mails of registrations."""

from dataclasses import replace
from datetime import datetime

from ikone_events.domain.mails.facts import Links, MailFacts, Recipient
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.times import to_local
from ikone_events.mail.writing.compose import compose
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.facts import standing_page
from ikone_events.services.mails.news_facts import CONFIRM_WITHIN
from ikone_events.services.mails.values import network_summary, sender_of
from ikone_events.services.mails.writing import outbox_row, queue_unless_known
from ikone_events.store.registering.standing import StandingSignUp


def standing_mail_key(standing: StandingSignUp | str, cause: str = "") -> str:
    """The key of a mail about a sign-up; without a cause what all keys of its mails begin with."""
    public_id = standing if isinstance(standing, str) else standing.public_id
    return f"standing:{public_id}:{cause}"


def write_to_standing(
    kind: MailKind, standing: StandingSignUp, series: str, *, key: str, now: datetime
) -> None:
    """Write a mail about a sign-up to a series, unless there is one with this key."""
    facts = _facts(kind, standing, series, now=now)
    row = outbox_row(facts, compose(facts), key=key, now=now)
    queue_unless_known(row)


def _facts(kind: MailKind, standing: StandingSignUp, series: str, *, now: datetime) -> MailFacts:
    page, zone = standing_page(standing), get_installation().settings.timezone
    return MailFacts(
        kind=kind,
        event=replace(network_summary(now), title=series),
        recipient=Recipient(
            email=standing.email,
            locale=standing.locale,
            salutation=standing.salutation,
            title=standing.title,
            first_name=standing.first_name,
            last_name=standing.last_name,
        ),
        links=Links(
            manage=page,
            privacy=get_installation().page("/privacy"),
            confirm="" if standing.confirmed_at else page,
        ),
        sender=sender_of(None),
        delete_on=to_local(standing.created_at + CONFIRM_WITHIN, zone).date(),
    )
