"""The one button of a letter: what its reader is asked to do first, or can look at."""

from ikone_events.domain.mail_facts import MailFacts
from ikone_events.domain.messages import FOLLOW_UPS, MailKind

_ACTIONS = {
    "de": ("Anmeldung ansehen oder ändern", "Angaben ansehen oder löschen"),
    "en": ("View or change registration", "View or delete your details"),
}
_ENDINGS = {
    MailKind.WITHDRAWAL,
    MailKind.CANCELLATION,
    MailKind.DECLINED,
    MailKind.OFFER_LAPSED,
    MailKind.HANDED_OVER,
}
_OPENS_ROOM = {
    MailKind.CONFIRMATION,
    MailKind.PROMOTION,
    MailKind.ACCESS_LINK,
    MailKind.MOVED,
    MailKind.REPEAT,
    MailKind.TAKEN_OVER,
    MailKind.CHANGED,
}
_NEWS_ACTIONS = {
    "de": ("Zur Veranstaltung", "Jetzt anmelden"),
    "en": ("View the event", "Register now"),
}
_STOP = {"de": "Abbestellen", "en": "Unsubscribe"}
_CONFIRM = {"de": "E-Mail-Adresse bestätigen", "en": "Confirm e-mail address"}
_ACCEPT = {"de": "Platz annehmen", "en": "Accept place"}
_WITHDRAW = {"de": "Platz freigeben", "en": "Give up my place"}
_CALENDAR = {"de": "Kalenderadresse verwalten", "en": "Manage calendar address"}
_AGAIN = {"de": "Noch einmal anmelden", "en": "Register again"}
_TRIAL = {"de": "Testeinladung ansehen", "en": "View the test invitation"}
_TRIALS = {MailKind.TRIAL_INVITATION, MailKind.TRIAL_WITHDRAWAL}
_OPENS_FORM = {MailKind.OPENING, MailKind.REMINDER_DEADLINE}
_WAITING = "waitlisted"


def main_action(facts: MailFacts) -> tuple[str, str]:
    """The words for the one button of a mail, and its address."""
    if found := _of_no_event(facts) or _public(facts):
        return found
    kind, links, locale = facts.kind, facts.links, facts.recipient.locale
    ended = kind in FOLLOW_UPS or kind in _ENDINGS
    if not ended and (found := _asked(facts)):
        return found
    label = _TRIAL[locale] if kind in _TRIALS else _ACTIONS[locale][ended]
    if kind in _OPENS_ROOM and links.room and facts.status != _WAITING:
        return label, links.room
    if kind in FOLLOW_UPS and links.materials:
        return label, links.materials
    return label, links.manage


def _of_no_event(facts: MailFacts) -> tuple[str, str] | None:
    """To subscribers, and about a person's calendar of all events."""
    links, locale = facts.links, facts.recipient.locale
    if facts.kind is MailKind.SUBSCRIPTION:
        return _STOP[locale], links.confirm or links.manage
    if facts.kind is MailKind.CALENDAR_ADDRESS:
        return _CALENDAR[locale], f"{links.manage}/calendar"
    return None


def _public(facts: MailFacts) -> tuple[str, str] | None:
    """Pages for everybody: people who have no place yet, or none any more."""
    locale = facts.recipient.locale
    if facts.kind is MailKind.ANNOUNCEMENT:
        return _NEWS_ACTIONS[locale][0], facts.event.public_url
    if facts.kind in _OPENS_FORM:
        return _NEWS_ACTIONS[locale][1], facts.event.register_url
    if facts.kind is MailKind.OFFER_LAPSED:
        return _AGAIN[locale], facts.event.register_url
    return None


def _asked(facts: MailFacts) -> tuple[str, str] | None:
    """What only the person can do, before anything else: accept a place, confirm the address."""
    kind, links, locale = facts.kind, facts.links, facts.recipient.locale
    if kind is MailKind.NOT_COMING:
        return _WITHDRAW[locale], f"{links.manage}/cancel"
    if links.accept and (kind is MailKind.OFFER or facts.status == "offered"):
        return _ACCEPT[locale], links.accept
    to_be_confirmed = facts.status in (_WAITING, "pending") or kind is MailKind.CONFIRM_ADDRESS
    if links.confirm and to_be_confirmed:
        return _CONFIRM[locale], links.confirm
    return None
