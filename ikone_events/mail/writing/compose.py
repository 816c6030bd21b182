"""From the facts of a mail to the finished mail: subject, text, HTML and calendar object.

Everything that makes a mail unsendable is found here, before it is queued.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime

from ikone_events.domain.calendars.invitation import calendar_object
from ikone_events.domain.events.changes import where
from ikone_events.domain.header_text import ascii_address, header_complaint, one_line
from ikone_events.domain.mails.facts import MailFacts, Recipient
from ikone_events.domain.mails.kinds import MailKind, calendar_method
from ikone_events.domain.refusals import UnfitInput
from ikone_events.domain.salutation import full_name, mail_salutation
from ikone_events.domain.times import NBSP, clock, date_numeric, date_words, moment_mail, span_mail
from ikone_events.mail.writing.actions import main_action
from ikone_events.mail.writing.markdown import StrangersWords
from ikone_events.mail.writing.templates import write

LONGEST_TITLE_IN_SUBJECT = 120

_CLOSING = {"de": "Freundliche Grüße", "en": "Kind regards"}
_WAYS = {
    "de": {"online": "online", "on_site": "vor Ort", "hybrid": "vor Ort oder online"},
    "en": {"online": "online", "on_site": "on site", "hybrid": "on site or online"},
}
_WAITING = "waitlisted"
# A seat is reserved for them, but not theirs yet.
_RESERVED = ("pending", "offered")


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
    kind, locale, edited = facts.kind, facts.recipient.locale, facts.text
    method = calendar_method(kind) if facts.invitation else None
    values = _values(facts, calendar=method is not None)
    if kind is MailKind.MOVED and facts.old_dates is None:
        edited = None  # it describes a new date, but only the place or the title has changed
    subject, text, html = write(kind, values, main_action(facts), locale=locale, edited=edited)
    if facts.invitation is None or method is None:
        return ComposedMail(subject, text, html)
    data = calendar_object(
        facts.event,
        facts.recipient,
        links=facts.links,
        invitation=facts.invitation,
        method=method,
        sender=facts.sender,
    )
    return ComposedMail(subject, text, html, data, method)


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


def _values(facts: MailFacts, *, calendar: bool) -> dict[str, object]:
    """The variables of the templates."""
    event, links, locale = facts.event, facts.links, facts.recipient.locale
    zone, title = event.zone, one_line(event.title)
    when = span_mail(event.starts_at, event.ends_at, locale=locale, zone=zone)
    place, typed = where(event, locale), _without_links(facts)
    old_when = span_mail(*facts.old_dates, locale=locale, zone=zone) if facts.old_dates else ""
    return {
        "event": event,
        "recipient": typed.recipient,
        "links": links,
        "facts": typed,
        "calendar": calendar,
        "replaces": bool(facts.invitation and facts.invitation.replaces),
        "waiting": facts.status == _WAITING,
        "reserved": facts.status in _RESERVED,
        "way": _WAYS[locale].get(event.format, ""),
        "has_materials": bool(facts.materials or links.materials),
        "greeting": StrangersWords(_greeting(facts.recipient)),
        "closing": _CLOSING[locale],
        "title": _short(title),
        "when": when,
        "where": place,
        "changes": facts.changes,
        "old_when": "" if old_when == when else old_when,
        "day": date_numeric(event.starts_at, locale=locale, zone=zone).replace(NBSP, " "),
        "held_on": date_words(event.starts_at, locale=locale, zone=zone),
        "start": clock(event.starts_at, zone=zone),
        "end": clock(event.ends_at, zone=zone),
        "opens_at": _clock(event.room_opens_at, zone),
        "delete_on": _date(facts.delete_on, locale),
        "link_sent_on": _date(facts.link_sent_on, locale),
        "available_until": _date(facts.available_until, locale),
        "deadline": _moment(facts.deadline, zone, locale),
        "reserved_until": _moment(facts.reserved_until, zone, locale),
        "seats_left": "" if facts.free_places is None else str(facts.free_places),
    }


def _without_links(facts: MailFacts) -> MailFacts:
    """The same facts; what anybody may have typed becomes no link."""
    who = facts.recipient
    who = replace(
        who,
        first_name=StrangersWords(who.first_name),
        last_name=StrangersWords(who.last_name),
        question=StrangersWords(who.question),
    )
    return replace(
        facts,
        recipient=who,
        registered_by=StrangersWords(facts.registered_by),
        other_person=StrangersWords(facts.other_person),
    )


def _greeting(recipient: Recipient) -> str:
    return mail_salutation(
        salutation=recipient.salutation,
        title=recipient.title,
        first_name=recipient.first_name,
        last_name=recipient.last_name,
        locale=recipient.locale,
        override=one_line(recipient.mail_salutation),
    )


def _clock(moment: datetime | None, zone: str) -> str:
    return clock(moment, zone=zone) if moment else ""


def _date(day: date | None, locale: str) -> str:
    return date_words(day, locale=locale) if day else ""


def _moment(moment: datetime | None, zone: str, locale: str) -> str:
    return moment_mail(moment, locale=locale, zone=zone) if moment else ""


def _short(title: str) -> str:
    """The title cut for a subject, which contains other words too."""
    if len(title) <= LONGEST_TITLE_IN_SUBJECT:
        return title
    return title[: LONGEST_TITLE_IN_SUBJECT - 1].rstrip() + "…"
