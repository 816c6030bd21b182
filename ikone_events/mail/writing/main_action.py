"""The one button of a mail: what its reader is asked to do first, or can look at."""

from ikone_events.domain.mails.facts import MailFacts
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.mail.writing.markdown import Piece

# In German and in English.
_LABELS = {
    "accept": ("Platz annehmen", "Accept place"),
    "again": ("Noch einmal anmelden", "Register again"),
    "calendar": ("Kalenderadresse verwalten", "Manage calendar address"),
    "confirm": ("E-Mail-Adresse bestätigen", "Confirm e-mail address"),
    "details": ("Angaben ansehen oder löschen", "View or delete your details"),
    "event": ("Zur Veranstaltung", "View the event"),
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
}


def main_action(facts: MailFacts) -> Piece:
    """The button, with the words it gets where the text has no link of its own to this address."""
    label, href = _of_kind(facts) or _of_person(facts)
    return Piece(_LABELS[label][facts.recipient.locale == "en"], href)


def _of_kind(facts: MailFacts) -> tuple[str, str] | None:
    """What is the same for everybody who gets this kind of mail."""
    links, event = facts.links, facts.event
    details = "details", links.manage
    after = ("materials", links.materials) if links.materials else details
    return {
        MailKind.SUBSCRIPTION: ("stop", links.confirm or links.manage),
        MailKind.CALENDAR_ADDRESS: ("calendar", f"{links.manage}/calendar"),
        MailKind.NOT_COMING: ("withdraw", f"{links.manage}/cancel"),
        MailKind.TRIAL_INVITATION: ("trial", links.manage),
        MailKind.TRIAL_WITHDRAWAL: ("trial", links.manage),
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
    """What only this person can do comes first: take a place, confirm the address."""
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
