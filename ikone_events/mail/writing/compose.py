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
from ikone_events.mail.writing.markdown import Piece, StrangersWords
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


# In German and in English.
_LABELS = {
    "accept": ("Platz annehmen", "Accept place"),
    "again": ("Noch einmal anmelden", "Register again"),
    "calendar": ("Kalenderadresse verwalten", "Manage calendar address"),
    "confirm": ("E-Mail-Adresse bestätigen", "Confirm e-mail address"),
    "details": ("Angaben ansehen oder löschen", "View or delete your details"),
    "event": ("Zur Veranstaltung", "View the event"),
    "password": ("Passwort festlegen", "Set password"),
    "join": ("Teilnehmen", "Join"),
    "materials": ("Alle Unterlagen", "All materials"),
    "register": ("Jetzt anmelden", "Register now"),
    "stop": ("Abbestellen", "Unsubscribe"),
    "trial": ("Testeinladung ansehen", "View the test invitation"),
    "view": ("Anmeldung ansehen oder ändern", "View or change registration"),
    "withdraw": ("Platz freigeben", "Give up my place"),
}
_OPENS_ROOM = {
    MailKind.CONFIRMATION,
    MailKind.PROMOTION,
    MailKind.ACCESS_LINK,
    MailKind.MOVED,
    MailKind.REPEAT,
    MailKind.TAKEN_OVER,
    MailKind.CHANGED,
    MailKind.LINKS_RENEWED,
}


def main_action(facts: MailFacts) -> Piece:
    """The target of the button, and its label if the text has no link to this target."""
    label, href = _of_kind(facts) or _of_person(facts)
    return Piece(_LABELS[label][facts.recipient.locale == "en"], href)


def _of_kind(facts: MailFacts) -> tuple[str, str] | None:
    """The action of a kind of mail, if it is the same for all recipients."""
    links, event = facts.links, facts.event
    details = "details", links.manage
    after = ("materials", links.materials) if links.materials else details
    return {
        MailKind.SUBSCRIPTION: ("stop", links.confirm or links.manage),
        MailKind.CALENDAR_ADDRESS: ("calendar", f"{links.manage}/calendar"),
        MailKind.ACCOUNT_INVITATION: ("password", links.confirm or links.manage),
        MailKind.PASSWORD_RESET: ("password", links.confirm or links.manage),
        MailKind.NOT_COMING: ("withdraw", f"{links.manage}/cancel"),
        MailKind.TRIAL_INVITATION: ("trial", links.manage),
        MailKind.TRIAL_WITHDRAWAL: ("trial", links.manage),
        MailKind.ADDRESS_WITHDRAWN: ("event", event.public_url),
        MailKind.ANNOUNCEMENT: ("event", event.public_url),
        MailKind.OPENING: ("register", event.register_url),
        MailKind.REMINDER_DEADLINE: ("register", event.register_url),
        MailKind.OFFER_LAPSED: ("again", event.register_url),
        MailKind.FOLLOW_UP: after,
        MailKind.FOLLOW_UP_MISSED: after,
        MailKind.FOLLOW_UP_UNKNOWN: after,
        MailKind.WITHDRAWAL: details,
        MailKind.CANCELLATION: details,
        MailKind.DECLINED: details,
        MailKind.HANDED_OVER: details,
    }.get(facts.kind)


def _of_person(facts: MailFacts) -> tuple[str, str]:
    """The action of this person; accepting a seat and confirming the address come first."""
    kind, links, status = facts.kind, facts.links, facts.status
    if links.accept and (kind is MailKind.OFFER or status == "offered"):
        return "accept", links.accept
    waiting = status == "waitlisted"
    unconfirmed = waiting or status == "pending" or kind is MailKind.CONFIRM_ADDRESS
    if links.confirm and unconfirmed:
        return "confirm", links.confirm
    if kind in _OPENS_ROOM and links.room and not waiting:
        return "join", links.room
    return "view", links.manage
