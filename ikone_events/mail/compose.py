"""From a kind and its facts to a finished letter: subject, text, HTML and calendar bytes.

Everything that could make a letter unsendable is found here, before anything is queued.
"""

from dataclasses import dataclass
from datetime import date, datetime

from ikone_events.domain.calendar import calendar_object
from ikone_events.domain.changes import where
from ikone_events.domain.edited_text import EditedText
from ikone_events.domain.header_text import (
    ascii_address,
    header_complaint,
    one_line,
)
from ikone_events.domain.messages import (
    Extras,
    Invitation,
    Links,
    MailKind,
    Occasion,
    Recipient,
    Sender,
    calendar_method,
)
from ikone_events.domain.refusals import UnfitInput
from ikone_events.domain.salutation import full_name, letter_salutation
from ikone_events.domain.times import (
    NBSP,
    clock,
    date_numeric,
    date_words,
    moment_letter,
    span_letter,
)
from ikone_events.mail.main_action import main_action
from ikone_events.mail.texts import write

LONGEST_TITLE_IN_SUBJECT = 120

_CLOSING = {"de": "Freundliche Grüße", "en": "Kind regards"}
_WAYS = {
    "de": {"online": "online", "on_site": "vor Ort", "hybrid": "vor Ort oder online"},
    "en": {"online": "online", "on_site": "on site", "hybrid": "on site or online"},
}
_WAITING = "waitlisted"
# A seat is kept for them, but it is not theirs yet.
_HELD = ("pending", "offered")


@dataclass(frozen=True, slots=True)
class Letter:
    """A finished letter; `method` says what its calendar object asks of the reader's program."""

    subject: str
    text: str
    html: str
    calendar: bytes | None = None
    method: str | None = None


def compose(
    kind: MailKind,
    occasion: Occasion,
    *,
    recipient: Recipient,
    links: Links,
    sender: Sender,
    extras: Extras | None = None,
    invitation: Invitation | None = None,
    edited: EditedText | None = None,
) -> Letter:
    """The letter, or UnfitInput when its header material can't be sent.

    Without an invitation there is no calendar object, and the text does not speak of one: people
    who only waited never got an entry that could be changed or withdrawn.
    """
    extras = extras or Extras()
    _check_headers(occasion, recipient, sender)
    locale = recipient.locale
    method = calendar_method(kind) if invitation else None
    values = _values(occasion, recipient, links=links, extras=extras, calendar=method is not None)
    button = main_action(kind, occasion, links, extras, locale=locale)
    if _tells_otherwise(kind, extras):
        edited = None
    subject, text, html = write(kind, values, button, locale=locale, edited=edited)
    if invitation is None or method is None:
        return Letter(subject, text, html)
    data = calendar_object(
        occasion, recipient, links=links, invitation=invitation, method=method, sender=sender
    )
    return Letter(subject, text, html, data, method)


def _tells_otherwise(kind: MailKind, extras: Extras) -> bool:
    """An edited text on a new date is wrong where only the place or the title has changed."""
    return kind is MailKind.MOVED and extras.old_starts_at is None


def recipient_name(recipient: Recipient) -> str:
    """The name in the To header, as the person would write it on an envelope."""
    return full_name(recipient.title, recipient.first_name, recipient.last_name)


def _check_headers(occasion: Occasion, recipient: Recipient, sender: Sender) -> None:
    checks = (
        header_complaint(occasion.title, "title"),
        header_complaint(recipient_name(recipient), "last_name"),
        header_complaint(sender.name, "sender"),
    )
    complaints = [complaint for complaint in checks if complaint]
    if complaints:
        raise UnfitInput(complaints)
    for address in (recipient.email, sender.address, sender.reply_to or sender.address):
        ascii_address(address)


def _values(
    occasion: Occasion, recipient: Recipient, *, links: Links, extras: Extras, calendar: bool
) -> dict[str, object]:
    locale = recipient.locale
    title = one_line(occasion.title)
    when = _span(occasion.starts_at, occasion.ends_at, occasion.zone, locale=locale)
    place = where(occasion, locale)
    old_when = _span(extras.old_starts_at, extras.old_ends_at, occasion.zone, locale=locale)
    return {
        "occasion": occasion,
        "recipient": recipient,
        "links": links,
        "extras": extras,
        "calendar": calendar,
        "waiting": extras.status == _WAITING,
        "held": extras.status in _HELD,
        "way": _WAYS[locale].get(occasion.format, ""),
        "has_materials": bool(extras.materials or links.materials),
        "greeting": _greeting(recipient),
        "closing": _CLOSING[locale],
        "title": _short(title),
        "when": when,
        "where": place,
        "changes": extras.changes,
        "old_when": "" if old_when == when else old_when,
        "day": _plain(date_numeric(occasion.starts_at, locale=locale, zone=occasion.zone)),
        "held_on": date_words(occasion.starts_at, locale=locale, zone=occasion.zone),
        "start": clock(occasion.starts_at, zone=occasion.zone),
        "end": clock(occasion.ends_at, zone=occasion.zone),
        "opens_at": _clock(occasion.room_opens_at, occasion.zone),
        "delete_on": _date(extras.delete_on, locale),
        "link_sent_on": _date(extras.link_sent_on, locale),
        "available_until": _date(extras.available_until, locale),
        "deadline": _moment(extras.deadline, occasion.zone, locale),
        "hold_until": _moment(extras.hold_until, occasion.zone, locale),
        "seats_left": "" if extras.free_places is None else str(extras.free_places),
    }


def _greeting(recipient: Recipient) -> str:
    return letter_salutation(
        salutation=recipient.salutation,
        title=recipient.title,
        first_name=recipient.first_name,
        last_name=recipient.last_name,
        locale=recipient.locale,
        override=one_line(recipient.letter_salutation),
    )


def _span(starts_at: datetime | None, ends_at: datetime | None, zone: str, *, locale: str) -> str:
    if starts_at is None or ends_at is None:
        return ""
    return span_letter(starts_at, ends_at, locale=locale, zone=zone)


def _clock(moment: datetime | None, zone: str) -> str:
    return clock(moment, zone=zone) if moment else ""


def _date(day: date | None, locale: str) -> str:
    return date_words(day, locale=locale) if day else ""


def _moment(moment: datetime | None, zone: str, locale: str) -> str:
    return moment_letter(moment, locale=locale, zone=zone) if moment else ""


def _plain(text: str) -> str:
    return text.replace(NBSP, " ")


def _short(title: str) -> str:
    """Titles may fill a header alone; the subject says more than the title."""
    if len(title) <= LONGEST_TITLE_IN_SUBJECT:
        return title
    return title[: LONGEST_TITLE_IN_SUBJECT - 1].rstrip() + "…"
