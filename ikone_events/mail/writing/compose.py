"""From the facts of a mail to the finished mail: subject, text, HTML and calendar object.

Everything that makes a mail unsendable is found here, before it is queued.
"""

from dataclasses import dataclass
from functools import lru_cache

from ikone_events.domain.calendars.invitation import calendar_object
from ikone_events.domain.header_text import ascii_address, header_complaint
from ikone_events.domain.mails.facts import MailFacts, Recipient
from ikone_events.domain.mails.kinds import MailKind, calendar_method
from ikone_events.domain.refusals import UnfitInput
from ikone_events.domain.salutation import full_name
from ikone_events.mail.writing.actions import main_action
from ikone_events.mail.writing.shared_text import SharedText
from ikone_events.mail.writing.values import StandIn, own_values, shared_facts, shared_values


@dataclass(frozen=True, slots=True)
class ComposedMail:
    """A finished mail; `method` is the METHOD of its calendar object."""

    subject: str
    text: str
    html: str
    calendar: bytes | None = None
    method: str | None = None


def compose(facts: MailFacts) -> ComposedMail:
    """The finished mail. Raises UnfitInput if its headers can't be sent.

    Without an invitation there is no calendar object, and the text does not mention one: people who
    only waited have no entry in their calendars.
    """
    _check_headers(facts)
    invitation = facts.invitation
    method = calendar_method(facts.kind) if invitation else None
    own = own_values(facts)
    text = _shared_text(
        shared_facts(facts),
        tuple(name for name, value in own.items() if value),
        calendar=method is not None,
        replaces=invitation is not None and invitation.replaces,
    )
    subject, words, html = text.filled(own, main_action(facts))
    if invitation is None or method is None:
        return ComposedMail(subject, words, html)
    data = calendar_object(
        facts.event,
        facts.recipient,
        links=facts.links,
        invitation=invitation,
        method=method,
        sender=facts.sender,
    )
    return ComposedMail(subject, words, html, data, method)


@lru_cache(maxsize=64)
def _shared_text(
    facts: MailFacts, present: tuple[str, ...], *, calendar: bool, replaces: bool
) -> SharedText:
    """The text for all people with the same shared facts, who have the `present` values."""
    values = shared_values(facts, lambda name: StandIn(name) if name in present else "")
    edited = facts.text
    if facts.kind is MailKind.MOVED and facts.old_dates is None:
        edited = None  # it describes a new date, but only the place or the title has changed
    values |= {"calendar": calendar, "replaces": replaces}
    return SharedText(
        facts.kind,
        values,
        locale=facts.recipient.locale,
        edited=edited,
        accent=facts.sender.accent,
    )


def recipient_name(recipient: Recipient) -> str:
    """The full name of the recipient, with title."""
    return full_name(recipient.title, recipient.first_name, recipient.last_name)


def _check_headers(facts: MailFacts) -> None:
    recipient, sender = facts.recipient, facts.sender
    checks = (
        header_complaint(facts.event.title, "title"),
        header_complaint(recipient_name(recipient), "last_name"),
        header_complaint(sender.name, "sender"),
    )
    complaints = [complaint for complaint in checks if complaint]
    if complaints:
        raise UnfitInput(complaints)
    for address in (recipient.email, sender.address, sender.reply_to or sender.address):
        ascii_address(address)
